package postgres

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"time"

	"github.com/jackc/pgx/v5"

	"ringmaster/campaigns"
	"ringmaster/campaigns/ingest"
	"ringmaster/campaigns/phone"
)

// EraseContact removes a person's data on their demand (GDPR art. 17). What is
// left is a keyed hash of each number, which keeps it from being called or
// imported, and figures that lead to nobody: attempts, and calls without names,
// numbers and notes. Whatever rings is cancelled first. CodeNotFound for an
// unknown person; CodeConflict while the person is in a call: it is their last
// one, and the erasure has to be asked for again after it.
func (s *Store) EraseContact(ctx context.Context, contactID int64) (campaigns.Erased, error) {
	if err := s.tx(ctx, func(tx pgx.Tx) error { return s.closeDoors(ctx, tx, contactID) }); err != nil {
		return campaigns.Erased{}, err
	}
	var done campaigns.Erased
	err := s.tx(ctx, func(tx pgx.Tx) error {
		e := eraser{store: s, tx: tx, contactID: contactID, now: s.clock.Now()}
		err := e.erase(ctx)
		done = e.done
		return err
	})
	return done, err
}

// EraseNumber erases the person of a number (E.164), and suppresses it where
// nobody is known by it. CodeConflict names the persons where it is several
// ones': then one of them has to be named.
func (s *Store) EraseNumber(ctx context.Context, e164 string) (campaigns.Erased, error) {
	number, err := phone.Parse(e164, "")
	if err != nil {
		return campaigns.Erased{}, campaigns.Invalid("number", "%v", err)
	}
	rows, err := s.pool.Query(ctx, `select cn.contact_id from numbers n join contact_numbers cn on cn.number_id = n.id where n.e164 = $1 order by 1`, number.E164)
	if err != nil {
		return campaigns.Erased{}, classify(err)
	}
	owners, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	switch {
	case err != nil:
		return campaigns.Erased{}, classify(err)
	case len(owners) > 1:
		return campaigns.Erased{}, campaigns.Errorf(campaigns.CodeConflict, "several persons have this number: erase one of the contacts %v", owners)
	case len(owners) == 1:
		return s.EraseContact(ctx, owners[0])
	}
	return campaigns.Erased{Numbers: 1}, s.tx(ctx, func(tx pgx.Tx) error {
		e := eraser{store: s, tx: tx, now: s.clock.Now()}
		if err := e.forget(ctx, number.E164); err != nil {
			return err
		}
		return exec(ctx, tx, `delete from numbers where e164 = $1`, number.E164)
	})
}

// closeDoors keeps the person from being called from now on.
func (s *Store) closeDoors(ctx context.Context, tx pgx.Tx, contactID int64) error {
	now := s.clock.Now()
	if err := lockContact(ctx, tx, contactID); err != nil {
		return err
	}
	if err := exec(ctx, tx, `insert into objections (contact_id, source, objected_at) values ($1, $2, $3) on conflict do nothing`,
		contactID, sourceErasure, now); err != nil {
		return err
	}
	return blockPerson(ctx, tx, contactID, campaigns.ReasonErased, now)
}

// eraser is one erasure in its transaction.
type eraser struct {
	store     *Store
	tx        pgx.Tx
	contactID int64
	now       time.Time
	done      campaigns.Erased
}

func (e *eraser) erase(ctx context.Context) error {
	if err := lockContact(ctx, e.tx, e.contactID); err != nil {
		return err
	}
	var busy bool
	if err := e.tx.QueryRow(ctx, `select exists (select from attempts where contact_id = $1 and ended_at is null)
		or exists (select from calls where contact_id = $1 and closed_at is null)`, e.contactID).Scan(&busy); err != nil {
		return err
	}
	if busy {
		return campaigns.Errorf(campaigns.CodeConflict, "contact %d is in a call; nobody calls them any more, erase them once it has its result", e.contactID)
	}
	own, err := e.numbers(ctx)
	if err != nil {
		return err
	}
	return e.remove(ctx, own)
}

// numbers suppresses the person's numbers, and gives those that are theirs alone.
func (e *eraser) numbers(ctx context.Context) ([]int64, error) {
	rows, err := e.tx.Query(ctx, `select n.id, n.e164, exists (select from contact_numbers o where o.number_id = n.id and o.contact_id <> $1), c.first_name, c.last_name, c.company
		from contact_numbers cn join numbers n on n.id = cn.number_id join contacts c on c.id = cn.contact_id
		where cn.contact_id = $1 order by n.id for no key update of n`, e.contactID)
	if err != nil {
		return nil, err
	}
	type held struct {
		id                   int64
		e164                 string
		others               bool
		first, last, company string
	}
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (held, error) {
		var n held
		return n, row.Scan(&n.id, &n.e164, &n.others, &n.first, &n.last, &n.company)
	})
	if err != nil {
		return nil, err
	}
	var own []int64
	for _, n := range all {
		if n.others {
			e.done.Shared++
			err = exec(ctx, e.tx, `insert into erasures (key, erased_at) values ($1, $2) on conflict do nothing`,
				e.store.erasureKey(n.e164, nameKey(n.first, n.last, n.company)), e.now)
		} else {
			e.done.Numbers++
			own = append(own, n.id)
			err = e.forget(ctx, n.e164)
		}
		if err != nil {
			return nil, err
		}
	}
	return own, nil
}

