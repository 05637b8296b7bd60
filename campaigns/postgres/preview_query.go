package postgres

import (
	"context"
	"fmt"
	"math/bits"
	"slices"
	"strings"

	"ringmaster/campaigns"
)

// judgedAnew are the reasons that a preview looks for by itself, in this order;
// all others stand in the candidates' states.
var judgedAnew = []campaigns.Reason{
	campaigns.ReasonNotInSegment, campaigns.ReasonOpenComplaint, campaigns.ReasonObjected,
	campaigns.ReasonConsentRefused, campaigns.ReasonConsentMissing, campaigns.ReasonBelowCutOff,
}

// againstPerson are the bits of what is known of a person: 1 for an open
// complaint, 2 for an objection, 4 for a consent refused and 8 for one granted.
// They are read as sets, since most persons have none. %[1]s is the purpose,
// %[2]s whether granted consents matter, %[3]s now, and %[4]d and %[5]d are the
// persons' ids.
const againstPerson = `left join (select contact_id, bit_or(bits) as bits from (
		select contact_id, 1 as bits from complaints where closed_at is null and contact_id between %[4]d and %[5]d
		union all select contact_id, 2 from objections where withdrawn_at is null and %[1]s = 'marketing' and contact_id between %[4]d and %[5]d
		union all select contact_id, case when granted then 8 else 4 end from (
			select distinct on (contact_id) contact_id, granted from consents where contact_id between %[4]d and %[5]d
			and purpose = %[1]s and channel in ('phone', 'any') and valid_from <= %[3]s and (valid_until is null or valid_until > %[3]s)
			order by contact_id, valid_from desc, id desc) newest where %[2]s or not granted
	) each group by contact_id) x on x.contact_id = c.contact_id`

// A preview is read in parts of about so many candidates, by their persons' ids:
// what one part needs of the histories fits into memory, and PostgreSQL gives
// each part to one of its workers.
const (
	previewPart  = 100_000
	previewParts = 16
	// A candidate among more contacts than these costs less by looking into
	// indexes.
	previewSparse = 20
)

// previewSpan are the persons of the campaign's candidates.
type previewSpan struct{ candidates, first, last int64 }

// settings suit the counting: a part is joined in memory, in the order that is
// written; compiling the statement would take longer than it saves; and what is
// read by index lies in the order of the ids, mostly. A worker takes a part as a
// whole: PostgreSQL is told that no table is worth dividing, and that a worker
// costs about half of what a part does, so that it sets none to less.
func (s previewSpan) settings() []string {
	worker := s.candidates / int64(len(s.parts())) / 2
	return []string{`work_mem = '64MB'`, `join_collapse_limit = 1`, `jit = off`, `random_page_cost = 1.1`,
		`min_parallel_table_scan_size = '1TB'`, `min_parallel_index_scan_size = '1TB'`,
		fmt.Sprintf(`parallel_setup_cost = %d`, worker), `parallel_tuple_cost = 0`}
}

// parts divides the persons.
func (s previewSpan) parts() []previewSpan {
	n := min(max(s.candidates/previewPart, 1), previewParts)
	width := (s.last - s.first + n) / n
	parts := make([]previewSpan, 0, n)
	for at := s.first; at <= s.last; at += width {
		parts = append(parts, previewSpan{first: at, last: min(at+width-1, s.last)})
	}
	return parts
}

// sparse tells that most contacts of the span are no candidates.
func (s previewSpan) sparse() bool { return (s.last-s.first)/previewSparse > s.candidates }

// Each candidate that passes everything is one of so many cells by its hash, and
// the cell tells the first and the last of its own: by a figure of pickBits bits
// that is as good as random, above the candidate's id.
const (
	pickBits = 22
	pickID   = 40
)

// cells is how many a part has, so that n find a cell of their own.
func cells(n, parts int) int {
	return min(1<<bits.Len(uint(max(16, 16*n/parts))), 512) //nolint:gosec // n is bounded by the callers
}

// countingSQL counts the candidates of all parts by what they have in common and
// by how many of judgedAnew they pass. The parameters are those of the text.
func (f *funnel) countingSQL(span previewSpan) (string, []any) {
	settings := &f.campaign.Settings
	callbacks := []int64{}
	for id, b := range f.buckets {
		if b.callback {
			callbacks = append(callbacks, id)
		}
	}
	args := []any{f.campaign.ID, string(purposeOf(settings)), settings.Compliance.RequireConsent, f.now, breakEven(settings, f.now), callbacks, f.seed}
	parts := span.parts()
	texts := make([]string, len(parts))
	var ofSegment []any
	for i, part := range parts {
		from, inside := "", "true"
		if !f.segment.Everybody() {
			var joins, predicate string
			if span.sparse() {
				predicate, ofSegment = f.segment.SQL(f.now, len(args)+1)
			} else {
				joins, predicate, ofSegment = f.segment.SQLWithin(f.now, len(args)+1, part.first, part.last)
			}
			from = fmt.Sprintf(" left join (select p.id from contacts p%s where p.id between %d and %d and %s) p on p.id = c.contact_id", joins, part.first, part.last, predicate)
			inside = "p.id is not null"
		}
		against := fmt.Sprintf(againstPerson, "$2::text", "$3::boolean", "$4::timestamptz", part.first, part.last)
		texts[i] = fmt.Sprintf(countingPart, inside, from, against, part.first, part.last, pickID, 1<<pickBits-1, cells(f.sample, len(parts))-1)
	}
	return "(" + strings.Join(texts, ") union all (") + ")", append(args, ofSegment...)
}

// countingPart counts one part. The join judges the predicate once per contact.
const countingPart = `select list_id, bucket_id, state, reason, passed, min(due_at), count(*),
		min(pick) filter (where passed = 6), max(pick) filter (where passed = 6)
	from (select c.list_id, c.bucket_id, c.state, case when c.state in ('ready', 'queued', 'open') then '' else c.reason end as reason, c.due_at,
			case when not (%[1]s) then 0 when coalesce(x.bits, 0) & 1 > 0 then 1 when coalesce(x.bits, 0) & 2 > 0 then 2 when coalesce(x.bits, 0) & 4 > 0 then 3
				when $3::boolean and coalesce(x.bits, 0) & 8 = 0 then 4
				when c.rank < $5::float8 and c.state in ('ready', 'resting', 'blocked') and c.bucket_id <> all($6::bigint[]) then 5 else 6 end as passed,
			(hashint8extended(c.id, $7) & %[7]d) << %[6]d | c.id as pick
		from candidates c%[2]s %[3]s where c.campaign_id = $1 and c.contact_id between %[4]d and %[5]d) c
	group by 1, 2, 3, 4, 5, case when passed = 6 then hashint8extended(pick, 0) & %[8]d else 0 end`

// spanOf reads whose candidates the campaign has.
func (f *funnel) spanOf(ctx context.Context) (previewSpan, error) {
	var s previewSpan
	err := f.tx.QueryRow(ctx, `select count(*), coalesce(min(contact_id), 0), coalesce(max(contact_id), 0) from candidates where campaign_id = $1`, f.campaign.ID).
		Scan(&s.candidates, &s.first, &s.last)
	return s, err
}

// drawn gives at most the candidates that are wanted of those that pass every
// step, at random. Where hardly more pass than are wanted, one may be missing
// that shares its cell with two others.
func (f *funnel) drawn() []int64 {
	slices.Sort(f.picks)
	picks := slices.Compact(f.picks)
	ids := make([]int64, 0, f.sample)
	for _, pick := range picks[:min(f.sample, len(picks))] {
		ids = append(ids, pick&(1<<pickID-1))
	}
	return ids
}
