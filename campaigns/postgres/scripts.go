package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"ringmaster/campaigns"
)

// errDryRun rolls back what was only to be told.
var errDryRun = errors.New("dry run")

// tried runs f in a transaction, and rolls it back after all where dry is set.
func (s *Store) tried(ctx context.Context, dry bool, f func(pgx.Tx) error) error {
	err := s.tx(ctx, func(tx pgx.Tx) error {
		if err := f(tx); err != nil {
			return err
		}
		if dry {
			return errDryRun
		}
		return nil
	})
	if errors.Is(err, errDryRun) {
		return nil
	}
	return err
}

// ApplyScript makes a script what is given: each text that differs from the one
// in force becomes a new version and is published in its place; languages that
// are not given any more are withdrawn. It tells what changes, by language; dry:
// and changes nothing. CodeInvalid names what is wrong.
func (s *Store) ApplyScript(ctx context.Context, script campaigns.Script, dry bool) ([]campaigns.Change, error) {
	if err := script.Validate(); err != nil {
		return nil, err
	}
	var changes []campaigns.Change
	err := s.tried(ctx, dry, func(tx pgx.Tx) error {
		now := s.clock.Now()
		changes = nil
		var id int64
		// The update takes the row's lock: two of these follow one another.
		if err := tx.QueryRow(ctx, `insert into scripts (name, default_language, created_at) values ($1, $2, $3)
			on conflict (name) do update set default_language = excluded.default_language returning id`,
			script.Name, script.DefaultLanguage, now).Scan(&id); err != nil {
			return err
		}
		for _, language := range slices.Sorted(maps.Keys(script.Texts)) {
			change, err := applyText(ctx, tx, id, language, script.Texts[language], now)
			if err != nil {
				return err
			}
			changes = append(changes, change)
		}
		rows, err := tx.Query(ctx, `update script_publications set until_at = $3 where script_id = $1 and until_at is null and language <> all($2)
			returning language`, id, slices.Collect(maps.Keys(script.Texts)), now)
		if err != nil {
			return err
		}
		withdrawn, err := pgx.CollectRows(rows, pgx.RowTo[string])
		for _, language := range slices.Sorted(slices.Values(withdrawn)) {
			changes = append(changes, campaigns.Change{Language: language, Changed: true})
		}
		return err
	})
	return changes, err
}

// applyText appends and publishes a text where it differs from the one in force.
func applyText(ctx context.Context, tx pgx.Tx, scriptID int64, language string, text campaigns.ScriptText, now time.Time) (campaigns.Change, error) {
	change := campaigns.Change{Language: language}
	body, err := json.Marshal(text)
	if err != nil {
		return change, err
	}
	var same bool
	err = tx.QueryRow(ctx, `select v.version, v.body = $3::jsonb from script_publications p join script_versions v on v.id = p.version_id
		where p.script_id = $1 and p.language = $2 and p.until_at is null`, scriptID, language, body).Scan(&change.Version, &same)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) || same {
		return change, err
	}
	var versionID int64
	if err := tx.QueryRow(ctx, `insert into script_versions (script_id, language, version, body, created_at)
		select $1, $2, coalesce(max(version), 0) + 1, $3, $4 from script_versions where script_id = $1 and language = $2 returning id, version`,
		scriptID, language, body, now).Scan(&versionID, &change.Version); err != nil {
		return change, err
	}
	change.Changed = true
	return change, publish(ctx, tx, versionID, now)
}

// publish puts a version in the place of the one in force.
func publish(ctx context.Context, tx pgx.Tx, versionID int64, now time.Time) error {
	if err := exec(ctx, tx, `update script_publications p set until_at = greatest($2, p.from_at) from script_versions v
		where v.id = $1 and p.script_id = v.script_id and p.language = v.language and p.until_at is null`, versionID, now); err != nil {
		return err
	}
	return exec(ctx, tx, `insert into script_publications (version_id, script_id, language, from_at)
		select id, script_id, language, $2 from script_versions where id = $1`, versionID, now)
}

