package media

import (
	"bytes"
	"errors"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/pion/sdp/v3"
)

// description joins lines by CRLF.
func description(lines ...string) []byte { return []byte(strings.Join(lines, "\r\n") + "\r\n") }

const plainSDP = "v=0|o=- 1 1 IN IP4 192.0.2.1|s=-|c=IN IP4 192.0.2.1|t=0 0|"

func lines(s string) []byte { return description(strings.Split(s, "|")...) }

func TestReadRemote(t *testing.T) {
	t.Parallel()
	v4 := netip.MustParseAddrPort("192.0.2.1:4000")
	v4rtcp := netip.MustParseAddrPort("192.0.2.1:4001")
	both := []codecType{{PCMU, 0}, {PCMA, 8}}
	for name, c := range map[string]struct {
		sdp  string
		want remoteAudio
	}{
		"static types without rtpmap": {plainSDP + "m=audio 4000 RTP/AVP 0 8",
			remoteAudio{addr: v4, rtcp: v4rtcp, codecs: both, direction: sendRecv}},
		"order, dynamic types, other clocks": {plainSDP + "m=audio 4000 RTP/AVP 9 8 97 98 96 0|a=rtpmap:9 G722/8000|a=rtpmap:97 telephone-event/16000|a=rtpmap:98 telephone-event/8000|a=rtpmap:96 pcmu/8000/1|a=fmtp:98 0-15",
			remoteAudio{addr: v4, rtcp: v4rtcp, codecs: []codecType{{PCMA, 8}, {PCMU, 96}, {PCMU, 0}}, eventType: 98, direction: sendRecv}},
		"session level attributes, ptime 30": {plainSDP + "a=sendonly|a=ptime:30|m=audio 4000 RTP/AVP 0",
			remoteAudio{addr: v4, rtcp: v4rtcp, codecs: both[:1], direction: sendOnly}},
		"media level wins": {"v=0|o=x y z IN IP4 h|c=IN IP4 198.51.100.1|a=sendonly|m=audio 4000 RTP/AVP 0|c=IN IP4 192.0.2.1|a=inactive|a=ptime:0|a=ptime:many",
			remoteAudio{addr: v4, rtcp: v4rtcp, codecs: both[:1], direction: inactive}},
		"hold of RFC 2543": {"v=0|c=IN IP4 0.0.0.0|m=audio 4000 RTP/AVP 0",
			remoteAudio{codecs: both[:1], direction: sendRecv, held: true}},
		"several lines": {plainSDP + "b=X-YZ:1|m=image 5000 udptl t38|a=T38FaxVersion:0|m=audio 0 RTP/AVP 0|m=audio 6000 RTP/SAVP 0|m=audio 6000 RTP/AVP 18|m=audio 4000 RTP/AVP 8|m=video 5002 RTP/AVP 31",
			remoteAudio{index: 4, addr: v4, rtcp: v4rtcp, codecs: both[1:], direction: sendRecv}},
		"IPv6": {"v=0|c=IN IP6 2001:db8::1|m=audio 4000 RTP/AVP 0",
			remoteAudio{addr: netip.MustParseAddrPort("[2001:db8::1]:4000"), rtcp: netip.MustParseAddrPort("[2001:db8::1]:4001"), codecs: both[:1], direction: sendRecv}},
		"RTCP elsewhere": {plainSDP + "m=audio 4000/2 RTP/AVPF 0|a=rtcp:5555 IN IP4 192.0.2.9",
			remoteAudio{addr: v4, rtcp: netip.MustParseAddrPort("192.0.2.9:5555"), codecs: both[:1], direction: sendRecv}},
		"host name, TTL": {"v=0|c=IN IP4 media.example/127|m=audio 4000 RTP/AVP 0",
			remoteAudio{codecs: both[:1], direction: sendRecv}},
		"no c= at all": {"v=0|m=audio 4000 RTP/AVP 0",
			remoteAudio{codecs: both[:1], direction: sendRecv}},
		"PCMU remapped away": {plainSDP + "m=audio 4000 RTP/AVP 0 8 300 -1 x|a=rtpmap:0 G729/8000|a=rtpmap:x PCMU/8000",
			remoteAudio{addr: v4, rtcp: v4rtcp, codecs: both[1:], direction: sendRecv}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, end := range []string{"\r\n", "\n", "\r"} {
				b := bytes.ReplaceAll(lines(c.sdp), []byte("\r\n"), []byte(end))
				d, err := parseSDP(bytes.TrimSpace(b))
				if err != nil {
					t.Fatal(err)
				}
				got, err := readRemote(d)
				if err != nil {
					t.Fatal(err)
				}
				if !reflect.DeepEqual(got, c.want) {
					t.Errorf("got %+v, want %+v", got, c.want)
				}
			}
		})
	}
}

