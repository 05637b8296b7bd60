package definition

import (
	"reflect"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"ringmaster/campaigns"
)

// Difference is one setting that differs.
type Difference struct {
	// Key is the path to the setting, such as selection.segment.
	Key string
	// Before and After are its texts as a file has them; empty: not set.
	Before, After string
}

// Diff gives the settings in which two versions differ, in the order of a file.
// It is empty exactly when the two are stored alike.
func Diff(before, after campaigns.Settings) []Difference {
	old, now := flatten(before), flatten(after)
	had := map[string]string{}
	for _, l := range old {
		had[l.key] = l.text
	}
	var all []Difference
	has := map[string]bool{}
	for _, l := range now {
		has[l.key] = true
		if text, ok := had[l.key]; !ok || text != l.text {
			all = append(all, Difference{Key: l.key, Before: had[l.key], After: l.text})
		}
	}
	for _, l := range old {
		if !has[l.key] {
			all = append(all, Difference{Key: l.key, Before: l.text})
		}
	}
	return all
}

// setting is one leaf of the settings.
type setting struct{ key, text string }

func flatten(s campaigns.Settings) []setting {
	var all []setting
	leaves(encode(reflect.ValueOf(s), reflect.Value{}), "", &all)
	return all
}

func leaves(node *yaml.Node, path string, all *[]setting) {
	switch {
	case node.Kind == yaml.MappingNode && len(node.Content) == 0 && path != "":
		*all = append(*all, setting{path, "{}"})
	case path == "window":
		var spans []string
		for i := 0; i+1 < len(node.Content); i += 2 {
			spans = append(spans, node.Content[i].Value+" "+node.Content[i+1].Value)
		}
		*all = append(*all, setting{path, strings.Join(spans, ", ")})
	case node.Kind == yaml.MappingNode:
		for i := 0; i+1 < len(node.Content); i += 2 {
			leaves(node.Content[i+1], join(path, node.Content[i].Value), all)
		}
	case node.Kind == yaml.SequenceNode && node.Style != yaml.FlowStyle:
		for i, entry := range node.Content {
			leaves(entry, path+"["+strconv.Itoa(i)+"]", all)
		}
	case node.Kind == yaml.SequenceNode:
		var texts []string
		for _, entry := range node.Content {
			texts = append(texts, entry.Value)
		}
		*all = append(*all, setting{path, strings.Join(texts, ", ")})
	default:
		*all = append(*all, setting{path, node.Value})
	}
}
