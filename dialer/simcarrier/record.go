package simcarrier

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// Kind tells whose line an INVITE reached or came from.
type Kind string

// The kinds of lines.
const (
	KindCustomer Kind = "customer" // the dialer called a customer
	KindPhone    Kind = "phone"    // the dialer called an agent's phone
	KindInbound  Kind = "inbound"  // a customer called the dialer
)

// Result is how an INVITE ended.
type Result string

// The results of an INVITE.
const (
	// ResultAnswered had a 200; of an inbound call: an agent was heard.
	ResultAnswered Result = "answered"
	// ResultCancelled was ended by the caller's CANCEL.
	ResultCancelled Result = "cancelled"
	// ResultNoAnswer rang until the network gave up: 480.
	ResultNoAnswer Result = "no_answer"
	// ResultBusy was engaged: 486.
	ResultBusy Result = "busy"
	// ResultBadNumber does not exist: 404.
	ResultBadNumber Result = "bad_number"
	// ResultRejected was declined: 603.
	ResultRejected Result = "rejected"
	// ResultCongestion found no circuit: 503, also beyond Options.MaxCalls.
	ResultCongestion Result = "congestion"
	// ResultNoResponse was given no final response, on purpose or, inbound,
	// by the dialer.
	ResultNoResponse Result = "no_response"
	// ResultIncompatible had no common codec: 488.
	ResultIncompatible Result = "incompatible"
	// ResultFailed could not be served by the carrier itself: 500.
	ResultFailed Result = "failed"
	// ResultAbandoned is an inbound caller who hung up waiting, before an
	// agent was heard.
	ResultAbandoned Result = "abandoned"
	// ResultRefused is an inbound call that the dialer refused or cleared
	// before an agent was heard.
	ResultRefused Result = "refused"
	// ResultOpen was still going on when the carrier was stopped.
	ResultOpen Result = "open"
)

// Ender is who ended a call, as the carrier saw it.
type Ender string

// Who ended a call.
const (
	EndedByUs        Ender = "us"
	EndedByThem      Ender = "them"
	EndedByMediaLost Ender = "media_lost"
)

// Record is one line of the call log; doc.go explains each field.
type Record struct {
	Seq         uint64    `json:"seq"`
	Kind        Kind      `json:"kind"`
	Number      string    `json:"number"`
	From        string    `json:"from,omitempty"`
	To          string    `json:"to,omitempty"`
	CallID      string    `json:"call_id"`
	Behaviour   Behaviour `json:"behaviour"`
	Try         int       `json:"try,omitempty"`
	InviteAt    time.Time `json:"invite_at"`
	RingingAt   time.Time `json:"ringing_at,omitzero"`
	AnsweredAt  time.Time `json:"answered_at,omitzero"`
	EndedAt     time.Time `json:"ended_at,omitzero"`
	Result      Result    `json:"result"`
	Code        int       `json:"code,omitempty"`
	EndedBy     Ender     `json:"ended_by,omitempty"`
	Acked       bool      `json:"acked,omitempty"`
	Fork        string    `json:"fork,omitempty"`
	ToneHz      int       `json:"tone_hz"`
	Heard       []Heard   `json:"heard,omitempty"`
	HeardOther  int       `json:"heard_other_ms"`
	Digits      string    `json:"digits,omitempty"`
	RTPSent     uint64    `json:"rtp_sent"`
	RTPReceived uint64    `json:"rtp_received"`
	RTPLost     uint64    `json:"rtp_lost"`
	RTPStray    uint64    `json:"rtp_stray,omitempty"`
}

// Heard is one interval during which an endpoint heard one tone.
type Heard struct {
	Hz      int       `json:"hz"`
	MS      int       `json:"ms"`
	FirstAt time.Time `json:"first_at"`
	LastAt  time.Time `json:"last_at"`
}

// HeardMS adds up the milliseconds during which hz was heard.
func (r Record) HeardMS(hz int) int {
	total := 0
	for _, h := range r.Heard {
		if h.Hz == hz {
			total += h.MS
		}
	}
	return total
}

// ErrTruncated is wrapped by ReadLog when the last line has no end: the
// carrier was killed while it wrote. The records before it are good.
var ErrTruncated = errors.New("the last line is cut off")

// ReadLog reads a call log. On an error, which names the line, it returns the
// records before that line too.
func ReadLog(r io.Reader) ([]Record, error) {
	var records []Record
	lines := bufio.NewReader(r)
	for n := 1; ; n++ {
		line, err := lines.ReadBytes('\n')
		if errors.Is(err, io.EOF) && len(line) == 0 {
			return records, nil
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return records, fmt.Errorf("simcarrier: call log, line %d: %w", n, err)
		}
		if len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		var record Record
		if bad := json.Unmarshal(line, &record); bad != nil {
			if err != nil {
				bad = ErrTruncated
			}
			return records, fmt.Errorf("simcarrier: call log, line %d: %w", n, bad)
		}
		records = append(records, record)
	}
}

// Pair is two INVITEs to one number that were alive at the same time.
type Pair struct {
	First, Second Record
	// Overlap is how long both were; zero when neither has an end.
	Overlap time.Duration
}

// Overlaps returns the customers' INVITEs that were alive, from invite_at to
// ended_at, at the same time as another one to the same number: a person rung
// twice at once, unless the number is shared. A record without an end lasts
// for ever. Pairs come in the order of number and time.
func Overlaps(records []Record) []Pair {
	customers := make([]Record, 0, len(records))
	for _, r := range records {
		if r.Kind == KindCustomer {
			customers = append(customers, r)
		}
	}
	slices.SortFunc(customers, func(a, b Record) int {
		if c := strings.Compare(a.Number, b.Number); c != 0 {
			return c
		}
		return a.InviteAt.Compare(b.InviteAt)
	})
	var pairs []Pair
	for i, first := range customers {
		for _, second := range customers[i+1:] {
			if second.Number != first.Number {
				break
			}
			if !first.EndedAt.IsZero() && !second.InviteAt.Before(first.EndedAt) {
				continue
			}
			pairs = append(pairs, Pair{First: first, Second: second, Overlap: overlap(first, second)})
		}
	}
	return pairs
}

func overlap(first, second Record) time.Duration {
	end := first.EndedAt
	if end.IsZero() || (!second.EndedAt.IsZero() && second.EndedAt.Before(end)) {
		end = second.EndedAt
	}
	if end.IsZero() {
		return 0
	}
	return max(0, end.Sub(second.InviteAt))
}