// forget leaves the keyed hash of a number that was the person's alone. What
// agents wrote to an entry of it goes.
func (e *eraser) forget(ctx context.Context, e164 string) error {
	if err := exec(ctx, e.tx, `insert into erasures (key, erased_at) values ($1, $2) on conflict do nothing`, e.store.erasureKey(e164, ""), e.now); err != nil {
		return err
	}
	if err := exec(ctx, e.tx, `update suppressions set reason = '' where number_hmac = $1`, e.store.NumberHMAC(e164)); err != nil {
		return err
	}
	return e.store.suppress(ctx, e.tx, suppression{e164: e164, source: sourceErasure}, e.now)
}

// remove deletes the person's rows and empties what is kept of their calls.
func (e *eraser) remove(ctx context.Context, own []int64) error {
	person := []any{e.contactID}
	both := []any{e.contactID, append([]int64{}, own...)}
	for _, step := range []struct {
		sql   string
		args  []any
		count *int
	}{
		{sql: `update call_amendments set notes = '', why = '' where call_id in (select id from calls where contact_id = $1 or number_id = any($2))`, args: both},
		{sql: `update calls set contact_id = null, candidate_id = null, number_id = null, draft = null, notes = '',
			caller = case direction when 'inbound' then '' else caller end, called = case direction when 'outbound' then '' else called end
			where contact_id = $1 or number_id = any($2)`, args: both, count: &e.done.Calls},
		// The key of an event stays, so that it is not told again.
		{sql: `update customer_events set contact_id = null, body = '{}', body_hash = '', receipt = case when receipt is not null then '{}'::jsonb end
			where contact_id = $1`, args: person},
		{sql: `update attempts set candidate_id = null, detail = '' where contact_id = $1`, args: person},
		{sql: `delete from candidates where contact_id = $1`, args: person, count: &e.done.Candidates},
		{sql: `delete from complaints where contact_id = $1`, args: person},
		{sql: `delete from consents where contact_id = $1`, args: person},
		{sql: `delete from objections where contact_id = $1`, args: person},
		{sql: `delete from contact_numbers where contact_id = $1`, args: person},
		{sql: `delete from numbers where id = any($1)`, args: both[1:]},
		{sql: `delete from contacts where id = $1`, args: person, count: &e.done.Contacts},
	} {
		tag, err := e.tx.Exec(ctx, step.sql, step.args...)
		if err != nil {
			return err
		}
		if step.count != nil {
			*step.count = int(tag.RowsAffected())
		}
	}
	return nil
}

// erasureKey is the keyed hash that an erased person leaves: of a number that
// was theirs alone, or with the name (see nameKey) of one that they shared.
func (s *Store) erasureKey(e164, name string) []byte {
	mac := hmac.New(sha256.New, s.numberKey)
	mac.Write([]byte("erased\n" + e164 + "\n" + name))
	return mac.Sum(nil)
}

// withoutErased parts rows from those of persons who were erased.
func (s *Store) withoutErased(ctx context.Context, q querier, rows []ingest.Row) (kept []ingest.Row, refused []ingest.Refused, err error) {
	people := make([]erasureQuestion, len(rows))
	for i, row := range rows {
		people[i] = erasureQuestion{first: row.FirstName, last: row.LastName, company: row.Company}
		for _, n := range row.Numbers {
			people[i].numbers = append(people[i].numbers, n.E164)
		}
	}
	erased, err := s.erased(ctx, q, people)
	if err != nil {
		return nil, nil, err
	}
	for i, row := range rows {
		if erased[i] {
			refused = append(refused, ingest.Refused{Line: row.Line, Reason: campaigns.ReasonErased})
		} else {
			kept = append(kept, row)
		}
	}
	return kept, refused, nil
}

// erasureQuestion asks whether a row of an import is an erased person.
type erasureQuestion struct {
	numbers              []string // E.164
	first, last, company string
}

// erased tells which of the persons were erased, in the order of the questions:
// they may not be stored again.
func (s *Store) erased(ctx context.Context, q querier, people []erasureQuestion) ([]bool, error) {
	answers := make([]bool, len(people))
	var some bool
	if err := q.QueryRow(ctx, `select exists (select from erasures)`).Scan(&some); err != nil || !some {
		return answers, err
	}
	of := map[string][]int{}
	var keys [][]byte
	for i, p := range people {
		for _, number := range p.numbers {
			for _, name := range []string{"", nameKey(p.first, p.last, p.company)} {
				key := s.erasureKey(number, name)
				of[string(key)] = append(of[string(key)], i)
				keys = append(keys, key)
			}
		}
	}
	rows, err := q.Query(ctx, `select key from erasures where key = any($1)`, keys)
	if err != nil {
		return answers, err
	}
	var key []byte
	_, err = pgx.ForEachRow(rows, []any{&key}, func() error {
		for _, i := range of[string(key)] {
			answers[i] = true
		}
		return nil
	})
	return answers, err
}
