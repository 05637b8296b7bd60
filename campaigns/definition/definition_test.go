package definition_test

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"ringmaster/campaigns"
	"ringmaster/campaigns/definition"
)

// parse reads one campaign.
func parse(t *testing.T, text string) definition.Definition {
	t.Helper()
	all, err := definition.Parse([]byte(text), definition.Defaults{Region: "US"})
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	if len(all) != 1 {
		t.Fatalf("%d campaigns", len(all))
	}
	return all[0]
}

// problems gives what is wrong with a file.
func problems(t *testing.T, text string) string {
	t.Helper()
	all, err := definition.Parse([]byte(text), definition.Defaults{Now: time.Date(2026, 9, 2, 12, 0, 0, 0, time.UTC)})
	if _, ok := errors.AsType[*definition.Error](err); !ok || all != nil {
		t.Fatalf("got %v and the error %v", all, err)
	}
	return err.Error()
}

func TestAShortFileHasTheDefaultsOfItsKind(t *testing.T) {
	t.Parallel()
	d := parse(t, "name: back\nkind: win_back\n")
	if want := campaigns.DefaultSettings(campaigns.KindWinBack); !reflect.DeepEqual(d.Settings, want) {
		t.Errorf("settings %+v, want %+v", d.Settings, want)
	}
	if d.Settings.HalfLife.Std() != 252*time.Hour || d.State != "" {
		t.Errorf("half-life %v, state %q", d.Settings.HalfLife, d.State)
	}
}

func TestAFileSaysWhatItNames(t *testing.T) {
	t.Parallel()
	d := parse(t, `# a campaign
name: back
kind: win_back
state: running
mode: ratio
ratio: 1.5
half_life: 1d12h
caller_ids: [+12125550100, (212) 555-0101]
window:
  mon-thu: 08:00-21:00
  sun: closed
  sat,fri: 9:00-24:00
person_cap: 2 per 24h
number_cap: none
recycle:
  busy: {delay: 10m}
  machine: null
dispositions:
  - {code: sale, label: Sale}
  - code: later
    label: Later
    then: {delay: 2d, max: 3}
win_back:
  offers: {price: cheaper}
`)
	s := d.Settings
	defaults := campaigns.DefaultSettings(campaigns.KindWinBack)
	busy := defaults.Recycle[campaigns.OutcomeBusy]
	busy.Delay = campaigns.Seconds(600)
	_, machine := s.Recycle[campaigns.OutcomeMachine]
	switch {
	case d.State != campaigns.CampaignRunning || s.Ratio != 1.5 || s.HalfLife.Std() != 36*time.Hour:
		t.Errorf("%+v", d)
	case strings.Join(s.CallerIDs, " ") != "+12125550100 +12125550101":
		t.Errorf("caller ids %q", s.CallerIDs)
	case s.Window.Days[time.Sunday] != campaigns.Hours{} || s.Window.Days[time.Saturday] != campaigns.Hours{From: 540, Until: 1440} ||
		s.Window.Days[time.Monday] != campaigns.Hours{From: 480, Until: 1260}:
		t.Errorf("window %v", s.Window)
	case s.PersonCap != campaigns.Cap{Max: 2, Per: campaigns.Seconds(86400)} || s.NumberCap != campaigns.Cap{}:
		t.Errorf("caps %v %v", s.PersonCap, s.NumberCap)
	case s.Recycle[campaigns.OutcomeBusy] != busy || machine || len(s.Recycle) != len(defaults.Recycle)-1:
		t.Errorf("recycle %v", s.Recycle)
	case len(s.Dispositions) != 2 || s.Dispositions[1].Then.Delay.Std() != 48*time.Hour:
		t.Errorf("dispositions %v", s.Dispositions)
	case s.WinBack.Offers[campaigns.DefectorPrice] != "cheaper" || s.WinBack.LeftAtAttribute != "left_at":
		t.Errorf("win_back %+v", s.WinBack)
	}
}

