package definition

import (
	"encoding"
	"encoding/json"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"ringmaster/campaigns"
)

// value puts a node over what stands in v. path is the key of the node.
func (p *parser) value(node *yaml.Node, v reflect.Value, path string) {
	for node.Kind == yaml.AliasNode {
		node = node.Alias
	}
	if path != "" && p.lines[path] == 0 {
		p.lines[path] = node.Line
	}
	if node.Kind == yaml.ScalarNode && node.ShortTag() == "!!null" && path != "" {
		v.SetZero()
		return
	}
	switch target := v.Addr().Interface().(type) {
	case *campaigns.Window:
		p.window(node, target, path)
		return
	case *campaigns.Cap:
		if node.Kind == yaml.ScalarNode {
			p.limit(node, target, path)
			return
		}
	case encoding.TextUnmarshaler:
		if p.scalar(node, path, "a text") {
			if err := target.UnmarshalText([]byte(node.Value)); err != nil {
				p.add(node.Line, path, "%v", err)
			}
		}
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		made := reflect.New(v.Type().Elem())
		if !v.IsNil() {
			made.Elem().Set(v.Elem())
		}
		p.value(node, made.Elem(), path)
		v.Set(made)
	case reflect.Struct:
		p.structure(node, v, path)
	case reflect.Map:
		p.mapping(node, v, path)
	case reflect.Slice:
		p.list(node, v, path)
	default:
		p.leaf(node, v, path)
	}
}

func (p *parser) scalar(node *yaml.Node, path, what string) bool {
	if node.Kind != yaml.ScalarNode {
		p.add(node.Line, path, "must be %s", what)
		return false
	}
	return true
}

// keyed reports whether the node has keys, and that each stands once.
func (p *parser) keyed(node *yaml.Node, path string) bool {
	if node.Kind != yaml.MappingNode {
		p.add(node.Line, path, "must have keys below it, not %q", short(node.Value))
		return false
	}
	seen := map[string]int{}
	for i := 0; i+1 < len(node.Content); i += 2 {
		key := node.Content[i]
		if line, twice := seen[key.Value]; twice {
			p.add(key.Line, join(path, key.Value), "stands here twice, first at line %d", line)
		}
		seen[key.Value] = key.Line
	}
	return true
}

func (p *parser) structure(node *yaml.Node, v reflect.Value, path string) {
	if !p.keyed(node, path) {
		return
	}
	fields := fieldsOf(v.Type())
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		at := slices.IndexFunc(fields, func(f field) bool { return f.name == key.Value })
		if at < 0 {
			p.unknown(key, path, fields)
			continue
		}
		p.lines[join(path, key.Value)] = key.Line
		p.value(value, v.FieldByIndex(fields[at].index), join(path, key.Value))
	}
}

func (p *parser) unknown(key *yaml.Node, path string, fields []field) {
	known := make([]string, 0, len(fields)+3)
	if path == "" {
		known = append(known, "name", "kind", "state")
	}
	for _, f := range fields {
		known = append(known, f.name)
	}
	if meant := nearest(key.Value, known); meant != "" {
		p.add(key.Line, join(path, key.Value), "is no known key; did you mean %s?", meant)
		return
	}
	p.add(key.Line, join(path, key.Value), "is no known key; known are %s", strings.Join(known, ", "))
}

// mapping fills over what is there; null removes a key.
func (p *parser) mapping(node *yaml.Node, v reflect.Value, path string) {
	if !p.keyed(node, path) {
		return
	}
	filled := reflect.MakeMap(v.Type())
	for _, key := range v.MapKeys() {
		filled.SetMapIndex(key, v.MapIndex(key))
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		key := reflect.New(v.Type().Key()).Elem()
		key.SetString(node.Content[i].Value)
		at := join(path, node.Content[i].Value)
		p.lines[at] = node.Content[i].Line
		if node.Content[i+1].ShortTag() == "!!null" {
			filled.SetMapIndex(key, reflect.Value{})
			continue
		}
		element := reflect.New(v.Type().Elem()).Elem()
		if known := filled.MapIndex(key); known.IsValid() {
			element.Set(known)
		}
		p.value(node.Content[i+1], element, at)
		filled.SetMapIndex(key, element)
	}
	v.Set(filled)
}

func (p *parser) list(node *yaml.Node, v reflect.Value, path string) {
	if v.Type() == reflect.TypeFor[json.RawMessage]() {
		p.free(node, v, path)
		return
	}
	if node.Kind != yaml.SequenceNode {
		p.add(node.Line, path, "must be a list, each entry after a dash or all in [ ]")
		return
	}
	all := reflect.MakeSlice(v.Type(), len(node.Content), len(node.Content))
	for i, entry := range node.Content {
		p.value(entry, all.Index(i), path+"["+strconv.Itoa(i)+"]")
	}
	v.Set(all)
}

// free takes over what has no form of its own.
func (p *parser) free(node *yaml.Node, v reflect.Value, path string) {
	var content any
	if err := node.Decode(&content); err != nil {
		p.add(node.Line, path, "%v", err)
		return
	}
	body, err := json.Marshal(content)
	if err == nil {
		err = json.Unmarshal(body, v.Addr().Interface())
	}
	if err != nil {
		p.add(node.Line, path, "%v", err)
	}
}

func (p *parser) leaf(node *yaml.Node, v reflect.Value, path string) {
	switch v.Kind() {
	case reflect.String:
		if p.scalar(node, path, "a text") {
			v.SetString(node.Value)
		}
	case reflect.Bool:
		yes := strings.ToLower(node.Value)
		if node.Kind != yaml.ScalarNode || yes != "true" && yes != "false" {
			p.add(node.Line, path, "must be true or false, not %q", short(node.Value))
			return
		}
		v.SetBool(yes == "true")
	case reflect.Int, reflect.Int64, reflect.Int32:
		n, err := strconv.ParseInt(node.Value, 10, v.Type().Bits())
		if node.Kind != yaml.ScalarNode || err != nil {
			p.add(node.Line, path, "must be a whole number, not %q", short(node.Value))
			return
		}
		v.SetInt(n)
	case reflect.Float64:
		f, err := strconv.ParseFloat(node.Value, 64)
		if node.Kind != yaml.ScalarNode || err != nil || math.IsNaN(f) || math.IsInf(f, 0) {
			p.add(node.Line, path, "must be a number such as 1.5, not %q", short(node.Value))
			return
		}
		v.SetFloat(f)
	default:
		p.free(node, v, path)
	}
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

func short(text string) string {
	if runes := []rune(text); len(runes) > 60 {
		return string(runes[:60]) + "…"
	}
	return text
}
