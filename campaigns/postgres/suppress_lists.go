package postgres

import (
	"context"
	"errors"
	"regexp"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"ringmaster/campaigns"
	"ringmaster/campaigns/phone"
)

// NationalMaxAge is how old the file of a national registry may be: who calls
// by a version not older than 31 days is within the safe harbor of 16 CFR
// 310.4(b)(3)(iv).
const NationalMaxAge = 31 * 24 * time.Hour

// DNCLists gives every list, the own one first.
func (s *Store) DNCLists(ctx context.Context) ([]campaigns.DNCListState, error) {
	now := s.clock.Now()
	rows, err := s.pool.Query(ctx, `select d.name, coalesce(c.name, ''), d.national, coalesce(extract(epoch from d.max_age), 0)::float8,
			coalesce(sum(f.entries) filter (where f.retired_at is null), 0)::bigint
				+ case when d.name = $1 then (select count(*) from suppressions where expires_at is null or expires_at > $2) else 0 end,
			(select count(*) from dnc_patterns x where x.list_id = d.id and (x.expires_at is null or x.expires_at > $2)),
			coalesce((array_agg(f.file order by f.id desc) filter (where f.loaded_at is not null and f.file <> $3))[1], ''),
			max(f.loaded_at) filter (where f.file <> $3), coalesce(bool_or(f.id is not null and f.loaded_at is null and f.retired_at is null), false)
		from (select id, name, campaign_id, national, max_age from dnc_lists
		      union all select 0, $1, null, false, null where not exists (select from dnc_lists where name = $1)) d
		left join campaigns c on c.id = d.campaign_id left join dnc_files f on f.list_id = d.id
		group by d.id, d.name, c.name, d.national, d.max_age order by d.name <> $1, d.name`, OwnList, now, byHand)
	if err != nil {
		return nil, classify(err)
	}
	lists, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (campaigns.DNCListState, error) {
		var l campaigns.DNCListState
		var maxAge float64
		err := row.Scan(&l.Name, &l.Campaign, &l.National, &maxAge, &l.Entries, &l.Patterns, &l.File, &l.LoadedAt, &l.Loading)
		l.MaxAge = campaigns.Duration(maxAge * float64(time.Second))
		l.Old = l.MaxAge > 0 && (l.LoadedAt == nil || now.Sub(*l.LoadedAt) > l.MaxAge.Std())
		return l, err
	})
	return lists, classify(err)
}

// heldList is a do-not-call list in the store.
type heldList struct {
	id         int32
	campaignID int64 // zero: all
}

// findDNCList finds the list or makes it. CodeNotFound names a campaign that is
// missing, CodeConflict a list that binds another campaign.
func (s *Store) findDNCList(ctx context.Context, tx pgx.Tx, l campaigns.DNCList) (heldList, error) {
	var held, wanted heldList
	if strings.TrimSpace(l.Name) == "" {
		return held, campaigns.Invalid("list", "has no name")
	}
	if l.Campaign != "" {
		err := tx.QueryRow(ctx, `select id from campaigns where name = $1`, l.Campaign).Scan(&wanted.campaignID)
		if errors.Is(err, pgx.ErrNoRows) {
			return held, campaigns.Errorf(campaigns.CodeNotFound, "no campaign %q", l.Campaign)
		}
		if err != nil {
			return held, err
		}
	}
	if l.National && l.MaxAge == 0 {
		l.MaxAge = campaigns.Duration(NationalMaxAge)
	}
	if err := exec(ctx, tx, `insert into dnc_lists (name, campaign_id, national, max_age, created_at)
		values ($1, nullif($2::bigint, 0), $3, nullif(make_interval(secs => $4), interval '0'), $5) on conflict (name) do nothing`,
		l.Name, wanted.campaignID, l.National, l.MaxAge.Std().Seconds(), s.clock.Now()); err != nil {
		return held, err
	}
	err := tx.QueryRow(ctx, `update dnc_lists set national = national or $2, max_age = coalesce(nullif(make_interval(secs => $3), interval '0'), max_age)
		where name = $1 returning id, coalesce(campaign_id, 0)`, l.Name, l.National, l.MaxAge.Std().Seconds()).Scan(&held.id, &held.campaignID)
	if err == nil && l.Campaign != "" && held.campaignID != wanted.campaignID {
		err = campaigns.Errorf(campaigns.CodeConflict, "list %q is there already and does not bind campaign %q alone", l.Name, l.Campaign)
	}
	return held, err
}

// SetDNCList makes a list without entries, or says anew how old its files may
// become; national is not taken back. CodeInvalid for a list without a name,
// CodeNotFound and CodeConflict as for its entries.
func (s *Store) SetDNCList(ctx context.Context, list campaigns.DNCList) error {
	if list.Name == OwnList && (list.National || list.Campaign != "" || list.MaxAge != 0) {
		return campaigns.Invalid("list", "%q is the own list: it binds all campaigns and does not grow old", OwnList)
	}
	if list.MaxAge < 0 {
		return campaigns.Invalid("max_age", "%v is below zero", list.MaxAge)
	}
	defer s.laws.registers.forget()
	return s.tx(ctx, func(tx pgx.Tx) error {
		_, err := s.findDNCList(ctx, tx, list)
		return err
	})
}

// byHand is the file of the entries that were added one by one.
const byHand = "by hand"

