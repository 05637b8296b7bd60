package calling

// Sources gives where a rule is written, such as a paragraph of a law, and how
// well that was verified; nothing for an id that the book does not have.
func (b *Book) Sources(id string) (sources []string, verified string) {
	for i := range b.rules {
		if b.rules[i].ID == id {
			return b.rules[i].Sources, b.rules[i].Verified
		}
	}
	return nil, ""
}
