package ingest

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"ringmaster/campaigns"
	"ringmaster/campaigns/phone"
	"ringmaster/campaigns/scoring"
)

// parser turns records into rows. It is not safe for concurrent use: it
// remembers the time zones it has looked up.
type parser struct {
	header *header
	phones *phone.Parser
	zones  map[string]bool
	// prefix is the country code of the row's numbers that have none; derived
	// what its columns say beside the fields.
	prefix  string
	derived Row
}

func newParser(h *header, o Options) *parser {
	return &parser{header: h, phones: phone.NewParser(o.Region), zones: map[string]bool{}}
}

// row checks a record. The reject names the first column that is wrong.
func (p *parser) row(rec record) (Row, *reject) {
	p.header.restore(rec.cells)
	if rec.problem != "" {
		return Row{}, &reject{line: rec.line, reason: rec.problem, cells: rec.cells}
	}
	if p.header.again(rec.cells) {
		return Row{}, &reject{line: rec.line, reason: "the header once more", cells: rec.cells}
	}
	if len(rec.cells) != len(p.header.names) {
		return Row{}, &reject{line: rec.line, cells: rec.cells,
			reason: fmt.Sprintf("%d cells, the header has %d", len(rec.cells), len(p.header.names))}
	}
	row := Row{Line: rec.line}
	if f := p.header.foreign; f != nil {
		p.prefix = f.prefix(rec.cells)
		past, column, err := f.past(rec.cells)
		if err != nil {
			return Row{}, &reject{line: rec.line, column: column, reason: err.Error(), cells: rec.cells}
		}
		row.Past = past
	}
	p.derived = Row{}
	for i, cell := range rec.cells {
		if err := p.cell(&row, i, strings.TrimSpace(cell)); err != nil {
			return Row{}, &reject{line: rec.line, column: p.header.names[i], reason: err.Error(), cells: rec.cells}
		}
	}
	if len(row.Numbers) == 0 {
		return Row{}, &reject{line: rec.line, column: "phone", reason: "no number", cells: rec.cells}
	}
	if p.header.derived != nil {
		row.fill(&p.derived)
	}
	return row, nil
}

// textLimit is the longest text in bytes of a known field.
const textLimit = 1000

func (p *parser) cell(row *Row, i int, text string) error {
	field := p.header.field[i]
	switch {
	case len(text) > cellLimit:
		return fmt.Errorf("a cell of %d bytes; the limit is %d", len(text), cellLimit)
	case text == "", p.header.names[i] == "":
		return nil
	case strings.IndexByte(text, 0) >= 0:
		return errors.New("holds a NUL byte")
	case field == leftOut, p.header.foreign != nil && (text == sqlNull || strings.HasPrefix(text, "0000-00-00")):
		return nil
	case field == "":
		row.attribute(p.header.names[i], text)
		if i < len(p.header.derived) && p.header.derived[i] != "" {
			return p.derive(p.header.derived[i], text)
		}
		return nil
	case len(text) > textLimit:
		return fmt.Errorf("%d bytes; the limit of %s is %d", len(text), field, textLimit)
	}
	switch field {
	case "phone", "phone_2", "phone_3":
		return p.number(row, text)
	case "external_id":
		row.ExternalID = text
	case "first_name":
		row.FirstName = text
	case "last_name":
		row.LastName = text
	case "company":
		row.Company = text
	case "language":
		row.Language = text
	case "region":
		row.Region = text
	case "postal_code":
		row.PostalCode = text
	case "source":
		row.attribute("source", text)
	case "email":
		return row.email(text)
	case "time_zone":
		return p.zone(row, text)
	case "value":
		return row.value(text)
	case "propensity":
		return row.propensity(text)
	case "event_at":
		return row.event(text)
	}
	return nil
}

