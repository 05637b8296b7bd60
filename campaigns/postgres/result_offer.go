package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"ringmaster/campaigns"
)

// confirmDisclosures refuses a result without the disclosures that the script
// shown needs, and keeps those that the agent confirms with the call.
func (s *Store) confirmDisclosures(ctx context.Context, tx pgx.Tx, r campaigns.Result, c resultCall, now time.Time) error {
	version, found, err := s.scriptOf(ctx, tx, r, c)
	if err != nil {
		return err
	}
	if !found {
		if len(r.Disclosures) > 0 {
			return campaigns.Invalid("disclosures", "%q is no disclosure: the call has no script that asks for any", r.Disclosures[0])
		}
		return nil
	}
	if err := version.Text.CheckDisclosures(r.Disposition, r.Disclosures); err != nil {
		return err
	}
	return exec(ctx, tx, `insert into call_disclosures (call_id, code, version_id, agent_id, confirmed_at)
		select $1, code, $3, $4, $5 from unnest($2::text[]) as code on conflict do nothing`, r.CallID, r.Disclosures, version.ID, r.AgentID, now)
}

// callSpan is a call as far as its script and offer go.
type callSpan struct {
	// shown is the earliest that its screen pop can have been built.
	shown, ended time.Time
	// changed is set when the campaign's settings were changed since: then nobody
	// knows what the pop was made of.
	changed bool
}

// popLead is how long before the answer a screen pop is built at most: while the
// phone rings.
const popLead = 2 * time.Minute

func (s *Store) spanOf(ctx context.Context, q querier, id campaigns.CallID) (callSpan, error) {
	var span callSpan
	var updated *time.Time
	err := q.QueryRow(ctx, `select k.started_at, coalesce(k.ended_at, k.started_at), c.updated_at
		from calls k left join campaigns c on c.id = k.campaign_id where k.id = $1`, id).Scan(&span.shown, &span.ended, &updated)
	span.shown = span.shown.Add(-popLead)
	// Settings are dated by the wall clock, calls by business time.
	span.changed = updated != nil && updated.Add(s.clock.Offset()).After(span.shown)
	return span, err
}

// scriptOf gives the script that binds the result: the version that the screen
// showed, if it was in force during the call. A result that names none is bound
// by the one that was in force when the pop was built, where that is known: what
// came later the agent has not seen.
func (s *Store) scriptOf(ctx context.Context, tx pgx.Tx, r campaigns.Result, c resultCall) (campaigns.ScriptVersion, bool, error) {
	person, err := personOf(ctx, tx, c.contactID)
	if err != nil {
		return campaigns.ScriptVersion{}, false, err
	}
	w, err := shownTo(ctx, tx, c.campaignID, c.settings, &person)
	if err != nil {
		return campaigns.ScriptVersion{}, false, err
	}
	span, err := s.spanOf(ctx, tx, r.CallID)
	if err != nil {
		return campaigns.ScriptVersion{}, false, err
	}
	if r.ScriptVersion == 0 {
		if span.changed {
			return campaigns.ScriptVersion{}, false, nil
		}
		return scriptInForce(ctx, tx, w.script, []string{person.Language, c.settings.Language}, span.shown)
	}
	names, err := armValues(ctx, tx, c.campaignID, campaigns.SubjectScript)
	if err != nil {
		return campaigns.ScriptVersion{}, false, err
	}
	shown, err := queryScripts(ctx, tx, `select `+scriptColumns+` from script_versions v join scripts c on c.id = v.script_id
		where v.id = $1 and (c.name = any($2) or $4) and exists (select from script_publications p
			where p.version_id = v.id and (p.until_at is null or p.until_at >= $3))`,
		r.ScriptVersion, append(names, w.script, c.settings.Script), span.shown, span.changed)
	if err != nil {
		return campaigns.ScriptVersion{}, false, err
	}
	if len(shown) == 0 {
		return campaigns.ScriptVersion{}, false, campaigns.Invalid("script_version", "%d was no script of this call", r.ScriptVersion)
	}
	return shown[0], true, nil
}

