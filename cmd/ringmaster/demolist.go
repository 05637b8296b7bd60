package main

import (
	"encoding/csv"
	"fmt"
	"io"
	"math/rand/v2"
	"strconv"
	"time"

	"ringmaster/campaigns"
)

// demoPlace is an area code of the demo's customers. At the demo's hour, ten
// in the morning in Chicago, Hawaii and Alaska are still outside the window.
type demoPlace struct {
	areaCode, state, zip string
}

var demoPlaces = []demoPlace{
	{"212", "NY", "10001"}, {"305", "FL", "33101"}, {"404", "GA", "30301"}, {"617", "MA", "02108"},
	{"202", "DC", "20001"}, {"215", "PA", "19019"}, {"704", "NC", "28201"}, {"216", "OH", "44101"},
	{"312", "IL", "60601"}, {"214", "TX", "75201"}, {"713", "TX", "77001"}, {"612", "MN", "55401"},
	{"504", "LA", "70112"}, {"314", "MO", "63101"}, {"414", "WI", "53201"}, {"303", "CO", "80201"},
	{"801", "UT", "84101"}, {"505", "NM", "87101"}, {"213", "CA", "90001"}, {"415", "CA", "94102"},
	{"206", "WA", "98101"}, {"503", "OR", "97201"}, {"808", "HI", "96801"}, {"907", "AK", "99501"},
}

var (
	demoFirstNames = []string{
		"Ada", "Ben", "Cleo", "Dan", "Eva", "Finn", "Grace", "Hugo", "Iris", "Jon", "Kate", "Leo",
		"Mia", "Noah", "Olga", "Paul", "Rosa", "Sam", "Tess", "Umar", "Vera", "Walt", "Xenia", "Yuri", "Zoe",
	}
	demoLastNames = []string{
		"Abbot", "Baker", "Cole", "Drake", "Ellis", "Frost", "Grant", "Hale", "Irving", "Jones", "Kerr", "Lane",
		"Moss", "Nash", "Owens", "Price", "Quinn", "Reed", "Stone", "Tate", "Usher", "Vance", "Wells", "Young",
	}
	demoReasons  = []string{"price", "product", "service", "market", "technological", "organisational"}
	demoProducts = []string{"Fibre 200", "Fibre 500", "Mobile S", "Mobile L", "TV Basic", "TV Sport"}
)

// demoPerson is one fictional customer; numbers are of the 555-01xx range that
// is kept for fiction.
type demoPerson struct {
	id        int
	first     string
	last      string
	phone     string
	phone2    string
	place     demoPlace
	value     float64
	leftAt    time.Time
	reason    string
	product   string
	doNotCall bool
	complaint bool
}

// demoPeople makes the fictional customers of a seed: about 2 % on a DNC list,
// 1 % with an open complaint, 3 % who share a number with somebody else.
func demoPeople(seed uint64, now time.Time) []demoPerson {
	rng := rand.New(rand.NewPCG(seed, 0x52696e67))
	var people []demoPerson
	for line := range 90 {
		for _, place := range demoPlaces {
			p := demoPerson{
				id: len(people) + 1, place: place,
				first: demoFirstNames[rng.IntN(len(demoFirstNames))], last: demoLastNames[rng.IntN(len(demoLastNames))],
				phone:   fmt.Sprintf("(%s) 555-01%02d", place.areaCode, line),
				value:   float64(20+rng.IntN(480)) + 0.5,
				leftAt:  now.Add(-time.Duration(rng.IntN(40*24)+1) * time.Hour),
				reason:  demoReasons[rng.IntN(len(demoReasons))],
				product: demoProducts[rng.IntN(len(demoProducts))],
			}
			chance := rng.Float64()
			switch {
			case chance < 0.02:
				p.doNotCall = true
			case chance < 0.03:
				p.complaint = true
			case chance < 0.06 && len(people) > len(demoPlaces):
				p.phone = people[len(people)-len(demoPlaces)].phone
			case chance < 0.12:
				p.phone2 = fmt.Sprintf("(%s) 555-01%02d", place.areaCode, 90+rng.IntN(10))
			}
			people = append(people, p)
		}
	}
	rng.Shuffle(len(people), func(i, j int) { people[i], people[j] = people[j], people[i] })
	return people
}

