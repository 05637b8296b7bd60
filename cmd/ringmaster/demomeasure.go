package main

import (
	"context"
	"fmt"
	"math"
	"os"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"ringmaster/campaigns"
	"ringmaster/campaigns/postgres"
	"ringmaster/campaigns/report"
	"ringmaster/dialer/simcarrier"
)

// demoShift is the time in which the bots took calls, in business time, and how
// long everything worked.
type demoShift struct {
	from, until time.Time
	worked      time.Duration
	seed        uint64
}

// measureDemo reads the database and the carrier's log and compares the two.
// The app has stopped, and its connections with it; it is given for its
// metrics.
func measureDemo(ctx context.Context, house *demoHouse, a *app, seed demoSeed, shift demoShift) (demoReport, error) {
	store, err := openStore(ctx, house.cfg, house.log)
	if err != nil {
		return demoReport{}, err
	}
	defer store.Close()
	r := demoReport{
		Seconds: shift.worked.Seconds(), Agents: len(seed.bots), Dispositions: map[campaigns.Disposition]int{},
		Candidates: reportCandidates{ByState: map[campaigns.CandidateState]int{}},
		Attempts:   reportAttempts{ByOutcome: map[campaigns.Outcome]int{}},
	}
	for _, fill := range []func(context.Context, *postgres.Store) error{r.fillCounts, r.fillInbound, r.fillAgents, r.fillLatencies} {
		if err := fill(ctx, store); err != nil {
			return r, err
		}
	}
	r.LatencyMS.ResultCommit = histogramMS(a.registry, "ringmaster_result_commit_seconds")
	if err := r.fillTestimony(ctx, house, store); err != nil {
		return r, err
	}
	if house.work.simulated != nil {
		if r.Simulation, err = simulateDemo(ctx, store, *house.work.simulated, shift); err != nil {
			return r, err
		}
	}
	if house.state.Scenario == scenarioMixed {
		return r, nil
	}
	r.Campaign, err = campaignOfDemo(ctx, store, seed.campaigns[0].Name)
	return r, err
}

// campaignOfDemo reports on the one campaign of a scenario since its day began.
func campaignOfDemo(ctx context.Context, store *postgres.Store, name string) (*report.Report, error) {
	today, err := parseSpan("", "", "", "UTC", store.Clock().Now())
	if err != nil {
		return nil, err
	}
	made, err := makeReport(ctx, store, reportQuery{kind: report.KindCampaign, campaign: name, span: today})
	return &made, err
}

func (r *demoReport) fillCounts(ctx context.Context, store *postgres.Store) error {
	figures, err := store.Figures(ctx, time.Time{})
	if err != nil {
		return err
	}
	answered, dropped := 0, 0
	for _, f := range figures {
		for state, n := range f.Candidates {
			r.Candidates.ByState[state] += n
			r.Candidates.Imported += n
		}
		for outcome, n := range f.Outcomes {
			r.Attempts.ByOutcome[outcome] += n
			r.Attempts.Total += n
		}
		answered, dropped = answered+f.Outcomes[campaigns.OutcomeAnswered], dropped+f.Outcomes[campaigns.OutcomeDropped]
	}
	if answered+dropped > 0 {
		r.DropRate = float64(dropped) / float64(answered+dropped)
	}
	r.Dispositions, err = store.Dispositions(ctx, time.Time{})
	return err
}

func (r *demoReport) fillInbound(ctx context.Context, store *postgres.Store) error {
	queues, err := store.QueueFigures(ctx, time.Time{}, 20*time.Second)
	inTime := 0
	for _, q := range queues {
		r.Inbound.Offered += q.Offered
		r.Inbound.Answered += q.Answered
		r.Inbound.Abandoned += q.Abandoned
		inTime += q.InTime
	}
	if r.Inbound.Offered > 0 {
		r.Inbound.ServiceLevel = float64(inTime) / float64(r.Inbound.Offered)
	}
	return err
}

func (r *demoReport) fillAgents(ctx context.Context, store *postgres.Store) error {
	spent, hold, err := store.AgentTime(ctx, time.Time{}, time.Time{})
	r.AgentSeconds = agentSeconds(spent, hold)
	r.Occupancy = r.AgentSeconds.occupancy()
	return err
}

