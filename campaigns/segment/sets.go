package segment

import (
	"fmt"
	"strings"
)

// sets are what histories come to, contact by contact, for a predicate over the
// contacts from @from to @to: looks into indexes for each of a million would take
// a minute. @now stands for now.
//
// They are read by parallel workers, each with contacts of its own. PostgreSQL
// gives such a worker no statement with a part that is computed beforehand (an
// InitPlan), so that what concerns all contacts is written as "in (select …)" or
// joined.
var sets = map[string]string{
	// The first number is found by one figure, its position above its id, which
	// is faster than a sort.
	"country_of": `select f.contact_id, n.region from (
			select cn.contact_id, min(cn.position::bigint << 48 | cn.number_id) & 281474976710655 as number_id from contact_numbers cn
			where cn.contact_id between @from and @to group by cn.contact_id
		) f join (` + numbersWithin + `) n on n.id = f.number_id`,
	"numbers_of": `select cn.contact_id, count(*)::float8 as usable from contact_numbers cn join (` + numbersWithin + `) n on n.id = cn.number_id
		where cn.contact_id between @from and @to and n.bad_at is null group by cn.contact_id`,
	"complaints_of": `select o.contact_id, count(*)::float8 as n, bool_or(o.closed_at is null) as open from complaints o
		where o.contact_id between @from and @to group by o.contact_id`,
	// Numbers in the order of their keys find their entries page by page.
	"do_not_call_of": `select distinct n.contact_id from (
			select cn.contact_id, n.e164, n.region, n.hmac, substr(n.hmac, 1, 16) as key from contact_numbers cn join (` + numbersWithin + `) n on n.id = cn.number_id
			where cn.contact_id between @from and @to order by 5
		) n left join (
			select e.key, e.expires_at from dnc_entries e join dnc_files f on f.id = e.file_id join dnc_lists d on d.id = f.list_id
			where f.retired_at is null and d.campaign_id is null
		) e on e.key = n.key and (e.expires_at is null or e.expires_at > @now)
		where e.key is not null or n.region in (` + patterns + `) or n.hmac in (
				select s.number_hmac from suppressions s where s.campaign_id is null and (s.expires_at is null or s.expires_at > @now))
			or ` + prefixed(),
	"consent_of": `select contact_id, case when bool_or(objected) or not bool_or(granted) then 'refused' else 'granted' end as word from (
			select o.contact_id, true as objected, null as granted from objections o where o.withdrawn_at is null and o.contact_id between @from and @to
			union all select contact_id, false, granted from (
				select distinct on (g.contact_id) g.contact_id, g.granted from consents g where g.contact_id between @from and @to
				and g.purpose = 'marketing' and g.channel in ('phone', 'any') and g.valid_from <= @now and (g.valid_until is null or g.valid_until > @now)
				order by g.contact_id, g.valid_from desc, g.id desc) newest
		) each group by contact_id`,
	"attempts_of": `select a.contact_id, count(*)::float8 as n, max(a.reserved_at) as last from attempts a
		where a.contact_id between @from and @to and ` + counts + ` group by a.contact_id`,
	"outcome_of": `select distinct on (a.contact_id) a.contact_id, a.outcome from attempts a
		where a.contact_id between @from and @to and a.outcome is not null order by a.contact_id, a.reserved_at desc, a.id desc`,
	"calls_of": `select k.contact_id, count(k.bridged_at)::float8 as n, max(k.bridged_at) as last,
			count(*) filter (where k.disposition = 'sale')::float8 as sales, max(k.closed_at) filter (where k.disposition = 'sale') as last_sale
		from calls k where k.contact_id between @from and @to group by k.contact_id`,
	"disposition_of": `select distinct on (k.contact_id) k.contact_id, k.disposition from calls k
		where k.contact_id between @from and @to and k.disposition is not null order by k.contact_id, k.started_at desc, k.id desc`,
}

// numbersWithin are the numbers that the contacts' may be: imports give both ids
// in one order, so that a part of the contacts has a part of the numbers. Without
// the zeros, PostgreSQL would go through the index of all numbers for the least.
const numbersWithin = `select n.* from (select min(o.number_id + 0) as least, max(o.number_id + 0) as most
		from contact_numbers o where o.contact_id between @from and @to) r join numbers n on n.id between r.least and r.most`

// patterns are the prefixes and countries that hold for all campaigns.
const patterns = `select x.pattern from dnc_patterns x join dnc_lists d on d.id = x.list_id
	where d.campaign_id is null and (x.expires_at is null or x.expires_at > @now)`

// prefixed tells whether one of patterns is a beginning of the number n. Each
// length is looked up, however many patterns there are.
func prefixed() string {
	const shortest, longest = 2, 15
	var of []string
	for size := shortest; size <= longest; size++ {
		of = append(of, fmt.Sprintf("left(n.e164, %d) in (%s)", size, patterns))
	}
	return strings.Join(of, " or ")
}
