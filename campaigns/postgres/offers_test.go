package postgres_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"ringmaster/campaigns"
	"ringmaster/campaigns/postgres/postgrestest"
)

// offer gives an offer that is valid as it is.
func offer(name string) campaigns.Offer {
	return campaigns.Offer{
		Name: name, DefaultLanguage: "en", Price: 2000, Currency: "EUR", Period: "month", MaxDiscount: 30,
		Texts: map[string]campaigns.OfferText{
			"en": {Title: "Half a year for {{first_name|you}}", Terms: "Ends by itself."},
			"es": {Title: "Medio año", Terms: "Termina solo."},
		},
	}
}

// offers applies an offer and makes it the campaign's.
func (h *house) offers(o campaigns.Offer) {
	h.t.Helper()
	_, err := h.store.ApplyOffers(h.t.Context(), []campaigns.Offer{o}, false)
	h.must(err)
}

// campaignOffers sets the campaign's offer by name.
func (h *house) campaignOffers(name string) {
	h.t.Helper()
	h.exec(`update campaigns set settings = jsonb_set(settings, '{offer}', to_jsonb($2::text)), revision = revision + 1 where id = $1`, h.campaign.ID, name)
}

func (h *house) pop(p postgrestest.Person, agent int64) campaigns.Pop {
	h.t.Helper()
	pop, err := h.store.Pop(h.t.Context(), popFor(h, p, agent))
	h.must(err)
	return pop
}

// sale gives the result of a call with the offer accepted.
func (h *house) sale(agent int64, call campaigns.CallID, versionID int64, discount float64) campaigns.Result {
	r := h.result(agent, call, campaigns.DispositionSale)
	r.Offer = &campaigns.OfferAccepted{VersionID: versionID, Discount: discount}
	return r
}

func (h *house) standing(name string) string {
	h.t.Helper()
	return h.read(`select accepted, spent from offers where name = $1`, name)
}

func TestAnOfferIsShownWithItsTermsAndRemainder(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	agent := h.agent("ann")
	o := offer("half")
	o.Budget = campaigns.OfferBudget{Count: 10, Amount: 50_000}
	o.Cost = 1000
	h.offers(o)
	h.campaignOffers("half")
	h.must(h.store.SetDiscountLimit(t.Context(), campaigns.DiscountLimit{Role: campaigns.RoleAgent, Percent: 50}))
	people := h.queued(2)
	h.exec(`update contacts set language = 'es-MX' where id = $1`, people[1].ContactID)
	got := h.pop(people[0], agent).OfferShown
	if got == nil || got.Title != "Half a year for Ann" || got.Language != "en" || got.Price != "20.00" || got.Currency != "EUR" || got.Period != "month" ||
		got.Remaining == nil || *got.Remaining != 10 || got.RemainingAmount != "500.00" || got.MaxDiscount != 30 || got.DiscountLimit != 30 {
		t.Errorf("the pop shows %+v", got)
	}
	if got := h.pop(people[1], agent); got.OfferShown.Title != "Medio año" || got.Offer != "Medio año" || got.OfferNote != "" {
		t.Errorf("in Spanish: %+v", got.OfferShown)
	}
	h.campaignOffers("20 % off, for {{first_name}}")
	if got := h.pop(people[0], agent); got.OfferShown != nil || got.Offer != "20 % off, for Ann" {
		t.Errorf("a text of its own is shown as %+v, %q", got.OfferShown, got.Offer)
	}
}

