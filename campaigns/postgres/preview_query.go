package postgres

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"ringmaster/campaigns"
)

// judgedAnew are the reasons that a preview looks for by itself, in this order;
// all others stand in the candidates' states.
var judgedAnew = []campaigns.Reason{
	campaigns.ReasonNotInSegment, campaigns.ReasonOpenComplaint, campaigns.ReasonObjected,
	campaigns.ReasonConsentRefused, campaigns.ReasonConsentMissing, campaigns.ReasonBelowCutOff,
}

// previewQuery is what counting and drawing ask in common: the candidates c of
// the campaign, and what is known against their persons as bits.
type previewQuery struct {
	// from begins with "from" and ends in a condition.
	from string
	// passes are the conditions that judgedAnew asks for, in its order.
	passes []string
	args   []any
}

// againstPerson are the bits of what is known of a person: 1 for an open
// complaint, 2 for an objection, 4 for a consent refused and 8 for one granted.
// They are read as sets, since most persons have none. %[1]s is the purpose,
// %[2]s whether granted consents matter, %[3]s now.
const againstPerson = `left join (select contact_id, bit_or(bits) as bits from (
		select contact_id, 1 as bits from complaints where closed_at is null
		union all select contact_id, 2 from objections where withdrawn_at is null and %[1]s = 'marketing'
		union all select contact_id, case when granted then 8 else 4 end from (
			select distinct on (contact_id) contact_id, granted from consents
			where purpose = %[1]s and channel in ('phone', 'any') and valid_from <= %[3]s and (valid_until is null or valid_until > %[3]s)
			order by contact_id, valid_from desc, id desc) newest where %[2]s or not granted
	) each group by contact_id) x on x.contact_id = c.contact_id`

// query makes the query; its parameters are numbered from first on.
func (f *funnel) query(first int) previewQuery {
	settings := &f.campaign.Settings
	arg := func(i int, sqlType string) string { return fmt.Sprintf("$%d::%s", first+i, sqlType) }
	var callbacks []int64
	for id, b := range f.buckets {
		if b.callback {
			callbacks = append(callbacks, id)
		}
	}
	q := previewQuery{args: []any{
		f.campaign.ID, string(purposeOf(settings)), settings.Compliance.RequireConsent, f.now, breakEven(settings, f.now), append([]int64{}, callbacks...),
	}}
	against := fmt.Sprintf(againstPerson, arg(1, "text"), arg(2, "boolean"), arg(3, "timestamptz"))
	member, inside := "", "true"
	if !f.segment.Everybody() {
		predicate, args := f.segment.SQL(f.now, first+len(q.args))
		// In the join, the predicate is judged once per contact, by a scan that
		// PostgreSQL shares among its workers.
		member, inside = " left join contacts p on p.id = c.contact_id and "+predicate, "p.id is not null"
		q.args = append(q.args, args...)
	}
	q.from = " from candidates c" + member + " " + against + " where c.campaign_id = " + arg(0, "bigint")
	q.passes = []string{inside, "coalesce(x.bits, 0) & 1 = 0", "coalesce(x.bits, 0) & 2 = 0", "coalesce(x.bits, 0) & 4 = 0",
		"(coalesce(x.bits, 0) & 8 > 0 or not " + arg(2, "boolean") + ")",
		"(c.rank >= " + arg(4, "float8") + " or c.state not in ('ready', 'resting', 'blocked') or c.bucket_id = any(" + arg(5, "bigint[]") + "))"}
	return q
}

// counts gives those that pass the first check, the first two, and so on.
func (q previewQuery) counts() string {
	columns := make([]string, len(q.passes))
	for i := range q.passes {
		columns[i] = "count(*) filter (where " + strings.Join(q.passes[:i+1], " and ") + ")"
	}
	return strings.Join(columns, ", ")
}

// drawnOf is how many candidates are drawn at random to find a sample among
// them.
const drawnOf = 4000

// draw gives at most n candidates that pass every step: some at random, or, where
// nearly everybody falls out, those that are found first.
func (f *funnel) draw(ctx context.Context, n int) ([]int64, error) {
	passing := f.callableNow + f.later.total() + f.underWay
	n = min(n, passing)
	if n <= 0 {
		return nil, nil
	}
	var lists []int64
	for id := range f.listsOff {
		lists = append(lists, id)
	}
	var reasons []string
	for reason := range stepOf {
		reasons = append(reasons, string(reason))
	}
	args := []any{append([]int64{}, lists...), reasons, rand.Int64()}
	ids, err := f.drawOf(ctx, append(slices.Clip(args), max(1, f.imported/drawnOf), max(n, drawnOf)))
	if err == nil && len(ids) < n {
		ids, err = f.drawOf(ctx, append(slices.Clip(args), 1, max(n, drawnOf)))
	}
	rand.Shuffle(len(ids), func(i, j int) { ids[i], ids[j] = ids[j], ids[i] })
	return ids[:min(n, len(ids))], err
}

// drawOf gives candidates that pass every step: of the lists that are not $1,
// resting for none of the reasons $2, one of every $4 by a hash under the seed
// $3, at most $5.
func (f *funnel) drawOf(ctx context.Context, args []any) ([]int64, error) {
	q := f.query(6)
	rows, err := f.tx.Query(ctx, `select c.id`+q.from+` and `+strings.Join(q.passes, " and ")+` and c.list_id <> all($1)
		and (c.state in ('ready', 'queued', 'open', 'callback') or c.state = 'resting' and c.reason <> all($2) or c.state = 'blocked' and c.reason = 'not_in_segment')
		and mod(hashint8extended(c.id, $3), $4) = 0 limit $5`, append(args, q.args...)...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[int64])
}
