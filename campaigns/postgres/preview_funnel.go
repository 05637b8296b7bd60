package postgres

import (
	"cmp"
	"context"
	"maps"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"ringmaster/campaigns"
	"ringmaster/campaigns/segment"
)

// The steps of the funnel after the first, in order.
const (
	stepImported   = "imported"
	stepListOn     = "list_on"
	stepInSegment  = "in_segment"
	stepUnfinished = "not_finished"
	stepNumber     = "callable_number"
	stepDoNotCall  = "not_do_not_call"
	stepComplaint  = "no_complaint"
	stepConsent    = "consent"
	stepSelected   = "selected"
)

var funnelSteps = []string{stepListOn, stepInSegment, stepUnfinished, stepNumber, stepDoNotCall, stepComplaint, stepConsent, stepSelected}

// stepOf says at which step a reason lets somebody fall out, wherever it was
// found. A blocked candidate with another reason falls out at the last one.
var stepOf = map[campaigns.Reason]string{
	campaigns.ReasonListInactive: stepListOn, campaigns.ReasonListExpired: stepListOn,
	campaigns.ReasonNotInSegment:  stepInSegment,
	campaigns.ReasonNoNumber:      stepNumber,
	campaigns.ReasonDoNotCall:     stepDoNotCall,
	campaigns.ReasonOpenComplaint: stepComplaint,
	campaigns.ReasonObjected:      stepConsent, campaigns.ReasonConsentRefused: stepConsent,
	campaigns.ReasonConsentMissing: stepConsent, campaigns.ReasonErased: stepConsent,
	campaigns.ReasonControlGroup: stepSelected, campaigns.ReasonBelowCutOff: stepSelected,
	campaigns.ReasonAlreadyOwned: stepSelected, campaigns.ReasonOfferExhausted: stepSelected,
}

// tally counts by reason.
type tally map[campaigns.Reason]PreviewLine

func (t tally) add(reason campaigns.Reason, n int, next *time.Time) {
	line := t[reason]
	line.Reason = reason
	line.Count += n
	if next != nil && (line.Next == nil || next.Before(*line.Next)) {
		line.Next = next
	}
	t[reason] = line
}

func (t tally) total() int {
	n := 0
	for _, line := range t {
		n += line.Count
	}
	return n
}

func (t tally) lines() []PreviewLine {
	return slices.SortedFunc(maps.Values(t), func(a, b PreviewLine) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Reason, b.Reason))
	})
}

// funnel counts a campaign's candidates in one snapshot.
type funnel struct {
	store    *Store
	tx       pgx.Tx
	campaign campaigns.Campaign
	segment  *segment.Segment
	now      time.Time
	// sample is how many persons to draw, by the hash of seed.
	sample int
	seed   int64

	// listsOff says why a list may not be called; buckets are the campaign's.
	listsOff map[int64]campaigns.Reason
	buckets  map[int64]bucketOf

	imported    int
	fellOut     map[string]tally
	callableNow int
	underWay    int
	later       tally
	// picks are some of those that pass every step.
	picks []int64
}

// bucketOf is what the funnel asks of a bucket.
type bucketOf struct {
	zones         []string
	jurisdictions string
	callback      bool
}

// newFunnel reads the lists and buckets.
func (s *Store) newFunnel(ctx context.Context, tx pgx.Tx, campaign campaigns.Campaign, seg *segment.Segment, now time.Time, sample int) (*funnel, error) {
	f := &funnel{store: s, tx: tx, campaign: campaign, segment: seg, now: now, sample: sample, seed: rand.Int64(),
		listsOff: map[int64]campaigns.Reason{}, buckets: map[int64]bucketOf{}, fellOut: map[string]tally{}, later: tally{}}
	for _, step := range funnelSteps {
		f.fellOut[step] = tally{}
	}
	rows, err := tx.Query(ctx, `select id, case when active then 'list_expired' else 'list_inactive' end from lists
		where campaign_id = $1 and not (active and (expires_at is null or expires_at > $2))`, campaign.ID, now)
	if err != nil {
		return nil, err
	}
	var id int64
	var reason campaigns.Reason
	if _, err := pgx.ForEachRow(rows, []any{&id, &reason}, func() error { f.listsOff[id] = reason; return nil }); err != nil {
		return nil, err
	}
	if rows, err = tx.Query(ctx, `select id, zones, region, kind = 'callback' from buckets where campaign_id = $1`, campaign.ID); err != nil {
		return nil, err
	}
	var b bucketOf
	_, err = pgx.ForEachRow(rows, []any{&id, &b.zones, &b.jurisdictions, &b.callback}, func() error { f.buckets[id] = b; return nil })
	return f, err
}

// common is what the candidates of a group have in common.
type common struct {
	list, bucket int64
	state        campaigns.CandidateState
	reason       campaigns.Reason
}

