package dialer

import (
	"strings"
	"testing"
	"time"
)

func TestOptionsNameWhatIsWrong(t *testing.T) {
	t.Parallel()
	o := Options{
		Node: "n1", Queues: []QueueConfig{{Name: "a", Default: true}, {Name: "a", Default: true}},
		Timings: Timings{Lease: time.Second, LeaseMargin: 2 * time.Second}, Limits: Limits{Calls: -1},
	}
	_, err := New(o)
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{"Carriers is missing", "Gate is missing", "Registerer is missing", `"a" is empty or taken`, "more than one queue", "LeaseMargin", "negative"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in %q", want, err)
		}
	}
	if strings.Contains(err.Error(), "Node is") {
		t.Errorf("%q complains of what is there", err)
	}
}

func TestQueueOfCalledNumber(t *testing.T) {
	t.Parallel()
	o := Options{Queues: []QueueConfig{{Name: "sales", Default: true}, {Name: "service", Numbers: []string{"+1 800 555 0100"}}}}
	for called, want := range map[string]string{"+18005550100": "service", "18005550100": "service", "+18005550199": "sales"} {
		if q, ok := o.queueOf(called); !ok || q.Name != want {
			t.Errorf("%s goes to %q, want %q", called, q.Name, want)
		}
	}
	o.Queues = o.Queues[1:]
	if _, ok := o.queueOf("+18005550199"); ok {
		t.Error("a number without queue or default is taken")
	}
}

func TestEachNumberLendsItsOwnCampaign(t *testing.T) {
	t.Parallel()
	q := QueueConfig{
		Numbers:   []string{"+18005550100", "+18005550101", "+18005550102"},
		Campaigns: map[string]string{"+1 800 555 0100": "Autumn", "+18005550101": "Winter"},
	}
	for called, want := range map[string]string{"18005550100": "Autumn", "+1-800-555-0101": "Winter", "+18005550102": "", "+18005550199": ""} {
		if got := q.lends(called); got != want {
			t.Errorf("%s lends %q, want %q", called, got, want)
		}
	}
}
