-- +goose Up
-- States repeat the transition tables of package campaigns; a test compares them.

create table users (
    id            bigint generated always as identity primary key,
    name          text not null unique check (name <> ''),
    display_name  text not null default '',
    role          text not null check (role in ('agent', 'supervisor', 'admin')),
    password_hash text,
    phone         text not null default '',
    phone_mode    text not null default 'nailed' check (phone_mode in ('nailed', 'per_call')),
    languages     text[] not null default '{}',
    skills        text[] not null default '{}',
    campaign_ids  bigint[] not null default '{}',
    queues        text[] not null default '{}',
    disabled_at   timestamptz,
    created_at    timestamptz not null default now()
);

create table sign_in_links (
    token_hash bytea primary key,
    user_id    bigint not null references users,
    expires_at timestamptz not null,
    used_at    timestamptz
);

create table web_sessions (
    token  text primary key,
    data   bytea not null,
    expiry timestamptz not null
);
create index web_sessions_expiry on web_sessions (expiry);

create table nodes (
    name        text primary key,
    epoch       bigint not null,
    lease_until timestamptz not null,
    started_at  timestamptz not null
);

create table contacts (
    id          bigint generated always as identity primary key,
    external_id text unique,
    first_name  text not null default '',
    last_name   text not null default '',
    company     text not null default '',
    email       text not null default '',
    language    text not null default '',
    time_zone   text not null default '',
    region      text not null default '',
    postal_code text not null default '',
    value       float8 not null default 1,
    attributes  jsonb not null default '{}',
    created_at  timestamptz not null default now(),
    updated_at  timestamptz not null default now()
);

-- Imports merge persons by e-mail address.
create index contacts_email on contacts (lower(email)) where email <> '';

create table numbers (
    id         bigint generated always as identity primary key,
    e164       text not null unique check (e164 ~ '^\+[1-9][0-9]{6,14}$'),
    hmac       bytea not null unique,
    prefix     text not null,
    region     text not null,
    zones      text[] not null,
    shared     boolean not null default false,
    bad_at     timestamptz,
    created_at timestamptz not null default now()
);

create table contact_numbers (
    contact_id bigint not null references contacts on delete cascade,
    number_id  bigint not null references numbers,
    position   smallint not null,
    primary key (contact_id, number_id)
);
create index contact_numbers_number on contact_numbers (number_id);

create table campaigns (
    id         bigint generated always as identity primary key,
    name       text not null unique check (name <> ''),
    kind       text not null check (kind in ('win_back', 'prospecting', 'loyalty', 'cross_sell')),
    state      text not null default 'draft' check (state in ('draft', 'running', 'paused', 'closed')),
    settings   jsonb not null,
    revision   bigint not null default 1,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    closed_at  timestamptz,
    check ((state = 'closed') = (closed_at is not null))
);

create table lists (
    id          bigint generated always as identity primary key,
    campaign_id bigint not null references campaigns,
    name        text not null check (name <> ''),
    active      boolean not null default true,
    priority    integer not null default 0,
    source      text not null default '',
    created_at  timestamptz not null default now(),
    unique (campaign_id, name)
);

-- A bucket holds what differs by candidate class: the zones in which all of
-- its members must be inside the window, and whether they are due callbacks.
create table buckets (
    id          bigint generated always as identity primary key,
    campaign_id bigint not null references campaigns,
    kind        text not null check (kind in ('rank', 'callback')),
    zones       text[] not null,
    region      text not null default '',
    unique (campaign_id, kind, zones, region)
);

create table candidates (
    id          bigint generated always as identity primary key,
    campaign_id bigint not null references campaigns,
    contact_id  bigint not null references contacts,
    list_id     bigint not null references lists,
    number_id   bigint references numbers,
    bucket_id   bigint not null references buckets,
    -- log2(value x propensity) + event time in half-lives since 2020-01-01
    -- UTC + attempts x log2 decay.
    rank        float8 not null,
    value       float8 not null default 1 check (value > 0),
    propensity  float8 not null default 0.5 check (propensity > 0 and propensity <= 1),
    answer_probability float8 not null default 0 check (answer_probability between 0 and 1),
    event_at    timestamptz not null,
    state       text not null check (state in ('ready', 'resting', 'callback', 'queued', 'open', 'blocked', 'done')),
    reason      text not null default '',
    due_at      timestamptz,
    agent_id    bigint references users,
    attempts    integer not null default 0,
    queued_at   timestamptz,
    state_at    timestamptz not null,
    created_at  timestamptz not null default now(),
    unique (contact_id, campaign_id),
    check ((state in ('resting', 'callback')) = (due_at is not null)),
    check (state not in ('resting', 'blocked', 'done') or reason <> ''),
    check (state in ('blocked', 'done') or number_id is not null)
) with (fillfactor = 85, autovacuum_vacuum_scale_factor = 0.02);
create index candidates_ready on candidates (campaign_id, bucket_id, rank desc) where state = 'ready';
create index candidates_due on candidates (due_at) where state in ('resting', 'callback');
create index candidates_queued on candidates (campaign_id, queued_at) where state = 'queued';
create index candidates_open on candidates (campaign_id, state_at) where state = 'open';

create table suppressions (
    id          bigint generated always as identity primary key,
    number_hmac bytea not null,
    campaign_id bigint references campaigns,
    source      text not null,
    reason      text not null default '',
    created_at  timestamptz not null,
    expires_at  timestamptz
);
create unique index suppressions_number on suppressions (number_hmac, coalesce(campaign_id, 0), source);

