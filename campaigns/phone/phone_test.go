package phone_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nyaruka/phonenumbers"
	"pgregory.net/rapid"

	"ringmaster/campaigns"
	"ringmaster/campaigns/phone"
)

func TestParseReadsNumbersAsPeopleWriteThem(t *testing.T) {
	t.Parallel()
	boise := []string{"America/Boise", "America/Los_Angeles"}
	for _, c := range []struct {
		text, region, e164, country, prefix string
		zones                               []string
	}{
		{"+1 208 555 0123", "", "+12085550123", "US", "+1208", boise},
		{"(208) 555-0123", "US", "+12085550123", "US", "+1208", boise},
		{"'12085550123.0", "us", "+12085550123", "US", "+1208", boise},
		{"tel:+1-208-555-0123", "DE", "+12085550123", "US", "+1208", boise},
		{"011 49 30 123456", "US", "+4930123456", "DE", "+4930", []string{"Europe/Berlin"}},
		{"030 / 123456", "DE", "+4930123456", "DE", "+4930", []string{"Europe/Berlin"}},
		{"020 7946 0123", "GB", "+442079460123", "GB", "+4420", []string{"Europe/London"}},
		{"+33 6 12 34 56 78", "", "+33612345678", "FR", "+33", []string{"Europe/Paris"}},
		{"+5511987654321", "", "+5511987654321", "BR", "+5511", []string{"America/Sao_Paulo"}},
		{"+881612345678", "", "+881612345678", "001", "+881", nil},
	} {
		n, err := phone.Parse(c.text, c.region)
		if err != nil {
			t.Errorf("%s: %v", c.text, err)
			continue
		}
		if n.E164 != c.e164 || n.Region != c.country || n.Prefix != c.prefix || !slices.Equal(n.Zones, c.zones) {
			t.Errorf("%s in %s gives %+v", c.text, c.region, n)
		}
	}
}

func TestParseGivesAllZonesOfTollFreeNumbers(t *testing.T) {
	t.Parallel()
	n, err := phone.Parse("+1 800 555 0123", "")
	if err != nil {
		t.Fatal(err)
	}
	for _, zone := range []string{"America/New_York", "America/Los_Angeles", "America/St_Johns", "Pacific/Honolulu"} {
		if !slices.Contains(n.Zones, zone) {
			t.Errorf("%s is missing", zone)
		}
	}
	if len(n.Zones) < 30 || !slices.IsSorted(n.Zones) {
		t.Errorf("%d zones: %v", len(n.Zones), n.Zones)
	}
}

func TestParseSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ text, region, say string }{
		{"", "US", "empty"},
		{"  ' ", "US", "empty"},
		{"12", "US", "too short"},
		{"911", "US", "too short"},
		{"555-0123", "US", "area code is missing"},
		{"+1 208 555 01234567", "", "too long"},
		{"+49 1", "", "too short"},
		{"1-800-FLOWERS", "US", "holds 'F'"},
		{"208 555 0123 ext 4", "US", "holds 'e'"},
		{"2.0855E+09", "US", "spreadsheet"},
		{"2,0855E+09", "US", "spreadsheet"},
		{"+12085550123/+12085550124", "US", "two numbers"},
		{"208 555 0123", "", "no country"},
		{"208 555 0123", "XX", "no ISO 3166 country"},
		{"+999123456789", "", "country"},
		{"+-()", "US", "no digit"},
		{strings.Repeat("1", 65), "US", "too long"},
	} {
		n, err := phone.Parse(c.text, c.region)
		if err == nil {
			t.Errorf("%q gives %+v", c.text, n)
			continue
		}
		if campaigns.CodeOf(err) != campaigns.CodeInvalid || !strings.Contains(err.Error(), c.say) {
			t.Errorf("%q: %v, want %q", c.text, err, c.say)
		}
	}
}