func (p *parser) number(row *Row, text string) error {
	if p.prefix != "" && text[0] != '+' {
		text = p.prefix + text
	}
	n, err := p.phones.Parse(text)
	if err != nil {
		if e, ok := errors.AsType[*campaigns.Error](err); ok {
			return errors.New(e.Message)
		}
		return err
	}
	for _, other := range row.Numbers {
		if other.E164 == n.E164 {
			return nil
		}
	}
	row.Numbers = append(row.Numbers, n)
	return nil
}

// derive reads a field from an attribute that the campaign names for it.
func (p *parser) derive(field, text string) error {
	switch field {
	case "event_at":
		return p.derived.event(text)
	case "propensity":
		if zero, err := strconv.ParseFloat(strings.TrimSuffix(text, "%"), 64); err == nil && zero == 0 {
			p.derived.Propensity = leastPropensity // a score of nought is one
			return nil
		}
		return p.derived.propensity(text)
	default:
		p.derived.Value = p.header.tiers[fieldName(text)]
		return nil
	}
}

// leastPropensity is what a score of nought is taken for: ranks are logarithms.
const leastPropensity = 0.001

// fill takes over what the row has no field of its own for.
func (r *Row) fill(derived *Row) {
	if r.Value == 0 {
		r.Value = derived.Value
	}
	if r.Propensity == 0 {
		r.Propensity = derived.Propensity
	}
	if r.EventAt.IsZero() {
		r.EventAt = derived.EventAt
	}
}

func (p *parser) zone(row *Row, text string) error {
	valid, seen := p.zones[text]
	if !seen {
		if len(p.zones) > 1000 { // a column of junk must not fill the memory
			clear(p.zones)
		}
		_, valid = phone.ValidZone(text)
		p.zones[text] = valid
	}
	if !valid {
		return fmt.Errorf("%q is no IANA time zone such as America/Boise; leave it empty to go by address and number", text)
	}
	row.TimeZone = text
	return nil
}

func (r *Row) attribute(name, text string) {
	if r.Attributes == nil {
		r.Attributes = map[string]string{}
	}
	r.Attributes[name] = text
}

// email takes what can be an address. One that cannot must not be stored,
// because rows are merged by address: all the "none" would become one person.
func (r *Row) email(text string) error {
	local, domain, ok := strings.Cut(text, "@")
	if !ok || local == "" || !strings.Contains(domain, ".") || strings.ContainsAny(text, " \t\r\n,;<>") || strings.Contains(domain, "@") {
		return fmt.Errorf("%q is no e-mail address; leave it empty where there is none", text)
	}
	r.Email = strings.ToLower(text)
	return nil
}

func (r *Row) value(text string) error {
	v, err := strconv.ParseFloat(text, 64)
	switch {
	case err != nil || math.IsInf(v, 0) || math.IsNaN(v):
		return fmt.Errorf("%q is no figure such as 1234.50 (no thousands separators, no currency)", text)
	case v < 0:
		return fmt.Errorf("%s is below zero", text)
	}
	r.Value = max(v, scoring.LeastValue)
	return nil
}

func (r *Row) propensity(text string) error {
	number, percent := strings.CutSuffix(text, "%")
	v, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
	if percent {
		v /= 100
	}
	if err != nil || !(v > 0) || v > 1 {
		return fmt.Errorf("%q is no probability above 0 and up to 1", text)
	}
	r.Propensity = v
	return nil
}

// eventLayouts are the forms of event_at; without a zone they are in UTC.
var eventLayouts = []string{
	time.RFC3339Nano, "2006-01-02 15:04:05Z07:00", "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02T15:04",
	"2006-01-02 15:04", time.DateOnly,
}

func (r *Row) event(text string) error {
	for _, layout := range eventLayouts {
		at, err := time.Parse(layout, text)
		if err != nil {
			continue
		}
		if at.Year() < 1900 || at.Year() > 2200 {
			return fmt.Errorf("the year %d is not between 1900 and 2200", at.Year())
		}
		r.EventAt = at.UTC().Truncate(time.Microsecond)
		return nil
	}
	return fmt.Errorf("%q is no time such as 2026-03-01T09:30:00Z or 2026-03-01", text)
}