func TestFiftyWhoAcceptAtOnceNeverExceedTheBudget(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		budget campaigns.OfferBudget
		want   string
	}{
		"count": {campaigns.OfferBudget{Count: 20}, "20 24000"},
		// Each takes 10.00 of cost and 10 % of 20.00: 20 of them make 240.00.
		"amount": {campaigns.OfferBudget{Amount: 24_500}, "20 24000"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			o := offer("half")
			o.Budget, o.Cost = c.budget, 1000
			h.offers(o)
			h.campaignOffers("half")
			h.must(h.store.SetDiscountLimit(t.Context(), campaigns.DiscountLimit{Role: campaigns.RoleAgent, Percent: 10}))
			people := h.queued(50)
			version := h.pop(people[0], 0).OfferShown.VersionID
			var results []campaigns.Result
			for i, p := range people {
				agent := h.agent(fmt.Sprint("agent", i))
				h.talked(p, agent, callID(i))
				results = append(results, h.sale(agent, callID(i), version, 10))
			}
			var accepted, refused atomic.Int64
			var group sync.WaitGroup
			for _, r := range results {
				group.Go(func() {
					switch _, err := h.store.CommitResult(context.WithoutCancel(t.Context()), r); {
					case err == nil:
						accepted.Add(1)
					case campaigns.CodeOf(err) == campaigns.CodeConflict && strings.Contains(err.Error(), "offer: "):
						refused.Add(1)
					default:
						t.Error(err)
					}
				})
			}
			group.Wait()
			if accepted.Load() != 20 || refused.Load() != 30 || h.standing("half") != c.want {
				t.Errorf("%d accepted, %d refused, %s in the books, want 20, 30, %s", accepted.Load(), refused.Load(), h.standing("half"), c.want)
			}
			if got := h.read(`select count(*), sum(amount)::bigint from offer_acceptances`); got != c.want {
				t.Errorf("acceptances: %s, want %s", got, c.want)
			}
			if got := h.read(`select count(*) from calls where closed_at is not null`); got != "20" {
				t.Errorf("%s calls are closed: a refused result left a trace", got)
			}
			if note := h.pop(people[0], 0).OfferNote; name == "count" && note != "half is used up: 20 of 20; no other offer takes its place" {
				t.Errorf("the next pop says %q", note)
			}
		})
	}
}

func TestARepeatedResultTakesTheOfferOnce(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	agent, p := h.agent("ann"), h.queued(1)[0]
	h.offers(offer("half"))
	h.campaignOffers("half")
	h.talked(p, agent, callID(1))
	r := h.sale(agent, callID(1), h.pop(p, agent).OfferShown.VersionID, 0)
	h.commit(r)
	if reply := h.commit(r); !reply.Replayed || h.standing("half") != "1 0" {
		t.Errorf("reply %+v, in the books %s", reply, h.standing("half"))
	}
}

func TestAnAmendedSaleGivesTheOfferBack(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	agent, people := h.agent("ann"), h.queued(2)
	o := offer("half")
	o.Budget, o.Cost = campaigns.OfferBudget{Count: 1}, 700
	h.offers(o)
	h.campaignOffers("half")
	version := h.pop(people[0], agent).OfferShown.VersionID
	h.talked(people[0], agent, callID(1))
	h.talked(people[1], agent, callID(2))
	h.commit(h.sale(agent, callID(1), version, 0))
	if _, err := h.store.CommitResult(t.Context(), h.sale(agent, callID(2), version, 0)); campaigns.CodeOf(err) != campaigns.CodeConflict {
		t.Fatalf("a second one of one: %v", err)
	}
	h.must(h.store.AmendResult(t.Context(), amendment(callID(1), "not_interested", "price", "withdrew")))
	if got := h.standing("half"); got != "0 0" {
		t.Errorf("after the amendment: %s", got)
	}
	if got := h.read(`select released_why from offer_acceptances where released_at is not null`); got != "withdrew" {
		t.Errorf("released because %q", got)
	}
	h.must(h.store.AmendResult(t.Context(), amendment(callID(1), "wrong_person", "", "again")))
	h.commit(h.sale(agent, callID(2), version, 0))
	if got := h.standing("half"); got != "1 700" {
		t.Errorf("after the second sale: %s", got)
	}
}

func TestWhatCannotBeOfferedFallsToTheNext(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	agent, people := h.agent("ann"), h.queued(3)
	past := h.ago(time.Hour).UTC().Truncate(time.Second)
	last := offer("last")
	h.offers(last)
	gold := offer("gold")
	gold.Product, gold.Next = "gold", "last"
	h.offers(gold)
	over := offer("over")
	over.ExpiresAt, over.Next = &past, "gold"
	h.offers(over)
	h.campaignOffers("over")
	h.exec(`update contacts set attributes = '{"owned_products": "silver; Gold"}' where id = $1`, people[1].ContactID)
	expired := "over expired at " + past.Format(time.RFC3339)
	for i, want := range []struct{ name, note string }{
		{"gold", expired + "; gold takes its place"},
		{"last", expired + "; gold: the customer owns gold; last takes its place"},
	} {
		if got := h.pop(people[i], agent); got.OfferShown == nil || got.OfferShown.Name != want.name || got.OfferNote != want.note {
			t.Errorf("person %d: %+v, %q", i, got.OfferShown, got.OfferNote)
		}
	}
	last.Budget.Count = 1
	h.offers(last)
	h.talked(people[2], agent, callID(1))
	h.commit(h.sale(agent, callID(1), h.id(`select max(v.id) from offer_versions v join offers o on o.id = v.offer_id where o.name = 'last'`), 0))
	if got := h.pop(people[1], agent); got.OfferShown != nil || got.Offer != "" ||
		got.OfferNote != expired+"; gold: the customer owns gold; last is used up: 1 of 1; no other offer takes its place" {
		t.Errorf("with nothing left: %+v, %q", got.OfferShown, got.OfferNote)
	}
}

