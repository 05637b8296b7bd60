package postgres

import (
	"slices"
	"strings"

	"ringmaster/campaigns"
	"ringmaster/campaigns/phone"
)

// zoneCache remembers the zones of addresses; its user empties it by making a
// new one. It is bounded.
type zoneCache map[zoneQuestion][]string

type zoneQuestion struct{ country, region, postalCode, timeZone string }

// of gives the zones in which a contact may be when this number rings: those
// of a known address, else all that the number may lie in; sorted.
func (c zoneCache) of(q zoneQuestion, byNumber []string) []string {
	if q.timeZone == "" && q.region == "" {
		return byNumber
	}
	zones, known := c[q]
	if !known {
		zones, _ = phone.ZonesForAddress(q.country, q.region, q.postalCode, q.timeZone)
		zones = canonicalZones(zones)
		if len(c) > 10_000 {
			clear(c)
		}
		c[q] = zones
	}
	if len(zones) == 0 {
		return byNumber
	}
	return zones
}

// nowhere gives the reason why nobody of a bucket (bucketKey) will ever be
// called: their zone, or the law of where they may be, is not known; empty: they
// may be called at some time.
func (i *importing) nowhere(key string) campaigns.Reason {
	reason, known := i.places[key]
	if !known {
		zones, jurisdictions, _ := strings.Cut(key, "|")
		var names []string
		if zones != "" {
			names = strings.Split(zones, ",")
		}
		if _, clocks := i.store.zones.of(zoneQuestion{}, names); len(clocks) == 0 {
			reason = campaigns.ReasonZoneUnknown
		} else if i.store.laws.law(jurisdictions, &i.campaign.Settings.Compliance, i.now).Unknown {
			reason = campaigns.ReasonJurisdictionUnknown
		}
		i.places[key] = reason
	}
	return reason
}

// canonicalZones gives a set of zones the one form under which it is stored.
func canonicalZones(zones []string) []string {
	sorted := slices.Clone(zones)
	slices.Sort(sorted)
	sorted = slices.Compact(sorted)
	if sorted == nil {
		sorted = []string{}
	}
	return sorted
}

// zoneKey names a set of zones; no zone's name holds a comma.
func zoneKey(zones []string) string { return strings.Join(zones, ",") }