// writeDemoList writes the people as a list file, with a few rows that an
// import must reject. The list of an example has the columns that its file asks
// for.
func writeDemoList(w io.Writer, kind campaigns.Kind, example bool, people []demoPerson) error {
	out := csv.NewWriter(w)
	extra, names := func(p demoPerson) []string {
		return []string{strconv.FormatFloat(p.value, 'f', 2, 64), p.leftAt.UTC().Format(time.RFC3339), "0.3", p.reason, p.product}
	}, []string{"value", "event_at", "propensity", "leaving_reason", "product"}
	if example {
		names, extra = demoColumns(kind)
	}
	rows := [][]string{append([]string{"external_id", "first_name", "last_name", "phone", "phone_2", "region", "postal_code"}, names...)}
	for i, p := range people {
		rows = append(rows, append([]string{"demo-" + strconv.Itoa(p.id), p.first, p.last, p.phone, p.phone2, p.place.state, p.place.zip}, extra(p)...))
		if i%500 == 250 {
			rows = append(rows, append([]string{"bad-" + strconv.Itoa(i), "No", "Number", "12", "", p.place.state, ""}, extra(p)...))
		}
	}
	if err := out.WriteAll(rows); err != nil {
		return fmt.Errorf("demo list: %w", err)
	}
	return nil
}

// demoColumns gives the columns of the kind's example and a person's cells.
func demoColumns(kind campaigns.Kind) ([]string, func(demoPerson) []string) {
	value := func(p demoPerson) string { return strconv.FormatFloat(p.value, 'f', 2, 64) }
	pick := func(p demoPerson, salt int, from ...string) string { return from[(p.id*7+salt)%len(from)] }
	share := func(p demoPerson, salt int) string {
		return strconv.FormatFloat(float64((p.id*31+salt)%97+2)/100, 'f', 2, 64)
	}
	switch kind {
	case campaigns.KindProspecting:
		return []string{"value", "propensity", "need_segment", "profit_segment"}, func(p demoPerson) []string {
			return []string{value(p), share(p, 1), pick(p, 0, "fibre", "mobile", "tv"), pick(p, 1, "high", "middle", "low", "middle")}
		}
	case campaigns.KindLoyalty:
		return []string{"value_tier", "need", "churn_score"}, func(p demoPerson) []string {
			return []string{pick(p, 0, "gold", "silver", "bronze", "bronze"), pick(p, 1, "speed", "price", "service"), share(p, 2)}
		}
	case campaigns.KindCrossSell:
		return []string{"value", "propensity", "usage", "owned_products"}, func(p demoPerson) []string {
			return []string{value(p), share(p, 3), strconv.Itoa(p.id * 37 % 900), pick(p, 2, "internet", "internet;mobile", "internet;tv", "mobile")}
		}
	default:
		return []string{"value", "left_at", "defector_reason", "status"}, func(p demoPerson) []string {
			return []string{value(p), p.leftAt.UTC().Format(time.RFC3339), p.reason, "lapsed"}
		}
	}
}

// demoClockOffset is what makes it Tuesday 10:00 in Chicago now: the latest
// such moment before the wall clock's now.
func demoClockOffset(now time.Time) (time.Duration, error) {
	chicago, err := time.LoadLocation("America/Chicago")
	if err != nil {
		return 0, fmt.Errorf("time zones: %w", err)
	}
	local := now.In(chicago)
	back := (int(local.Weekday()) - int(time.Tuesday) + 7) % 7
	tuesday := time.Date(local.Year(), local.Month(), local.Day()-back, 10, 0, 0, 0, chicago)
	if tuesday.After(now) {
		tuesday = tuesday.AddDate(0, 0, -7)
	}
	return tuesday.Sub(now), nil
}
