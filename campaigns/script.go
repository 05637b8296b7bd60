package campaigns

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Script is what agents say, as it is applied: a text for each language. A
// campaign whose script is the name of one uses it; any other text of a
// campaign's script is shown as it stands.
type Script struct {
	Name string `json:"name" yaml:"name"`
	// DefaultLanguage is for persons whose language has no text.
	DefaultLanguage string                `json:"default_language" yaml:"default_language"`
	Texts           map[string]ScriptText `json:"texts" yaml:"texts"`
}

// ScriptText is a script in one language.
type ScriptText struct {
	Sections    []ScriptSection `json:"sections" yaml:"sections"`
	Disclosures []Disclosure    `json:"disclosures,omitempty" yaml:"disclosures,omitempty"`
	Objections  []ObjectionCard `json:"objections,omitempty" yaml:"objections,omitempty"`
}

// ScriptSection is one step of a script.
type ScriptSection struct {
	Title string `json:"title" yaml:"title"`
	Text  string `json:"text" yaml:"text"`
}

// Disclosure is what a customer must be told. The agent confirms it before a
// result can be given that needs it.
type Disclosure struct {
	Code string `json:"code" yaml:"code"`
	Text string `json:"text" yaml:"text"`
	// For are the results that need it; none: every one but those of
	// NeedsNoDisclosure.
	For []Disposition `json:"for,omitempty" yaml:"for,omitempty"`
}

// ObjectionKind is what a customer's objection is about.
type ObjectionKind string

// The kinds of objections. ObjectionFUD is fear, uncertainty and doubt.
const (
	ObjectionPrice      ObjectionKind = "price"
	ObjectionFUD        ObjectionKind = "fud"
	ObjectionNeed       ObjectionKind = "need"
	ObjectionTrust      ObjectionKind = "trust"
	ObjectionTime       ObjectionKind = "time"
	ObjectionProduct    ObjectionKind = "product"
	ObjectionService    ObjectionKind = "service"
	ObjectionCompetitor ObjectionKind = "competitor"
	ObjectionOther      ObjectionKind = "other"
)

// ObjectionKinds lists them.
var ObjectionKinds = []ObjectionKind{ObjectionPrice, ObjectionFUD, ObjectionNeed, ObjectionTrust, ObjectionTime,
	ObjectionProduct, ObjectionService, ObjectionCompetitor, ObjectionOther}

// ObjectionCard helps the agent answer an objection.
type ObjectionCard struct {
	Kind  ObjectionKind `json:"kind" yaml:"kind"`
	Title string        `json:"title" yaml:"title"`
	Text  string        `json:"text" yaml:"text"`
}

// ScriptVersion is one text of a script as it was stored; it never changes.
type ScriptVersion struct {
	ID       int64      `json:"id"`
	Script   string     `json:"script"`
	Language string     `json:"language"`
	Version  int        `json:"version"`
	Text     ScriptText `json:"text"`
	// Published is set while it is the one of its language that agents see.
	Published bool      `json:"published"`
	CreatedAt time.Time `json:"created_at"`
}

// Change is what applying a script or an offer did, or would do.
type Change struct {
	// Language of a script's text; empty for an offer.
	Language string `json:"language,omitempty"`
	// Version that is in force afterwards.
	Version int `json:"version"`
	// Changed is unset where the version in force says the same already.
	Changed bool `json:"changed"`
}

// NeedsNoDisclosure are the results that may be given without a disclosure: no
// conversation took place, or they protect the customer and must never wait.
var NeedsNoDisclosure = []Disposition{
	DispositionNotAvailable, DispositionMachine, DispositionWrongPerson, DispositionDoNotCall, DispositionComplaint,
}

// Binds reports whether a result needs the disclosure.
func (d *Disclosure) Binds(result Disposition) bool {
	if len(d.For) > 0 {
		return slices.Contains(d.For, result)
	}
	return !slices.Contains(NeedsNoDisclosure, result)
}

