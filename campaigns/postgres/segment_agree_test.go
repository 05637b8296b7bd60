package postgres_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"pgregory.net/rapid"

	"ringmaster/campaigns"
	"ringmaster/campaigns/postgres/postgrestest"
	"ringmaster/campaigns/segment"
)

// TestSegmentInSQLAndInMemoryAgree draws persons with a history and
// expressions over all that the language has, and holds the persons that
// PostgreSQL finds against those that the evaluation in memory does.
func TestSegmentInSQLAndInMemoryAgree(t *testing.T) {
	t.Parallel()
	store, url := postgrestest.NewWithURL(t)
	conn := postgrestest.Connect(t, url)
	campaign := postgrestest.Campaign(t, store, "first")
	now := postgrestest.Morning
	rapid.Check(t, func(rt *rapid.T) {
		ctx := t.Context()
		tx, err := conn.Begin(ctx)
		if err != nil {
			rt.Fatal(err)
		}
		defer func() { _ = tx.Rollback(ctx) }()
		if _, err := tx.Exec(ctx, makeLists, campaign.ID); err != nil {
			rt.Fatal(err)
		}
		people := make([]*segment.Person, rapid.IntRange(1, 6).Draw(rt, "people"))
		for i := range people {
			people[i] = drawPerson(rt, now)
			if err := insertPerson(t, tx, campaign.ID, people[i], i, now); err != nil {
				rt.Fatal(err)
			}
		}
		for i := range 15 {
			g := expressions{rt}
			expression := g.flag(rapid.IntRange(0, 4).Draw(rt, "depth"))
			s, err := segment.Compile(expression)
			if err != nil {
				if strings.Contains(err.Error(), "too many multiplications") {
					continue
				}
				rt.Fatalf("%s: %v", expression, err)
			}
			each, args := s.SQL(now, 1)
			joins, all, allArgs := s.SQLWithin(now, 1, people[0].ID, people[len(people)-1].ID)
			found := membersBy(ctx, rt, tx, expression, `where `+each, args)
			if together := membersBy(ctx, rt, tx, expression, joins+` where `+all, allArgs); !slices.Equal(found, together) {
				rt.Fatalf("expression %d: %s finds %v one by one and %v together\n%s\n%s", i, expression, found, together, each, joins+all)
			}
			for _, p := range people {
				if inMemory, inSQL := s.Holds(p, now), slices.Contains(found, p.ID); inMemory != inSQL {
					rt.Fatalf("expression %d: %s is %v in memory and %v in SQL for %+v\n%s %v", i, expression, inMemory, inSQL, p, each, args)
				}
			}
		}
	})
}

// membersBy gives the contacts that a condition finds.
func membersBy(ctx context.Context, rt *rapid.T, tx pgx.Tx, expression, condition string, args []any) []int64 {
	rows, err := tx.Query(ctx, `select p.id from contacts p `+condition+` order by p.id`, args...)
	if err != nil {
		rt.Fatalf("%s: %s: %v", expression, condition, err)
	}
	found, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		rt.Fatalf("%s: %s: %v", expression, condition, err)
	}
	return found
}

// What imports bring, and what they may.
var (
	someTexts = []string{
		"", "a", "A", "b", "ab", "lapsed", "Lapsed", "é", "É", "e\u0301", "ß", "İ", "ı", "ǅ", "Ж", "ж", "Σ", "ς", "😀", " ", "a\nb", "%", "_", `\`, `'`, `"`, "$1",
		"0", "-0", "1", "-1", "+2.50", "2.5", "1e5", " 1", "1.", ".5", "999999999999999", "9999999999999999", "0.000000000000001", "NaN", "infinity",
		"2026-03-03", "2026-02-28", "2024-02-29", "2026-02-29", "2026-02-30", "2000-02-29", "1900-02-29", "0999-01-01", "9999-12-31", "1000-01-01", "2026-03-03T10:00",
		"2026-03-03 10:00:00", "2026-03-03T10:00:00.123456Z", "2026-03-03T10:00:00.1234567Z", "2026-03-03T10:00:00-05:00", "2026-03-03T24:00:00Z", "2026-04-31", "now", "epoch",
	}
	someNumbers = []float64{0, 1, 2, 3, 2.5, -1, 300, 0.1, 1e15, -1e15, 1e-15, 123456789.123}
	someKeys    = []string{"status", "source", "left_at", "churn", "usage", "contract_end", "x", "y z", "k'q", "é"}
)