// personOf reads what scripts and offers go by; an unknown person is empty.
func personOf(ctx context.Context, q querier, id int64) (campaigns.Contact, error) {
	p := campaigns.Contact{ID: id}
	if id == 0 {
		return p, nil
	}
	var attributes []byte
	if err := q.QueryRow(ctx, `select language, attributes from contacts where id = $1`, id).Scan(&p.Language, &attributes); err != nil {
		return p, err
	}
	return p, json.Unmarshal(attributes, &p.Attributes)
}

// armValues gives the scripts or offers of all experiments that the campaign
// ever had: one may have ended during the call.
func armValues(ctx context.Context, q querier, campaignID int64, subject campaigns.ExperimentSubject) ([]string, error) {
	rows, err := q.Query(ctx, `select distinct a ->> 'value' from experiments e, jsonb_array_elements(e.arms) as a
		where e.campaign_id = $1 and e.subject = $2 and e.started_at is not null`, campaignID, subject)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}

// acceptOffer takes the offer that the customer accepted out of its budget. The
// row of the offer is locked until the result is committed: the budget is never
// exceeded, however many accept at once. CodeInvalid names a wrong field,
// CodeForbidden a discount that nobody approved, CodeConflict an offer that has
// expired or is used up, with what takes its place.
func (s *Store) acceptOffer(ctx context.Context, tx pgx.Tx, r campaigns.Result, c resultCall, now time.Time) error {
	if r.Offer == nil {
		return nil
	}
	discount := r.Offer.Discount
	switch {
	case r.Disposition != campaigns.DispositionSale:
		return campaigns.Invalid("offer", "is accepted with the result sale only, not with %s", r.Disposition)
	case !(discount >= 0 && discount <= 100) || math.IsNaN(discount):
		return campaigns.Invalid("offer.discount", "%v is not between 0 and 100 per cent", discount)
	}
	a, err := s.acceptance(ctx, tx, r, c)
	if err != nil {
		return err
	}
	if err := mayDiscount(ctx, tx, r, &a.standing.Offer); err != nil {
		return err
	}
	offer, takes := &a.standing.Offer, a.standing.Offer.Takes(discount)
	if a.expired() {
		return s.cannotAccept(ctx, tx, a, c, now)
	}
	tag, err := tx.Exec(ctx, `update offers set accepted = accepted + 1, spent = spent + $2 where id = $1
		and (budget_count is null or accepted < budget_count) and (budget_amount is null or spent + $2 <= budget_amount)`, a.standing.ID, int64(takes))
	if err != nil {
		return err
	}
	if tag.RowsAffected() == 0 {
		return s.cannotAccept(ctx, tx, a, c, now)
	}
	if offer.OwnedBy(&a.person, c.settings.Selection.OwnedAttribute) {
		return campaigns.Invalid("offer", "the customer owns %s already", offer.Product)
	}
	return exec(ctx, tx, `insert into offer_acceptances (call_id, offer_id, version_id, agent_id, discount, amount, accepted_at)
		values ($1, $2, $3, $4, $5, $6, $7)`, r.CallID, a.standing.ID, a.standing.VersionID, r.AgentID, discount, int64(takes), now)
}

// acceptance is what is known of an offer that a result accepts.
type acceptance struct {
	standing campaigns.OfferStanding
	person   campaigns.Contact
	// span: who accepted before the offer's end keeps it, however late the result
	// is given.
	span callSpan
}

func (a *acceptance) expired() bool {
	return a.standing.Offer.ExpiresAt != nil && !a.span.ended.Before(*a.standing.Offer.ExpiresAt)
}

