package main

import (
	"time"

	"ringmaster/campaigns"
)

// span is the time of a report.
type span struct{ from, until time.Time }

// parseSpan reads the days or the month; now is today's. CodeInvalid names what
// is wrong.
func parseSpan(from, to, month, zone string, now time.Time) (span, error) {
	location, err := time.LoadLocation(zone)
	if err != nil || zone == "" || zone == "Local" {
		return span{}, campaigns.Invalid("zone", "%q is no time zone", zone)
	}
	if month != "" {
		if from+to != "" {
			return span{}, campaigns.Invalid("month", "goes without from and to")
		}
		first, err := time.ParseInLocation("2006-01", month, location)
		if err != nil {
			return span{}, campaigns.Invalid("month", "%q is no month such as 2026-11", month)
		}
		return fullHours(first, first.AddDate(0, 1, 0), zone)
	}
	if from == "" {
		from = now.In(location).Format(time.DateOnly)
	}
	if to == "" {
		to = from
	}
	first, err := time.ParseInLocation(time.DateOnly, from, location)
	if err != nil {
		return span{}, campaigns.Invalid("from", "%q is no date such as 2026-11-01", from)
	}
	last, err := time.ParseInLocation(time.DateOnly, to, location)
	if err != nil {
		return span{}, campaigns.Invalid("to", "%q is no date such as 2026-11-01", to)
	}
	if last.Before(first) {
		return span{}, campaigns.Invalid("to", "%s is before %s", to, from)
	}
	return fullHours(first, last.AddDate(0, 0, 1), zone)
}

// fullHours refuses zones that are not whole hours from UTC: rollups are by the
// hour.
func fullHours(from, until time.Time, zone string) (span, error) {
	if from.Unix()%3600 != 0 || until.Unix()%3600 != 0 {
		return span{}, campaigns.Invalid("zone", "%s is not whole hours from UTC, as reports are", zone)
	}
	return span{from, until}, nil
}