func text(rt *rapid.T) string {
	if rapid.IntRange(0, 4).Draw(rt, "any text") == 0 {
		return strings.ReplaceAll(rapid.String().Draw(rt, "text"), "\x00", "")
	}
	return rapid.SampledFrom(someTexts).Draw(rt, "text")
}

func drawPerson(rt *rapid.T, now time.Time) *segment.Person {
	values := slices.Concat(someNumbers, []float64{1e16, -1e300, 1e-20, math.NaN(), math.Inf(1), math.Copysign(0, -1)})
	p := &segment.Person{
		Contact: campaigns.Contact{
			FirstName: text(rt), LastName: text(rt), Company: text(rt), Email: text(rt), Language: text(rt), TimeZone: text(rt),
			Region: text(rt), PostalCode: text(rt), Value: rapid.SampledFrom(values).Draw(rt, "value"), Attributes: map[string]string{},
		},
		CreatedAt: now.Add(-time.Duration(rapid.Int64Range(0, 1e8).Draw(rt, "age")) * time.Second), UpdatedAt: now,
		Complaints: rapid.IntRange(0, 2).Draw(rt, "complaints"), DoNotCall: rapid.Bool().Draw(rt, "do not call"),
		Consent: rapid.SampledFrom([]string{"", "granted", "refused"}).Draw(rt, "consent"), Objected: rapid.Bool().Draw(rt, "objected"),
		Attempts: rapid.IntRange(0, 3).Draw(rt, "attempts"), Calls: rapid.IntRange(0, 2).Draw(rt, "calls"),
	}
	p.OpenComplaint = p.Complaints > 0 && rapid.Bool().Draw(rt, "open complaint")
	for _, key := range someKeys {
		if rapid.Bool().Draw(rt, "has attribute") {
			p.Attributes[key] = text(rt)
		}
	}
	for i := range rapid.IntRange(1, 2).Draw(rt, "numbers") {
		p.Numbers = append(p.Numbers, campaigns.ContactNumber{Region: []string{"US", "DE"}[i], Bad: rapid.Bool().Draw(rt, "bad")})
	}
	if p.DoNotCall && rapid.Bool().Draw(rt, "by country") { // nobody else's
		p.Numbers[0].Region = rapid.StringMatching(`Q[A-Z]`).Draw(rt, "country")
	}
	return p
}

// listed says on which do-not-call lists a person of the number stands: when p
// is to be on one, on the one that its first number's country tells, and else
// only on such that do not hold for all campaigns and now.
func listed(batch *pgx.Batch, p *segment.Person, e164 string, hmac []byte, i int, campaignID int64, now time.Time) {
	const entry = `insert into dnc_entries select id, substr($1::bytea, 1, 16), $2::timestamptz from dnc_files where file = $3`
	const pattern = `insert into dnc_patterns (list_id, pattern, created_at, expires_at) select id, $1::text, $2::timestamptz, $3::timestamptz from dnc_lists where name = $4 on conflict do nothing`
	const own = `insert into suppressions (number_hmac, campaign_id, source, created_at, expires_at) values ($1, $2, 'test', $3, $4)`
	switch country := p.Numbers[0].Region; {
	case !p.DoNotCall:
		batch.Queue(own, hmac, nil, now, now)
		batch.Queue(own, hmac, campaignID, now, nil)
		batch.Queue(entry, hmac, now, "now")
		batch.Queue(entry, hmac, nil, "before")
		batch.Queue(entry, hmac, nil, "one campaign's")
		batch.Queue(pattern, e164, now, now, "all")
		batch.Queue(pattern, e164[:len(e164)-1], now, nil, "one")
	case country != "US":
		batch.Queue(pattern, country, now, nil, "all")
	case i%3 == 0:
		batch.Queue(own, hmac, nil, now, now.Add(time.Second))
	case i%3 == 1:
		batch.Queue(entry, hmac, nil, "now")
	default:
		batch.Queue(pattern, e164[:len(e164)-1], now, nil, "all")
	}
}

