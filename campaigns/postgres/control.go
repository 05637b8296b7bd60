package postgres

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"math"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5"

	"ringmaster/campaigns"
	"ringmaster/campaigns/scoring"
)

// breakEven is the rank below which a call of the campaign is not worth making
// now. A rank is log2 of the expected value, with the present taken out (package
// scoring), so that value × propensity − cost ≥ least is a range of ranks, whose
// lower end moves up by one for each half-life: the value that counts is today's,
// after the time and the attempts since the event.
func breakEven(settings *campaigns.Settings, now time.Time) float64 {
	selection := &settings.Selection
	least := selection.MinExpectedValue + selection.CostPerAttempt
	if !selection.Bounded() || least <= 0 {
		return math.Inf(-1)
	}
	return math.Log2(least) + scoring.Reference(now, scoring.RulesOf(*settings))
}

// policyReasons are those for which the policy of a campaign holds candidates
// back. They are blocked, not done: a policy may change.
var policyReasons = []campaigns.Reason{campaigns.ReasonControlGroup, campaigns.ReasonAlreadyOwned}

// inControl reports whether the person is of the campaign's control group, which
// is never called. Who is follows from a keyed hash of the person alone, so that
// it is the same at every look and on every node, independent of list and value,
// and nobody leaves the group when the share grows.
func (s *Store) inControl(selection *campaigns.Selection, campaignID, contactID int64) bool {
	if selection.ControlShare <= 0 {
		return false
	}
	mac := hmac.New(sha256.New, s.numberKey)
	body := binary.BigEndian.AppendUint64([]byte("control group"), uint64(campaignID))
	mac.Write(binary.BigEndian.AppendUint64(body, uint64(contactID)))
	return float64(binary.BigEndian.Uint64(mac.Sum(nil)))/(1<<63)/2 < selection.ControlShare
}

// chance draws from [0, 1).
func (s *Store) chance() float64 { return rand.Float64() }

// ownedProduct tells of a candidate c whether its person has the product $2
// among those in the attribute $1; false where the attribute's name is empty.
const ownedProduct = `case when $1 = '' then false else exists (select from contacts p,
	regexp_split_to_table(p.attributes ->> $1, '[,;|]') as owned (product)
	where p.id = c.contact_id and lower(btrim(owned.product)) = lower(btrim($2))) end`

// admit holds back those of the picked candidates whom the campaign's policy
// refuses and gives the others. Everything that goes to the hopper passes here,
// so that a policy binds at once, whatever ApplySelection has reached.
func (p *picker) admit(ctx context.Context, best []head, now time.Time) ([]head, error) {
	p.refused = 0
	selection := &p.settings.Selection
	if len(best) == 0 || selection.ControlShare <= 0 && selection.OwnedAttribute == "" {
		return best, nil
	}
	ids := make([]int64, len(best))
	for i, h := range best {
		ids[i] = h.item.CandidateID
	}
	rows, err := p.tx.Query(ctx, `select c.id, c.contact_id, c.state, c.reason, c.attempts + c.earlier_attempts, `+ownedProduct+`
		from candidates c where c.id = any($3)`, selection.OwnedAttribute, selection.Product, ids)
	if err != nil {
		return nil, err
	}
	all, err := pgx.CollectRows(rows, scanJudged)
	if err != nil {
		return nil, err
	}
	refused := map[int64]campaigns.Reason{}
	var held []judged
	for _, c := range all {
		if reason := p.store.policy(selection, p.campaignID, c); reason != "" {
			c.reason = reason
			refused[c.id], held = reason, append(held, c)
		}
	}
	admitted := make([]head, 0, len(best))
	for _, h := range best {
		if refused[h.item.CandidateID] == "" {
			admitted = append(admitted, h)
		}
	}
	p.refused = len(held)
	return admitted, holdBack(ctx, p.tx, p.campaignID, selection, held, now)
}

// judged is a candidate as far as the policy looks at it.
type judged struct {
	id, contactID int64
	state         campaigns.CandidateState
	reason        campaigns.Reason
	attempts      int
	owned         bool
}

func scanJudged(row pgx.CollectableRow) (judged, error) {
	var c judged
	return c, row.Scan(&c.id, &c.contactID, &c.state, &c.reason, &c.attempts, &c.owned)
}

// policy gives the reason for which the candidate is held back, or nothing. A
// person who was tried already is no control of anything.
func (s *Store) policy(selection *campaigns.Selection, campaignID int64, c judged) campaigns.Reason {
	switch {
	case c.attempts == 0 && s.inControl(selection, campaignID, c.contactID):
		return campaigns.ReasonControlGroup
	case c.owned:
		return campaigns.ReasonAlreadyOwned
	default:
		return ""
	}
}

// holdBack blocks ready or blocked candidates for their reason, and logs those
// who join the control group with its probability.
func holdBack(ctx context.Context, tx pgx.Tx, campaignID int64, selection *campaigns.Selection, held []judged, now time.Time) error {
	if len(held) == 0 {
		return nil
	}
	ids, reasons := make([]int64, len(held)), make([]string, len(held))
	for i, c := range held {
		ids[i], reasons[i] = c.id, string(c.reason)
	}
	return exec(ctx, tx, `with taken as (
			select id from candidates where id = any($1) and state in ('ready', 'blocked') for no key update skip locked
		), held as (
			update candidates c set state = 'blocked', reason = m.reason, state_at = $3
			from taken, unnest($1::bigint[], $2::text[]) as m (id, reason)
			where c.id = taken.id and c.id = m.id returning c.id, c.contact_id, c.reason
		) insert into selection_log (campaign_id, candidate_id, contact_id, kind, probability, at)
		select $4, id, contact_id, 'control', $5, $3 from held where reason = 'control_group'`,
		ids, reasons, now, campaignID, max(selection.ControlShare, math.SmallestNonzeroFloat64))
}