func TestTheReasonToLeaveChoosesTheOffer(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	agent, people := h.agent("ann"), h.queued(2)
	for _, name := range []string{"half", "cheaper"} {
		h.offers(offer(name))
	}
	h.campaignOffers("half")
	h.exec(`update campaigns set settings = jsonb_set(settings, '{win_back}', '{"reason_attribute": "why_left", "offers": {"price": "cheaper"}}'), revision = revision + 1`)
	h.exec(`update contacts set attributes = '{"why_left": "price"}' where id = $1`, people[1].ContactID)
	if a, b := h.pop(people[0], agent).OfferShown, h.pop(people[1], agent).OfferShown; a.Name != "half" || b.Name != "cheaper" {
		t.Errorf("%s and %s", a.Name, b.Name)
	}
}

func TestAnAcceptanceThatIsWrongIsNamedAndTakesNothing(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	agent, boss, p := h.agent("ann"), h.supervisor("eve"), h.queued(1)[0]
	end := h.store.Clock().Now().Add(time.Hour)
	o := offer("half")
	o.ExpiresAt = &end
	h.offers(o)
	h.offers(offer("strange"))
	h.campaignOffers("half")
	h.must(h.store.SetDiscountLimit(t.Context(), campaigns.DiscountLimit{Role: campaigns.RoleAgent, Percent: 5}))
	h.must(h.store.SetDiscountLimit(t.Context(), campaigns.DiscountLimit{User: "ann", Percent: 10}))
	h.talked(p, agent, callID(1))
	h.long(`update campaigns set updated_at = updated_at - interval '1 hour'`)
	version := h.pop(p, agent).OfferShown.VersionID
	strange := h.id(`select v.id from offer_versions v join offers o on o.id = v.offer_id where o.name = 'strange'`)
	notSale := h.sale(agent, callID(1), version, 0)
	notSale.Disposition, notSale.Reason = campaigns.DispositionNotInterested, "price"
	for name, c := range map[string]struct {
		result campaigns.Result
		code   campaigns.Code
		text   string
	}{
		"no sale":           {notSale, campaigns.CodeInvalid, "offer: is accepted with the result sale only"},
		"unknown version":   {h.sale(agent, callID(1), 99_999, 0), campaigns.CodeInvalid, "offer.version_id: 99999 was no offer of this call"},
		"another's offer":   {h.sale(agent, callID(1), strange, 0), campaigns.CodeInvalid, "offer.version_id: strange is no offer of this campaign"},
		"negative discount": {h.sale(agent, callID(1), version, -1), campaigns.CodeInvalid, "offer.discount: -1"},
		"above the most":    {h.sale(agent, callID(1), version, 31), campaigns.CodeInvalid, "offer.discount: 31 % is above the most that half allows, 30 %"},
		"above the limit":   {h.sale(agent, callID(1), version, 20), campaigns.CodeForbidden, "offer.discount: 20 % is above your limit of 10 %; a supervisor may approve it for call " + string(callID(1))},
	} {
		if _, err := h.store.CommitResult(t.Context(), c.result); err == nil || campaigns.CodeOf(err) != c.code || !strings.Contains(err.Error(), c.text) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if got := h.standing("half"); got != "0 0" {
		t.Errorf("in the books: %s", got)
	}
	if err := h.store.ApproveDiscount(t.Context(), callID(1), 20, agent, ""); campaigns.CodeOf(err) != campaigns.CodeForbidden {
		t.Errorf("an agent approves: %v", err)
	}
	if err := h.store.ApproveDiscount(t.Context(), callID(9), 20, boss, ""); campaigns.CodeOf(err) != campaigns.CodeNotFound {
		t.Errorf("of no call: %v", err)
	}
	h.must(h.store.ApproveDiscount(t.Context(), callID(1), 20, boss, "long-time customer"))
	// Who accepted in time keeps the offer, though it was changed since.
	o.Price = 2500
	h.offers(o)
	h.commit(h.sale(agent, callID(1), version, 20))
	if got := h.standing("half"); got != "1 400" {
		t.Errorf("in the books: %s", got)
	}
	if err := h.store.ApproveDiscount(t.Context(), callID(1), 25, boss, ""); campaigns.CodeOf(err) != campaigns.CodeConflict {
		t.Errorf("after the result: %v", err)
	}
}

func TestAnExpiredOfferIsNotAccepted(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	agent, p := h.agent("ann"), h.queued(1)[0]
	next := offer("next")
	h.offers(next)
	o, end := offer("half"), h.ago(time.Hour)
	o.ExpiresAt, o.Next = &end, "next"
	h.offers(o)
	h.campaignOffers("half")
	h.talked(p, agent, callID(1))
	_, err := h.store.CommitResult(t.Context(), h.sale(agent, callID(1), h.id(`select v.id from offer_versions v join offers o on o.id = v.offer_id where o.name = 'half'`), 0))
	if campaigns.CodeOf(err) != campaigns.CodeConflict || !strings.Contains(err.Error(), "offer: half expired at") {
		t.Errorf("expired: %v", err)
	}
	h.commit(h.sale(agent, callID(1), h.pop(p, agent).OfferShown.VersionID, 0))
	if got := h.standing("next"); got != "1 0" {
		t.Errorf("in the books of the next: %s", got)
	}
}

func TestApplyingAnOfferAppendsVersions(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	apply := func(o campaigns.Offer, dry bool) campaigns.Change {
		t.Helper()
		changes, err := h.store.ApplyOffers(t.Context(), []campaigns.Offer{o}, dry)
		h.must(err)
		return changes[0]
	}
	o := offer("half")
	if c := apply(o, true); c != (campaigns.Change{Version: 1, Changed: true}) || h.read(`select count(*) from offers`) != "0" {
		t.Errorf("a dry run: %+v", c)
	}
	if c := apply(o, false); c != (campaigns.Change{Version: 1, Changed: true}) {
		t.Errorf("first: %+v", c)
	}
	if c := apply(o, false); c != (campaigns.Change{Version: 1}) {
		t.Errorf("the same: %+v", c)
	}
	o.Price++
	if c := apply(o, false); c != (campaigns.Change{Version: 2, Changed: true}) {
		t.Errorf("changed: %+v", c)
	}
	all, err := h.store.OfferVersions(t.Context(), "half")
	h.must(err)
	if len(all) != 2 || all[0].Version != 2 || all[0].Offer.Price != 2001 || all[1].Offer.Price != 2000 {
		t.Errorf("versions %+v", all)
	}
	if _, err := h.conn.Exec(t.Context(), `update offer_versions set body = '{}'`); err == nil {
		t.Error("a version was changed")
	}
	circle, good := offer("other"), offer("good")
	circle.Next, good.Next = "half", "other"
	refused := func(text string, before int, offers ...campaigns.Offer) {
		t.Helper()
		changes, err := h.store.ApplyOffers(t.Context(), offers, false)
		if campaigns.CodeOf(err) != campaigns.CodeInvalid || !strings.Contains(err.Error(), text) || len(changes) != before {
			t.Errorf("%d before: %v", len(changes), err)
		}
	}
	lame := o
	lame.Next = "nowhere"
	refused(`next: there is no offer "nowhere"`, 1, circle, lame)
	lame.Currency = "euro"
	refused(`currency: "euro"`, 2, good, circle, lame)
	if got := h.read(`select count(*) from offers`); got != "1" {
		t.Errorf("%s offers after those were refused", got)
	}
	_, err = h.store.ApplyOffers(t.Context(), []campaigns.Offer{good, circle}, false)
	h.must(err)
	o.Next = "other"
	refused("next: leads in a circle: [half other] and again half", 0, o)
}