func TestBadSDPIsNamed(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ sdp, want string }{
		"junk":      {"hello", "no v= line"},
		"no media":  {plainSDP, "no m= line"},
		"bad port":  {plainSDP + "m=audio 70000 RTP/AVP 0", `line 6: m=audio 70000 RTP/AVP 0: port "70000"`},
		"short m=":  {plainSDP + "m=audio", "line 6: m=audio: want"},
		"short c=":  {"v=0|c=IN IP4|m=audio 1 RTP/AVP 0", "line 2: c=IN IP4: want"},
		"too large": {"v=0|" + strings.Repeat("a=x|", maxSDP/3), "at most 16384"},
	} {
		if _, err := parseSDP(lines(c.sdp)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want %q", name, err, c.want)
		}
	}
	for name, c := range map[string]struct {
		sdp     string
		noAudio bool
	}{
		"refused":         {plainSDP + "m=audio 0 RTP/AVP 0", true},
		"fax":             {plainSDP + "m=image 4000 udptl t38", true},
		"encrypted only":  {plainSDP + "m=audio 4000 RTP/SAVP 0", true},
		"no common codec": {plainSDP + "m=audio 4000 RTP/AVP 18 101|" + eventMap, false},
	} {
		d, err := parseSDP(lines(c.sdp))
		if err != nil {
			t.Fatal(err)
		}
		_, err = readRemote(d)
		// A refusal for want of audio is one for want of a codec too.
		if !errors.Is(err, ErrNoCommonCodec) || errors.Is(err, ErrNoAudio) != c.noAudio {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// strict parses one of our descriptions with pion's strict reader.
func strict(t testing.TB, b []byte) *sdp.SessionDescription {
	t.Helper()
	var d sdp.SessionDescription
	if err := d.Unmarshal(b); err != nil {
		t.Fatalf("pion refuses our own description: %v\n%s", err, b)
	}
	return &d
}

func TestOffer(t *testing.T) {
	t.Parallel()
	f, _ := stillFactory(t)
	l, _ := newTestLeg(t, f, LegConfig{})
	offer := l.Offer()
	if !bytes.Equal(offer, l.Offer()) {
		t.Error("an offer that is repeated before the answer is another one")
	}
	d := strict(t, offer)
	m := d.MediaDescriptions[0]
	if got := m.MediaName.Port.Value; got != l.Port() || got%2 != 0 {
		t.Errorf("port %d, leg has %d", got, l.Port())
	}
	text := string(offer)
	for _, want := range []string{"RTP/AVP 0 8 101\r\n", "c=IN IP4 127.0.0.1\r\n", "a=rtpmap:101 telephone-event/8000\r\n", "a=fmtp:101 0-15\r\n", "a=ptime:20\r\n", "a=sendrecv\r\n"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	p, _ := newTestLeg(t, f, LegConfig{PreferPCMA: true})
	if !strings.Contains(string(p.Offer()), "RTP/AVP 8 0 101\r\n") || p.Codec() != PCMA {
		t.Errorf("PreferPCMA offers\n%s", p.Offer())
	}

	// A re-offer: next version, same session, payload types kept.
	o := newFar(t, l)
	if _, err := l.Answer(o.sdp("8 0 97", "a=rtpmap:97 telephone-event/8000")); err != nil {
		t.Fatal(err)
	}
	again := strict(t, l.Offer())
	if again.Origin.SessionID != d.Origin.SessionID || again.Origin.SessionVersion != d.Origin.SessionVersion+2 {
		t.Errorf("origin %v after %v", again.Origin, d.Origin)
	}
	if got := again.MediaDescriptions[0].MediaName.Formats; !slices.Equal(got, []string{"0", "8", "97"}) {
		t.Errorf("re-offer has %v", got)
	}
}

func TestAnswer(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		prefer  bool
		formats string
		lines   []string
		codec   Codec
		want    []string
	}{
		"both laws":        {false, "8 0 101", []string{eventMap}, PCMU, []string{"RTP/AVP 0 101\r\n", "a=sendrecv"}},
		"prefers A-law":    {true, "0 8", nil, PCMA, []string{"RTP/AVP 8\r\n"}},
		"takes what is":    {true, "18 0", nil, PCMU, []string{"RTP/AVP 0\r\n"}},
		"dynamic types":    {false, "97 98", []string{"a=rtpmap:97 PCMA/8000", "a=rtpmap:98 telephone-event/8000"}, PCMA, []string{"RTP/AVP 97 98\r\n", "a=rtpmap:97 PCMA/8000", "a=fmtp:98 0-15"}},
		"hold":             {false, "0", []string{"a=sendonly"}, PCMU, []string{"a=recvonly"}},
		"inactive":         {false, "0", []string{"a=inactive"}, PCMU, []string{"a=inactive"}},
		"listens only":     {false, "0", []string{"a=recvonly"}, PCMU, []string{"a=sendonly"}},
		"refuses the rest": {false, "0", []string{"m=video 9 RTP/AVP 31", "m=image 9 udptl t38", "m=message 9 TCP/MSRP"}, PCMU, []string{"m=video 0 RTP/AVP 31\r\n", "m=image 0 udptl t38\r\n", "m=message 0 TCP/MSRP 0\r\n"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, _ := stillFactory(t)
			l, _ := newTestLeg(t, f, LegConfig{PreferPCMA: c.prefer})
			o := newFar(t, l)
			answer, err := l.Answer(o.sdp(c.formats, c.lines...))
			if err != nil {
				t.Fatal(err)
			}
			if l.Codec() != c.codec {
				t.Errorf("codec %s", l.Codec())
			}
			for _, want := range c.want {
				if !strings.Contains(string(answer), want) {
					t.Errorf("no %q in\n%s", want, answer)
				}
			}
		})
	}
}

func TestAnswerVersions(t *testing.T) {
	t.Parallel()
	f, _ := stillFactory(t)
	l, _ := newTestLeg(t, f, LegConfig{})
	o := newFar(t, l)
	answer := func(formats string, more ...string) sdp.Origin {
		t.Helper()
		b, err := l.Answer(o.sdp(formats, more...))
		if err != nil {
			t.Fatal(err)
		}
		return strict(t, b).Origin
	}
	first := answer("0 8 101", eventMap)
	if same := answer("0 8 101", eventMap); same != first {
		t.Errorf("the same offer again: %v, was %v", same, first)
	}
	hold := answer("0 8 101", eventMap, "a=sendonly")
	if hold.SessionID != first.SessionID || hold.SessionVersion != first.SessionVersion+1 {
		t.Errorf("hold: %v, was %v", hold, first)
	}
	// A refused offer changes nothing.
	if _, err := l.Answer(o.sdp("18")); !errors.Is(err, ErrNoCommonCodec) {
		t.Fatalf("error %v", err)
	}
	if !l.OnHold() {
		t.Error("the refused offer resumed the call")
	}
}

func TestAddressFamily(t *testing.T) {
	t.Parallel()
	f, _ := stillFactory(t)
	l, _ := newTestLeg(t, f, LegConfig{})
	_, err := l.Answer(lines("v=0|c=IN IP6 2001:db8::1|m=audio 4000 RTP/AVP 0"))
	if !errors.Is(err, ErrAddressFamily) || !errors.Is(err, ErrNoCommonCodec) {
		t.Errorf("error %v", err)
	}
}

func TestLateOffer(t *testing.T) {
	t.Parallel()
	f := runningFactory(t)
	l, ev := newTestLeg(t, f, LegConfig{})
	o := newFar(t, l)
	offer, err := l.Answer(nil)
	if err != nil || !strings.Contains(string(offer), "RTP/AVP 0 8 101") {
		t.Fatalf("our offer: %v\n%s", err, offer)
	}
	if err := l.SetAnswer(nil); !errors.Is(err, ErrNoAnswer) {
		t.Fatalf("no answer in the ACK: %v", err)
	}
	if err := l.SetAnswer(o.sdp("8")); err != nil {
		t.Fatal(err)
	}
	l.SetConfirmed()
	o.pt = uint8(PCMA)
	o.audio(o.silence())
	ev.want(t, FirstRTP)
	ev.want(t, Latched)
	l.PlayTone(Beep())
	if p := o.read(); p.PayloadType != uint8(PCMA) {
		t.Errorf("payload type %d", p.PayloadType)
	}
}

func TestEarlyMediaIsReplaced(t *testing.T) {
	t.Parallel()
	f, clock := stillFactory(t)
	l, ev := newTestLeg(t, f, LegConfig{})
	early, final := newFar(t, l), newFar(t, l)
	l.Offer()
	if err := l.SetEarly(nil); err != nil {
		t.Fatal(err)
	}
	if err := l.SetEarly(early.sdp("0")); err != nil {
		t.Fatal(err)
	}
	early.audio(early.silence())
	ev.want(t, FirstRTP)
	// The 200 may have no description: the early one holds.
	if err := l.SetAnswer(nil); err != nil {
		t.Fatal(err)
	}
	// Or another one: its address takes over although the old one goes on.
	if err := l.SetAnswer(final.sdp("8")); err != nil {
		t.Fatal(err)
	}
	if l.Codec() != PCMA {
		t.Errorf("codec %s", l.Codec())
	}
	l.SetConfirmed()
	early.audio(early.silence())
	final.pt = uint8(PCMA)
	final.audio(final.silence())
	ev.want(t, Latched)
	if s := l.Stats(); s.Source != final.addr() {
		t.Errorf("source %s", s.Source)
	}
	done := l.Play(newPrompt(make([]int16, 160)), false)
	f.pacer.step(clock.now())
	f.pacer.step(clock.add(frameTime))
	<-done
	final.read()
	early.drained()
}

// FuzzSDP feeds descriptions to the parser and to a leg's Answer.
func FuzzSDP(f *testing.F) {
	f.Add(lines(plainSDP + "m=audio 4000 RTP/AVP 0 8 101|a=rtpmap:101 telephone-event/8000|a=sendonly|a=rtcp:4009 IN IP4 192.0.2.3"))
	f.Add(lines("v=0|c=IN IP6 ::1/3|m=video 1/2 RTP/AVP|m=audio 65535 RTP/AVPF 127|a=rtpmap:127 PCMU/8000"))
	f.Fuzz(func(t *testing.T, b []byte) {
		d, err := parseSDP(b)
		if err != nil {
			return
		}
		r, err := readRemote(d)
		if err != nil {
			return
		}
		l := localAudio{
			addr: netip.MustParseAddrPort("192.0.2.200:20000"), session: 1, version: 1,
			codecs: []codecType{choose(&r, PCMU)}, eventType: r.eventType, direction: r.direction.mirrored(),
		}
		answer := marshal(l.answer(d, r.index))
		back, err := parseSDP(answer)
		if err != nil {
			if len(answer) > maxSDP {
				return
			}
			t.Fatalf("own answer: %v\n%s", err, answer)
		}
		if len(back.MediaDescriptions) != len(d.MediaDescriptions) {
			t.Fatalf("%d lines answered with %d", len(d.MediaDescriptions), len(back.MediaDescriptions))
		}
		if own, err := readRemote(back); err != nil || own.index != r.index || len(own.codecs) != 1 {
			t.Fatalf("own answer reads as %+v, %v\n%s", own, err, answer)
		}
	})
}