func agentSeconds(spent map[campaigns.AgentState]time.Duration, hold time.Duration) reportAgentSeconds {
	return reportAgentSeconds{
		Talk: (spent[campaigns.AgentTalking] - hold).Seconds(), Hold: hold.Seconds(), WrapUp: spent[campaigns.AgentWrapUp].Seconds(),
		Ready: (spent[campaigns.AgentReady] + spent[campaigns.AgentPreview]).Seconds(), NotReady: spent[campaigns.AgentNotReady].Seconds(),
	}
}

func (r *demoReport) fillLatencies(ctx context.Context, store *postgres.Store) error {
	invite, bridge, pop, err := store.Latencies(ctx, time.Time{})
	r.LatencyMS.ClaimToInvite = reportPercentiles(invite)
	r.LatencyMS.AnswerToBridge = reportPercentiles(bridge)
	r.LatencyMS.AnswerToPop = reportPercentiles(pop)
	return err
}

// fillTestimony compares the database with the carrier's log.
func (r *demoReport) fillTestimony(ctx context.Context, house *demoHouse, store *postgres.Store) error {
	file, err := os.Open(house.path("carrier.jsonl"))
	if err != nil {
		return fmt.Errorf("carrier's log: %w", err)
	}
	defer func() { _ = file.Close() }()
	records, err := simcarrier.ReadLog(file)
	if err != nil {
		return err
	}
	audited, err := store.AuditAttempts(ctx, time.Time{})
	if err != nil {
		return err
	}
	attempts := make([]ledgerAttempt, len(audited))
	for i, a := range audited {
		attempts[i] = ledgerAttempt(a)
	}
	spoken, err := store.AuditCalls(ctx, time.Time{})
	if err != nil {
		return err
	}
	calls := make([]ledgerCall, len(spoken))
	for i, c := range spoken {
		user, _, _ := strings.Cut(strings.TrimPrefix(c.Phone, "sip:"), "@")
		calls[i] = ledgerCall{Direction: c.Direction, SIPCallID: c.SIPCallID, BridgedAt: c.BridgedAt, EndedAt: c.EndedAt, AgentPhone: user}
	}
	integrity, err := store.CheckIntegrity(ctx, time.Time{})
	if err != nil {
		return err
	}
	told := testify(attempts, calls, records, house.state.Offset, house.away)
	r.Violations, r.Told = told.violations, told.Complaints
	r.Violations.OpenAttempts = integrity.OpenAttempts
	r.Violations.StatelessCandidates = integrity.StatelessCandidates
	r.Violations.AnsweredWithoutResult = integrity.AnsweredWithoutResult
	r.Candidates.Rejected = integrity.Rejected
	r.RTP = reportRTP{
		Sent: integrity.Sent, Received: integrity.Received, Lost: integrity.Lost, CallsBridged: told.Bridged, CallsHeardBothWays: told.HeardBothWays,
	}
	return nil
}

// histogramMS reads three percentiles of a histogram, in milliseconds, by
// linear interpolation within its buckets.
func histogramMS(registry *prometheus.Registry, name string) reportPercentiles {
	families, err := registry.Gather()
	if err != nil {
		return reportPercentiles{}
	}
	for _, family := range families {
		if family.GetName() != name || len(family.GetMetric()) == 0 {
			continue
		}
		h := family.GetMetric()[0].GetHistogram()
		quantile := func(q float64) float64 {
			rank, below, floor := q*float64(h.GetSampleCount()), 0.0, 0.0
			for _, b := range h.GetBucket() {
				n := float64(b.GetCumulativeCount())
				if n >= rank && n > below {
					if math.IsInf(b.GetUpperBound(), 1) {
						return 1000 * floor
					}
					return 1000 * (floor + (b.GetUpperBound()-floor)*(rank-below)/(n-below))
				}
				below, floor = n, b.GetUpperBound()
			}
			return 1000 * floor
		}
		return reportPercentiles{quantile(0.5), quantile(0.95), quantile(0.99)}
	}
	return reportPercentiles{}
}
