package simulation

// bucket is the length of a point of a series.
const bucket = 300 // seconds

// Point is five minutes of a day.
type Point struct {
	// At is when they begin, in seconds of the day.
	At float64 `json:"at"`
	// Busy and Staffed are seconds of agents: in calls and wrap-up, and signed in
	// without pauses. Waited is how long the agents who got a call had waited.
	Busy    float64 `json:"busy_s"`
	Staffed float64 `json:"staffed_s"`
	Waited  float64 `json:"waited_s"`
	Talks   int     `json:"talks"`
	Dials   int     `json:"dials"`
	Answers int     `json:"answers"`
	Drops   int     `json:"drops"`
}

// Occupancy is the share of the signed-in time in calls and wrap-up.
func (p Point) Occupancy() float64 { return ratio(p.Busy, p.Staffed) }

// DropRate is the share of the answers that were dropped.
func (p Point) DropRate() float64 { return ratio(float64(p.Drops), float64(p.Answers)) }

// Wait is how long an agent waited for a call, in seconds.
func (p Point) Wait() float64 { return ratio(p.Waited, float64(p.Talks)) }

// Agents is the mean number signed in, over days that are as many.
func (p Point) Agents(days int) float64 { return ratio(p.Staffed, bucket*float64(days)) }

func (p *Point) add(q *Point) {
	p.Busy += q.Busy
	p.Staffed += q.Staffed
	p.Waited += q.Waited
	p.Talks += q.Talks
	p.Dials += q.Dials
	p.Answers += q.Answers
	p.Drops += q.Drops
}

// ratio is zero where there is nothing to divide by.
func ratio(x, by float64) float64 {
	if by == 0 {
		return 0
	}
	return x / by
}

// Day is what one day came to.
type Day struct {
	Seed uint64
	Point
	// Cancels are the ringing calls given up, Waiting the customers who wait at
	// the end.
	Cancels, Waiting int
	// WorstHour is the highest drop rate of any hour from one answer to another;
	// zero where the day has no full hour.
	WorstHour float64
	Series    []Point
}

type answer struct {
	at      float64
	dropped bool
}

// tally counts a day.
type tally struct {
	Day
	answers []answer
}

func (t *tally) begin(end float64, seed uint64) {
	t.Seed = seed
	t.Series = make([]Point, int((end-1e-9)/bucket)+1)
	for i := range t.Series {
		t.Series[i].At = float64(i * bucket)
	}
}

// point is the five minutes of a time.
func (t *tally) point(now float64) *Point {
	return &t.Series[min(len(t.Series)-1, int(now/bucket))]
}

// time counts that so many agents were busy and signed in for a while.
func (t *tally) time(from, to float64, busy, staffed int) {
	for from < to {
		p := t.point(from)
		next := min(to, p.At+bucket)
		if next <= from {
			next = to
		}
		p.Busy += float64(busy) * (next - from)
		p.Staffed += float64(staffed) * (next - from)
		from = next
	}
}

func (t *tally) dial(now float64) { t.point(now).Dials++ }
func (t *tally) cancels()         { t.Cancels++ }

// waited counts a talk that begins, and how long its agent had waited for it.
func (t *tally) waited(now, seconds float64) {
	p := t.point(now)
	p.Talks++
	p.Waited += seconds
}

// answer gives the stamp by which its drop is counted.
func (t *tally) answer(now float64) int {
	t.point(now).Answers++
	t.answers = append(t.answers, answer{at: now})
	return len(t.answers) - 1
}

// drop counts for the time of the answer.
func (t *tally) drop(stamp int) {
	t.answers[stamp].dropped = true
	t.point(t.answers[stamp].at).Drops++
}

// close sums the day up.
func (t *tally) close(waiting int) {
	t.Waiting = waiting
	for i := range t.Series {
		t.add(&t.Series[i])
	}
	const hour = 3600
	first, drops := 0, 0
	for i, a := range t.answers {
		if a.dropped {
			drops++
		}
		for a.at-t.answers[first].at > hour {
			if t.answers[first].dropped {
				drops--
			}
			first++
		}
		if a.at >= hour {
			t.WorstHour = max(t.WorstHour, float64(drops)/float64(i-first+1))
		}
	}
}
