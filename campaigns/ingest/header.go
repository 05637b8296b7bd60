package ingest

import (
	"slices"
	"strconv"
	"strings"

	"ringmaster/campaigns"
)

// fields are the known fields of a row; every other column becomes an
// attribute of the contact.
var fields = []string{
	"external_id", "first_name", "last_name", "company", "phone", "phone_2", "phone_3", "email", "language",
	"time_zone", "region", "postal_code", "source", "value", "event_at", "propensity",
}

// Fields gives the names of the known fields.
func Fields() []string { return slices.Clone(fields) }

// header says where in a row each field stands.
type header struct {
	// names of the columns; "" for one that is left out.
	names []string
	// told says which columns an earlier import has added to its rejects; nil: the
	// file is not that.
	told []bool
	// field holds the known field of each column, "" for an attribute.
	field []string
	// unnamed counts the columns without a name, which are left out.
	unnamed int
	// derived says which columns without a field of their own give one where its
	// field is empty; nil: none.
	derived []string
	tiers   map[string]float64
	// foreign says where a preset's own columns stand; nil: no preset.
	foreign *foreign
}

// leftOut is the field of a column that is not taken over.
const leftOut = "-"

// again reports whether a record is the header once more, as in files that were
// joined. One without a name for each cell is not.
func (h *header) again(cells []string) bool {
	if len(cells) != len(h.names) || h.told != nil || h.unnamed > 0 {
		return false
	}
	for i, name := range h.names {
		if strings.TrimSpace(cells[i]) != name {
			return false
		}
	}
	return true
}

// restore makes the cells of a rejects file what they were in the file before.
func (h *header) restore(cells []string) {
	if h.told == nil {
		return
	}
	for i, cell := range cells {
		cells[i] = asItWas(cell)
	}
}

// derive finds the columns that a campaign reads fields from.
func (h *header) derive(d Defaults) {
	h.tiers = make(map[string]float64, len(d.Tiers))
	for tier, value := range d.Tiers {
		h.tiers[fieldName(tier)] = value
	}
	for column, field := range map[string]string{d.EventColumn: "event_at", d.PropensityColumn: "propensity", d.TierColumn: "value"} {
		i := slices.Index(h.names, column)
		if column == "" || i < 0 || h.field[i] != "" {
			continue
		}
		if h.derived == nil {
			h.derived = make([]string, len(h.names))
		}
		h.derived[i] = field
	}
}

// missing gives those of the attributes that no column holds.
func (h *header) missing(attributes []string) []string {
	var missing []string
	for _, name := range attributes {
		if !slices.Contains(h.names, name) {
			missing = append(missing, name)
		}
	}
	return missing
}

// fieldName gives a header text the form of a field's name, so that "First
// Name" is read as first_name.
func fieldName(text string) string {
	return strings.NewReplacer(" ", "_", "-", "_").Replace(strings.ToLower(strings.TrimSpace(text)))
}

// newHeader reads the header row. o.Map maps a field to the column that holds
// it; a column mapped to a field serves no other by its name.
func newHeader(names []string, o Options) (*header, error) {
	h := &header{names: make([]string, len(names)), field: make([]string, len(names))}
	at := map[string]int{}
	if slices.Contains(names, rejectColumns[len(rejectColumns)-1]) {
		h.told = make([]bool, len(names))
	}
	h.restore(names)
	for i, name := range names {
		name = strings.TrimSpace(name)
		h.names[i] = name
		if name == "" {
			h.unnamed++
			continue
		}
		if slices.Contains(rejectColumns[:], name) {
			h.names[i] = ""
			if h.told != nil {
				h.told[i] = true
			}
			continue
		}
		key := fieldName(name)
		if before, twice := at[key]; twice {
			return nil, fileError("the header names %s twice, in columns %d and %d", strconv.Quote(name), before+1, i+1)
		}
		at[key] = i
	}
	if len(at) == 0 {
		return nil, fileError("the first line is no header: it names no column")
	}
	mapped, columns := map[string]bool{}, o.columns(at)
	for _, field := range sortedKeys(columns) {
		if !slices.Contains(fields, field) {
			return nil, campaigns.Invalid("--map", "%q is no field; the fields are %s", field, strings.Join(fields, ", "))
		}
		i, ok := at[fieldName(columns[field])]
		if !ok {
			return nil, campaigns.Invalid("--map", "%s=%s: the file has no such column; its columns are %s", field, columns[field], h.list())
		}
		if h.field[i] != "" {
			return nil, campaigns.Invalid("--map", "the column %q is mapped to both %s and %s", columns[field], h.field[i], field)
		}
		h.field[i], mapped[field] = field, true
	}
	for _, field := range fields {
		if i, ok := at[field]; ok && !mapped[field] && h.field[i] == "" {
			h.field[i] = field
		}
	}
	if o.Preset != "" {
		h.foreign = newForeign(h, at, o)
	}
	if !slices.ContainsFunc(h.field, func(f string) bool { return strings.HasPrefix(f, "phone") }) {
		return nil, fileError("no column phone: the columns are %s; name the one that holds the number with --map phone=COLUMN", h.list())
	}
	return h, nil
}

func (h *header) list() string {
	quoted := make([]string, 0, len(h.names))
	for _, n := range h.names {
		if n != "" {
			quoted = append(quoted, strconv.Quote(n))
		}
	}
	return strings.Join(quoted, ", ")
}

func sortedKeys(m map[string]string) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

func fileError(format string, args ...any) error { return campaigns.Invalid("file", format, args...) }
