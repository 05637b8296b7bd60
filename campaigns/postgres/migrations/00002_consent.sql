-- +goose Up

-- The consent ledger is appended to, never changed: what was on record at a
-- call can be shown later. Erasing a person deletes theirs.
alter table consents
    add column recorded_at timestamptz,
    add column recorded_by bigint references users,
    -- The hours that the person asked to be called in, by their own clock.
    add column hours       jsonb,
    add check (purpose in ('marketing', 'service')),
    add check (channel in ('phone', 'any')),
    add check (valid_until is null or valid_until > valid_from);
update consents set recorded_at = valid_from;
alter table consents alter column recorded_at set not null, alter column recorded_at set default now();
drop index consents_contact;
create index consents_contact on consents (contact_id, valid_from desc, id desc);

-- +goose StatementBegin
create function ledger_is_kept() returns trigger language plpgsql as $$
begin
    raise exception 'entries of % are never changed', tg_table_name using errcode = 'integrity_constraint_violation';
end $$;
-- +goose StatementEnd
create trigger consents_are_kept before update on consents for each row execute function ledger_is_kept();

-- The right to object to marketing (GDPR art. 21(2) and (3)): per person, for
-- all campaigns that market.
create table objections (
    id           bigint generated always as identity primary key,
    contact_id   bigint not null references contacts,
    source       text not null default '',
    proof        text not null default '',
    objected_at  timestamptz not null,
    withdrawn_at timestamptz,
    check (withdrawn_at is null or withdrawn_at >= objected_at)
);
create unique index objections_open on objections (contact_id) where withdrawn_at is null;
create index objections_contact on objections (contact_id);

-- Do-not-call lists that come as files or by prefix. What persons asked of us
-- one by one stands in suppressions.
create table dnc_lists (
    id          integer generated always as identity primary key,
    name        text not null unique check (name <> ''),
    campaign_id bigint references campaigns,
    national    boolean not null default false,
    -- Files older than this are told; null: they may grow old.
    max_age     interval check (max_age > interval '0'),
    created_at  timestamptz not null
);

-- A file counts from its first entry on, until a later one replaces it. It is
-- done once loaded_at is set.
create table dnc_files (
    id         integer generated always as identity primary key,
    list_id    integer not null references dnc_lists,
    file       text not null,
    entries    bigint not null default 0,
    rejected   bigint not null default 0,
    started_at timestamptz not null,
    loaded_at  timestamptz,
    retired_at timestamptz
);
create index dnc_files_list on dnc_files (list_id);

-- Tens of millions of rows: narrow, without a surrogate key. The key is the
-- first half of the number's HMAC, which is enough to tell 2^64 numbers apart.
create table dnc_entries (
    file_id    integer not null,
    key        bytea not null check (octet_length(key) = 16),
    expires_at timestamptz,
    primary key (key, file_id)
);

-- A pattern is a prefix such as +1900, or an ISO 3166 country.
create table dnc_patterns (
    list_id    integer not null references dnc_lists on delete cascade,
    pattern    text not null check (pattern ~ '^(\+[1-9][0-9]{0,13}|[A-Z]{2})$'),
    reason     text not null default '',
    created_at timestamptz not null,
    expires_at timestamptz,
    primary key (pattern, list_id)
);

-- All that is left of an erased person: keyed hashes of their numbers, or of a
-- shared number with the name, which no import may bring back.
create table erasures (
    key       bytea primary key check (octet_length(key) = 32),
    erased_at timestamptz not null
);

-- Who waits behind a do-not-call entry is found when it is lifted.
create index candidates_do_not_call on candidates (number_id) where reason = 'do_not_call' and state in ('blocked', 'resting');

-- The time that was promised for a callback, while it is owed.
alter table candidates add column callback_at timestamptz;
update candidates set callback_at = due_at where state = 'callback';

-- What each agent does, as their node last said, so that a personal callback
-- knows whether its agent is ready. It counts while the node's lease is fresh.
create table agent_presence (
    agent_id bigint primary key references users,
    state    text not null check (state in ('offline', 'not_ready', 'ready', 'preview', 'reserved', 'talking', 'wrap_up')),
    since    timestamptz not null,
    node     text not null,
    epoch    bigint not null
) with (fillfactor = 50);

-- When it was told that nobody of the list is left to be called; null: somebody
-- is, or it was not told yet.
alter table lists add column exhausted_at timestamptz;
