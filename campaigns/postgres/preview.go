package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"ringmaster/campaigns"
)

// Preview says whom a campaign would call, without calling anybody.
type Preview struct {
	Campaign string                  `json:"campaign"`
	State    campaigns.CampaignState `json:"state"`
	// Segment is the expression that everybody was held against.
	Segment string `json:"segment"`
	// At is the business time of the verdicts.
	At time.Time `json:"at"`
	// Steps are the funnel: each step keeps what the one before kept, less what
	// fell out.
	Steps []PreviewStep `json:"steps"`
	// CallableNow, Later and UnderWay part those that pass every step: ready
	// with an open window, waiting for what the lines say, and already in the
	// hopper or in a call.
	CallableNow int           `json:"callable_now"`
	Later       []PreviewLine `json:"later"`
	UnderWay    int           `json:"under_way"`
	// Sample are some of those that pass every step, drawn at random.
	Sample []PreviewPerson `json:"sample"`
}

// PreviewStep is one step of the funnel.
type PreviewStep struct {
	Step string `json:"step"`
	// Kept is how many candidates are left after the step.
	Kept int `json:"kept"`
	// FellOut says why others are not, most first.
	FellOut []PreviewLine `json:"fell_out,omitempty"`
}

// PreviewLine counts candidates by a reason.
type PreviewLine struct {
	Reason campaigns.Reason `json:"reason"`
	Count  int              `json:"count"`
	// Next is when the first of them is due or its window opens; nil when that
	// does not come by itself.
	Next *time.Time `json:"next,omitempty"`
}

// PreviewPerson is one person of the sample.
type PreviewPerson struct {
	ContactID  int64  `json:"contact_id"`
	ExternalID string `json:"external_id,omitempty"`
	Name       string `json:"name"`
	// Number is the next one to call, masked.
	Number string                   `json:"number"`
	Zones  []string                 `json:"zones"`
	Value  float64                  `json:"value"`
	Rank   float64                  `json:"rank"`
	State  campaigns.CandidateState `json:"state"`
	Reason campaigns.Reason         `json:"reason,omitempty"`
}

// PreviewOptions of a preview.
type PreviewOptions struct {
	// Segment replaces the campaign's own expression, unless it is nil.
	Segment *string
	// Sample is how many persons to show.
	Sample int
}

// Preview counts the candidates of a campaign by what stands between them and a
// call, as if the campaign ran. Membership, complaints, objections, consent and
// the cut-off are judged anew; do-not-call entries, bad numbers and the control
// group are what the candidates' states say, which the store keeps up to date;
// windows are judged once per bucket. CodeInvalid tells what is wrong with the
// expression, CodeNotFound names an unknown campaign.
func (s *Store) Preview(ctx context.Context, campaignID int64, o PreviewOptions) (Preview, error) {
	campaign, err := s.Campaign(ctx, campaignID)
	if err != nil {
		return Preview{}, err
	}
	p := Preview{Campaign: campaign.Name, State: campaign.State, Segment: campaign.Settings.Selection.Segment, At: s.clock.Now()}
	if o.Segment != nil {
		p.Segment = *o.Segment
	}
	seg, err := segmentOf(p.Segment)
	if err != nil {
		return Preview{}, err
	}
	err = s.reading(ctx, func(tx pgx.Tx) error {
		if err := s.lookAtRegisters(ctx, tx); err != nil {
			return err
		}
		f, err := s.newFunnel(ctx, tx, campaign, seg, p.At, o.Sample)
		if err != nil {
			return err
		}
		if err := f.count(ctx); err != nil {
			return err
		}
		p.Steps, p.CallableNow, p.Later, p.UnderWay = f.steps(), f.callableNow, f.later.lines(), f.underWay
		p.Sample, err = previewPersons(ctx, tx, f.drawn())
		return err
	})
	return p, err
}

// previewPersons reads the candidates of a sample, best first.
func previewPersons(ctx context.Context, tx pgx.Tx, ids []int64) ([]PreviewPerson, error) {
	rows, err := tx.Query(ctx, `select c.contact_id, coalesce(p.external_id, ''), p.first_name, p.last_name, p.company, n.e164, b.zones, c.value, c.rank, c.state, c.reason
		from candidates c join contacts p on p.id = c.contact_id join buckets b on b.id = c.bucket_id left join numbers n on n.id = c.number_id
		where c.id = any($1) order by c.rank desc, c.id`, ids)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (PreviewPerson, error) {
		var p PreviewPerson
		var c campaigns.Contact
		var number *string
		err := row.Scan(&p.ContactID, &p.ExternalID, &c.FirstName, &c.LastName, &c.Company, &number, &p.Zones, &p.Value, &p.Rank, &p.State, &p.Reason)
		p.Name = c.Name()
		if number != nil {
			p.Number = campaigns.MaskNumber(*number)
		}
		if p.State == campaigns.CandidateReady {
			p.Reason = ""
		}
		return p, err
	})
}
