package configs

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// field is one key of the schema, which is the struct Config itself.
type field struct {
	// key is the key in full; an entry of a list is written as list[].key.
	key    string
	kind   reflect.Type
	secret bool
}

// isGroup tells whether the field holds keys of its own, as one group or as a
// list of them.
func (f field) isGroup() bool {
	kind := f.kind
	if kind.Kind() == reflect.Slice {
		kind = kind.Elem()
	}
	return kind.Kind() == reflect.Struct && kind.NumField() > 0 && kind.Field(0).Tag.Get("koanf") != ""
}

// fieldsOf lists the keys of one group by their names, in order.
func fieldsOf(group reflect.Type, prefix string) (names []string, fields map[string]field) {
	if group.Kind() == reflect.Slice {
		group = group.Elem()
	}
	fields = map[string]field{}
	for f := range group.Fields() {
		name := f.Tag.Get("koanf")
		names = append(names, name)
		fields[name] = field{key: prefix + name, kind: f.Type, secret: f.Tag.Get("secret") != ""}
	}
	return names, fields
}

// leaves lists the fields that hold values, groups opened, in order.
func leaves(group reflect.Type, prefix string) []field {
	var all []field
	names, fields := fieldsOf(group, prefix)
	for _, name := range names {
		f := fields[name]
		switch {
		case !f.isGroup():
			all = append(all, f)
		case f.kind.Kind() == reflect.Slice:
			all = append(all, leaves(f.kind, f.key+"[].")...)
		default:
			all = append(all, leaves(f.kind, f.key+".")...)
		}
	}
	return all
}

// schema is the type that the whole file is read into.
func schema() reflect.Type { return reflect.TypeFor[Config]() }

// examine walks the file beside the schema: it notes the line of each key and
// reports unknown keys and secrets. It fails on bad YAML, which names its line.
func (l *loader) examine(content []byte) error {
	var document yaml.Node
	if err := yaml.Unmarshal(content, &document); err != nil {
		return err
	}
	if len(document.Content) == 0 { // an empty file
		return nil
	}
	root := document.Content[0]
	if root.Kind != yaml.MappingNode {
		return fmt.Errorf("line %d: must be a mapping of keys to values", root.Line)
	}
	l.examineGroup(root, schema(), "")
	return nil
}

// examineGroup walks one mapping. Values of the wrong shape are left to decode.
func (l *loader) examineGroup(node *yaml.Node, group reflect.Type, prefix string) {
	names, fields := fieldsOf(group, prefix)
	for i := 0; i+1 < len(node.Content); i += 2 {
		name, value := node.Content[i], resolve(node.Content[i+1])
		if name.Tag == "!!merge" {
			l.examineMerged(value, group, prefix)
			continue
		}
		key := prefix + name.Value
		l.where[key] = fmt.Sprintf("%s:%d", l.path, name.Line)
		f, known := fields[name.Value]
		switch {
		case !known:
			l.report(key, "unknown key"+suggestion(prefix, name.Value, names))
		case f.secret:
			l.report(key, "a secret does not belong in this file: "+remedy(key))
		case !f.isGroup():
		case value.Kind == yaml.MappingNode:
			l.examineGroup(value, f.kind, key+".")
		case value.Kind == yaml.SequenceNode:
			for n, entry := range value.Content {
				entryKey := fmt.Sprintf("%s[%d]", key, n)
				l.where[entryKey] = fmt.Sprintf("%s:%d", l.path, entry.Line)
				if entry = resolve(entry); entry.Kind == yaml.MappingNode {
					l.examineGroup(entry, f.kind, entryKey+".")
				}
			}
		}
	}
}

// examineMerged walks what << merges into a mapping: one mapping or several.
func (l *loader) examineMerged(value *yaml.Node, group reflect.Type, prefix string) {
	if value.Kind != yaml.SequenceNode {
		l.examineGroup(value, group, prefix)
		return
	}
	for _, entry := range value.Content {
		l.examineGroup(resolve(entry), group, prefix)
	}
}

// resolve follows an alias to what it stands for.
func resolve(node *yaml.Node) *yaml.Node {
	for node.Kind == yaml.AliasNode {
		node = node.Alias
	}
	return node
}

// suggestion names the known key that was probably meant: one beside it with a
// similar name, else one of the same name in another group.
func suggestion(prefix, name string, siblings []string) string {
	best, distance := "", max(2, len(name)/3)+1
	for _, sibling := range siblings {
		if d := editDistance(strings.ToLower(name), sibling); d < distance {
			best, distance = prefix+sibling, d
		}
	}
	if best == "" {
		for _, f := range leaves(schema(), "") {
			if f.key == name || strings.HasSuffix(f.key, "."+name) {
				best = f.key
				break
			}
		}
	}
	if best == "" {
		return "; known here: " + strings.Join(siblings, ", ")
	}
	return "; did you mean " + best + "?"
}

// editDistance is the number of letters to insert, delete or replace to make b
// of a (Levenshtein).
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost = 1 + slices.Min([]int{diagonal, row[j], row[j+1]})
			}
			diagonal, row[j+1] = row[j+1], cost
		}
	}
	return row[len(b)]
}
