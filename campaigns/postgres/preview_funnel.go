package postgres

import (
	"cmp"
	"context"
	"fmt"
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
	sample   int

	imported    int
	fellOut     map[string]tally
	callableNow int
	underWay    int
	later       tally
	// drawn are candidates that pass every step.
	drawn []int64
}

// group is what the candidates that are counted together have in common.
type group struct {
	// hindrance was found anew; state, reason and bucket are the candidates'.
	hindrance campaigns.Reason
	state     campaigns.CandidateState
	reason    campaigns.Reason
	bucket    int64
	n         int
	due       *time.Time
	drawn     []int64
}

// judgeAnew finds for a candidate c of the campaign $1 the first of those
// reasons against a call that are judged anew: $2 is now, $3 the lists that may
// be called, $4 the purpose, $5 whether consent is needed, $6 the rank of the
// cut-off. %s is the segment's predicate.
const judgeAnew = `case when c.list_id <> all($3) then 'list_inactive' when not %s then 'not_in_segment'
	when o.contact_id is not null then 'open_complaint' when j.contact_id is not null then 'objected'
	when not g.granted then 'consent_refused' when $5 and g.granted is null then 'consent_missing'
	when c.rank < $6 then 'below_cut_off' else '' end`

// judgedFrom is what judgeAnew asks. Open complaints, objections and consents are
// read once each and joined as sets.
const judgedFrom = `from candidates c join contacts p on p.id = c.contact_id
	left join (select distinct contact_id from complaints where closed_at is null) o on o.contact_id = c.contact_id
	left join (select distinct contact_id from objections where withdrawn_at is null and $4 = 'marketing') j on j.contact_id = c.contact_id
	left join (select distinct on (contact_id) contact_id, granted from consents
		where purpose = $4 and channel in ('phone', 'any') and valid_from <= $2 and (valid_until is null or valid_until > $2)
		order by contact_id, valid_from desc, id desc) g on g.contact_id = c.contact_id
	where c.campaign_id = $1`

// judged gives judgeAnew for the campaign and its parameters.
func (f *funnel) judged(ctx context.Context) (hindrance string, args []any, err error) {
	rules, err := listRules(ctx, f.tx, f.campaign.ID, f.now)
	if err != nil {
		return "", nil, err
	}
	settings := &f.campaign.Settings
	predicate, more := f.segment.SQL(f.now, 7)
	args = []any{f.campaign.ID, f.now, slices.Collect(maps.Keys(rules)), purposeOf(settings), settings.Compliance.RequireConsent, breakEven(settings, f.now)}
	if args[2].([]int64) == nil {
		args[2] = []int64{}
	}
	return fmt.Sprintf(judgeAnew, predicate), append(args, more...), nil
}

// drawnOf is how many candidates are drawn, of whom some pass.
const drawnOf = 4000

// count reads every candidate once.
func (f *funnel) count(ctx context.Context) error {
	f.fellOut, f.later = map[string]tally{}, tally{}
	for _, step := range funnelSteps {
		f.fellOut[step] = tally{}
	}
	// Hash tables of a million contacts, in memory.
	if _, err := f.tx.Exec(ctx, `set local work_mem = '128MB'`); err != nil {
		return err
	}
	if err := f.tx.QueryRow(ctx, `select coalesce(sum(n), 0)::bigint from `+countedOf+` k`, f.campaign.ID).Scan(&f.imported); err != nil {
		return err
	}
	hindrance, args, err := f.judged(ctx)
	if err != nil {
		return err
	}
	every, seed := max(1, f.imported/drawnOf), f.now.UnixNano()
	rows, err := f.tx.Query(ctx, fmt.Sprintf(`select hindrance, state, case state when 'ready' then '' when 'queued' then '' when 'open' then '' else reason end,
			bucket_id, count(*), min(due_at), array_agg(id) filter (where hindrance = '' and mod(hashint8extended(id, $%d), $%d) = 0)
		from (select c.id, c.state, c.reason, c.bucket_id, c.due_at, %s as hindrance %s) judged
		group by 1, 2, 3, 4`, len(args)+1, len(args)+2, hindrance, judgedFrom), append(args, seed, every)...)
	if err != nil {
		return err
	}
	groups, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (group, error) {
		var g group
		return g, row.Scan(&g.hindrance, &g.state, &g.reason, &g.bucket, &g.n, &g.due, &g.drawn)
	})
	if err != nil {
		return err
	}
	zones, err := bucketZones(ctx, f.tx, f.campaign.ID)
	if err != nil {
		return err
	}
	f.imported = 0
	for _, g := range groups {
		f.imported += g.n
		f.place(g, zones[g.bucket])
	}
	return nil
}

