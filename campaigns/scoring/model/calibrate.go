package model

// platt fits p = sigmoid(a z + b) to left-out log-odds by Newton's method
// (Platt 1999, with his prior counts on the labels against certainty), so that
// a predicted 10 % happen in 10 of 100 cases. A straight line in the log-odds
// keeps the order and the contributions.
func platt(z []float64, labels []bool, weight []float64) (a, b float64) {
	var yes, no float64
	for i, success := range labels {
		if success {
			yes += weight[i]
		} else {
			no += weight[i]
		}
	}
	high, low := (yes+1)/(yes+2), 1/(no+2)
	loss := func(a, b float64) float64 {
		sum := 0.0
		for i := range z {
			s, y := a*z[i]+b, low
			if labels[i] {
				y = high
			}
			sum += weight[i] * (softplus(s) - y*s)
		}
		return sum
	}
	a, b = 0, logit(yes/(yes+no))
	least := loss(a, b)
	for range 50 {
		var ga, gb, haa, hab, hbb float64
		for i := range z {
			y := low
			if labels[i] {
				y = high
			}
			p := sigmoid(a*z[i] + b)
			r, w := weight[i]*(p-y), weight[i]*p*(1-p)
			ga += r * z[i]
			gb += r
			haa += w * z[i] * z[i]
			hab += w * z[i]
			hbb += w
		}
		haa, hbb = haa+1e-6, hbb+1e-6
		det := haa*hbb - hab*hab
		if !(det > 1e-12) {
			break
		}
		da, db := (hbb*ga-hab*gb)/det, (haa*gb-hab*ga)/det
		scale, next := 1.0, loss(a-da, b-db)
		for !(next <= least) && scale > 1e-4 { // too far: the loss is convex
			scale /= 2
			next = loss(a-scale*da, b-scale*db)
		}
		if !(next < least-1e-10*least) {
			break
		}
		a, b, least = a-scale*da, b-scale*db, next
	}
	// Left-out scores that order worse than chance mean that nothing was
	// learned: then everybody keeps nearly the base rate.
	if a < 0.05 {
		return 0.05, logit(yes/(yes+no)) - 0.05*meanOf(z, weight)
	}
	return a, b
}

func meanOf(z, weight []float64) float64 {
	sum, of := 0.0, 0.0
	for i := range z {
		sum += weight[i] * z[i]
		of += weight[i]
	}
	return sum / of
}