// AddToDNCList adds one number (E.164) to a list, until a business time or
// (zero) for good. The list is made when there is none of the name.
func (s *Store) AddToDNCList(ctx context.Context, list campaigns.DNCList, e164 string, until time.Time) error {
	if err := s.notOver(until); err != nil {
		return err
	}
	number, err := phone.Parse(e164, "")
	if err != nil {
		return campaigns.Invalid("number", "%v", err)
	}
	return s.tx(ctx, func(tx pgx.Tx) error {
		now := s.clock.Now()
		hmac := s.NumberHMAC(number.E164)
		numberID, err := lockNumber(ctx, tx, hmac)
		if err != nil {
			return err
		}
		held, err := s.findDNCList(ctx, tx, list)
		if err != nil {
			return err
		}
		var file int32
		err = tx.QueryRow(ctx, `select id from dnc_files where list_id = $1 and file = $2 for no key update`, held.id, byHand).Scan(&file)
		if errors.Is(err, pgx.ErrNoRows) {
			err = tx.QueryRow(ctx, `insert into dnc_files (list_id, file, started_at, loaded_at) values ($1, $2, $3, $3) returning id`,
				held.id, byHand, now).Scan(&file)
		}
		if err != nil {
			return err
		}
		if err := exec(ctx, tx, `with added as (
				insert into dnc_entries (file_id, key, expires_at) values ($1, $2, $3)
				on conflict (key, file_id) do update set expires_at = excluded.expires_at returning xmax = 0 as is_new)
			update dnc_files set entries = entries + 1 where id = $1 and (select is_new from added)`,
			file, hmac[:dncKey], optional(until)); err != nil || numberID == 0 {
			return err
		}
		if err := leaveNumbers(ctx, tx, []int64{numberID}, held.campaignID, until, now); err != nil {
			return err
		}
		return cancelDials(ctx, tx, []int64{numberID}, held.campaignID)
	})
}

// RemoveFromDNCList takes a number (E.164) off a list. CodeNotFound when it is
// not on it.
func (s *Store) RemoveFromDNCList(ctx context.Context, list, e164 string) error {
	number, err := phone.Parse(e164, "")
	if err != nil {
		return campaigns.Invalid("number", "%v", err)
	}
	return s.tx(ctx, func(tx pgx.Tx) error {
		hmac := s.NumberHMAC(number.E164)
		numberID, err := lockNumber(ctx, tx, hmac)
		if err != nil {
			return err
		}
		var removed int64
		if err := tx.QueryRow(ctx, `with gone as (
				delete from dnc_entries e using dnc_files f, dnc_lists d
				where e.key = $2 and f.id = e.file_id and d.id = f.list_id and d.name = $1 returning e.file_id),
			counted as (update dnc_files f set entries = f.entries - 1 from gone where f.id = gone.file_id)
			select count(*) from gone`, list, hmac[:dncKey]).Scan(&removed); err != nil {
			return err
		}
		if removed == 0 {
			return campaigns.Errorf(campaigns.CodeNotFound, "the number is not on list %q", list)
		}
		return freeNumbers(ctx, tx, []int64{numberID}, s.clock.Now())
	})
}

// dncPattern is the form of a prefix or country.
var dncPattern = regexp.MustCompile(`^(\+[1-9][0-9]{0,13}|[A-Z]{2})$`)

// checkPattern refuses what is neither a prefix nor a country.
func checkPattern(pattern string) error {
	if !dncPattern.MatchString(pattern) {
		return campaigns.Invalid("pattern", "%q is neither a prefix such as +1900 nor a country such as US", pattern)
	}
	if !strings.HasPrefix(pattern, "+") {
		return phone.CheckRegion(pattern)
	}
	return nil
}

// SuppressPattern puts every number with a prefix (+1900), or of a country (an
// ISO 3166 code), on a do-not-call list, until a business time or (zero) for
// good. The list is made when there is none of the name. Once it returns, what
// rings has been told to stop and waiting candidates have moved on; no dial is
// reserved from its first moment on.
func (s *Store) SuppressPattern(ctx context.Context, list campaigns.DNCList, pattern, reason string, until time.Time) error {
	if err := s.notOver(until); err != nil {
		return err
	}
	if err := checkPattern(pattern); err != nil {
		return err
	}
	var held heldList
	if err := s.tx(ctx, func(tx pgx.Tx) error {
		var err error
		if held, err = s.findDNCList(ctx, tx, list); err != nil {
			return err
		}
		return exec(ctx, tx, `insert into dnc_patterns (list_id, pattern, reason, created_at, expires_at) values ($1, $2, $3, $4, $5)
			on conflict (pattern, list_id) do update set reason = excluded.reason, expires_at = excluded.expires_at`,
			held.id, pattern, reason, s.clock.Now(), optional(until))
	}); err != nil {
		return err
	}
	return s.sweepPattern(ctx, pattern, func(ctx context.Context, tx pgx.Tx, ids []int64, now time.Time) error {
		if err := leaveNumbers(ctx, tx, ids, held.campaignID, until, now); err != nil {
			return err
		}
		return cancelDials(ctx, tx, ids, held.campaignID)
	})
}

// LiftPattern takes a prefix or country off a list. CodeNotFound when it is not
// on it.
func (s *Store) LiftPattern(ctx context.Context, list, pattern string) error {
	if err := checkPattern(pattern); err != nil {
		return err
	}
	tag, err := s.pool.Exec(ctx, `delete from dnc_patterns x using dnc_lists d where d.id = x.list_id and d.name = $1 and x.pattern = $2`, list, pattern)
	if err != nil {
		return classify(err)
	}
	if tag.RowsAffected() == 0 {
		return campaigns.Errorf(campaigns.CodeNotFound, "%s is not on list %q", pattern, list)
	}
	return s.freeAll(ctx)
}

// notOver is CodeInvalid for an end that lies behind; zero is no end.
func (s *Store) notOver(until time.Time) error {
	if !until.IsZero() && !until.After(s.clock.Now()) {
		return campaigns.Invalid("expires", "%s is over", until.Format(time.RFC3339))
	}
	return nil
}
