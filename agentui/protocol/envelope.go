package protocol

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/oklog/ulid/v2"

	"ringmaster/campaigns"
)

// Subprotocol is the WebSocket subprotocol that client and server must agree on.
const Subprotocol = "ringmaster.v1.json"

// HeartbeatMS is the interval of a client's pings in milliseconds.
const HeartbeatMS = 10_000

// ReadLimit is the largest frame that the server reads, in bytes.
const ReadLimit = 64 << 10

// Event is a fact pushed by the server.
type Event struct {
	// T is the event's name.
	T string `json:"t"`
	// Seq counts the events of this connection from 1.
	Seq int64 `json:"seq"`
	// TS is the server's wall clock when the event was sent.
	TS time.Time       `json:"ts"`
	D  json.RawMessage `json:"d"`
}

// Command is what a client asks for.
type Command struct {
	// T is the command's name.
	T string `json:"t"`
	// ID is a ULID made by the client: the idempotency key. A client sends the
	// same bytes again until it is answered.
	ID string `json:"id"`
	// Rev is the revision of the agent's state that the client acted upon; it
	// guards state.set and call.result. Zero or absent: unguarded.
	Rev int64 `json:"rev,omitempty"`
	// D is the payload; absent means {}.
	D json.RawMessage `json:"d,omitempty"`
}

// Reply answers one command.
type Reply struct {
	// Re is the id of the command; empty where the frame had no readable one.
	Re string `json:"re"`
	OK bool   `json:"ok"`
	// Rev is the revision of the agent's state after the command.
	Rev int64           `json:"rev,omitempty"`
	D   json.RawMessage `json:"d,omitempty"`
	Err *Problem        `json:"err,omitempty"`
}

// errJunk marks a frame that is no JSON object at all; a client that goes on
// sending such frames is closed with CloseJunk.
var errJunk = errors.New("no JSON object")

// IsJunk reports whether the error of ParseCommand means that the frame was no
// JSON object.
func IsJunk(err error) bool { return errors.Is(err, errJunk) }

// ParseCommand reads a command frame. On an error it is still given with its
// ID, where that could be read, so that the reply finds its command. Errors
// are campaigns.Error of CodeInvalid.
func ParseCommand(frame []byte) (Command, error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(frame, &fields); err != nil || fields == nil {
		return Command{}, &campaigns.Error{
			Code: campaigns.CodeInvalid, Message: "the frame is no JSON object", Cause: errJunk,
		}
	}
	var c Command
	// An id is echoed only when it is one, never what a client put in its place.
	var id string
	if raw, ok := fields["id"]; !ok || json.Unmarshal(raw, &id) != nil {
		return c, campaigns.Invalid("id", "a command needs a ULID as text")
	}
	if _, err := ulid.ParseStrict(id); err != nil {
		return c, campaigns.Invalid("id", "%.40q is no ULID", id)
	}
	c.ID = id
	if raw, ok := fields["t"]; !ok || json.Unmarshal(raw, &c.T) != nil || c.T == "" {
		return c, campaigns.Invalid("t", "a command needs its name as text")
	}
	if raw, ok := fields["rev"]; ok {
		if json.Unmarshal(raw, &c.Rev) != nil || c.Rev < 0 {
			return c, campaigns.Invalid("rev", "%.40s is no revision", raw)
		}
	}
	c.D = bytes.TrimSpace(fields["d"])
	switch {
	case len(c.D) == 0 || bytes.Equal(c.D, []byte("null")):
		c.D = json.RawMessage("{}")
	case c.D[0] != '{':
		return c, campaigns.Invalid("d", "the payload is no JSON object")
	}
	return c, nil
}

// Payload is what every command's payload offers.
type Payload interface {
	// Validate names the first wrong field by a campaigns.Error.
	Validate() error
}

// Decode reads and validates the payload of the command into p, a pointer to
// its payload type. The error is a campaigns.Error that names the field.
func (c *Command) Decode(p Payload) error {
	if err := json.Unmarshal(c.D, p); err != nil {
		var wrong *json.UnmarshalTypeError
		if errors.As(err, &wrong) && wrong.Field != "" {
			return campaigns.Invalid("d."+wrong.Field, "%s where %s was expected", wrong.Value, typeName(wrong))
		}
		return &campaigns.Error{Code: campaigns.CodeInvalid, Field: "d", Message: err.Error()}
	}
	var e *campaigns.Error
	if err := p.Validate(); errors.As(err, &e) && e.Field != "" {
		prefixed := *e
		prefixed.Field = "d." + e.Field
		return &prefixed
	} else if err != nil {
		return err
	}
	return nil
}

// typeName names an expected Go type in JSON's words.
func typeName(wrong *json.UnmarshalTypeError) string {
	switch kind := wrong.Type.Kind().String(); kind {
	case "string":
		return "text"
	case "bool":
		return "true or false"
	case "int", "int64":
		return "a whole number"
	case "slice":
		return "an array"
	default:
		return "an object"
	}
}

// EventFrame encodes an event whose payload d is encoded already.
func EventFrame(t string, seq int64, ts time.Time, d json.RawMessage) ([]byte, error) {
	frame, err := json.Marshal(Event{T: t, Seq: seq, TS: ts.UTC().Truncate(time.Millisecond), D: d})
	if err != nil {
		return nil, fmt.Errorf("encode event %s: %w", t, err)
	}
	return frame, nil
}

// OKFrame encodes the reply to a command that was carried out; body nil means
// no payload.
func OKFrame(id string, rev int64, body any) ([]byte, error) {
	r := Reply{Re: id, OK: true, Rev: rev}
	if body != nil {
		d, err := json.Marshal(body)
		if err != nil {
			return nil, fmt.Errorf("encode reply: %w", err)
		}
		r.D = d
	}
	return json.Marshal(r)
}

// ErrFrame encodes the reply to a command that failed. rev and current are the
// agent's state where the error is CodeStale; otherwise zero and nil.
func ErrFrame(id string, err error, rev int64, current any) ([]byte, error) {
	problem := ProblemOf(err)
	problem.Current = current
	return json.Marshal(Reply{Re: id, Rev: rev, Err: &problem})
}