// makeLists makes the lists that listed names.
const makeLists = `with made as (insert into dnc_lists (name, campaign_id, created_at) values ('all', null, now()), ('one', $1, now()) returning id, name)
	insert into dnc_files (list_id, file, started_at, retired_at)
	select id, file, now(), case when file = 'before' then now() end from made join (values ('all', 'now'), ('all', 'before'), ('one', 'one campaign''s')) f (name, file) using (name)`

// insertPerson writes what the person says, and fills in what depends on it. The
// other way, from the tables into a Person, nothing asks for: production judges
// by SQL alone.
func insertPerson(t *testing.T, tx pgx.Tx, campaignID int64, p *segment.Person, i int, now time.Time) error {
	t.Helper()
	ctx := t.Context()
	err := tx.QueryRow(ctx, `insert into contacts (external_id, first_name, last_name, company, email, language, time_zone, region, postal_code, value, attributes,
			created_at, updated_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) returning id`,
		nil, p.FirstName, p.LastName, p.Company, p.Email, p.Language, p.TimeZone, p.Region, p.PostalCode, p.Value, p.Attributes,
		p.CreatedAt, p.UpdatedAt).Scan(&p.ID)
	if err != nil {
		return err
	}
	batch := &pgx.Batch{}
	for position := range p.Numbers {
		number := &p.Numbers[position]
		e164 := fmt.Sprintf("+1212%07d", i*10+position)
		var bad *time.Time
		if number.Bad {
			bad = &now
		}
		hmac := sha256.Sum256([]byte(e164))
		if err := tx.QueryRow(ctx, `insert into numbers (e164, hmac, prefix, region, zones, bad_at) values ($1, $2, '+1212', $3, '{UTC}', $4) returning id`,
			e164, hmac[:], number.Region, bad).Scan(&number.NumberID); err != nil {
			return err
		}
		batch.Queue(`insert into contact_numbers values ($1, $2, $3)`, p.ID, number.NumberID, position+1)
	}
	e164 := fmt.Sprintf("+1212%07d", i*10)
	hmac := sha256.Sum256([]byte(e164))
	listed(batch, p, e164, hmac[:], i, campaignID, now)
	withdrawn := &now
	if p.Objected {
		withdrawn = nil
	}
	batch.Queue(`insert into objections (contact_id, objected_at, withdrawn_at) values ($1, $2, $3)`, p.ID, now, withdrawn)
	for k := range p.Complaints {
		var closed *time.Time
		if k > 0 || !p.OpenComplaint {
			closed = &now
		}
		batch.Queue(`insert into complaints (contact_id, opened_at, closed_at) values ($1, $2, $3)`, p.ID, now, closed)
	}
	if p.Consent != "" {
		consents := `insert into consents (contact_id, purpose, channel, granted, valid_from, valid_until) values ($1, 'marketing', 'phone', $2, $3, $4)`
		batch.Queue(consents, p.ID, p.Consent == "granted", now.Add(-time.Hour), nil)
		batch.Queue(consents, p.ID, p.Consent != "granted", now.Add(-2*time.Hour), nil)
		batch.Queue(consents, p.ID, p.Consent != "granted", now.Add(-time.Minute), now)
		batch.Queue(consents, p.ID, p.Consent != "granted", now.Add(time.Minute), nil)
	}
	outcomes := []campaigns.Outcome{campaigns.OutcomeBusy, campaigns.OutcomeNoAnswer, campaigns.OutcomeAnswered}
	attempt := `insert into attempts (campaign_id, contact_id, number_id, number_shared, node, epoch, reserved_at, dial_by, ended_at, outcome)
		values ($1, $2, $3, false, 'n', 1, $4, $4, $4, $5) returning id`
	for k := range p.Attempts {
		at := now.Add(time.Duration(k-10) * time.Hour)
		p.LastAttemptAt, p.LastOutcome = at, outcomes[k%3]
		batch.Queue(attempt, campaignID, p.ID, p.Numbers[0].NumberID, at, p.LastOutcome)
		batch.Queue(attempt, campaignID, p.ID, p.Numbers[0].NumberID, at.Add(-time.Minute), campaigns.OutcomeCancelled)
	}
	for k := range p.Calls {
		at := now.Add(time.Duration(k-20) * time.Hour)
		p.LastContactAt, p.LastDisposition = at, []campaigns.Disposition{"sale", "not_interested"}[k]
		if k == 0 {
			p.Sales, p.LastSaleAt = 1, at.Add(time.Minute)
		}
		batch.Queue(`insert into calls (id, direction, contact_id, node, epoch, started_at, bridged_at, ended_at, ended_by, disposition, closed_at)
			values ($1, 'inbound', $2, 'n', 1, $3, $3, $3, 'customer', $4, $5)`,
			fmt.Sprintf("%026d", i*10+k), p.ID, at, p.LastDisposition, at.Add(time.Minute))
	}
	return tx.SendBatch(ctx, batch).Close()
}

