package campaigns_test

import (
	"slices"
	"strings"
	"testing"

	"ringmaster/campaigns"
)

func TestAScriptThatIsWrongIsNamed(t *testing.T) {
	t.Parallel()
	section := []campaigns.ScriptSection{{Title: "Hello", Text: "Hello {{first_name|there}}."}}
	for want, text := range map[string]campaigns.ScriptText{
		"":                                      {Sections: section, Disclosures: []campaigns.Disclosure{{Code: "recorded", Text: "It is."}}},
		"texts.en.sections: there is none":      {},
		"texts.en.sections[0].text: is missing": {Sections: []campaigns.ScriptSection{{Title: "a", Text: " "}}},
		"texts.en.sections[1].text: line 2, column 1: {{plan}}":                              {Sections: append(slices.Clone(section), campaigns.ScriptSection{Title: "a", Text: "b\n{{plan}}"})},
		`texts.en.disclosures[0].code: "Recorded"`:                                           {Sections: section, Disclosures: []campaigns.Disclosure{{Code: "Recorded", Text: "a"}}},
		`texts.en.disclosures[1].code: "recorded" is there twice`:                            {Sections: section, Disclosures: []campaigns.Disclosure{{Code: "recorded", Text: "a"}, {Code: "recorded", Text: "b"}}},
		"texts.en.disclosures[0].text: is missing":                                           {Sections: section, Disclosures: []campaigns.Disclosure{{Code: "recorded"}}},
		"texts.en.disclosures[0].for: results of the system":                                 {Sections: section, Disclosures: []campaigns.Disclosure{{Code: "a", Text: "a", For: []campaigns.Disposition{campaigns.SystemDropped}}}},
		`texts.en.objections[0].kind: "fear" is not one of [price fud`:                       {Sections: section, Objections: []campaigns.ObjectionCard{{Kind: "fear", Title: "a", Text: "b"}}},
		"texts.en.objections[0].title: is missing":                                           {Sections: section, Objections: []campaigns.ObjectionCard{{Kind: "fud", Text: "b"}}},
		"texts.en.sections[0].text: has 20001 bytes, 20000 are allowed":                      {Sections: []campaigns.ScriptSection{{Title: "a", Text: strings.Repeat("a", 20_001)}}},
		"texts.en.sections[0].title: line 1, column 1: this is no merge field such as {{fir": {Sections: []campaigns.ScriptSection{{Title: "{{a b}}", Text: "a"}}},
	} {
		s := campaigns.Script{Name: "hello", DefaultLanguage: "en", Texts: map[string]campaigns.ScriptText{"en": text}}
		if err := s.Validate(); (want == "") != (err == nil) || err != nil && !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
}

func TestWhatProtectsTheCustomerWaitsForNoDisclosure(t *testing.T) {
	t.Parallel()
	text := campaigns.ScriptText{Disclosures: []campaigns.Disclosure{{Code: "recorded", Text: "It is."}}}
	for _, d := range []campaigns.Disposition{campaigns.DispositionDoNotCall, campaigns.DispositionComplaint, campaigns.DispositionWrongPerson,
		campaigns.DispositionNotAvailable, campaigns.DispositionMachine} {
		if err := text.CheckDisclosures(d, nil); err != nil {
			t.Errorf("%s: %v", d, err)
		}
	}
	for _, d := range []campaigns.Disposition{campaigns.DispositionSale, campaigns.DispositionCallback, campaigns.DispositionNotInterested, campaigns.DispositionServed, "own_word"} {
		if err := text.CheckDisclosures(d, nil); campaigns.CodeOf(err) != campaigns.CodeInvalid || err == nil {
			t.Errorf("%s: %v", d, err)
		}
		if err := text.CheckDisclosures(d, []string{"recorded"}); err != nil {
			t.Errorf("%s, confirmed: %v", d, err)
		}
	}
}

func TestTheCampaignsLanguageIsChecked(t *testing.T) {
	t.Parallel()
	for language, wrong := range map[string]bool{"": false, "es": false, "es-MX": false, "es_MX": true, "Spanish": true, "e": true} {
		s := campaigns.DefaultSettings(campaigns.KindLoyalty)
		s.Language = language
		err := s.Validate()
		if (err != nil) != wrong || wrong && !strings.HasPrefix(err.Error(), "language: ") {
			t.Errorf("language %q: %v", language, err)
		}
	}
}