// bucketZones gives the zones of the campaign's buckets.
func bucketZones(ctx context.Context, tx pgx.Tx, campaignID int64) (map[int64][]string, error) {
	rows, err := tx.Query(ctx, `select id, zones from buckets where campaign_id = $1`, campaignID)
	if err != nil {
		return nil, err
	}
	all := map[int64][]string{}
	var id int64
	var zones []string
	_, err = pgx.ForEachRow(rows, []any{&id, &zones}, func() error { all[id] = zones; return nil })
	return all, err
}

// place counts a group where it falls out, or where it waits.
func (f *funnel) place(g group, zones []string) {
	// Whoever is blocked for the segment alone and is in it is lifted by the next
	// sweep; with another expression, at once.
	if g.state == campaigns.CandidateBlocked && g.reason == campaigns.ReasonNotInSegment {
		g.state, g.reason = campaigns.CandidateReady, ""
	}
	if step, reason := g.fallsOut(); step != "" {
		f.fellOut[step].add(reason, g.n, g.due)
		return
	}
	f.drawn = append(f.drawn, g.drawn...)
	switch g.state {
	case campaigns.CandidateQueued, campaigns.CandidateOpen:
		f.underWay += g.n
	case campaigns.CandidateCallback:
		f.later.add(campaigns.ReasonCallbackNotDue, g.n, g.due)
	case campaigns.CandidateResting:
		f.later.add(g.reason, g.n, g.due)
	default:
		verdict := f.store.bucketVerdict(&f.campaign.Settings, campaigns.CampaignRunning, true, zones, f.now)
		if verdict.Allowed {
			f.callableNow += g.n
			return
		}
		f.later.add(verdict.Reason, g.n, optional(verdict.Until))
	}
}

// fallsOut gives the first step that the group does not pass, and why: by what
// was found anew or by what its state says, whichever comes first.
func (g group) fallsOut() (step string, why campaigns.Reason) {
	byState := ""
	switch g.state {
	case campaigns.CandidateDone:
		byState = stepUnfinished
	case campaigns.CandidateBlocked:
		byState = cmp.Or(stepOf[g.reason], stepSelected)
	case campaigns.CandidateResting: // until an entry ends, say
		byState = stepOf[g.reason]
	}
	anew := stepOf[g.hindrance]
	if byState == "" || anew != "" && slices.Index(funnelSteps, anew) <= slices.Index(funnelSteps, byState) {
		return anew, g.hindrance
	}
	return byState, g.reason
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

// anyPassing finds candidates that pass, in no order, where the draw met too few
// because most do not.
func (f *funnel) anyPassing(ctx context.Context) ([]int64, error) {
	hindrance, args, err := f.judged(ctx)
	if err != nil {
		return nil, err
	}
	var fallsOut []string
	for reason := range stepOf {
		if reason != campaigns.ReasonNotInSegment {
			fallsOut = append(fallsOut, string(reason))
		}
	}
	rows, err := f.tx.Query(ctx, fmt.Sprintf(`select c.id %s and (c.state in ('ready', 'queued', 'open', 'callback')
			or c.state = 'resting' and c.reason <> all($%d) or c.state = 'blocked' and c.reason = 'not_in_segment')
		and %s = '' limit $%d`, judgedFrom, len(args)+1, hindrance, len(args)+2), append(args, fallsOut, f.sample)...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[int64])
}
