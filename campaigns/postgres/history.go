package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"ringmaster/campaigns"
)

// The least that a day's history must hold to stand for the campaign's work.
const (
	historyCalls   = 100
	historyAnswers = 30
	historyTalks   = 30
)

// HistorySlot is the time over which the agents of a History are counted.
const HistorySlot = 15 * time.Minute

// Quantiles are the 101 percentiles of a duration in seconds, from the shortest
// to the longest; empty when nothing was measured.
type Quantiles []float64

// HistoryHour is what an hour's calls brought.
type HistoryHour struct {
	// Calls were sent, and neither given up nor lost to a restart; persons
	// answered Answers of them.
	Calls, Answers int
}

// History is what a campaign's calls were like, as its attempts, its calls and
// its agents' times tell.
type History struct {
	From, Until time.Time
	// Hours go from From on.
	Hours          []HistoryHour
	Calls, Answers int
	// Talks is the number of calls that an agent talked in.
	Talks int
	// Answered is from the INVITE to a person's answer, Unanswered to the end
	// of a call that no person answered.
	Answered, Unanswered Quantiles
	// Talk includes hold. WrapUp is that of calls whose result was given.
	Talk, WrapUp Quantiles
	// Agents who worked in the campaign, by HistorySlot from From on: the mean
	// of those that were signed in and not on a break.
	Agents []float64
}

// enough names what is missing for a History to stand for the campaign's work.
func (h *History) enough() error {
	staffed := false
	for _, n := range h.Agents {
		staffed = staffed || n > 0
	}
	switch {
	case h.Calls < historyCalls:
		return tooFew(h, "%d calls that came to an end; at least %d are needed", h.Calls, historyCalls)
	case h.Answers < historyAnswers:
		return tooFew(h, "%d calls that a person answered (of %d); at least %d are needed", h.Answers, h.Calls, historyAnswers)
	case h.Talks < historyTalks:
		return tooFew(h, "%d calls that an agent talked in; at least %d are needed", h.Talks, historyTalks)
	case !staffed:
		return tooFew(h, "%d calls, but no times of agents", h.Calls)
	}
	return nil
}

func tooFew(h *History, format string, args ...any) error {
	e := campaigns.Errorf(campaigns.CodeConflict, "from %s until %s the campaign has "+format,
		append([]any{h.From.UTC().Format(time.DateTime), h.Until.UTC().Format(time.DateTime)}, args...)...)
	e.Field = "day"
	return e
}

