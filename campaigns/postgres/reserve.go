package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"ringmaster/campaigns"
)

// dialBy is how long after its reservation an attempt may still be sent.
const dialBy = time.Second

// Owner is the node and epoch that an attempt or a call belongs to.
type Owner struct {
	Node  string
	Epoch int64
}

// Reserve gates a batch of leased candidates and commits an attempt for each
// that passed (DESIGN.md section 4.5). Candidates refused are moved on with
// their reason; one that is not queued any more, or whose person or number is
// another than the item's, is refused as not_queued and left where it is. It
// fails with CodeConflict when the owner's lease is not fresh.
//
// The transaction takes two round trips: the locks and the facts travel in one
// pipeline, in which each statement sees what was committed before it began,
// and the writes and the commit in another.
func (s *Store) Reserve(ctx context.Context, owner Owner, items []campaigns.HopperItem) ([]campaigns.Attempt, []campaigns.Refusal, error) {
	if len(items) == 0 {
		return nil, nil, nil
	}
	var done reservation
	started := time.Now()
	err := s.pipelined(ctx, func(conn *pgx.Conn) error {
		r := reservation{store: s, conn: conn, owner: owner, items: items, now: s.clock.Now()}
		if err := r.lockAndRead(ctx); err != nil {
			return err
		}
		if err := r.decide(ctx); err != nil {
			return err
		}
		done = r
		return done.commit(ctx)
	})
	if err != nil {
		return nil, nil, err
	}
	attempts, refusals := done.result()
	for i := range attempts {
		attempts[i].DialBy = started.Add(dialBy)
	}
	return attempts, refusals, nil
}

// reservation is one batch on its way through the gates.
type reservation struct {
	store *Store
	conn  *pgx.Conn
	owner Owner
	items []campaigns.HopperItem
	now   time.Time

	rows   []factRow
	moves  []move
	passed []factRow
	ids    map[int64]int64 // the attempt of each passed contact
}

// lockAndRead begins the transaction, locks the persons and numbers, and reads
// the facts after that.
func (r *reservation) lockAndRead(ctx context.Context) error {
	candidates := make([]int64, len(r.items))
	for i, item := range r.items {
		candidates[i] = item.CandidateID
	}
	var batch pgx.Batch
	var fresh bool
	batch.Queue(`begin`)
	persons := queueLocks(&batch, r.owner, r.items, &fresh)
	batch.Queue(candidateFacts, candidates, r.now).Query(func(rows pgx.Rows) error {
		var err error
		r.rows, err = pgx.CollectRows(rows, scanFactColumns)
		return err
	})
	campaignIDs, rules := r.campaigns(), map[int64]revision{}
	batch.Queue(`select id, revision, state from campaigns where id = any($1)`, campaignIDs).Query(func(rows pgx.Rows) error {
		var id int64
		var at revision
		_, err := pgx.ForEachRow(rows, []any{&id, &at.revision, &at.state}, func() error {
			rules[id] = at
			return nil
		})
		return err
	})
	if registers := &r.store.laws.registers; !registers.fresh() {
		batch.Queue(registersSelect).Query(registers.take)
	}
	if err := r.conn.SendBatch(ctx, &batch).Close(); err != nil {
		return err
	}
	if !fresh {
		return notFresh(r.owner)
	}
	for i := range r.rows {
		row := &r.rows[i]
		row.person = persons[row.contactID]
		at := row.person.address
		at.country = row.address.country
		row.address = at
		row.facts.Zones, row.facts.Locations = r.store.zones.of(at, row.byNumber)
	}
	return r.addRules(ctx, rules)
}

// revision says which settings and state a campaign has.
type revision struct {
	revision int64
	state    campaigns.CampaignState
}

// campaigns gives the items' campaigns, each once.
func (r *reservation) campaigns() []int64 {
	var ids []int64
	seen := map[int64]bool{}
	for _, item := range r.items {
		if !seen[item.CampaignID] {
			seen[item.CampaignID] = true
			ids = append(ids, item.CampaignID)
		}
	}
	return ids
}