func TestAKnownAddressBeatsThePrefix(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		country, region, postal, zone string
		want                          []string
	}{
		{"US", "", "", "America/Boise", []string{"America/Boise"}},
		{"US", "NY", "10001", "America/Boise", []string{"America/Boise"}},
		{"US", "NY", "10001", "EST", []string{"America/New_York"}},
		{"US", "NY", "", "Nowhere/Land", []string{"America/New_York"}},
		{"US", "new york ", "", "", []string{"America/New_York"}},
		{"US", "US-ID", "83814", "", []string{"America/Los_Angeles"}},
		{"US", "Idaho", "83702", "", []string{"America/Boise"}},
		{"US", "ID", "", "", []string{"America/Boise", "America/Los_Angeles"}},
		{"US", "ID", "10001", "", []string{"America/Boise", "America/Los_Angeles"}},
		{"US", "TX", "79901-1234", "", []string{"America/Denver"}},
		{"US", "TX", "75201", "", []string{"America/Chicago"}},
		{"US", "FL", "32456", "", []string{"America/New_York", "America/Chicago"}},
		{"US", "CA", "", "", []string{"America/Los_Angeles"}},
		{"CA", "ON", "", "", []string{"America/Toronto", "America/Winnipeg"}},
		{"US", "DE", "", "", []string{"America/New_York"}},
		{"DE", "DE", "", "", []string{"Europe/Berlin"}},
		{"001", "FR", "", "", []string{"Europe/Paris"}},
		{"US", "DE-BY", "", "", []string{"Europe/Berlin"}},
		{"AU", "qld", "", "", []string{"Australia/Brisbane"}},
		{"DE", "BY", "", "", nil},
		{"DE", "Bayern", "", "", nil},
		{"US", "", "83702", "", nil},
		{"US", "Atlantis", "", "", nil},
		{"US", "US", "", "", nil},
	} {
		got, ok := phone.ZonesForAddress(c.country, c.region, c.postal, c.zone)
		if !slices.Equal(got, c.want) || ok != (c.want != nil) {
			t.Errorf("%s %s %s %s: %v, %v; want %v", c.country, c.region, c.postal, c.zone, got, ok, c.want)
		}
	}
}

// Every zone that an address can give must be one that the clock knows.
func TestAddressZonesExist(t *testing.T) {
	t.Parallel()
	for _, country := range []string{"US", "CA", "AU"} {
		for a := 'A'; a <= 'Z'; a++ {
			for b := 'A'; b <= 'Z'; b++ {
				for _, postal := range []string{"", "32401", "79901", "83801", "86001", "99501"} {
					zones, _ := phone.ZonesForAddress(country, string(a)+string(b), postal, "")
					for _, z := range zones {
						if _, err := time.LoadLocation(z); err != nil {
							t.Errorf("%s-%c%c: %v", country, a, b, err)
						}
					}
				}
			}
		}
	}
	for a := 'A'; a <= 'Z'; a++ {
		for b := 'A'; b <= 'Z'; b++ {
			zones, _ := phone.ZonesForAddress("001", string(a)+string(b), "", "")
			for _, z := range zones {
				if _, err := time.LoadLocation(z); err != nil {
					t.Errorf("%c%c: %v", a, b, err)
				}
			}
		}
	}
}

// The short way for North American numbers must give what the long way gives.
func TestPlainNorthAmericanNumbers(t *testing.T) {
	t.Parallel()
	parser := phone.NewParser("US")
	rapid.Check(t, func(t *rapid.T) {
		area := rapid.IntRange(100, 999).Draw(t, "area")
		rest := rapid.IntRange(0, 9_999_999).Draw(t, "rest")
		form := rapid.SampledFrom([]string{"%03d%07d", "1%03d%07d", "+1%03d%07d", "+1 (%03d) %07d", "1-%03d-%07d", "%03d.%07d"}).Draw(t, "form")
		text := fmt.Sprintf(form, area, rest)
		want, err := phonenumbers.Parse(text, "US")
		if err != nil || !phonenumbers.IsPossibleNumber(want) {
			want = nil
		}
		got, err := parser.Parse(text)
		if (err == nil) != (want != nil) {
			t.Fatalf("%s: %v, want %v", text, err, want)
		}
		if want == nil {
			return
		}
		region := phonenumbers.GetRegionCodeForNumber(want)
		if got.E164 != phonenumbers.Format(want, phonenumbers.E164) || region != "" && got.Region != region {
			t.Fatalf("%s gives %+v, want %v in %s", text, got, want, region)
		}
	})
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"+12085550123", "(208) 555-0123", "1.2E+10", "'12085550123.0", "tel:+49", "０３１", "+1;ext=4"} {
		f.Add(s, "US")
	}
	f.Fuzz(func(t *testing.T, text, region string) {
		n, err := phone.Parse(text, region)
		if err != nil {
			return
		}
		if !strings.HasPrefix(n.E164, "+") || len(n.E164) < 5 || !strings.HasPrefix(n.E164, n.Prefix) {
			t.Fatalf("%q gives %+v", text, n)
		}
		again, err := phone.Parse(n.E164, "")
		if err != nil || again.E164 != n.E164 || again.Region != n.Region {
			t.Fatalf("%q gives %+v, which gives %+v, %v", text, n, again, err)
		}
	})
}

func BenchmarkParse(b *testing.B) {
	for name, text := range map[string]string{"US": "(208) 555-0123", "DE": "+49 30 123456"} {
		b.Run(name, func(b *testing.B) {
			parser := phone.NewParser("US")
			for b.Loop() {
				if _, err := parser.Parse(text); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