// CheckDisclosures names the first disclosure that the result needs and that is
// not among the confirmed, or the first confirmed one that the script has not.
func (t *ScriptText) CheckDisclosures(result Disposition, confirmed []string) error {
	for _, code := range confirmed {
		if !slices.ContainsFunc(t.Disclosures, func(d Disclosure) bool { return d.Code == code }) {
			return Invalid("disclosures", "%q is no disclosure of the script", code)
		}
	}
	for _, d := range t.Disclosures {
		if d.Binds(result) && !slices.Contains(confirmed, d.Code) {
			return Invalid("disclosures", "%s is not confirmed: the result %s needs that the customer was told %q", d.Code, result, d.Text)
		}
	}
	return nil
}

var (
	nameForm     = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,63}$`)
	codeForm     = regexp.MustCompile(`^[a-z][a-z0-9_]{0,63}$`)
	languageForm = regexp.MustCompile(`^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$`)
)

// longestText bounds a section, a card or an offer's terms, in bytes.
const longestText = 20_000

// Validate names the first thing that is wrong, by its path in the script.
func (s *Script) Validate() error {
	if !nameForm.MatchString(s.Name) {
		return Invalid("name", "%q is no name of small letters, digits, - and _", s.Name)
	}
	if err := checkLanguages(sortedKeys(s.Texts), s.DefaultLanguage); err != nil {
		return err
	}
	for _, language := range sortedKeys(s.Texts) {
		text := s.Texts[language]
		if err := text.validate("texts." + language); err != nil {
			return err
		}
	}
	return nil
}

// checkLanguages names a language that is none, or a default without a text.
func checkLanguages(have []string, standard string) error {
	if len(have) == 0 {
		return Invalid("texts", "there is no text")
	}
	for _, language := range have {
		if !languageForm.MatchString(language) {
			return Invalid("texts."+language, "%q is no language such as en or es-MX", language)
		}
	}
	if !slices.Contains(have, standard) {
		return Invalid("default_language", "%q has no text; there are %s", standard, strings.Join(have, ", "))
	}
	return nil
}

func (t *ScriptText) validate(path string) error {
	if len(t.Sections) == 0 {
		return Invalid(path+".sections", "there is none")
	}
	for i, s := range t.Sections {
		at := fmt.Sprintf("%s.sections[%d]", path, i)
		if err := firstError(checkText(at+".title", s.Title), checkText(at+".text", s.Text)); err != nil {
			return err
		}
	}
	for i, d := range t.Disclosures {
		at := fmt.Sprintf("%s.disclosures[%d]", path, i)
		switch {
		case !codeForm.MatchString(d.Code):
			return Invalid(at+".code", "%q is no snake_case name", d.Code)
		case slices.ContainsFunc(t.Disclosures[:i], func(o Disclosure) bool { return o.Code == d.Code }):
			return Invalid(at+".code", "%q is there twice", d.Code)
		case slices.ContainsFunc(d.For, Disposition.System):
			return Invalid(at+".for", "results of the system are given by no agent")
		}
		if err := checkText(at+".text", d.Text); err != nil {
			return err
		}
	}
	for i, o := range t.Objections {
		at := fmt.Sprintf("%s.objections[%d]", path, i)
		if !slices.Contains(ObjectionKinds, o.Kind) {
			return Invalid(at+".kind", "%q is not one of %v", o.Kind, ObjectionKinds)
		}
		if err := firstError(checkText(at+".title", o.Title), checkText(at+".text", o.Text)); err != nil {
			return err
		}
	}
	return nil
}

// checkText refuses what is empty, too long, or has a field that cannot be
// filled.
func checkText(path, text string) error {
	switch {
	case strings.TrimSpace(text) == "":
		return Invalid(path, "is missing")
	case len(text) > longestText:
		return Invalid(path, "has %d bytes, %d are allowed", len(text), longestText)
	}
	if wrong := CheckMerge(text); wrong != nil {
		return Invalid(path, "%s", wrong.Error())
	}
	return nil
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
