package protocol_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"ringmaster/agentui/protocol"
	"ringmaster/campaigns"
)

func TestParseCommandNamesWhatIsWrong(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		frame, field string
		junk, hasID  bool
	}{
		"empty":        {frame: ``, junk: true},
		"text":         {frame: `hello`, junk: true},
		"array":        {frame: `[1]`, junk: true},
		"null":         {frame: `null`, junk: true},
		"cut off":      {frame: `{"t":"ping"`, junk: true},
		"two objects":  {frame: `{} {}`, junk: true},
		"no id":        {frame: `{"t":"ping"}`, field: "id"},
		"number as id": {frame: `{"t":"ping","id":5}`, field: "id"},
		"short id":     {frame: `{"t":"ping","id":"01JD8"}`, field: "id"},
		"id with U":    {frame: `{"t":"ping","id":"01JD8QZ3T5V7X9Z1B3D5F7H9KU"}`, field: "id"},
		"no name":      {frame: `{"id":"` + sampleID + `"}`, field: "t", hasID: true},
		"number name":  {frame: `{"t":1,"id":"` + sampleID + `"}`, field: "t", hasID: true},
		"text rev":     {frame: `{"t":"ping","id":"` + sampleID + `","rev":"x"}`, field: "rev", hasID: true},
		"minus rev":    {frame: `{"t":"ping","id":"` + sampleID + `","rev":-1}`, field: "rev", hasID: true},
		"array as d":   {frame: `{"t":"ping","id":"` + sampleID + `","d":[]}`, field: "d", hasID: true},
	} {
		got, err := protocol.ParseCommand([]byte(c.frame))
		var e *campaigns.Error
		if !errors.As(err, &e) || e.Code != campaigns.CodeInvalid {
			t.Errorf("%s: error %v is no invalid input", name, err)
			continue
		}
		if protocol.IsJunk(err) != c.junk || e.Field != c.field || (got.ID == sampleID) != c.hasID {
			t.Errorf("%s: junk %v, field %q, id %q", name, protocol.IsJunk(err), e.Field, got.ID)
		}
	}
	for _, frame := range []string{
		`{"t":"ping","id":"` + sampleID + `"}`,
		`{"t":"ping","id":"` + sampleID + `","d":null,"later":{"x":1}}`,
	} {
		if c, err := protocol.ParseCommand([]byte(frame)); err != nil || string(c.D) != "{}" {
			t.Errorf("%s: %s, %v", frame, c.D, err)
		}
	}
}

func TestDecodeNamesTheField(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 10_001)
	for _, c := range []struct{ command, d, field string }{
		{"state.set", `{}`, "d.state"},
		{"state.set", `{"state":"talking"}`, "d.state"},
		{"state.set", `{"state":7}`, "d.state"},
		{"call.hangup", `{}`, "d.call_id"},
		{"call.mute", `{"call_id":"x","muted":"yes"}`, "d.muted"},
		{"call.dtmf", `{"call_id":"x","digits":"12x"}`, "d.digits"},
		{"call.dtmf", `{"call_id":"x"}`, "d.digits"},
		{"call.draft", `{"call_id":"x"}`, "d.body"},
		{"call.draft", `{"call_id":"x","body":{"notes":"a\u0000b"}}`, "d.body"},
		{"call.result", `{"call_id":"x"}`, "d.disposition"},
		{"call.result", `{"call_id":"x","disposition":"system_dropped"}`, "d.disposition"},
		{"call.result", `{"call_id":"x","disposition":"callback"}`, "d.callback_at"},
		{"call.result", `{"call_id":"x","disposition":"sale","callback_at":"2026-11-24T10:00:00Z"}`, "d.callback_at"},
		{"call.result", `{"call_id":"x","disposition":"callback","callback_at":"tomorrow"}`, "d"},
		{"call.result", `{"call_id":"x","disposition":"sale","notes":"` + long + `"}`, "d.notes"},
		{"call.result", `{"call_id":"x","disposition":"sale","notes":"a\u0000"}`, "d.notes"},
		{"contact.find", `{"text":" "}`, "d.text"},
		{"contact.create", `{"call_id":"x"}`, "d.last_name"},
		{"contact.create", `{"last_name":"x"}`, "d.number"},
		{"contact.bind", `{"call_id":"x"}`, "d.contact_id"},
		{"dial.manual", `{"number":"1"}`, "d.campaign_id"},
		{"dial.manual", `{"campaign_id":1}`, "d.number"},
		{"dial.manual", `{"campaign_id":1,"number":"1","contact_id":2}`, "d.number"},
		{"watch", `{"topics":["calls"]}`, "d.topics"},
		{"campaign.start", `{"campaign_id":"3"}`, "d.campaign_id"},
	} {
		m, ok := protocol.Lookup(c.command)
		if !ok {
			t.Fatalf("no command %s", c.command)
		}
		cmd := protocol.Command{T: c.command, D: json.RawMessage(c.d)}
		err := cmd.Decode(m.NewPayload())
		var e *campaigns.Error
		if !errors.As(err, &e) || e.Code != campaigns.CodeInvalid || e.Field != c.field {
			t.Errorf("%s %.60s: %v, want an error of %s", c.command, c.d, err, c.field)
		}
	}
}

