package definition

import (
	"bytes"
	"encoding"
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"

	"go.yaml.in/yaml/v3"

	"ringmaster/campaigns"
)

// Marshal writes a campaign as a file that Parse reads back to the same
// settings. The state is left out: a file that is applied is to change what it
// names, not to start what was paused meanwhile.
func Marshal(c campaigns.Campaign) ([]byte, error) {
	defaults := campaigns.DefaultSettings(c.Kind)
	root := &yaml.Node{Kind: yaml.MappingNode}
	put(root, "name", text(c.Name))
	put(root, "kind", text(string(c.Kind)))
	settings := encode(reflect.ValueOf(c.Settings), reflect.ValueOf(defaults))
	root.Content = append(root.Content, settings.Content...)
	var b bytes.Buffer
	encoder := yaml.NewEncoder(&b)
	encoder.SetIndent(2)
	if err := encoder.Encode(root); err != nil {
		return nil, fmt.Errorf("write campaign %q: %w", c.Name, err)
	}
	return b.Bytes(), encoder.Close()
}

func put(node *yaml.Node, key string, value *yaml.Node) {
	node.Content = append(node.Content, text(key), value)
}

func text(s string) *yaml.Node { return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: s} }

func plain(tag, s string) *yaml.Node { return &yaml.Node{Kind: yaml.ScalarNode, Tag: tag, Value: s} }

// encode gives the node of a value. by is the default that the value stands
// over, invalid where there is none: what is empty is left out, unless it would
// come back as the default.
func encode(v, by reflect.Value) *yaml.Node {
	switch value := v.Interface().(type) {
	case campaigns.Duration:
		return text(value.Short())
	case campaigns.Cap:
		if short, ok := capText(value); ok {
			return text(short)
		}
	case campaigns.Window:
		node := &yaml.Node{Kind: yaml.MappingNode}
		keys, hours := windowText(value)
		for i := range keys {
			put(node, keys[i], text(hours[i]))
		}
		return node
	case encoding.TextMarshaler:
		if b, err := value.MarshalText(); err == nil {
			return text(string(b))
		}
	case json.RawMessage:
		node := &yaml.Node{}
		if yaml.Unmarshal(value, node) == nil && len(node.Content) == 1 {
			return node.Content[0]
		}
	}
	switch v.Kind() {
	case reflect.Pointer:
		if by.IsValid() && !by.IsNil() {
			return encode(v.Elem(), by.Elem())
		}
		return encode(v.Elem(), reflect.Value{})
	case reflect.Struct:
		return encodeStruct(v, by)
	case reflect.Map:
		return encodeMap(v, by)
	case reflect.Slice:
		return encodeList(v)
	case reflect.String:
		return text(v.String())
	case reflect.Bool:
		return plain("!!bool", strconv.FormatBool(v.Bool()))
	case reflect.Float64:
		number := strconv.FormatFloat(v.Float(), 'f', -1, 64)
		if v.Float() == math.Trunc(v.Float()) {
			return plain("!!int", number) // as a whole number it needs no tag
		}
		return plain("!!float", number)
	default:
		return plain("!!int", fmt.Sprint(v.Interface()))
	}
}

func encodeStruct(v, by reflect.Value) *yaml.Node {
	node := &yaml.Node{Kind: yaml.MappingNode}
	for _, f := range fieldsOf(v.Type()) {
		value, standard := v.FieldByIndex(f.index), reflect.Value{}
		if by.IsValid() {
			standard = by.FieldByIndex(f.index)
		}
		switch {
		case !empty(value):
			put(node, f.name, encode(value, standard))
		case !standard.IsValid() || empty(standard):
		case slices.Contains([]reflect.Kind{reflect.Map, reflect.Slice, reflect.Pointer}, value.Kind()):
			put(node, f.name, plain("!!null", "null"))
		default:
			put(node, f.name, encode(value, standard))
		}
	}
	if v.Type() == reflect.TypeFor[campaigns.RecycleRule]() {
		node.Style = yaml.FlowStyle
	}
	return node
}

// empty reports whether a value is as if it was not given.
func empty(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Map, reflect.Slice:
		return v.Len() == 0
	case reflect.Struct:
		for _, f := range fieldsOf(v.Type()) {
			if !empty(v.FieldByIndex(f.index)) {
				return false
			}
		}
		return true
	default:
		return v.IsZero()
	}
}

func encodeMap(v, by reflect.Value) *yaml.Node {
	node := &yaml.Node{Kind: yaml.MappingNode}
	keys := v.MapKeys()
	if by.IsValid() {
		for _, key := range by.MapKeys() {
			if !v.MapIndex(key).IsValid() {
				keys = append(keys, key)
			}
		}
	}
	slices.SortFunc(keys, func(a, b reflect.Value) int { return bytes.Compare([]byte(a.String()), []byte(b.String())) })
	for _, key := range keys {
		value, standard := v.MapIndex(key), reflect.Value{}
		if by.IsValid() {
			standard = by.MapIndex(key)
		}
		if !value.IsValid() {
			put(node, key.String(), plain("!!null", "null"))
			continue
		}
		put(node, key.String(), encode(value, standard))
	}
	return node
}

func encodeList(v reflect.Value) *yaml.Node {
	node := &yaml.Node{Kind: yaml.SequenceNode}
	for i := range v.Len() {
		entry := encode(v.Index(i), reflect.Value{})
		node.Content = append(node.Content, entry)
	}
	if v.Len() > 0 && v.Index(0).Kind() == reflect.String {
		node.Style = yaml.FlowStyle
	}
	return node
}
