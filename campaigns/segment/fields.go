package segment

import (
	"slices"
	"time"
)

// Type is the type of a field or of an expression.
type Type string

// The types.
const (
	Text   Type = "text"
	Number Type = "number"
	Time   Type = "time"
	Flag   Type = "true or false"
)

// Field is one field of contact.
type Field struct {
	Name string
	Type Type
	// Doc says what it holds, and when it is missing.
	Doc string

	// sql is its expression over the row p of contacts; @now stands for now.
	sql string
	// set names one of sets that has it for all contacts, and ofSet reads it of
	// the contact's row there, which may be missing; empty where sql does not look
	// into another table.
	set, ofSet string
	// One of them reads it of a Person.
	text   func(*Person) string
	number func(*Person) number
	time   func(*Person) moment
	flag   func(*Person) bool
}

// fields is the one table of fields: what the checker knows, the SQL, the
// accessor and what Fields lists.
var fields = slices.Concat(ownFields, historyFields)

// ownFields are those of the contact itself.
var ownFields = []Field{
	{Name: "id", Type: Number, Doc: "number of the contact in this installation", sql: `p.id::float8`,
		number: func(p *Person) number { return numberOf(float64(p.ID)) }},
	{Name: "external_id", Type: Text, Doc: "id in the system that the contact came from", sql: `coalesce(p.external_id, '')`,
		text: func(p *Person) string { return p.ExternalID }},
	{Name: "first_name", Type: Text, Doc: "first name", sql: `p.first_name`, text: func(p *Person) string { return p.FirstName }},
	{Name: "last_name", Type: Text, Doc: "last name", sql: `p.last_name`, text: func(p *Person) string { return p.LastName }},
	{Name: "company", Type: Text, Doc: "company", sql: `p.company`, text: func(p *Person) string { return p.Company }},
	{Name: "email", Type: Text, Doc: "e-mail address", sql: `p.email`, text: func(p *Person) string { return p.Email }},
	{Name: "language", Type: Text, Doc: "language, as imported", sql: `p.language`, text: func(p *Person) string { return p.Language }},
	{Name: "time_zone", Type: Text, Doc: "IANA zone of the address, as imported", sql: `p.time_zone`,
		text: func(p *Person) string { return p.TimeZone }},
	{Name: "country", Type: Text, Doc: "ISO 3166 country of the first number",
		sql: `coalesce((select n.region from contact_numbers cn join numbers n on n.id = cn.number_id
			where cn.contact_id = p.id order by cn.position, cn.number_id limit 1), '')`,
		set: "country_of", ofSet: `coalesce(country_of.region, '')`,
		text: func(p *Person) string {
			if len(p.Numbers) == 0 {
				return ""
			}
			return p.Numbers[0].Region
		}},
	{Name: "region", Type: Text, Doc: "state or province of the address", sql: `p.region`, text: func(p *Person) string { return p.Region }},
	{Name: "postal_code", Type: Text, Doc: "postal code of the address", sql: `p.postal_code`, text: func(p *Person) string { return p.PostalCode }},
	{Name: "value", Type: Number, Doc: "what the contact is worth, as imported or computed", sql: read(`p.value`),
		number: func(p *Person) number { return numberOf(p.Value) }},
	{Name: "created_at", Type: Time, Doc: "when the contact came into this installation", sql: `p.created_at`,
		time: func(p *Person) moment { return momentOf(p.CreatedAt) }},
	{Name: "updated_at", Type: Time, Doc: "when the contact's own data last changed", sql: `p.updated_at`,
		time: func(p *Person) moment { return momentOf(p.UpdatedAt) }},
	{Name: "numbers", Type: Number, Doc: "how many numbers the contact has that are not known to be bad",
		sql: `(select count(*)::float8 from contact_numbers cn join numbers n on n.id = cn.number_id where cn.contact_id = p.id and n.bad_at is null)`,
		set: "numbers_of", ofSet: `coalesce(numbers_of.usable, 0)`,
		number: func(p *Person) number {
			n := 0
			for _, number := range p.Numbers {
				if !number.Bad {
					n++
				}
			}
			return numberOf(float64(n))
		}},

	attributeText("status", "where the customer stands (active, lapsed, former, …)"),
	attributeText("source", "where the contact came from (suspect, enquiry, lapsed, former, competitor, referral, …)"),
	attributeText("need", "need segment"),
	attributeText("profit", "profit segment"),
	attributeText("tier", "value tier"),
	attributeText("owned", "products that the contact has, as imported"),
	attributeText("left_reason", "why the customer left (price, product, service, market, technological, organisational)"),
	attributeNumber("churn", "probability to leave"),
	attributeNumber("usage", "how much the customer uses"),
	attributeTime("left_at", "when the customer left"),
	attributeTime("contract_end", "when the contract ends"),
	attributeTime("last_purchase_at", "last purchase"),
}

// Fields gives the fields of contact.
func Fields() []Field { return slices.Clone(fields) }

// fieldNamed finds a field.
func fieldNamed(name string) (Field, bool) {
	for _, f := range fields {
		if f.Name == name {
			return f, true
		}
	}
	return Field{}, false
}

// read is a column or expression of type float8 as numberOf reads it.
func read(sql string) string {
	return `(case when abs(` + sql + `) between 1e-15::float8 and 1e15::float8 or ` + sql + ` = 0 then ` + sql + ` end)`
}

// momentOf gives a time as a Person holds it: a zero one is missing.
func momentOf(t time.Time) moment {
	return moment{t.Truncate(time.Microsecond), !t.IsZero()}
}

func attributeText(name, doc string) Field {
	return Field{Name: name, Type: Text, Doc: doc + "; the attribute of this name", sql: textOf(quoted(name)),
		text: func(p *Person) string { return p.Attributes[name] }}
}

func attributeNumber(name, doc string) Field {
	return Field{Name: name, Type: Number, Doc: doc + "; the attribute of this name, missing where it is no number", sql: parsedNumber(quoted(name)),
		number: func(p *Person) number { return parseNumber(p.Attributes[name]) }}
}

func attributeTime(name, doc string) Field {
	return Field{Name: name, Type: Time, Doc: doc + "; the attribute of this name, missing where it is no time", sql: parsedTime(quoted(name)),
		time: func(p *Person) moment { return parseTime(p.Attributes[name]) }}
}

// quoted makes an SQL literal of a field's name, which is ours and never a
// user's.
func quoted(name string) string { return `'` + name + `'` }

// write writes the field's SQL.
func (f Field) write(w *statement) {
	if w.joined != nil && f.set != "" {
		w.join(f.set)
		w.put(f.ofSet)
		return
	}
	w.put(w.at(f.sql))
}
