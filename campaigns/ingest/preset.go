package ingest

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"ringmaster/campaigns"
)

// Preset names the system that has written a file.
type Preset string

// PresetVICIdial is for exports of VICIdial.
const PresetVICIdial Preset = "vicidial"

// Meanings lists what a status of another system may mean.
func Meanings() []string {
	all := []string{PastReady, PastDoNotCall, PastDoNotCallCampaign}
	for _, o := range campaigns.Outcomes {
		all = append(all, string(o))
	}
	for _, d := range []campaigns.Disposition{campaigns.DispositionSale, campaigns.DispositionCallback, campaigns.DispositionNotInterested,
		campaigns.DispositionNotAvailable, campaigns.DispositionWrongPerson, campaigns.DispositionServed} {
		all = append(all, string(d))
	}
	return all
}

// foreign says where a preset's own columns stand in a file, and what they mean.
// It is read only once the file has been scanned.
type foreign struct {
	statuses map[string]string
	zone     *time.Location
	// Columns of status, attempts, last call, agreed callback and country code;
	// below zero: the file has none.
	status, attempts, lastCall, callback, code int
	strange                                    map[string]int
}

// columns is Map with what the preset maps to columns that the file has.
func (o *Options) columns(at map[string]int) map[string]string {
	if o.Preset == "" {
		return o.Map
	}
	all := maps.Clone(o.Map)
	if all == nil {
		all = map[string]string{}
	}
	if _, dialed := at["phone_number_dialed"]; dialed && all["phone"] == "" {
		all["phone"] = "phone_number_dialed"
	}
	for field, column := range vicidialColumns {
		_, there := at[column]
		if _, own := all[field]; !own && there {
			all[field] = column
		}
	}
	return all
}

// newForeign finds the preset's columns and leaves out those that mean nothing
// here.
func newForeign(h *header, at map[string]int, o Options) *foreign {
	column := func(name string) int {
		if i, ok := at[name]; ok {
			return i
		}
		return -1
	}
	f := &foreign{statuses: maps.Clone(vicidialStatuses), zone: o.Zone, strange: map[string]int{}, status: column("status"),
		attempts: column("called_count"), lastCall: column("last_local_call_time"), callback: column("callback_time"), code: column("phone_code")}
	maps.Copy(f.statuses, o.Statuses)
	if f.zone == nil {
		f.zone = time.UTC
	}
	for _, name := range vicidialLeftOut {
		if i, ok := at[name]; ok && h.field[i] == "" {
			h.field[i] = leftOut
		}
	}
	return f
}

func cellAt(cells []string, i int) string {
	if i < 0 || i >= len(cells) {
		return ""
	}
	if text := strings.TrimSpace(cells[i]); text != sqlNull {
		return text
	}
	return ""
}

// sqlNull is what mysql prints for nothing.
const sqlNull = "NULL"

// count remembers the status of a row if it is not known.
func (f *foreign) count(cells []string) {
	if f == nil {
		return
	}
	if status := cellAt(cells, f.status); status != "" && f.statuses[status] == "" && (len(f.strange) < 1000 || f.strange[status] > 0) {
		f.strange[status]++
	}
}

// unknown names the statuses of the file that are not known.
func (f *foreign) unknown() error {
	if f == nil || len(f.strange) == 0 {
		return nil
	}
	var all []string
	for _, status := range slices.Sorted(maps.Keys(f.strange)) {
		all = append(all, fmt.Sprintf("%s (%d rows)", status, f.strange[status]))
	}
	return campaigns.Invalid("--status", "the file has statuses that are not known: %s; say what each means by --status %s=MEANING, where MEANING is one of %s",
		strings.Join(all[:min(len(all), 20)], ", "), strings.Fields(all[0])[0], strings.Join(Meanings(), ", "))
}

// prefix is the country code of the row's numbers, with its plus.
func (f *foreign) prefix(cells []string) string {
	code := strings.TrimLeft(cellAt(cells, f.code), "+0")
	if code == "" || len(code) > 3 || strings.Trim(code, "0123456789") != "" {
		return ""
	}
	return "+" + code
}

// past reads what was done with a lead. The error concerns the column.
func (f *foreign) past(cells []string) (past *Past, column string, err error) {
	status := cellAt(cells, f.status)
	past = &Past{Status: status, Did: f.statuses[status]}
	if status == "" {
		past.Did = PastReady
	}
	past.BadNumber = past.Did == string(campaigns.OutcomeBadNumber)
	if text := cellAt(cells, f.attempts); text != "" {
		if past.Attempts, err = strconv.Atoi(text); err != nil || past.Attempts < 0 || past.Attempts > 100_000 {
			return nil, "called_count", fmt.Errorf("%q is no number of calls", text)
		}
	}
	if past.LastCall, err = f.time(cellAt(cells, f.lastCall)); err != nil {
		return nil, "last_local_call_time", err
	}
	if past.Attempts == 0 {
		past.LastCall = time.Time{} // before the first call it is a day of the program's own
	}
	if past.CallbackAt, err = f.time(cellAt(cells, f.callback)); err != nil {
		return nil, "callback_time", err
	}
	return past, "", nil
}

// time reads a time of MySQL, whose zero is none.
func (f *foreign) time(text string) (time.Time, error) {
	if text == "" || strings.HasPrefix(text, "0000-00-00") {
		return time.Time{}, nil
	}
	for _, layout := range []string{time.DateTime, "2006-01-02T15:04:05", "2006-01-02 15:04", time.DateOnly} {
		if at, err := time.ParseInLocation(layout, text, f.zone); err == nil {
			return at.UTC(), nil
		}
	}
	return time.Time{}, fmt.Errorf("%q is no time such as 2026-03-01 09:30:00", text)
}
