package main

import (
	"encoding/json"
	"fmt"
	"path"
	"reflect"
	"slices"
	"strings"
	"time"

	"ringmaster/agentui/protocol"
	"ringmaster/campaigns"
)

// model is the registry with its types resolved.
type model struct {
	messages []protocol.Message
	// types in the order of their first use.
	types []*typeDef
	names map[reflect.Type]*typeDef
	src   *source
}

// typeDef is a named type on the wire: an enumeration or an object.
type typeDef struct {
	name, doc string
	// values of an enumeration; open ones may have others.
	values []string
	open   bool
	fields []fieldDef
}

// fieldDef is one member of an object.
type fieldDef struct {
	name, doc string
	typ       reflect.Type
	optional  bool
}

// openTypes are the string types whose constants are not all there is: a
// campaign may add dispositions of its own.
func openTypes() []reflect.Type {
	return []reflect.Type{reflect.TypeFor[campaigns.Disposition]()}
}

// buildModel resolves every type that the registry reaches.
func buildModel(src *source) (*model, error) {
	m := &model{messages: protocol.Messages(), names: map[reflect.Type]*typeDef{}, src: src}
	for _, msg := range m.messages {
		for _, v := range []any{msg.Payload, msg.Reply} {
			if v == nil {
				continue
			}
			if err := m.add(reflect.TypeOf(v).Elem()); err != nil {
				return nil, fmt.Errorf("%s: %w", msg.Name, err)
			}
		}
	}
	if err := m.add(reflect.TypeFor[protocol.Problem]()); err != nil {
		return nil, err
	}
	if err := m.add(reflect.TypeFor[protocol.Topic]()); err != nil {
		return nil, err
	}
	return m, nil
}

// add takes up a type and all that it holds.
func (m *model) add(t reflect.Type) error {
	if _, ok := m.names[t]; ok || builtin(t) {
		return nil
	}
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice:
		return m.add(t.Elem())
	case reflect.Map:
		if err := m.add(t.Key()); err != nil {
			return err
		}
		return m.add(t.Elem())
	case reflect.String, reflect.Struct:
	default:
		if t.PkgPath() == "" {
			return nil
		}
		return fmt.Errorf("type %s cannot go over the wire", t)
	}
	if t.PkgPath() == "" {
		return nil
	}
	key := path.Base(t.PkgPath()) + "." + t.Name()
	def := &typeDef{name: t.Name(), doc: m.src.docs[key]}
	if i := slices.IndexFunc(m.types, func(d *typeDef) bool { return d.name == def.name }); i >= 0 {
		return fmt.Errorf("two types have the name %s", def.name)
	}
	m.names[t] = def
	m.types = append(m.types, def)
	if t.Kind() == reflect.String {
		def.values, def.open = m.src.values[key], slices.Contains(openTypes(), t)
		return nil
	}
	for f := range t.Fields() {
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "" || name == "-" || !f.IsExported() {
			return fmt.Errorf("%s.%s has no name in JSON", t, f.Name)
		}
		def.fields = append(def.fields, fieldDef{
			name: name, doc: m.src.docs[key+"."+f.Name], typ: f.Type,
			optional: strings.Contains(options, "omitempty") || strings.Contains(options, "omitzero"),
		})
		if err := m.add(f.Type); err != nil {
			return err
		}
	}
	return nil
}

// builtin reports whether the type has a form of its own on the wire.
func builtin(t reflect.Type) bool {
	return t == reflect.TypeFor[time.Time]() || t == reflect.TypeFor[json.RawMessage]() ||
		t == reflect.TypeFor[campaigns.Duration]() || t == reflect.TypeFor[any]()
}
