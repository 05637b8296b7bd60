package model

import (
	"strings"

	"ringmaster/campaigns"
)

// protectedTraits are what no model of ours may know of a person: the special
// categories of GDPR article 9 (race and ethnic origin, politics, religion and
// belief, union membership, genes and biometrics, health, sex life and
// orientation), and sex, nationality and disability besides, on which equality
// law (EU directives 2000/43, 2000/78 and 2004/113; US Equal Credit Opportunity
// Act) forbids to choose customers. Each is a list of words; a column is refused
// when its name holds one as a word of its own.
//
// Age and marital status are not among them. Both are lawful and usual grounds
// of an offer (a youth tariff, a pension product), though not of a refusal of
// credit: who sells credit excludes them (--exclude age,marital).
var protectedTraits = []struct {
	trait string
	words []string
}{
	{"race or ethnic origin", []string{"race", "racial", "ethnic", "ethnicity", "ethnic origin", "skin colour", "skin color", "tribe", "caste", "ancestry"}},
	{"nationality", []string{"nationality", "national origin", "citizenship", "country of birth", "birth country", "place of birth", "birthplace", "immigration", "immigrant", "migrant", "visa status"}},
	{"religion or belief", []string{"religion", "religious", "faith", "belief", "church", "denomination"}},
	{"political opinion", []string{"political", "politics", "political party", "party membership", "voting"}},
	{"union membership", []string{"trade union", "union member", "union membership", "labor union", "labour union"}},
	{"health", []string{"health", "medical", "diagnosis", "disease", "illness", "medication", "pregnant", "pregnancy", "hiv", "mental health"}},
	{"disability", []string{"disability", "disabled", "handicap", "handicapped", "impairment"}},
	{"genetic or biometric data", []string{"genetic", "genome", "dna", "biometric", "fingerprint", "face id"}},
	{"sexual life or orientation", []string{"sexual", "sexual orientation", "sexuality", "sex life"}},
	{"sex or gender", []string{"sex", "gender", "gender identity", "transgender"}},
}

// Protected names the protected trait that a column's name tells, or is empty.
// Case, underscores, dots, hyphens and the humps of camelCase do not matter.
func Protected(column string) string {
	words := wordsOf(column)
	run := strings.ReplaceAll(words, " ", "")
	for _, p := range protectedTraits {
		for _, word := range p.words {
			if strings.Contains(words, " "+word+" ") || run == strings.ReplaceAll(word, " ", "") {
				return p.trait
			}
		}
	}
	return ""
}

// wordsOf splits a name into lower-case words with a space around each.
func wordsOf(name string) string {
	var b strings.Builder
	lower := false
	for _, r := range name {
		switch {
		case r >= 'A' && r <= 'Z':
			if lower {
				b.WriteByte(' ')
			}
			b.WriteRune(r + 'a' - 'A')
			lower = false
		case r >= 'a' && r <= 'z', r > 127:
			b.WriteRune(r)
			lower = true
		default:
			b.WriteByte(' ')
			lower = false
		}
	}
	return " " + strings.Join(strings.Fields(b.String()), " ") + " "
}

// refuseProtected names the first protected column.
func refuseProtected(columns []string) error {
	for _, name := range columns {
		if trait := Protected(name); trait != "" {
			return campaigns.Invalid(name, "is a protected field (%s): no model may be trained on it; exclude it", trait)
		}
	}
	return nil
}