// expressions draws expressions by their type.
type expressions struct{ rt *rapid.T }

func (g expressions) pick(of ...string) string { return rapid.SampledFrom(of).Draw(g.rt, "part") }

func (g expressions) field(t segment.Type) string {
	var names []string
	for _, f := range segment.Fields() {
		if f.Type == t {
			names = append(names, "contact."+f.Name)
		}
	}
	return g.pick(names...)
}

// literal writes a text as the language does.
func literal(text string) string {
	var b strings.Builder
	for _, r := range text {
		if r < 128 && r >= ' ' && r != '"' && r != '\\' {
			b.WriteRune(r)
		} else {
			fmt.Fprintf(&b, `\U%08x`, r)
		}
	}
	return `"` + b.String() + `"`
}

func (g expressions) flag(depth int) string {
	if depth <= 0 {
		return g.pick("true", "false", "has("+g.field(segment.Text)+")", "has("+g.field(segment.Number)+")", "has("+g.field(segment.Time)+")",
			"has(contact.attributes.x)", g.field(segment.Flag), g.field(segment.Flag), "("+literal(g.pick(someKeys...))+" in contact.attributes)")
	}
	operator := g.pick("==", "!=", "<", "<=", ">", ">=")
	switch d := depth - 1; g.pick("not", "and", "or", "choose", "flags", "texts", "texts", "numbers", "numbers", "times", "times", "in texts", "in numbers", "test", "matches") {
	case "not":
		return "!(" + g.flag(d) + ")"
	case "and":
		return "(" + g.flag(d) + " && " + g.flag(d) + ")"
	case "or":
		return "(" + g.flag(d) + " || " + g.flag(d) + ")"
	case "choose":
		return "(" + g.flag(d) + " ? " + g.flag(d) + " : " + g.flag(d) + ")"
	case "flags":
		return "(" + g.flag(d) + g.pick(" == ", " != ") + g.flag(d) + ")"
	case "texts":
		return "(" + g.text(d) + operator + g.text(d) + ")"
	case "numbers":
		return "(" + g.number(d) + operator + g.number(d) + ")"
	case "times":
		return "(" + g.time(d) + operator + g.time(d) + ")"
	case "in texts":
		return "(" + g.text(d) + " in [" + literal(text(g.rt)) + ", " + literal(text(g.rt)) + "])"
	case "in numbers":
		return "(" + g.number(d) + " in [0, " + g.literalNumber() + "])"
	case "test":
		return g.text(d) + g.pick(".contains(", ".startsWith(", ".endsWith(") + g.text(d) + ")"
	default:
		return g.text(d) + ".matches(" + literal(g.pattern(2)) + ")"
	}
}

