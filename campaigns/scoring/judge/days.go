package judge

import (
	"slices"
	"strconv"
	"strings"

	"ringmaster/campaigns"
	"ringmaster/campaigns/scoring/model"
)

// DaysOf finds the day of each row from columns, and says in words from which.
// Where a single column holds dates or times, rows of the same date are of the
// same day. Otherwise, as with month and day_of_week, rows are in the order of
// time, and a run of rows with the same values is a day. Without columns they
// are found by their content or their names; none found is no error.
func DaysOf(t *model.Table, columns ...string) (days []string, by string, err error) {
	given := len(columns) > 0
	for _, name := range columns {
		if !slices.Contains(t.Columns, name) {
			return nil, "", campaigns.Invalid("day", "there is no column %q: there are %s", name, strings.Join(t.Columns, ", "))
		}
	}
	if !given {
		columns = guessDays(t)
	}
	switch {
	case len(columns) == 0:
		return nil, "", nil
	case len(columns) == 1 && t.Dated(columns[0]):
		at := slices.Index(t.Columns, columns[0])
		for i := range t.Len() {
			day, _ := model.Date(t.Cells[i][at])
			days = append(days, day)
		}
		return days, "the dates of " + columns[0], nil
	}
	days, runs := runsOf(t, columns)
	// Rows out of order make runs of a row or two, which are no days.
	if !given && t.Len() < 3*runs {
		return nil, "", nil
	}
	return days, "runs of the same " + strings.Join(columns, " and "), nil
}

// runsOf numbers the runs of rows with the same values.
func runsOf(t *model.Table, columns []string) (days []string, runs int) {
	at := make([]int, len(columns))
	for k, name := range columns {
		at[k] = slices.Index(t.Columns, name)
	}
	for i := range t.Len() {
		if i == 0 || slices.ContainsFunc(at, func(c int) bool { return t.Cells[i][c] != t.Cells[i-1][c] }) {
			runs++
		}
		days = append(days, strconv.Itoa(runs))
	}
	return days, runs
}

// guessDays gives the first column of dates, or else the columns with a
// calendar's names if one of them changes with the day.
func guessDays(t *model.Table) []string {
	var calendar []string
	daily := false
	for _, name := range t.Columns {
		if t.Dated(name) {
			return []string{name}
		}
		switch strings.ToLower(strings.NewReplacer("_", "", ".", "", "-", "", " ", "").Replace(name)) {
		case "day", "dayofweek", "dayofmonth", "weekday", "dow":
			daily = true
			calendar = append(calendar, name)
		case "year", "month", "week":
			calendar = append(calendar, name)
		}
	}
	if !daily {
		return nil
	}
	return calendar
}