// acceptance reads the version accepted, which must be one that the campaign
// could offer during the call.
func (s *Store) acceptance(ctx context.Context, tx pgx.Tx, r campaigns.Result, c resultCall) (acceptance, error) {
	var a acceptance
	var err error
	if a.span, err = s.spanOf(ctx, tx, r.CallID); err != nil {
		return a, err
	}
	a.standing, err = scanOffer(tx.QueryRow(ctx, `select `+offerColumns+` from offers o join offer_versions v on v.offer_id = o.id
		where v.id = $1 and not exists (select from offer_versions n where n.offer_id = o.id and n.version = v.version + 1
			and n.created_at < $2)`, r.Offer.VersionID, a.span.shown))
	if errors.Is(err, pgx.ErrNoRows) {
		return a, campaigns.Invalid("offer.version_id", "%d was no offer of this call", r.Offer.VersionID)
	}
	if err != nil {
		return a, err
	}
	if a.person, err = personOf(ctx, tx, c.contactID); err != nil || a.span.changed {
		return a, err
	}
	starts, err := armValues(ctx, tx, c.campaignID, campaigns.SubjectOffer)
	if err != nil {
		return a, err
	}
	offered, err := reachable(ctx, tx, append(starts, c.settings.OfferFor(&a.person), c.settings.Offer))
	if err == nil && !slices.Contains(offered, a.standing.Offer.Name) {
		return a, campaigns.Invalid("offer.version_id", "%s is no offer of this campaign for the customer", a.standing.Offer.Name)
	}
	return a, err
}

// reachable gives the offers of the names and all that may take their places.
func reachable(ctx context.Context, q querier, names []string) ([]string, error) {
	var all []string
	for len(names) > 0 {
		name := names[0]
		names = names[1:]
		if name == "" || slices.Contains(all, name) {
			continue
		}
		standing, found, err := standingOf(ctx, q, name)
		if err != nil {
			return nil, err
		}
		if found {
			all, names = append(all, name), append(names, standing.Offer.Next)
		}
	}
	return all, nil
}

// mayDiscount holds the discount against the offer's most, the agent's limit and
// what a supervisor approved for the call.
func mayDiscount(ctx context.Context, tx pgx.Tx, r campaigns.Result, offer *campaigns.Offer) error {
	discount := r.Offer.Discount
	if discount == 0 {
		return nil
	}
	if discount > offer.MaxDiscount {
		return campaigns.Invalid("offer.discount", "%v %% is above the most that %s allows, %v %%", discount, offer.Name, offer.MaxDiscount)
	}
	limit, err := discountLimit(ctx, tx, r.AgentID)
	if err != nil || discount <= limit {
		return err
	}
	var approved float64
	if err := tx.QueryRow(ctx, `select coalesce(max(percent), 0) from discount_approvals where call_id = $1`, r.CallID).Scan(&approved); err != nil {
		return err
	}
	if discount <= approved {
		return nil
	}
	wrong := campaigns.Errorf(campaigns.CodeForbidden, "%v %% is above your limit of %v %%; a supervisor may approve it for call %s", discount, limit, r.CallID)
	wrong.Field = "offer.discount"
	return wrong
}

// cannotAccept says why the offer cannot be had any more, and which one takes its
// place.
func (s *Store) cannotAccept(ctx context.Context, tx pgx.Tx, a acceptance, c resultCall, now time.Time) error {
	name := a.standing.Offer.Name
	choice, err := chooseOffer(ctx, tx, name, &a.person, c.settings.Selection.OwnedAttribute, now)
	if err != nil {
		return err
	}
	why := choice.note
	switch {
	case a.expired():
		why = a.standing.Unfit(a.span.ended)
	case why == "":
		// It is not used up, but has no room for the discount.
		why = "what is left of the budget of " + name + " does not cover it with this discount"
	}
	wrong := campaigns.Errorf(campaigns.CodeConflict, "%s", why)
	wrong.Field = "offer"
	return wrong
}

// releaseOffer gives back what the call's result took, because it is no sale any
// more.
func releaseOffer(ctx context.Context, tx pgx.Tx, id campaigns.CallID, why string, now time.Time) error {
	return exec(ctx, tx, `with released as (
			update offer_acceptances set released_at = $2, released_why = $3 where call_id = $1 and released_at is null returning offer_id, amount)
		update offers o set accepted = o.accepted - 1, spent = o.spent - r.amount from released r where o.id = r.offer_id`, id, now, why)
}