// PublishScript puts an earlier version of a script's text in force again.
// CodeNotFound when there is none.
func (s *Store) PublishScript(ctx context.Context, name, language string, version int) error {
	return s.tx(ctx, func(tx pgx.Tx) error {
		var id int64
		err := tx.QueryRow(ctx, `select v.id from scripts c join script_versions v on v.script_id = c.id
			where c.name = $1 and v.language = $2 and v.version = $3 for update of c`, name, language, version).Scan(&id)
		if errors.Is(err, pgx.ErrNoRows) {
			return campaigns.Errorf(campaigns.CodeNotFound, "there is no version %d of script %q in %q", version, name, language)
		}
		if err != nil {
			return err
		}
		return publish(ctx, tx, id, s.clock.Now())
	})
}

// scriptColumns select a version v of a script c.
const scriptColumns = `v.id, c.name, v.language, v.version, v.body, v.created_at,
	exists (select from script_publications p where p.version_id = v.id and p.until_at is null)`

func scanScript(row pgx.CollectableRow) (campaigns.ScriptVersion, error) {
	var v campaigns.ScriptVersion
	var body []byte
	if err := row.Scan(&v.ID, &v.Script, &v.Language, &v.Version, &body, &v.CreatedAt, &v.Published); err != nil {
		return v, err
	}
	return v, json.Unmarshal(body, &v.Text)
}

func queryScripts(ctx context.Context, q querier, sql string, args ...any) ([]campaigns.ScriptVersion, error) {
	rows, err := q.Query(ctx, sql, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, scanScript)
}

// Scripts gives the versions in force, by name and language.
func (s *Store) Scripts(ctx context.Context) ([]campaigns.ScriptVersion, error) {
	all, err := queryScripts(ctx, s.pool, `select `+scriptColumns+` from script_publications p join script_versions v on v.id = p.version_id
		join scripts c on c.id = v.script_id where p.until_at is null order by c.name, v.language`)
	return all, classify(err)
}

// ScriptVersions gives every version of a script, by language, newest first;
// CodeNotFound when there is none of the name.
func (s *Store) ScriptVersions(ctx context.Context, name string) ([]campaigns.ScriptVersion, error) {
	all, err := queryScripts(ctx, s.pool, `select `+scriptColumns+` from scripts c join script_versions v on v.script_id = c.id
		where c.name = $1 order by v.language, v.version desc`, name)
	if err == nil && len(all) == 0 {
		return nil, campaigns.Errorf(campaigns.CodeNotFound, "no script %q", name)
	}
	return all, classify(err)
}

// Script gives a script as it is in force, so that it could be applied again;
// CodeNotFound when there is none of the name.
func (s *Store) Script(ctx context.Context, name string) (campaigns.Script, error) {
	script := campaigns.Script{Name: name, Texts: map[string]campaigns.ScriptText{}}
	err := s.pool.QueryRow(ctx, `select default_language from scripts where name = $1`, name).Scan(&script.DefaultLanguage)
	if errors.Is(err, pgx.ErrNoRows) {
		return script, campaigns.Errorf(campaigns.CodeNotFound, "no script %q", name)
	}
	if err != nil {
		return script, classify(err)
	}
	all, err := s.Scripts(ctx)
	for _, v := range all {
		if v.Script == name {
			script.Texts[v.Language] = v.Text
		}
	}
	return script, err
}

// scriptInForce gives the text of a script that was in force at a time, or with
// the zero time is now, in the first of the languages that it has, else in its
// default one; false where there was none of the name.
func scriptInForce(ctx context.Context, q querier, name string, languages []string, at time.Time) (campaigns.ScriptVersion, bool, error) {
	all, err := queryScripts(ctx, q, `select `+scriptColumns+` from scripts c join script_publications p on p.script_id = c.id
		join script_versions v on v.id = p.version_id
		where c.name = $1 and case when $2::timestamptz is null then p.until_at is null
			else p.from_at <= $2 and (p.until_at is null or p.until_at > $2) end order by p.from_at desc`, name, optional(at))
	if err != nil || len(all) == 0 {
		return campaigns.ScriptVersion{}, false, err
	}
	var standard string
	if err := q.QueryRow(ctx, `select default_language from scripts where name = $1`, name).Scan(&standard); err != nil {
		return campaigns.ScriptVersion{}, false, err
	}
	var have []string
	for _, v := range all {
		have = append(have, v.Language)
	}
	chosen := campaigns.ChooseLanguage(have, slices.Concat(languages, []string{standard})...)
	i := max(slices.Index(have, chosen), 0)
	return all[i], true, nil
}
