package segment

// counts are the attempts that count under the caps, as
// campaigns.Outcome.CountsAsAttempt has it; counted are those of a contact.
const (
	counts  = `(a.outcome is null or a.outcome not in ('congestion', 'failed', 'cancelled'))`
	counted = `a.contact_id = p.id and ` + counts
)

// suppressed tells whether a do-not-call entry for all campaigns holds over a
// number n, as the gate before each call has it: what persons asked of us, the
// files of lists, and prefixes and countries.
const suppressed = `exists (select from suppressions s
		where s.number_hmac = n.hmac and s.campaign_id is null and (s.expires_at is null or s.expires_at > @now))
	or exists (select from dnc_entries e join dnc_files f on f.id = e.file_id join dnc_lists d on d.id = f.list_id
		where e.key = substr(n.hmac, 1, 16) and f.retired_at is null and d.campaign_id is null and (e.expires_at is null or e.expires_at > @now))
	or exists (select from dnc_patterns x join dnc_lists d on d.id = x.list_id
		where (x.pattern = n.region or starts_with(n.e164, x.pattern)) and d.campaign_id is null and (x.expires_at is null or x.expires_at > @now))`

// historyFields are those of what happened to the contact and was said by them.
var historyFields = []Field{
	{Name: "open_complaint", Type: Flag, Doc: "a complaint is open",
		sql: `exists (select from complaints o where o.contact_id = p.id and o.closed_at is null)`,
		set: "complaints_of", ofSet: `coalesce(complaints_of.open, false)`,
		flag: func(p *Person) bool { return p.OpenComplaint }},
	{Name: "complaints", Type: Number, Doc: "how many complaints the contact ever made",
		sql: `(select count(*)::float8 from complaints o where o.contact_id = p.id)`,
		set: "complaints_of", ofSet: `coalesce(complaints_of.n, 0)`,
		number: func(p *Person) number { return numberOf(float64(p.Complaints)) }},
	{Name: "do_not_call", Type: Flag, Doc: "one of the contact's numbers is on a do-not-call list for all campaigns: the own one, that of a file, a prefix or a country",
		sql: `exists (select from contact_numbers cn join numbers n on n.id = cn.number_id where cn.contact_id = p.id and (` + suppressed + `))`,
		set: "do_not_call_of", ofSet: `(do_not_call_of.contact_id is not null)`,
		flag: func(p *Person) bool { return p.DoNotCall }},
	{Name: "consent", Type: Text, Doc: `consent to marketing by phone: "granted", "refused" (so is it by an objection that stands) or "" without an entry`,
		sql: `case when exists (select from objections o where o.contact_id = p.id and o.withdrawn_at is null) then 'refused' else coalesce((select case when g.granted then 'granted' else 'refused' end from consents g
			where g.contact_id = p.id and g.purpose = 'marketing' and g.channel in ('phone', 'any')
			and g.valid_from <= @now and (g.valid_until is null or g.valid_until > @now) order by g.valid_from desc, g.id desc limit 1), '') end`,
		set: "consent_of", ofSet: `coalesce(consent_of.word, '')`,
		text: func(p *Person) string {
			if p.Objected {
				return "refused"
			}
			return p.Consent
		}},
	{Name: "attempts", Type: Number, Doc: "attempts so far, over all campaigns, as the caps count them",
		sql: `(select count(*)::float8 from attempts a where ` + counted + `)`,
		set: "attempts_of", ofSet: `coalesce(attempts_of.n, 0)`,
		number: func(p *Person) number { return numberOf(float64(p.Attempts)) }},
	{Name: "last_attempt_at", Type: Time, Doc: "the last of these attempts; missing before the first",
		sql: `(select max(a.reserved_at) from attempts a where ` + counted + `)`,
		set: "attempts_of", ofSet: `attempts_of.last`,
		time: func(p *Person) moment { return momentOf(p.LastAttemptAt) }},
	{Name: "last_outcome", Type: Text, Doc: "outcome of the last attempt that ended (no_answer, busy, answered, …)",
		sql: `coalesce((select a.outcome from attempts a where a.contact_id = p.id and a.outcome is not null
			order by a.reserved_at desc, a.id desc limit 1), '')`,
		set: "outcome_of", ofSet: `coalesce(outcome_of.outcome, '')`,
		text: func(p *Person) string { return string(p.LastOutcome) }},
	{Name: "calls", Type: Number, Doc: "conversations with agents, in both directions",
		sql: `(select count(*)::float8 from calls k where k.contact_id = p.id and k.bridged_at is not null)`,
		set: "calls_of", ofSet: `coalesce(calls_of.n, 0)`,
		number: func(p *Person) number { return numberOf(float64(p.Calls)) }},
	{Name: "last_contact_at", Type: Time, Doc: "the last conversation with an agent; missing before the first",
		sql: `(select max(k.bridged_at) from calls k where k.contact_id = p.id)`,
		set: "calls_of", ofSet: `calls_of.last`,
		time: func(p *Person) moment { return momentOf(p.LastContactAt) }},
	{Name: "last_disposition", Type: Text, Doc: "result of the last call that has one (sale, not_interested, …)",
		sql: `coalesce((select k.disposition from calls k where k.contact_id = p.id and k.disposition is not null
			order by k.started_at desc, k.id desc limit 1), '')`,
		set: "disposition_of", ofSet: `coalesce(disposition_of.disposition, '')`,
		text: func(p *Person) string { return string(p.LastDisposition) }},
	{Name: "sales", Type: Number, Doc: "calls with the result sale",
		sql: `(select count(*)::float8 from calls k where k.contact_id = p.id and k.disposition = 'sale')`,
		set: "calls_of", ofSet: `coalesce(calls_of.sales, 0)`,
		number: func(p *Person) number { return numberOf(float64(p.Sales)) }},
	{Name: "last_sale_at", Type: Time, Doc: "when the last sale was closed; missing before the first",
		sql: `(select max(k.closed_at) from calls k where k.contact_id = p.id and k.disposition = 'sale')`,
		set: "calls_of", ofSet: `calls_of.last_sale`,
		time: func(p *Person) moment { return momentOf(p.LastSaleAt) }},
}
