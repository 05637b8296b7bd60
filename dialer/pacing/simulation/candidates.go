package simulation

// lookAhead shows the next candidates.
func (d *day) lookAhead() {
	for len(d.chances)-d.head < known {
		if d.head > 10*known {
			n := copy(d.chances, d.chances[d.head:])
			copy(d.shown, d.shown[d.head:])
			d.chances, d.shown, d.head = d.chances[:n], d.shown[:n], 0
		}
		c := d.candidate()
		d.chances = append(d.chances, c)
		d.shown = append(d.shown, d.seen(c))
	}
	if d.s.Known {
		d.view.Next = d.shown[d.head:]
	}
}

// show shows the candidates anew, at another hour.
func (d *day) show() {
	for i := d.head; i < len(d.chances); i++ {
		d.shown[i] = d.seen(d.chances[i])
	}
}

// seen is what a pacer is told of a candidate's chance; zero is nothing.
func (d *day) seen(chance float64) float64 {
	if !d.s.Known {
		return 0
	}
	return min(1, chance*d.hour)
}

// candidate draws the chance of one.
func (d *day) candidate() float64 {
	if len(d.s.Candidates) == 0 {
		return d.s.base()
	}
	whole := 0.0
	for _, k := range d.s.Candidates {
		whole += k.Share
	}
	x := d.rng.Float64() * whole
	for _, k := range d.s.Candidates {
		if x -= k.Share; x < 0 {
			return k.Answer
		}
	}
	return d.s.Candidates[len(d.s.Candidates)-1].Answer
}
