package main

import (
	"bytes"
	"encoding/json"
	"reflect"
	"time"

	"ringmaster/agentui/protocol"
	"ringmaster/campaigns"
)

// object is a JSON object; encoding/json sorts its keys.
type object = map[string]any

// asyncAPI gives the AsyncAPI 3.0 document of the registry.
func asyncAPI(m *model) ([]byte, error) {
	schemas, messages, channelMessages := object{}, object{}, object{}
	for _, def := range m.types {
		schemas[def.name] = m.schemaOf(def)
	}
	schemas["ULID"] = object{"type": "string", "pattern": "^[0-9A-HJKMNP-TV-Z]{26}$", "description": "A ULID in upper case."}
	operations := object{}
	for _, msg := range m.messages {
		key := string(msg.Direction) + "." + msg.Name
		channelMessages[key] = ref("components/messages/" + key)
		payload := m.schema(reflect.TypeOf(msg.Payload).Elem())
		action, envelope := "send", eventEnvelope(msg.Name, payload)
		if msg.Direction == protocol.FromClient {
			action, envelope = "receive", commandEnvelope(msg, payload)
		}
		messages[key] = object{"name": msg.Name, "summary": msg.Doc, "contentType": "application/json", "payload": envelope}
		operation := object{
			"action": action, "summary": msg.Doc, "channel": ref("channels/socket"),
			"messages": []any{ref("channels/socket/messages/" + key)},
		}
		if msg.Direction == protocol.FromClient {
			reply := "reply." + msg.Name
			messages[reply] = object{"name": reply, "contentType": "application/json", "payload": m.replyEnvelope(msg)}
			channelMessages[reply] = ref("components/messages/" + reply)
			operation["reply"] = object{"channel": ref("channels/socket"), "messages": []any{ref("channels/socket/messages/" + reply)}}
		}
		operations[key] = operation
	}
	closeCodes := object{}
	for _, c := range protocol.CloseCodes() {
		closeCodes[c.Name] = object{"code": int(c.Code), "meaning": c.Meaning, "final": c.Code.Final()}
	}
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	err := enc.Encode(object{
		"asyncapi": "3.0.0",
		"info": object{
			"title": "Ringmaster agent protocol", "version": "1.0.0",
			"description":     "JSON text frames over one WebSocket, subprotocol " + protocol.Subprotocol + ". Every command with a readable id is answered by exactly one reply; its id is the idempotency key. Unknown fields are ignored.",
			"x-close-codes":   closeCodes,
			"x-heartbeat-ms":  protocol.HeartbeatMS,
			"x-read-limit":    protocol.ReadLimit,
			"x-subprotocol":   protocol.Subprotocol,
			"x-generated-by":  "agentui/protocol/gen",
			"x-code-of-error": "components/schemas/Problem",
		},
		"defaultContentType": "application/json",
		"channels":           object{"socket": object{"address": "/v1/socket", "messages": channelMessages}},
		"operations":         operations,
		"components":         object{"messages": messages, "schemas": schemas},
	})
	return out.Bytes(), err
}

func eventEnvelope(name string, payload object) object {
	return object{
		"type": "object", "required": []string{"t", "seq", "ts", "d"},
		"properties": object{
			"t": object{"const": name}, "seq": object{"type": "integer", "minimum": 1},
			"ts": object{"type": "string", "format": "date-time"}, "d": payload,
		},
	}
}

func commandEnvelope(msg protocol.Message, payload object) object {
	properties := object{"t": object{"const": msg.Name}, "id": ref("components/schemas/ULID"), "d": payload}
	if msg.Guarded {
		properties["rev"] = object{"type": "integer", "minimum": 0}
	}
	return object{"type": "object", "required": []string{"t", "id"}, "properties": properties, "x-roles": msg.Roles}
}

func (m *model) replyEnvelope(msg protocol.Message) object {
	properties := object{
		"re": ref("components/schemas/ULID"), "ok": object{"type": "boolean"},
		"rev": object{"type": "integer"}, "err": ref("components/schemas/Problem"),
	}
	if msg.Reply != nil {
		properties["d"] = m.schema(reflect.TypeOf(msg.Reply).Elem())
	}
	return object{"type": "object", "required": []string{"re", "ok"}, "properties": properties}
}

// schemaOf gives the JSON Schema of a named type.
func (m *model) schemaOf(def *typeDef) object {
	s := object{}
	if def.doc != "" {
		s["description"] = def.doc
	}
	if def.fields == nil && def.values != nil {
		s["type"] = "string"
		if def.open {
			s["examples"] = def.values
		} else {
			s["enum"] = def.values
		}
		return s
	}
	if def.fields == nil && def.name != "Empty" {
		s["type"] = "string"
		return s
	}
	properties, required := object{}, []string{}
	for _, f := range def.fields {
		p := m.schema(f.typ)
		if f.doc != "" {
			p["description"] = f.doc
		}
		properties[f.name] = p
		if !f.optional {
			required = append(required, f.name)
		}
	}
	s["type"], s["properties"] = "object", properties
	if len(required) > 0 {
		s["required"] = required
	}
	return s
}

// schema gives the JSON Schema of any type.
func (m *model) schema(t reflect.Type) object {
	if def, ok := m.names[t]; ok {
		return ref("components/schemas/" + def.name)
	}
	switch t {
	case reflect.TypeFor[time.Time]():
		return object{"type": "string", "format": "date-time"}
	case reflect.TypeFor[campaigns.Duration]():
		return object{"type": "string"}
	case reflect.TypeFor[json.RawMessage](), reflect.TypeFor[any]():
		return object{}
	}
	switch t.Kind() {
	case reflect.Pointer:
		return m.schema(t.Elem())
	case reflect.Slice:
		return object{"type": "array", "items": m.schema(t.Elem())}
	case reflect.Map:
		return object{"type": "object", "additionalProperties": m.schema(t.Elem())}
	case reflect.Bool:
		return object{"type": "boolean"}
	case reflect.Float64:
		return object{"type": "number"}
	case reflect.Int, reflect.Int64:
		return object{"type": "integer"}
	default:
		return object{"type": "string"}
	}
}

func ref(to string) object { return object{"$ref": "#/" + to} }
