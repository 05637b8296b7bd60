package postgres_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"ringmaster/campaigns"
	"ringmaster/campaigns/postgres"
	"ringmaster/campaigns/postgres/postgrestest"
)

func (h *house) preview(o postgres.PreviewOptions) postgres.Preview {
	h.t.Helper()
	p, err := h.store.Preview(h.t.Context(), h.campaign.ID, o)
	h.must(err)
	return p
}

// told writes a funnel as text.
func told(p postgres.Preview) string {
	var b strings.Builder
	for _, s := range p.Steps {
		fmt.Fprintf(&b, "%s %d", s.Step, s.Kept)
		for _, l := range s.FellOut {
			fmt.Fprintf(&b, " -%d %s", l.Count, l.Reason)
		}
		b.WriteString("\n")
	}
	fmt.Fprintf(&b, "now %d", p.CallableNow)
	for _, l := range p.Later {
		fmt.Fprintf(&b, ", %d %s", l.Count, l.Reason)
	}
	fmt.Fprintf(&b, ", under way %d", p.UnderWay)
	return b.String()
}

// One person falls out for each reason, each by what the store does itself.
func TestPreviewTellsWhoFallsOutAndWhy(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx := t.Context()
	next := func(state campaigns.CandidateState) postgrestest.Person {
		p := postgrestest.Candidates(t, h.conn, h.store, h.campaign, h.people, 1, state)[0]
		h.people++
		return p
	}
	for range 3 {
		next(campaigns.CandidateReady)
	}
	off := next(campaigns.CandidateReady)
	h.exec(`insert into lists (campaign_id, name, active) values ($1, 'off', false)`, h.campaign.ID)
	h.exec(`update candidates set list_id = (select id from lists where name = 'off') where id = $1`, off.CandidateID)
	poor := next(campaigns.CandidateReady)
	h.exec(`update candidates set reason = 'sale', state = 'done' where id = $1`, next(campaigns.CandidateReady).CandidateID)
	h.exec(`update candidates set reason = 'no_number', state = 'blocked' where id = $1`, next(campaigns.CandidateReady).CandidateID)
	suppressed := next(campaigns.CandidateReady)
	h.must(h.store.AddSuppression(ctx, h.read(`select e164 from numbers where id = $1`, suppressed.NumberID), 0, "api", "", time.Time{}))
	h.must(h.store.OpenComplaint(ctx, next(campaigns.CandidateQueued).ContactID, "no"))
	refused := next(campaigns.CandidateReady)
	h.exec(`insert into consents (contact_id, purpose, channel, granted, valid_from) values ($1, 'marketing', 'phone', false, $2)`, refused.ContactID, h.ago(time.Hour))
	objected := next(campaigns.CandidateReady)
	h.exec(`insert into objections (contact_id, objected_at) values ($1, $2)`, objected.ContactID, h.ago(time.Hour))
	h.exec(`update candidates set reason = 'control_group', state = 'blocked' where id = $1`, next(campaigns.CandidateReady).CandidateID)
	tokyo := next(campaigns.CandidateReady)
	h.exec(`update candidates set bucket_id = $1 where id = $2`,
		h.id(`insert into buckets (campaign_id, kind, zones) values ($1, 'rank', '{Asia/Tokyo}') returning id`, h.campaign.ID), tokyo.CandidateID)
	h.exec(`update candidates set reason = 'busy' where id = $1`, next(campaigns.CandidateResting).CandidateID)
	next(campaigns.CandidateCallback)
	next(campaigns.CandidateOpen)
	h.exec(`update contacts set value = 5 where id <> $1`, poor.ContactID)
	h.segmented(`contact.value == 5`)

	want := `imported 16
list_on 15 -1 list_inactive
in_segment 14 -1 not_in_segment
not_finished 13 -1 sale
callable_number 12 -1 no_number
not_do_not_call 11 -1 do_not_call
no_complaint 10 -1 open_complaint
consent 8 -1 consent_refused -1 objected
selected 7 -1 control_group
now 3, 1 busy, 1 callback_not_due, 1 outside_window, under way 1`
	got := h.preview(postgres.PreviewOptions{Sample: 5})
	if told(got) != want {
		t.Errorf("got:\n%s\nwant:\n%s", told(got), want)
	}
	if len(got.Sample) != 5 || got.State != campaigns.CampaignRunning || got.Segment != "contact.value == 5" {
		t.Errorf("%+v", got)
	}
	for _, p := range got.Sample {
		if !strings.HasPrefix(p.Number, "+*********") || p.ContactID == poor.ContactID || p.ContactID == refused.ContactID || p.Name == "" {
			t.Errorf("sample %+v", p)
		}
	}
	if l := got.Later[2]; l.Next == nil || !l.Next.After(got.At) {
		t.Errorf("Tokyo opens at %v", l.Next)
	}
	// The sweep blocks what the preview says, and the preview stays as it is.
	if done := h.sweep(100); done.Blocked != 1 {
		t.Errorf("%+v", done)
	}
	if again := told(h.preview(postgres.PreviewOptions{})); again != want {
		t.Errorf("after the sweep:\n%s", again)
	}
	// Another expression lifts whom the present one keeps out.
	other := "contact.value < 5.0"
	alone := h.preview(postgres.PreviewOptions{Segment: &other, Sample: 5})
	if alone.CallableNow != 1 || len(alone.Sample) != 1 || alone.Sample[0].ContactID != poor.ContactID {
		t.Errorf("%s\n%+v", told(alone), alone.Sample)
	}
	wrong := "contact.value < "
	_, err := h.store.Preview(ctx, h.campaign.ID, postgres.PreviewOptions{Segment: &wrong})
	h.code(err, campaigns.CodeInvalid, "selection.segment: line 1, column 17")
	// Consent and cut-off.
	h.segmented("")
	h.settings(func(s *campaigns.Settings) {
		s.Compliance.RequireConsent, s.Selection.MinExpectedValue = true, 1e30
	})
	h.exec(`insert into consents (contact_id, purpose, channel, granted, valid_from) values ($1, 'marketing', 'any', true, $2)`, tokyo.ContactID, h.ago(time.Hour))
	strict := told(h.preview(postgres.PreviewOptions{}))
	if !strings.Contains(strict, "consent 1 -8 consent_missing -1 consent_refused -1 objected\nselected 0 -1 below_cut_off\n") {
		t.Errorf("%s", strict)
	}
}