func (g expressions) text(depth int) string {
	if depth <= 0 {
		return g.pick(literal(text(g.rt)), g.field(segment.Text), "attr("+literal(g.pick(someKeys...))+")", "contact.attributes["+literal(g.pick(someKeys...))+"]")
	}
	switch d := depth - 1; g.pick("lower", "upper", "join", "choose") {
	case "lower":
		return "lower(" + g.text(d) + ")"
	case "upper":
		return "upper(" + g.text(d) + ")"
	case "join":
		return "(" + g.text(d) + " + " + g.text(d) + ")"
	default:
		return "(" + g.flag(d) + " ? " + g.text(d) + " : " + g.text(d) + ")"
	}
}

func (g expressions) literalNumber() string {
	return strconv.FormatFloat(rapid.SampledFrom(someNumbers).Draw(g.rt, "number"), 'g', -1, 64)
}

func (g expressions) number(depth int) string {
	if depth <= 0 {
		return g.pick(g.literalNumber(), g.field(segment.Number), "number("+literal(g.pick(someKeys...))+")")
	}
	switch d := depth - 1; g.pick("+", "-", "*", "/", "negative", "choose", "size", "since", "until") {
	case "+":
		return "(" + g.number(d) + " + " + g.number(d) + ")"
	case "-":
		return "(" + g.number(d) + " - " + g.number(d) + ")"
	case "*":
		return "(" + g.number(d) + " * " + g.number(d) + ")"
	case "/":
		return "(" + g.number(d) + " / " + g.number(d) + ")"
	case "negative":
		return "(-(" + g.number(d) + "))"
	case "choose":
		return "(" + g.flag(d) + " ? " + g.number(d) + " : " + g.number(d) + ")"
	case "size":
		return g.text(d) + ".size()"
	case "since":
		return g.pick("days_since(", "hours_since(") + g.time(d) + ")"
	default:
		return "days_until(" + g.time(d) + ")"
	}
}

func (g expressions) time(depth int) string {
	if depth <= 0 {
		return g.pick("now", "now()", g.field(segment.Time), "time("+literal(g.pick(someKeys...))+")",
			`timestamp("2026-03-03T10:00:00-05:00")`, `timestamp("1000-01-01")`, `timestamp("9999-12-31T23:59:59.999999Z")`)
	}
	return "(" + g.flag(depth-1) + " ? " + g.time(depth-1) + " : " + g.time(depth-1) + ")"
}

// pattern draws a regular expression.
func (g expressions) pattern(depth int) string {
	if depth <= 0 {
		return g.pick("a", "b", "[a-c]", "[^a]", ".", `\d`, `\w`, `\s`, `\D`, "[[:alpha:]]", "é", "(?i:É)", "(?i:k)", "(?s:.)", "^", "$", `\.`, `\x{1F600}`, "-", "[]^-]", "()")
	}
	switch g.pick("join", "or", "repeat", "group", "atom") {
	case "join":
		return g.pattern(depth-1) + g.pattern(depth-1)
	case "or":
		return "(?:" + g.pattern(depth-1) + "|" + g.pattern(depth-1) + ")"
	case "repeat":
		return "(?:" + g.pattern(depth-1) + ")" + g.pick("*", "+", "?", "{2}", "{1,}", "{0,2}", "*?")
	case "group":
		return "(" + g.pattern(depth-1) + ")"
	default:
		return g.pattern(depth - 1)
	}
}
