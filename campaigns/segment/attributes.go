package segment

import (
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Attributes are texts as imported. Both sides read a number or a time of them
// by the same pattern, so that neither ever meets what it cannot convert.
const (
	// numberPattern: up to 15 digits before and after the point, so that the
	// magnitude is within leastRead and mostRead.
	numberPattern = `^[+-]?[0-9]{1,15}([.][0-9]{1,15})?$`
	// timePattern: a date of the years 1000 to 9999, with each month's days, and
	// perhaps a time of day to the microsecond and an offset.
	timePattern = `^((([1-9][0-9]{3})-((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)|02-(0[1-9]|1[0-9]|2[0-8])))` +
		`|([1-9][0-9](0[48]|[2468][048]|[13579][26])|([2468][048]|[13579][26])00)-02-29)` +
		`([T ]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.][0-9]{1,6})?)?(Z|[+-](0[0-9]|1[0-4]):[0-5][0-9])?)?$`
	// datePattern is the most of timePattern at less than half its cost: a date
	// that every month has.
	datePattern = `^[1-9][0-9]{3}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])$`
	// offsetPattern: the end of a time that says its offset from UTC.
	offsetPattern = `(Z|[+-][0-9]{2}:[0-9]{2})$`
)

var (
	numberShape = regexp.MustCompile(numberPattern)
	timeShape   = regexp.MustCompile(timePattern)
	offsetShape = regexp.MustCompile(offsetPattern)
)

// attribute is the SQL of an attribute, null where there is none; key is an SQL
// literal or a placeholder.
func attribute(key string) string { return `p.attributes ->> ` + key }

func textOf(key string) string { return `coalesce(` + attribute(key) + `, '')` }

func parsedNumber(key string) string {
	text := attribute(key)
	return `(case when (` + text + `) ~ '` + numberPattern + `' then (` + text + `)::float8 end)`
}

func parsedTime(key string) string {
	text := attribute(key)
	return `(case when (` + text + `) ~ '` + datePattern + `' then (` + text + `)::date::timestamp at time zone 'UTC'
		when (` + text + `) ~ '` + timePattern + `' then ((` + text + `) ||
		case when (` + text + `) ~ '` + offsetPattern + `' then '' else ' UTC' end)::timestamptz end)`
}

// parseNumber reads what parsedNumber reads.
func parseNumber(text string) number {
	if !numberShape.MatchString(text) {
		return number{}
	}
	v, err := strconv.ParseFloat(text, 64)
	return number{v, err == nil}
}

// parseTime reads what parsedTime reads: without an offset it is UTC.
func parseTime(text string) moment {
	if !timeShape.MatchString(text) {
		return moment{}
	}
	layout := "2006-01-02"
	if len(text) > len(layout) {
		layout += text[10:11] + "15:04"
		if len(text) > 16 && text[16] == ':' {
			layout += ":05"
		}
	}
	switch {
	case strings.HasSuffix(text, "Z"):
		layout += "Z"
	case len(text) > 10 && offsetShape.MatchString(text):
		layout += "-07:00"
	}
	t, err := time.ParseInLocation(layout, text, time.UTC)
	return moment{t, err == nil}
}