// group are the candidates that are counted together.
type group struct {
	common
	due *time.Time
	n   int
	// kept is how many pass the checks that are made anew, one after the other.
	kept [6]int
	// picks are some of those that pass them all.
	picks []int64
}

// take adds candidates that pass so many checks.
func (g *group) take(n, passed int, due *time.Time) {
	g.n += n
	for i := range passed {
		g.kept[i] += n
	}
	if due != nil && (g.due == nil || due.Before(*g.due)) {
		g.due = due
	}
}

// count reads every candidate once.
func (f *funnel) count(ctx context.Context) error {
	span, err := f.spanOf(ctx)
	if err != nil || span.candidates == 0 {
		return err
	}
	for _, setting := range span.settings() {
		if err := exec(ctx, f.tx, `set local `+setting); err != nil {
			return err
		}
	}
	sql, args := f.countingSQL(span)
	rows, err := f.tx.Query(ctx, sql, args...)
	if err != nil {
		return err
	}
	groups := map[common]*group{}
	var of common
	var n, passed int
	var due *time.Time
	var first, last *int64
	if _, err = pgx.ForEachRow(rows, []any{&of.list, &of.bucket, &of.state, &of.reason, &passed, &due, &n, &first, &last}, func() error {
		g := groups[of]
		if g == nil {
			g = &group{common: of}
			groups[of] = g
		}
		g.take(n, passed, due)
		if first != nil && last != nil {
			g.picks = append(g.picks, *first, *last)
		}
		return nil
	}); err != nil {
		return err
	}
	for _, g := range groups {
		f.imported += g.n
		f.place(*g)
	}
	return nil
}

// place counts a group where its members fall out, step by step, and where the
// others wait.
func (f *funnel) place(g group) {
	// Whoever is blocked for the segment alone and is in it is lifted by the next
	// sweep, or was kept out by another expression than this one.
	if g.state == campaigns.CandidateBlocked && g.reason == campaigns.ReasonNotInSegment {
		g.state, g.reason = campaigns.CandidateReady, ""
	}
	rest := g.n
	drop := func(step string, reason campaigns.Reason, n int) {
		if rest -= n; n > 0 {
			f.fellOut[step].add(reason, n, g.due)
		}
	}
	byState := g.stepByState()
	next := func(step string, anew ...campaigns.Reason) {
		for _, reason := range anew {
			drop(step, reason, max(0, rest-g.kept[slices.Index(judgedAnew, reason)]))
		}
		if step == byState {
			drop(step, g.reason, rest)
		}
	}
	if reason, off := f.listsOff[g.list]; off {
		drop(stepListOn, reason, rest)
	}
	next(stepInSegment, campaigns.ReasonNotInSegment)
	next(stepUnfinished)
	next(stepNumber)
	next(stepDoNotCall)
	next(stepComplaint, campaigns.ReasonOpenComplaint)
	next(stepConsent, campaigns.ReasonObjected, campaigns.ReasonConsentRefused, campaigns.ReasonConsentMissing)
	next(stepSelected, campaigns.ReasonBelowCutOff)
	if rest > 0 {
		f.wait(g, rest)
		f.picks = append(f.picks, g.picks...)
	}
}

// stepByState gives the step at which the candidate's own state and reason let it
// fall out; empty: none.
func (g group) stepByState() string {
	switch g.state {
	case campaigns.CandidateDone:
		return stepUnfinished
	case campaigns.CandidateBlocked:
		return cmp.Or(stepOf[g.reason], stepSelected)
	case campaigns.CandidateResting: // until an entry ends, say
		return stepOf[g.reason]
	default:
		return ""
	}
}

// wait counts those of a group that pass every step.
func (f *funnel) wait(g group, n int) {
	switch g.state {
	case campaigns.CandidateQueued, campaigns.CandidateOpen:
		f.underWay += n
	case campaigns.CandidateCallback:
		f.later.add(campaigns.ReasonCallbackNotDue, n, g.due)
	case campaigns.CandidateResting:
		f.later.add(g.reason, n, g.due)
	default:
		verdict := f.store.bucketVerdict(&f.campaign.Settings, campaigns.CampaignRunning, true, f.buckets[g.bucket].zones, f.buckets[g.bucket].jurisdictions, f.now)
		if verdict.Allowed {
			f.callableNow += n
			return
		}
		f.later.add(verdict.Reason, n, optional(verdict.Until))
	}
}

// steps gives the funnel.
func (f *funnel) steps() []PreviewStep {
	kept := f.imported
	steps := []PreviewStep{{Step: stepImported, Kept: kept}}
	for _, step := range funnelSteps {
		kept -= f.fellOut[step].total()
		steps = append(steps, PreviewStep{Step: step, Kept: kept, FellOut: f.fellOut[step].lines()})
	}
	return steps
}
