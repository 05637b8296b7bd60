package postgres

import (
	"cmp"
	"context"
	"maps"
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

	// listsOff says why a list may not be called; buckets are the campaign's.
	listsOff map[int64]campaigns.Reason
	buckets  map[int64]bucketOf

	imported    int
	fellOut     map[string]tally
	callableNow int
	underWay    int
	later       tally
}

// bucketOf is what the funnel asks of a bucket.
type bucketOf struct {
	zones         []string
	jurisdictions string
	callback      bool
}

// newFunnel reads the lists and buckets.
func (s *Store) newFunnel(ctx context.Context, tx pgx.Tx, campaign campaigns.Campaign, seg *segment.Segment, now time.Time) (*funnel, error) {
	f := &funnel{store: s, tx: tx, campaign: campaign, segment: seg, now: now,
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

// group is what the candidates that are counted together have in common.
type group struct {
	list, bucket int64
	state        campaigns.CandidateState
	reason       campaigns.Reason
	due          *time.Time
	n            int
	// kept is how many pass the checks that are made anew, one after the other.
	kept [6]int
}

// count reads every candidate once.
func (f *funnel) count(ctx context.Context) error {
	q := f.query(1)
	rows, err := f.tx.Query(ctx, `select c.list_id, c.bucket_id, c.state, case when c.state in ('ready', 'queued', 'open') then '' else c.reason end, min(c.due_at), count(*), `+
		q.counts()+q.from+` group by 1, 2, 3, 4`, q.args...)
	if err != nil {
		return err
	}
	var g group
	_, err = pgx.ForEachRow(rows, []any{&g.list, &g.bucket, &g.state, &g.reason, &g.due, &g.n,
		&g.kept[0], &g.kept[1], &g.kept[2], &g.kept[3], &g.kept[4], &g.kept[5]}, func() error {
		f.imported += g.n
		f.place(g)
		return nil
	})
	return err
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
