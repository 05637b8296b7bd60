package campaigns

// DropHolding is what a node may still do with the share of a campaign's drops
// that it was given before, as it asks for the next one.
type DropHolding struct {
	CampaignID int64
	// Held is the number of drops that it may still cause, and of those that it has
	// caused and not recorded; never below zero.
	Held float64
}

// DropBudget is what the ledger of dropped calls allows one node for one
// campaign.
type DropBudget struct {
	CampaignID int64 `json:"campaign_id"`
	// Limit is the drop rate that must not be passed, a fraction of 1: of the
	// rule with the least credit among those that bind the campaign, or of the
	// campaign's settings.
	Limit float64 `json:"limit"`
	// Rule is the id of that rule; empty: the campaign's settings.
	Rule string `json:"rule,omitempty"`
	// Credit is the number of drops that this node may still cause until it asks
	// again, beside those that it has recorded; never below zero.
	Credit float64 `json:"credit"`
	// Answers and Drops are the denominator and the numerator of the drop rate,
	// by the rule's formula and over its window, of all nodes; Drops is no whole
	// number where the formula takes out the share of machines.
	Answers float64 `json:"answers"`
	Drops   float64 `json:"drops"`
}

// Rate is the drop rate over the rule's window, a fraction of 1; zero before
// the first answer.
func (b DropBudget) Rate() float64 {
	if b.Answers <= 0 {
		return 0
	}
	return b.Drops / b.Answers
}