// addRules gives each row its campaign's settings and state; rows of other
// campaigns than their items' are left without and refused.
func (r *reservation) addRules(ctx context.Context, rules map[int64]revision) error {
	for i := range r.rows {
		row := &r.rows[i]
		at, ok := rules[row.campaignID]
		if !ok {
			continue
		}
		settings, cached := r.store.settings.get(row.campaignID, at.revision)
		if !cached {
			var err error
			if settings, at.state, err = r.store.settingsOf(ctx, r.conn, row.campaignID); err != nil {
				return err
			}
		}
		r.store.underRules(row, settings, at.state, r.now)
	}
	return nil
}

// lockedPerson is what an attempt needs of the person it calls.
type lockedPerson struct {
	address  zoneQuestion
	language string
	tier     int
}

// queueLocks locks the persons' and numbers' rows, each sorted by id, and reads
// whether the owner's lease is fresh. The locks exclude one another and leave
// alone foreign keys that point to the rows. The map is filled with the persons when
// the batch is read.
func queueLocks(batch *pgx.Batch, owner Owner, items []campaigns.HopperItem, fresh *bool) map[int64]lockedPerson {
	contacts, numbers := make([]int64, len(items)), make([]int64, len(items))
	for i, item := range items {
		contacts[i], numbers[i] = item.ContactID, item.NumberID
	}
	persons := make(map[int64]lockedPerson, len(items))
	batch.Queue(`select id, region, postal_code, time_zone, language, value from contacts where id = any($1) order by id for no key update`, contacts).
		Query(func(rows pgx.Rows) error {
			var id int64
			var p lockedPerson
			var worth float64
			_, err := pgx.ForEachRow(rows, []any{&id, &p.address.region, &p.address.postalCode, &p.address.timeZone, &p.language, &worth}, func() error {
				p.tier = tier(worth)
				persons[id] = p
				return nil
			})
			return err
		})
	batch.Queue(`select id from numbers where id = any($1) order by id for no key update`, numbers)
	batch.Queue(`select exists (select from nodes where name = $1 and epoch = $2 and lease_until > clock_timestamp())`, owner.Node, owner.Epoch).
		QueryRow(func(row pgx.Row) error { return row.Scan(fresh) })
	return persons
}

func notFresh(owner Owner) error {
	return campaigns.Errorf(campaigns.CodeConflict, "node %s holds no fresh lease on epoch %d", owner.Node, owner.Epoch)
}

// commit moves the refused, opens the passed and commits.
func (r *reservation) commit(ctx context.Context) error {
	var batch pgx.Batch
	queueMoves(&batch, r.moves, r.now)
	r.ids = queueAttempts(&batch, r.owner, r.passed, []campaigns.CandidateState{campaigns.CandidateQueued}, r.now)
	batch.Queue(`commit`)
	return r.conn.SendBatch(ctx, &batch).Close()
}

// result gives what was committed. A candidate that somebody moved between the
// facts and the write has no attempt.
func (r *reservation) result() ([]campaigns.Attempt, []campaigns.Refusal) {
	var attempts []campaigns.Attempt
	var refusals []campaigns.Refusal
	for _, m := range r.moves {
		refusals = append(refusals, campaigns.Refusal{CandidateID: m.id, Reason: m.reason, Until: m.due})
	}
	for _, row := range r.passed {
		if id, ok := r.ids[row.contactID]; ok {
			attempts = append(attempts, row.attempt(id, r.owner, r.now))
		} else {
			refusals = append(refusals, campaigns.Refusal{CandidateID: row.candidateID, Reason: campaigns.ReasonNotQueued})
		}
	}
	return attempts, refusals
}

// attempt gives the committed attempt of the row.
func (row *factRow) attempt(id int64, owner Owner, now time.Time) campaigns.Attempt {
	// The phone rings, and the customer waits, as long as the law allows too.
	settings := *row.facts.Settings
	settings.RingTimeout = campaigns.Duration(row.facts.Law.RingTimeout(settings.RingTimeout.Std()))
	settings.ConnectLimit = campaigns.Duration(row.facts.Law.ConnectLimit(settings.ConnectLimit.Std()))
	return campaigns.Attempt{
		ID: id, CampaignID: row.campaignID, CandidateID: row.candidateID, ContactID: row.contactID, NumberID: row.numberID,
		Number: row.number, Node: owner.Node, Epoch: owner.Epoch, AgentID: row.agentID, AnswerProbability: row.answerProbability,
		ReservedAt: now, LeastRing: row.facts.Law.LeastRing(), Language: row.person.language, Tier: row.person.tier, Settings: settings,
	}
}
