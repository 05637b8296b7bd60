package definition

import (
	"bytes"
	"errors"
	"io"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"ringmaster/campaigns"
	"ringmaster/campaigns/calling"
)

// sizeLimit is the longest file in bytes.
const sizeLimit = 1 << 20

// Definition is a campaign as a file has it.
type Definition struct {
	Name string
	Kind campaigns.Kind
	// State that it is to be in; empty: as it is.
	State    campaigns.CampaignState
	Settings campaigns.Settings
	// Line on which it starts.
	Line int
}

// head is the part of a definition that is no setting.
type head struct {
	Name  string                  `json:"name"`
	Kind  campaigns.Kind          `json:"kind"`
	State campaigns.CampaignState `json:"state,omitempty"`
}

// Defaults are of the installation: what a file need not say.
type Defaults struct {
	// Region is the country (ISO 3166) of numbers without a prefix.
	Region string
	// Now is the day by whose rules a campaign is judged; zero: by those without
	// a beginning.
	Now time.Time
	// Rules is the book of calling rules; nil: the one that comes with the program.
	Rules *calling.Book
}

// Parse reads a file. The error is an *Error with all its problems.
func Parse(data []byte, d Defaults) ([]Definition, error) {
	p := &parser{defaults: d}
	var all []Definition
	for _, node := range p.campaigns(data) {
		all = append(all, p.definition(node))
	}
	seen := map[string]int{}
	for _, def := range all {
		if line, twice := seen[def.Name]; twice && def.Name != "" {
			p.add(def.Line, "name", "campaign %q stands in the file twice, first at line %d", def.Name, line)
		}
		seen[def.Name] = def.Line
	}
	if err := p.err(); err != nil {
		return nil, err
	}
	return all, nil
}

// parser reads one file. lines holds the line of each key of the campaign at
// hand.
type parser struct {
	problems
	defaults Defaults
	lines    map[string]int
}

// campaigns gives the nodes of the campaigns of a file.
func (p *parser) campaigns(data []byte) []*yaml.Node {
	switch {
	case len(data) > sizeLimit:
		p.add(0, "", "%d bytes; a file of campaigns has at most %d", len(data), sizeLimit)
		return nil
	case !utf8.Valid(data):
		p.add(0, "", "is not UTF-8 text")
		return nil
	}
	var nodes []*yaml.Node
	for decoder := yaml.NewDecoder(bytes.NewReader(data)); ; {
		var document yaml.Node
		err := decoder.Decode(&document)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			p.syntax(err)
			return nil
		}
		if len(document.Content) == 0 || document.Content[0].ShortTag() == "!!null" {
			continue
		}
		nodes = append(nodes, p.listed(document.Content[0])...)
	}
	if len(nodes) == 0 && len(p.all) == 0 {
		p.add(0, "", "holds no campaign")
	}
	return nodes
}

// listed gives the campaigns of a document: those under the key campaigns, or
// the document itself.
func (p *parser) listed(node *yaml.Node) []*yaml.Node {
	if node.Kind != yaml.MappingNode || len(node.Content) < 2 || node.Content[0].Value != "campaigns" {
		return []*yaml.Node{node}
	}
	if len(node.Content) > 2 {
		p.add(node.Content[2].Line, node.Content[2].Value, "stands beside campaigns; there is room for nothing else there")
	}
	list := node.Content[1]
	if list.Kind != yaml.SequenceNode {
		p.add(list.Line, "campaigns", "must be a list, each campaign after a dash")
		return nil
	}
	return list.Content
}

var yamlLine = regexp.MustCompile(`^(?:yaml: )?line (\d+): (.*)$`)

func (p *parser) syntax(err error) {
	text := err.Error()
	if m := yamlLine.FindStringSubmatch(text); m != nil {
		line, _ := strconv.Atoi(m[1])
		p.add(line, "", "is no YAML: %s", m[2])
		return
	}
	p.add(0, "", "is no YAML: %s", strings.TrimPrefix(text, "yaml: "))
}

// definition reads one campaign.
func (p *parser) definition(node *yaml.Node) Definition {
	for node.Kind == yaml.AliasNode {
		node = node.Alias
	}
	d := Definition{Line: node.Line}
	p.lines = map[string]int{}
	if node.Kind != yaml.MappingNode {
		p.add(node.Line, "", "must be a campaign: keys such as name and kind")
		return d
	}
	before := len(p.all)
	top, settings := p.split(node)
	var h head
	p.value(top, reflect.ValueOf(&h).Elem(), "")
	d.Name, d.Kind, d.State = strings.TrimSpace(h.Name), h.Kind, h.State
	switch {
	case d.Name == "":
		p.add(p.line("name", d.Line), "name", "is missing")
	case len(d.Name) > 200:
		p.add(p.line("name", d.Line), "name", "%d bytes; the limit is 200", len(d.Name))
	}
	if _, known := campaigns.CampaignMoves[d.State]; d.State != "" && !known {
		p.add(p.lines["state"], "state", "%q is not one of draft, running, paused, closed", d.State)
	}
	if !slices.Contains(campaigns.Kinds, d.Kind) {
		p.add(p.line("kind", d.Line), "kind", "%q is not one of %s", d.Kind, words(campaigns.Kinds))
	}
	d.Settings = campaigns.DefaultSettings(d.Kind)
	if p.defaults.Region != "" {
		d.Settings.DefaultRegion = p.defaults.Region
	}
	p.value(settings, reflect.ValueOf(&d.Settings).Elem(), "")
	if len(p.all) == before {
		p.check(&d)
	}
	return d
}

// split gives the head of a campaign and its settings as mappings of their own.
func (p *parser) split(node *yaml.Node) (top, settings *yaml.Node) {
	h, s := *node, *node
	h.Content, s.Content = nil, nil
	for i := 0; i+1 < len(node.Content); i += 2 {
		to := &s
		if slices.Contains([]string{"name", "kind", "state"}, node.Content[i].Value) {
			to = &h
		}
		to.Content = append(to.Content, node.Content[i], node.Content[i+1])
	}
	return &h, &s
}

// line gives the line of a key, or of the nearest key above it, or other.
func (p *parser) line(key string, other int) int {
	for {
		if line, ok := p.lines[key]; ok {
			return line
		}
		i := strings.LastIndexAny(key, ".[")
		if i < 0 {
			return other
		}
		key = key[:i]
	}
}

func words[T ~string](all []T) string {
	texts := make([]string, len(all))
	for i, w := range all {
		texts[i] = string(w)
	}
	return strings.Join(texts, ", ")
}