create table complaints (
    id         bigint generated always as identity primary key,
    contact_id bigint not null references contacts,
    text       text not null default '',
    opened_at  timestamptz not null,
    closed_at  timestamptz
);
create index complaints_open on complaints (contact_id) where closed_at is null;

create table consents (
    id         bigint generated always as identity primary key,
    contact_id bigint not null references contacts,
    purpose    text not null,
    channel    text not null,
    granted    boolean not null,
    source     text not null default '',
    proof      text not null default '',
    valid_from timestamptz not null,
    valid_until timestamptz
);
create index consents_contact on consents (contact_id);

-- The gate inserts attempts only for rows that it has locked and read in the
-- same transaction, and their candidates keep those from being deleted: foreign
-- keys to them would double the cost of an attempt and hold nothing more.
create table attempts (
    id            bigint generated always as identity primary key,
    campaign_id   bigint not null,
    candidate_id  bigint,
    contact_id    bigint not null,
    number_id     bigint not null,
    number_shared boolean not null,
    agent_id      bigint references users,
    node          text not null,
    epoch         bigint not null,
    trunk         text not null default '',
    caller_id     text not null default '',
    sip_call_id   text not null default '',
    reserved_at   timestamptz not null,
    dial_by       timestamptz not null,
    sent_at       timestamptz,
    ringing_at    timestamptz,
    answered_at   timestamptz,
    ended_at      timestamptz,
    outcome       text check (outcome in ('answered', 'machine', 'dropped', 'busy', 'no_answer', 'rejected',
                    'bad_number', 'unreachable', 'congestion', 'failed', 'cancelled', 'superseded', 'unknown')),
    sip_code      integer not null default 0,
    q850          integer not null default 0,
    detail        text not null default '',
    claim_to_invite_us bigint,
    check ((ended_at is null) = (outcome is null))
);
create unique index attempts_open_contact on attempts (contact_id) where ended_at is null;
create unique index attempts_open_number on attempts (number_id) where ended_at is null and not number_shared;
create index attempts_contact on attempts (contact_id, reserved_at desc);
create index attempts_number on attempts (number_id, reserved_at desc);
-- Attempts are inserted in the order of time.
create index attempts_reserved on attempts using brin (reserved_at) with (pages_per_range = 16, autosummarize = on);

create table calls (
    id            text primary key check (length(id) = 26),
    direction     text not null check (direction in ('outbound', 'inbound')),
    campaign_id   bigint references campaigns,
    candidate_id  bigint references candidates,
    contact_id    bigint references contacts,
    number_id     bigint references numbers,
    attempt_id    bigint unique references attempts,
    agent_id      bigint references users,
    node          text not null,
    epoch         bigint not null,
    trunk         text not null default '',
    queue         text not null default '',
    caller        text not null default '',
    called        text not null default '',
    sip_call_id   text not null default '',
    started_at    timestamptz not null,
    queued_at     timestamptz,
    offered_at    timestamptz,
    bridged_at    timestamptz,
    ended_at      timestamptz,
    ended_by      text check (ended_by in ('customer', 'agent', 'system', 'dead_media')),
    abandoned     boolean not null default false,
    answer_to_bridge_us bigint,
    answer_to_pop_us    bigint,
    talk_ms       bigint not null default 0,
    hold_ms       bigint not null default 0,
    wrap_up_ms    bigint not null default 0,
    rtp_sent      bigint not null default 0,
    rtp_received  bigint not null default 0,
    rtp_lost      bigint not null default 0,
    jitter_ms     float8 not null default 0,
    draft         jsonb,
    disposition   text,
    disposition_reason text not null default '',
    notes         text not null default '',
    closed_at     timestamptz,
    check ((direction = 'outbound') = (attempt_id is not null)),
    check ((ended_at is null) = (ended_by is null)),
    check ((disposition is null) = (closed_at is null)),
    check (disposition is null or ended_at is not null)
);
create unique index calls_live_contact on calls (contact_id) where ended_at is null and contact_id is not null;
create index calls_contact on calls (contact_id, started_at desc);
create index calls_unclosed on calls (candidate_id) where closed_at is null;
create index calls_started on calls (started_at);

create table call_amendments (
    id          bigint generated always as identity primary key,
    call_id     text not null references calls,
    user_id     bigint references users,
    disposition text not null,
    reason      text not null default '',
    notes       text not null default '',
    why         text not null default '',
    amended_at  timestamptz not null
);

create table agent_commands (
    agent_id   bigint not null references users,
    command_id text not null,
    kind       text not null,
    body_hash  text not null,
    reply      jsonb not null,
    at         timestamptz not null,
    primary key (agent_id, command_id)
);

create table agent_spells (
    id       bigint generated always as identity primary key,
    agent_id bigint not null references users,
    state    text not null check (state in ('offline', 'not_ready', 'ready', 'preview', 'reserved', 'talking', 'wrap_up')),
    reason   text not null default '',
    until    timestamptz not null,
    spent_ms bigint not null,
    hold_ms  bigint not null default 0
);
create unique index agent_spells_until on agent_spells (until, agent_id, state);

-- The regulated figures, by the business day in UTC.
create table drop_ledger (
    campaign_id   bigint not null references campaigns,
    day           date not null,
    live_answered bigint not null default 0,
    dropped       bigint not null default 0,
    primary key (campaign_id, day)
);

create table imports (
    id          bigint generated always as identity primary key,
    list_id     bigint not null references lists,
    file        text not null,
    rows        bigint not null,
    imported    bigint not null,
    rejected    bigint not null,
    finished_at timestamptz not null
);
