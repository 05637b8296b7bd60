package main

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"ringmaster/campaigns"
	"ringmaster/campaigns/report"
)

// demoReport is what happened in a demo; ratios are fractions of 1.
type demoReport struct {
	Seconds      float64                       `json:"seconds"`
	Agents       int                           `json:"agents"`
	Candidates   reportCandidates              `json:"candidates"`
	Attempts     reportAttempts                `json:"attempts"`
	Dispositions map[campaigns.Disposition]int `json:"dispositions"`
	Inbound      reportInbound                 `json:"inbound"`
	AgentSeconds reportAgentSeconds            `json:"agent_seconds"`
	Occupancy    float64                       `json:"occupancy"`
	DropRate     float64                       `json:"drop_rate"`
	LatencyMS    reportLatencies               `json:"latency_ms"`
	RTP          reportRTP                     `json:"rtp"`
	Violations   violations                    `json:"violations"`
	// Simulation is that of the same work, in scenario predictive.
	Simulation *reportSimulation `json:"simulation,omitempty"`
	// Campaign is the report on the campaign of a scenario.
	Campaign *report.Report `json:"campaign,omitempty"`
	// Told explains each violation and each call not heard in words; it goes
	// to the human report only.
	Told []string `json:"-"`
}

type reportCandidates struct {
	Imported int                              `json:"imported"`
	Rejected int                              `json:"rejected"`
	ByState  map[campaigns.CandidateState]int `json:"by_state"`
}

type reportAttempts struct {
	Total     int                       `json:"total"`
	ByOutcome map[campaigns.Outcome]int `json:"by_outcome"`
}

type reportInbound struct {
	Offered      int     `json:"offered"`
	Answered     int     `json:"answered"`
	Abandoned    int     `json:"abandoned"`
	ServiceLevel float64 `json:"service_level"`
}

type reportAgentSeconds struct {
	Talk     float64 `json:"talk"`
	Hold     float64 `json:"hold"`
	WrapUp   float64 `json:"wrap_up"`
	Ready    float64 `json:"ready"`
	NotReady float64 `json:"not_ready"`
}

// occupancy is (talk + hold + wrap-up) ÷ (that + ready).
func (a reportAgentSeconds) occupancy() float64 {
	busy := a.Talk + a.Hold + a.WrapUp
	if busy+a.Ready == 0 {
		return 0
	}
	return busy / (busy + a.Ready)
}

type reportLatencies struct {
	ClaimToInvite  reportPercentiles `json:"claim_to_invite"`
	AnswerToBridge reportPercentiles `json:"answer_to_bridge"`
	AnswerToPop    reportPercentiles `json:"answer_to_pop"`
	ResultCommit   reportPercentiles `json:"result_commit"`
}

type reportPercentiles struct {
	P50 float64 `json:"p50"`
	P95 float64 `json:"p95"`
	P99 float64 `json:"p99"`
}

type reportRTP struct {
	Sent               int64 `json:"sent"`
	Received           int64 `json:"received"`
	Lost               int64 `json:"lost"`
	CallsBridged       int   `json:"calls_bridged"`
	CallsHeardBothWays int   `json:"calls_heard_both_ways"`
}

// writeJSON writes the report as one object.
func (r demoReport) writeJSON(w io.Writer) error {
	if err := json.NewEncoder(w).Encode(r); err != nil {
		return fmt.Errorf("report: %w", err)
	}
	return nil
}

// writeText writes the report for a person.
func (r demoReport) writeText(w io.Writer) error {
	var b strings.Builder
	ms := func(p reportPercentiles) string { return fmt.Sprintf("%.1f / %.1f / %.1f ms", p.P50, p.P95, p.P99) }
	fmt.Fprintf(&b, "\nWhat happened in %v with %d agents\n\n", time.Duration(r.Seconds*float64(time.Second)).Round(time.Second), r.Agents)
	fmt.Fprintf(&b, "  candidates        %d imported, %d rows rejected; now %s\n", r.Candidates.Imported, r.Candidates.Rejected, counts(r.Candidates.ByState))
	fmt.Fprintf(&b, "  attempts          %d: %s\n", r.Attempts.Total, counts(r.Attempts.ByOutcome))
	fmt.Fprintf(&b, "  results           %s\n", counts(r.Dispositions))
	fmt.Fprintf(&b, "  inbound           %d offered, %d answered, %d abandoned, service level %.0f %%\n",
		r.Inbound.Offered, r.Inbound.Answered, r.Inbound.Abandoned, 100*r.Inbound.ServiceLevel)
	fmt.Fprintf(&b, "  agents            occupancy %.1f %%, talk %.0f s, wrap-up %.0f s, ready %.0f s\n",
		100*r.Occupancy, r.AgentSeconds.Talk, r.AgentSeconds.WrapUp, r.AgentSeconds.Ready)
	fmt.Fprintf(&b, "  dropped           %.1f %% of live answers\n", 100*r.DropRate)
	fmt.Fprintf(&b, "  p50 / p95 / p99   claim to INVITE %s; answer to bridge %s\n", ms(r.LatencyMS.ClaimToInvite), ms(r.LatencyMS.AnswerToBridge))
	fmt.Fprintf(&b, "                    answer to pop %s; result commit %s\n", ms(r.LatencyMS.AnswerToPop), ms(r.LatencyMS.ResultCommit))
	fmt.Fprintf(&b, "  audio             %d bridged calls over 2 s, %d heard both ways; RTP %d sent, %d received, %d lost\n",
		r.RTP.CallsBridged, r.RTP.CallsHeardBothWays, r.RTP.Sent, r.RTP.Received, r.RTP.Lost)
	v := r.Violations
	fmt.Fprintf(&b, "  violations        rung twice %d, outside window %d, do not call %d, open attempts %d, stateless candidates %d,\n"+
		"                    answered without result %d, carrier mismatch %d\n",
		v.PersonRungTwice, v.OutsideWindow, v.DoNotCall, v.OpenAttempts, v.StatelessCandidates, v.AnsweredWithoutResult, v.CarrierMismatch)
	if s := r.Simulation; s != nil {
		s.writeText(&b)
	}
	for _, line := range r.Told {
		fmt.Fprintf(&b, "  ! %s\n", line)
	}
	if _, err := io.WriteString(w, b.String()); err != nil {
		return fmt.Errorf("report: %w", err)
	}
	if r.Campaign == nil {
		return nil
	}
	_, _ = fmt.Fprintln(w)
	return r.Campaign.Write(w, report.FormatTable)
}

// counts writes a map of counts, largest first.
func counts[K ~string](m map[K]int) string {
	keys := make([]K, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b K) int {
		if m[a] != m[b] {
			return m[b] - m[a]
		}
		return strings.Compare(string(a), string(b))
	})
	parts := make([]string, 0, len(keys))
	for _, k := range keys {
		parts = append(parts, fmt.Sprintf("%s %d", k, m[k]))
	}
	if len(parts) == 0 {
		return "none"
	}
	return strings.Join(parts, ", ")
}