// odd is a campaign with settings that are easily lost on the way through a
// file: empty ones that have defaults, texts that look like something else.
func odd() campaigns.Campaign {
	s := campaigns.DefaultSettings(campaigns.KindProspecting)
	s.Script = "yes\n\n  two: lines #1\n"
	s.Offer = "0123"
	s.CallerIDs = []string{"+12125550100"}
	s.PersonCap, s.NumberCap = campaigns.Cap{}, campaigns.Cap{Max: 1, Per: campaigns.Seconds(5400)}
	s.Selection.CostPerAttempt, s.Selection.MinExpectedValue = 0, -1.5
	s.Selection.Segment = "contact.value > 1.0 &&\n  contact.status == \"a: b\""
	s.Window = campaigns.Window{}
	s.Window.Days[time.Wednesday] = campaigns.Hours{From: 61, Until: 1440}
	delete(s.Recycle, campaigns.OutcomeBusy)
	s.Recycle[campaigns.OutcomeMachine] = campaigns.RecycleRule{}
	s.HalfLife = campaigns.Duration(90*time.Minute + time.Millisecond)
	s.Prospecting = nil
	s.Triggers = []campaigns.Trigger{{On: "cart_abandoned", Do: campaigns.TriggerAdd, Hot: true, Delay: campaigns.Seconds(60)}}
	return campaigns.Campaign{Name: "2026", Kind: campaigns.KindProspecting, Settings: s}
}

func TestWhatIsWrittenIsReadBack(t *testing.T) {
	t.Parallel()
	all := []campaigns.Campaign{odd()}
	for _, kind := range campaigns.Kinds {
		s := campaigns.DefaultSettings(kind)
		if kind == campaigns.KindCrossSell {
			s.Selection.OwnedAttribute, s.Selection.Product = "owned", "tv"
		}
		all = append(all, campaigns.Campaign{Name: string(kind), Kind: kind, Settings: s})
	}
	for _, c := range all {
		text, err := definition.Marshal(c)
		if err != nil {
			t.Fatal(err)
		}
		d := parse(t, string(text))
		if d.Name != c.Name || d.Kind != c.Kind || !reflect.DeepEqual(d.Settings, c.Settings) {
			t.Errorf("%s\nread back as %+v,\nwas %+v", text, d.Settings, c.Settings)
		}
		if diff := definition.Diff(c.Settings, d.Settings); len(diff) != 0 {
			t.Errorf("%s differs in %v", c.Name, diff)
		}
	}
}

func TestDifferencesAreTold(t *testing.T) {
	t.Parallel()
	before := campaigns.DefaultSettings(campaigns.KindLoyalty)
	after := campaigns.DefaultSettings(campaigns.KindLoyalty)
	after.Ratio, after.Offer = 3, "tea"
	after.Window.Days[time.Sunday] = campaigns.Hours{}
	delete(after.Recycle, campaigns.OutcomeBadNumber)
	got := definition.Diff(before, after)
	want := []definition.Difference{
		{Key: "ratio", Before: "1", After: "3"},
		{Key: "window", Before: "mon-sun 08:00-21:00", After: "mon-sat 08:00-21:00"},
		{Key: "offer", After: "tea"},
		{Key: "recycle.bad_number.next_number", Before: "true"},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("differences %v, want %v", got, want)
	}
}

