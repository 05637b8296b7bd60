package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"ringmaster/campaigns"
)

// suppressedUntil is the end of the do-not-call entry that holds longest over a
// number n (hmac, e164, region) in the campaign w.campaign at w.at: null where
// there is none, infinity for one without an end. Entries stand in three
// tables: what persons asked of us one by one, the files of lists, and prefixes
// and countries. A pattern is found by each beginning that the number has.
const suppressedUntil = `(select max(coalesce(b.until, 'infinity')) from (
		select s.expires_at as until from suppressions s
			where s.number_hmac = n.hmac and (s.campaign_id is null or s.campaign_id = w.campaign)
		union all
		select e.expires_at from dnc_entries e join dnc_files f on f.id = e.file_id join dnc_lists d on d.id = f.list_id
			where e.key = substr(n.hmac, 1, 16) and f.retired_at is null and (d.campaign_id is null or d.campaign_id = w.campaign)
		union all
		select x.expires_at from dnc_patterns x join dnc_lists d on d.id = x.list_id
			where x.pattern = any(array[n.region, left(n.e164, 2), left(n.e164, 3), left(n.e164, 4), left(n.e164, 5), left(n.e164, 6),
				left(n.e164, 7), left(n.e164, 8), left(n.e164, 9), left(n.e164, 10), left(n.e164, 11), left(n.e164, 12), left(n.e164, 13),
				left(n.e164, 14), left(n.e164, 15)]) and (d.campaign_id is null or d.campaign_id = w.campaign)
	) b where b.until is null or b.until > w.at)`

// callableNumbers joins to a candidate k with its campaign as w the numbers n
// of its person that are neither its own, nor bad, nor on a do-not-call list at
// w.at, as cn.
const callableNumbers = `contact_numbers cn join numbers n on n.id = cn.number_id
	where cn.contact_id = k.contact_id and n.bad_at is null and cn.number_id is distinct from k.number_id
	and ` + suppressedUntil + ` is null`

// ofCampaign gives a candidate k its campaign, and the time $2, under the names
// that suppressedUntil asks for.
const ofCampaign = `cross join lateral (select k.campaign_id as campaign, $2::timestamptz as at) w`

// suppressionQuestion are numbers, known to the store or not.
type suppressionQuestion struct {
	hmacs         [][]byte
	e164, regions []string
}

func (q *suppressionQuestion) add(hmac []byte, e164, region string) {
	q.hmacs, q.e164, q.regions = append(q.hmacs, hmac), append(q.e164, e164), append(q.regions, region)
}

// suppressedNumbers tells which of the numbers are on a do-not-call list of the
// campaign or of all, by E.164.
func suppressedNumbers(ctx context.Context, q querier, campaignID int64, asked suppressionQuestion, now time.Time) (map[string]bool, error) {
	found, err := q.Query(ctx, `select n.e164 from unnest($3::bytea[], $4::text[], $5::text[]) as n (hmac, e164, region)
		cross join (select $1::bigint as campaign, $2::timestamptz as at) w where `+suppressedUntil+` is not null`, campaignID, now, asked.hmacs, asked.e164, asked.regions)
	if err != nil {
		return nil, err
	}
	suppressed := map[string]bool{}
	var number string
	_, err = pgx.ForEachRow(found, []any{&number}, func() error { suppressed[number] = true; return nil })
	return suppressed, err
}

// OwnList is the list of what persons asked of us one by one.
const OwnList = "own"

// Suppressions gives every entry that covers a number now, in any campaign.
func (s *Store) Suppressions(ctx context.Context, e164, region string) ([]campaigns.DoNotCall, error) {
	rows, err := s.pool.Query(ctx, `select list, campaign, source, pattern, reason, since, until from (
			select $5::text as list, coalesce(c.name, '') as campaign, s.source, '' as pattern, s.reason, s.created_at as since, s.expires_at as until
			from suppressions s left join campaigns c on c.id = s.campaign_id where s.number_hmac = $1
			union all
			select d.name, coalesce(c.name, ''), f.file, '', '', f.started_at, e.expires_at
			from dnc_entries e join dnc_files f on f.id = e.file_id join dnc_lists d on d.id = f.list_id left join campaigns c on c.id = d.campaign_id
			where e.key = substr($1, 1, 16) and f.retired_at is null
			union all
			select d.name, coalesce(c.name, ''), '', x.pattern, x.reason, x.created_at, x.expires_at
			from dnc_patterns x join dnc_lists d on d.id = x.list_id left join campaigns c on c.id = d.campaign_id
			where x.pattern = $4 or starts_with($3, x.pattern)) all_of_them
		where until is null or until > $2 order by since, list`, s.NumberHMAC(e164), s.clock.Now(), e164, region, OwnList)
	if err != nil {
		return nil, classify(err)
	}
	entries, err := pgx.CollectRows(rows, pgx.RowToStructByPos[campaigns.DoNotCall])
	return entries, classify(err)
}