// Every candidate is counted once, whatever state it is in.
func TestPreviewAddsUp(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	everyState(h)
	p := h.preview(postgres.PreviewOptions{Sample: 100})
	last := p.Steps[len(p.Steps)-1].Kept
	for _, l := range p.Later {
		last -= l.Count
	}
	if last != p.CallableNow+p.UnderWay || p.Steps[0].Kept != 7 || len(p.Sample) != p.Steps[len(p.Steps)-1].Kept {
		t.Errorf("%s, %d in the sample", told(p), len(p.Sample))
	}
	_, err := h.store.Preview(t.Context(), h.campaign.ID+1, postgres.PreviewOptions{})
	h.code(err, campaigns.CodeNotFound, "no campaign")
}

// A few candidates among many contacts are judged by other statements than a
// whole house, and alike.
func TestPreviewOfFewAmongMany(t *testing.T) {
	t.Parallel()
	for _, far := range []bool{false, true} {
		t.Run(fmt.Sprint(far), func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			people := h.queued(3)
			if far {
				h.exec(`select setval(pg_get_serial_sequence('contacts', 'id'), 1000000)`)
			}
			people = append(people, postgrestest.Candidates(t, h.conn, h.store, h.campaign, h.people, 1, campaigns.CandidateReady)...)
			h.past(people[3], h.ago(time.Hour), campaigns.OutcomeBusy)
			h.past(people[3], h.ago(2*time.Hour), campaigns.OutcomeNoAnswer)
			h.exec(`insert into objections (contact_id, objected_at) values ($1, $2)`, people[1].ContactID, h.ago(time.Hour))
			for expression, want := range map[string]string{
				`contact.attempts == 2 && contact.last_outcome == "busy" && contact.country == "US" && contact.numbers == 1`: "in_segment 1 -3 not_in_segment",
				`contact.consent != "refused" && !contact.do_not_call && contact.sales == 0`:                                 "in_segment 3 -1 not_in_segment",
			} {
				got := h.preview(postgres.PreviewOptions{Segment: &expression, Sample: 4})
				if !strings.Contains(told(got), want) || len(got.Sample) != got.Steps[len(got.Steps)-1].Kept {
					t.Errorf("%s: %d shown of\n%s", expression, len(got.Sample), told(got))
				}
			}
		})
	}
}