func TestProblemsAreNamedByLineAndKey(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                              "holds no campaign",
		"- 1":                           "line 1: must be a campaign",
		"name: x":                       `line 1: kind: "" is not one of win_back, prospecting, loyalty, cross_sell`,
		"kind: loyalty":                 "line 1: name: is missing",
		"name: x\nkind: loyal":          `line 2: kind: "loyal" is not one of`,
		"name: x\nkind: loyalty\na: [":  "is no YAML",
		"name: x\nkind: loyalty\nmod: ": "line 3: mod: is no known key; did you mean mode?",
		"name: x\nkind: loyalty\nselection:\n  model: m\n  foo: 1":                      "line 5: selection.foo: is no known key; known are segment",
		"name: x\nkind: loyalty\nratio: 1\nratio: 2":                                    "line 4: ratio: stands here twice, first at line 3",
		"name: x\nkind: loyalty\nring_timeout: 25":                                      `line 3: ring_timeout: "25" is no duration such as 30s, 24h or 10.5d`,
		"name: x\nkind: loyalty\ndrop_limit: 3":                                         "line 3: drop_limit: 3 is not between 0 and 0.1, fractions of 1",
		"name: x\nkind: loyalty\nring_timeout: 5s":                                      "line 3: ring_timeout: 5s is not between 15s and 2m",
		"name: x\nkind: loyalty\nwindow:\n  mon-fri: 8-21":                              `line 4: window.mon-fri: "8-21" are no hours`,
		"name: x\nkind: loyalty\nwindow:\n  mon-fri: 08:00-21:00\n  fri: 08:00-12:00":   "line 5: window.fri: fri has its hours in \"mon-fri\" already",
		"name: x\nkind: loyalty\nwindow: 21:00-08:00":                                   "line 3: window.mon-sun: \"21:00-08:00\" ends before it begins",
		"name: x\nkind: loyalty\nperson_cap: 3":                                         `line 3: person_cap: "3" is no cap such as 3 per 24h, or none`,
		"name: x\nkind: loyalty\nperson_cap:\n  max: 101\n  per: 1d":                    "line 4: person_cap.max: 101 is not between 0 and 100",
		"name: x\nkind: loyalty\nratio: many":                                           `line 3: ratio: must be a number such as 1.5, not "many"`,
		"name: x\nkind: loyalty\nmax_attempts: 1.5":                                     `line 3: max_attempts: must be a whole number, not "1.5"`,
		"name: x\nkind: loyalty\nselection: {hour_profile: perhaps}":                    "line 3: selection.hour_profile: must be true or false",
		"name: x\nkind: loyalty\nscript: [a]":                                           "line 3: script: must be a text",
		"name: x\nkind: loyalty\ncaller_ids: +1212":                                     "line 3: caller_ids: must be a list",
		"name: x\nkind: loyalty\ncaller_ids:\n  - +12125550100\n  - '12'":               "line 5: caller_ids[1]: ",
		"name: x\nkind: loyalty\nrecycle:\n  engaged: {max: 1}":                         "line 4: recycle.engaged: is no outcome",
		"name: x\nkind: loyalty\nwin_back:\n  reason_attribute: r":                      "line 3: win_back: is for campaigns of that kind; this one is loyalty",
		"name: x\nkind: win_back\nwin_back:\n  offers:\n    money: x":                   `line 4: win_back.offers: "money" is not one of`,
		"name: x\nkind: cross_sell":                                                     "selection.product: is missing",
		"name: x\nkind: prospecting\nprospecting: {source: referral}":                   "line 3: prospecting.source: a referral carries no consent",
		"name: x\nkind: prospecting\nprospecting: {source: found}":                      `line 3: prospecting.source: "found" is not one of`,
		"name: x\nkind: loyalty\nloyalty:\n  tiers: {gold: 0}":                          "line 4: loyalty.tiers: gold: 0 is not a value above zero",
		"name: x\nkind: loyalty\nstate: open":                                           `line 3: state: "open" is not one of draft, running, paused, closed`,
		"name: x\nkind: loyalty\ndefault_region: XX":                                    "line 3: default_region: ",
		"name: x\nkind: loyalty\nselection:\n  segment: contact.value == \"x\"":         "line 4: selection.segment: line 1, column",
		"name: x\nkind: loyalty\n---\nname: x\nkind: loyalty":                           `line 4: name: campaign "x" stands in the file twice, first at line 1`,
		"campaigns:\n- name: x\n  kind: loyalty\n- name: y\n  kind: loyalty\n  rato: 1": "line 6: rato: is no known key; did you mean ratio?",
		"name: x\nkind: loyalty\ndefault_region: FR\nwindow: 21:00-23:00":               "line 4: window: leaves no hour that fr-conso",
		"name: x\nkind: loyalty\ncompliance: {rules: [us-tcpa, us-moon]}":               `line 3: compliance.rules: no rule "us-moon" is known`,
		"campaigns: x": "line 1: campaigns: must be a list",
		"name: \xff":   "is not UTF-8",
	} {
		if got := problems(t, text); !strings.Contains(got, want) {
			t.Errorf("%q\ngave %q,\nwant %q", text, got, want)
		}
	}
}

func TestEveryProblemIsTold(t *testing.T) {
	t.Parallel()
	got := problems(t, "name: x\nkind: loyalty\nrato: 1\nratio: a\n---\nname: y\nkind: loyalty\nhalf_life: long\n")
	if lines := strings.Split(got, "\n"); len(lines) != 3 || !strings.HasPrefix(lines[2], "line 8: half_life") {
		t.Errorf("problems %q", lines)
	}
}

func FuzzParse(f *testing.F) {
	text, err := definition.Marshal(odd())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add([]byte("campaigns: &a [*a]"))
	f.Fuzz(func(t *testing.T, data []byte) {
		all, err := definition.Parse(data, definition.Defaults{Region: "US"})
		if err != nil {
			return
		}
		for _, d := range all {
			c := campaigns.Campaign{Name: d.Name, Kind: d.Kind, Settings: d.Settings}
			again, err := definition.Marshal(c)
			if err != nil {
				t.Fatal(err)
			}
			back, err := definition.Parse(again, definition.Defaults{Region: "US"})
			if err != nil || len(back) != 1 || len(definition.Diff(c.Settings, back[0].Settings)) != 0 {
				t.Fatalf("%v\n%s\n%s", err, data, again)
			}
		}
	})
}