// TestNothingIsNull marshals the emptiest values that the owners may hand over.
func TestNothingIsNull(t *testing.T) {
	t.Parallel()
	empty := campaigns.AgentSnapshot{Call: &campaigns.CallView{Pop: &campaigns.Pop{Candidates: []campaigns.Contact{{}}}}}
	floor := campaigns.Floor{Campaigns: []campaigns.CampaignLive{{}}}
	for name, v := range map[string]any{
		"snapshot": protocol.WholeSnapshot(empty),
		"floor":    protocol.WholeFloor(floor, nil),
		"contacts": protocol.ContactsFound{Contacts: protocol.WholeContacts(nil)},
	} {
		data, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(data), "null") {
			t.Errorf("%s: %s", name, data)
		}
	}
	if empty.Call.Pop.Consents != nil || floor.Campaigns[0].Outcomes != nil {
		t.Error("the owner's value was changed")
	}
	if f := protocol.WholeFloor(sampleFloor(), []protocol.Topic{protocol.TopicQueues}); len(f.Queues) != 1 || len(f.Agents)+len(f.Campaigns)+len(f.Trunks) != 0 {
		t.Errorf("topics not kept apart: %+v", f)
	}
}

// TestInternalErrorsAreNotShown keeps causes and unknown errors from clients.
func TestInternalErrorsAreNotShown(t *testing.T) {
	t.Parallel()
	for _, err := range []error{
		errors.New("password=secret"),
		campaigns.Wrap(campaigns.CodeInternal, "secret", errors.New("secret")),
		campaigns.Wrap(campaigns.CodeUnavailable, "the database is away", errors.New("secret")),
	} {
		data, _ := json.Marshal(protocol.ProblemOf(err))
		if strings.Contains(string(data), "secret") {
			t.Errorf("%s shows what is internal", data)
		}
	}
}

func FuzzParseCommand(f *testing.F) {
	f.Add([]byte(`{"t":"call.result","id":"` + sampleID + `","rev":17,"d":{"call_id":"x","disposition":"sale"}}`))
	f.Add([]byte(`{"t":"watch","id":"` + sampleID + `","d":{"topics":["agents"]}}`))
	f.Fuzz(func(t *testing.T, frame []byte) {
		c, err := protocol.ParseCommand(frame)
		if err != nil {
			return
		}
		if m, ok := protocol.Lookup(c.T); ok {
			if err := c.Decode(m.NewPayload()); err != nil && campaigns.CodeOf(err) != campaigns.CodeInvalid {
				t.Errorf("%s: %v is no invalid input", frame, err)
			}
		}
	})
}
