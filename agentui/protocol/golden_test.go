package protocol_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"ringmaster/agentui/protocol"
	"ringmaster/campaigns"
)

var update = flag.Bool("update", false, "write the golden frames anew")

// goldenFrames gives the frame of each message by its file name.
func goldenFrames(t *testing.T) map[string][]byte {
	t.Helper()
	frames := map[string][]byte{}
	must := func(frame []byte, err error) []byte {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return frame
	}
	for _, m := range protocol.Messages() {
		d := must(json.Marshal(samplePayload(m.Name, m.Direction)))
		if m.Direction == protocol.FromServer {
			seq := int64(1042)
			if m.Name == protocol.EventWelcome {
				seq = 1
			}
			frames["event."+m.Name] = must(protocol.EventFrame(m.Name, seq, sampleTime(), d))
			continue
		}
		c := protocol.Command{T: m.Name, ID: sampleID, D: d}
		if m.Guarded {
			c.Rev = 17
		}
		frames["command."+m.Name] = must(json.Marshal(c))
		frames["reply."+m.Name] = must(protocol.OKFrame(sampleID, 18, sampleReply(m.Name)))
	}
	snapshot := sampleSnapshot()
	frames["error.stale"] = must(protocol.ErrFrame(sampleID, campaigns.Errorf(campaigns.CodeStale, "your screen was behind"), 17, snapshot))
	frames["error.invalid"] = must(protocol.ErrFrame(sampleID, campaigns.Invalid("d.digits", `"x" is not 1 to 32 keys of 0-9, *, #, A-D`), 0, nil))
	frames["error.junk"] = must(protocol.ErrFrame("", campaigns.Errorf(campaigns.CodeInvalid, "the frame is no JSON object"), 0, nil))
	return frames
}

// TestGoldenFrames holds the frames to the bytes in testdata, which the
// TypeScript side reads too.
func TestGoldenFrames(t *testing.T) {
	frames := goldenFrames(t)
	for name, frame := range frames {
		path := filepath.Join("testdata", name+".json")
		var pretty bytes.Buffer
		if err := json.Indent(&pretty, frame, "", "  "); err != nil {
			t.Fatal(err)
		}
		pretty.WriteByte('\n')
		if *update {
			if err := os.WriteFile(path, pretty.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		golden, err := os.ReadFile(path)
		if err != nil {
			t.Errorf("%v; a new message needs its golden frame: go test ./agentui/protocol -update", err)
		} else if !bytes.Equal(golden, pretty.Bytes()) {
			t.Errorf("%s differs:\n%s", path, pretty.Bytes())
		}
	}
	paths, err := filepath.Glob("testdata/*.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		if _, ok := frames[strings.TrimSuffix(filepath.Base(path), ".json")]; !ok {
			t.Errorf("%s belongs to no message", path)
		}
	}
}

// TestGoldenFramesDecode reads each golden frame back without loss.
func TestGoldenFramesDecode(t *testing.T) {
	t.Parallel()
	for name, frame := range goldenFrames(t) {
		kind, message, _ := strings.Cut(name, ".")
		switch kind {
		case "command":
			c, err := protocol.ParseCommand(frame)
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			m, ok := protocol.Lookup(c.T)
			if !ok || c.T != message {
				t.Errorf("%s: no command %q", name, c.T)
				continue
			}
			p := m.NewPayload()
			if err := c.Decode(p); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			if want := samplePayload(message, protocol.FromClient); !reflect.DeepEqual(p, want) {
				t.Errorf("%s: got %+v, want %+v", name, p, want)
			}
		case "event":
			var e protocol.Event
			strict(t, name, frame, &e)
			want := sampleEvent(message)
			got := reflect.New(reflect.TypeOf(want).Elem()).Interface()
			strict(t, name, e.D, got)
			if !reflect.DeepEqual(got, want) {
				t.Errorf("%s: got %+v, want %+v", name, got, want)
			}
		default:
			var r protocol.Reply
			strict(t, name, frame, &r)
			if r.OK == (r.Err != nil) {
				t.Errorf("%s: ok and err contradict one another", name)
			}
		}
	}
}

func strict(t *testing.T, name string, data []byte, into any) {
	t.Helper()
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil {
		t.Errorf("%s: %v", name, err)
	}
}

// TestRegistryIsWhole refuses double names, payloads without samples of their
// type, and commands that nobody may send.
func TestRegistryIsWhole(t *testing.T) {
	t.Parallel()
	var seen []string
	for _, m := range protocol.Messages() {
		key := string(m.Direction) + " " + m.Name
		if slices.Contains(seen, key) {
			t.Errorf("%s is there twice", key)
		}
		seen = append(seen, key)
		if got, want := reflect.TypeOf(samplePayload(m.Name, m.Direction)), reflect.TypeOf(m.Payload); got != want {
			t.Errorf("%s: the sample is a %v, the payload a %v", key, got, want)
		}
		if got, want := reflect.TypeOf(sampleReply(m.Name)), reflect.TypeOf(m.Reply); m.Direction == protocol.FromClient && got != want {
			t.Errorf("%s: the sample reply is a %v, the reply a %v", key, got, want)
		}
		if m.Doc == "" || (m.Direction == protocol.FromClient && len(m.Roles) == 0) {
			t.Errorf("%s lacks its doc or its roles", key)
		}
	}
}