// History reads what a campaign's calls were like from one time until another,
// a few days at most. CodeInvalid names a span that is none; CodeConflict says
// how many calls there are when these are too few to tell.
func (s *Store) History(ctx context.Context, campaignID int64, from, until time.Time) (History, error) {
	h := History{From: from, Until: until}
	if span := until.Sub(from); span <= 0 || span > 31*24*time.Hour {
		return h, campaigns.Invalid("day", "from %s until %s is no span of 31 days at most", from, until)
	}
	err := s.reading(ctx, func(tx pgx.Tx) error {
		for _, read := range []func(context.Context, pgx.Tx, *History, ...any) error{historyHours, historyRings, historyTalk, historyAgents} {
			if err := read(ctx, tx, &h, campaignID, from, until); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return h, err
	}
	err = h.enough()
	return h, err
}

// LastDayOfCalls gives the beginning of the last day, in UTC, on which persons
// answered at least as many calls of the campaign as a History needs.
// CodeConflict when none of the last 31 days is one.
func (s *Store) LastDayOfCalls(ctx context.Context, campaignID int64) (time.Time, error) {
	var day *time.Time
	now := s.Clock().Now()
	err := s.reading(ctx, func(tx pgx.Tx) error {
		return tx.QueryRow(ctx, `select max(day) from (
				select date_trunc('day', reserved_at, 'UTC') as day`+historyOf+` group by 1
				having count(*) >= $4 and count(*) filter (where outcome in ('answered', 'dropped')) >= $5) d`,
			campaignID, now.Add(-31*24*time.Hour), now, historyCalls, historyAnswers).Scan(&day)
	})
	if err == nil && day == nil {
		return time.Time{}, campaigns.Errorf(campaigns.CodeConflict,
			"no day of the last 31 has %d calls of the campaign with %d answered: there is nothing to forecast from yet", historyCalls, historyAnswers)
	}
	if err != nil {
		return time.Time{}, err
	}
	return day.UTC(), nil
}

// historyOf are the attempts ($1 campaign, $2 and $3 the time) that came to an
// end of their own: what was cancelled says nothing about whether somebody would
// have answered.
const historyOf = ` from attempts where campaign_id = $1 and reserved_at >= $2 and reserved_at < $3
	and sent_at is not null and outcome not in ('cancelled', 'superseded', 'unknown') `

func historyHours(ctx context.Context, tx pgx.Tx, h *History, args ...any) error {
	h.Hours = make([]HistoryHour, (h.Until.Sub(h.From)+time.Hour-1)/time.Hour)
	rows, err := tx.Query(ctx, `select floor(extract(epoch from reserved_at - $2::timestamptz) / 3600)::int, count(*)::int,
			(count(*) filter (where outcome in ('answered', 'dropped')))::int`+historyOf+`group by 1`, args...)
	if err != nil {
		return err
	}
	var at int
	var of HistoryHour
	_, err = pgx.ForEachRow(rows, []any{&at, &of.Calls, &of.Answers}, func() error {
		h.Hours[at] = of
		h.Calls += of.Calls
		h.Answers += of.Answers
		return nil
	})
	return err
}

// percentiles is the list that percentile_cont takes.
const percentiles = `(select array_agg(p / 100.0::float8 order by p) from generate_series(0, 100) p)`

func historyRings(ctx context.Context, tx pgx.Tx, h *History, args ...any) error {
	return tx.QueryRow(ctx, `select
			percentile_cont(`+percentiles+`) within group (order by extract(epoch from answered_at - sent_at)::float8)
				filter (where outcome in ('answered', 'dropped') and answered_at >= sent_at),
			percentile_cont(`+percentiles+`) within group (order by extract(epoch from coalesce(answered_at, ended_at) - sent_at)::float8)
				filter (where outcome not in ('answered', 'dropped') and coalesce(answered_at, ended_at) >= sent_at)`+historyOf, args...).
		Scan(&h.Answered, &h.Unanswered)
}

func historyTalk(ctx context.Context, tx pgx.Tx, h *History, args ...any) error {
	return tx.QueryRow(ctx, `select count(*)::int,
			percentile_cont(`+percentiles+`) within group (order by (talk_ms + hold_ms) / 1000.0::float8),
			percentile_cont(`+percentiles+`) within group (order by wrap_up_ms / 1000.0::float8) filter (where closed_at is not null)
		from calls where campaign_id = $1 and direction = 'outbound' and started_at >= $2 and started_at < $3
			and bridged_at is not null and ended_at is not null`, args...).
		Scan(&h.Talks, &h.Talk, &h.WrapUp)
}

// historyAgents spreads the spells of the campaign's agents over the slots.
func historyAgents(ctx context.Context, tx pgx.Tx, h *History, args ...any) error {
	h.Agents = make([]float64, (h.Until.Sub(h.From)+HistorySlot-1)/HistorySlot)
	rows, err := tx.Query(ctx, `select until - spent_ms * interval '1 millisecond', until from agent_spells
		where state in ('ready', 'preview', 'reserved', 'talking', 'wrap_up') and until > $2::timestamptz and until < $3::timestamptz + interval '1 day'
			and until - spent_ms * interval '1 millisecond' < $3
			and agent_id in (select agent_id from calls where campaign_id = $1 and started_at >= $2 and started_at < $3 and bridged_at is not null)`, args...)
	if err != nil {
		return err
	}
	var began, ended time.Time
	_, err = pgx.ForEachRow(rows, []any{&began, &ended}, func() error {
		began, ended = later(began, h.From), earlier(ended, h.Until)
		for at := began; at.Before(ended); {
			slot := int(at.Sub(h.From) / HistorySlot)
			next := earlier(h.From.Add(time.Duration(slot+1)*HistorySlot), ended)
			h.Agents[slot] += next.Sub(at).Seconds() / HistorySlot.Seconds()
			at = next
		}
		return nil
	})
	return err
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
