-- +goose Up
-- What agents say and offer. Versions are appended and never changed, so that
-- what a customer heard can be shown later.
create table scripts (
    id               bigint generated always as identity primary key,
    name             text not null unique check (name <> ''),
    default_language text not null,
    created_at       timestamptz not null
);

create table script_versions (
    id         bigint generated always as identity primary key,
    script_id  bigint not null references scripts,
    language   text not null,
    version    integer not null check (version > 0),
    body       jsonb not null,
    created_at timestamptz not null,
    unique (script_id, language, version),
    unique (id, script_id, language)
);

-- Which version agents see from when until when: one for each language.
create table script_publications (
    id         bigint generated always as identity primary key,
    version_id bigint not null,
    script_id  bigint not null,
    language   text not null,
    from_at    timestamptz not null,
    until_at   timestamptz check (until_at >= from_at),
    foreign key (version_id, script_id, language) references script_versions (id, script_id, language)
);
create unique index script_publications_current on script_publications (script_id, language) where until_at is null;
create index script_publications_version on script_publications (version_id);

-- The bounds repeat those of the version in force; accepted and spent count the
-- acceptances that were not released, over all versions.
create table offers (
    id            bigint generated always as identity primary key,
    name          text not null unique check (name <> ''),
    budget_count  bigint check (budget_count > 0),
    budget_amount bigint check (budget_amount > 0),
    accepted      bigint not null default 0 check (accepted >= 0),
    spent         bigint not null default 0 check (spent >= 0),
    created_at    timestamptz not null
);

-- A version is in force from created_at until that of the next one.
create table offer_versions (
    id         bigint generated always as identity primary key,
    offer_id   bigint not null references offers,
    version    integer not null check (version > 0),
    body       jsonb not null,
    created_at timestamptz not null,
    unique (offer_id, version)
);

-- +goose StatementBegin
create function version_is_kept() returns trigger language plpgsql as $$
begin
    raise exception 'rows of % are never changed', tg_table_name using errcode = 'integrity_constraint_violation';
end $$;
-- +goose StatementEnd
create trigger script_versions_are_kept before update or delete on script_versions for each row execute function version_is_kept();
create trigger offer_versions_are_kept before update or delete on offer_versions for each row execute function version_is_kept();

-- Amounts are hundredths of the offer's currency.
create table offer_acceptances (
    id          bigint generated always as identity primary key,
    call_id     text not null references calls,
    offer_id    bigint not null references offers,
    version_id  bigint not null references offer_versions,
    agent_id    bigint references users,
    discount    float8 not null check (discount >= 0 and discount <= 100),
    amount      bigint not null check (amount >= 0),
    accepted_at timestamptz not null,
    released_at timestamptz,
    released_why text not null default ''
);
create unique index offer_acceptances_call on offer_acceptances (call_id) where released_at is null;
create index offer_acceptances_offer on offer_acceptances (offer_id, accepted_at);

-- How much discount, in per cent, a user or a role may give without asking.
create table discount_limits (
    id      bigint generated always as identity primary key,
    user_id bigint unique references users,
    role    text unique check (role in ('agent', 'supervisor', 'admin')),
    percent float8 not null check (percent >= 0 and percent <= 100),
    check ((user_id is null) <> (role is null))
);

create table discount_approvals (
    id          bigint generated always as identity primary key,
    call_id     text not null references calls,
    percent     float8 not null check (percent > 0 and percent <= 100),
    approved_by bigint not null references users,
    why         text not null default '',
    approved_at timestamptz not null
);
create index discount_approvals_call on discount_approvals (call_id);

create table call_disclosures (
    call_id      text not null references calls,
    code         text not null,
    version_id   bigint not null references script_versions,
    agent_id     bigint references users,
    confirmed_at timestamptz not null,
    primary key (call_id, code)
);

create table experiments (
    id          bigint generated always as identity primary key,
    name        text not null unique check (name <> ''),
    campaign_id bigint not null references campaigns,
    subject     text not null check (subject in ('script', 'offer', 'score')),
    salt        text not null check (length(salt) >= 16),
    arms        jsonb not null,
    baseline    float8 not null,
    effect      float8 not null,
    alpha       float8 not null,
    power       float8 not null,
    per_arm     integer not null check (per_arm > 0),
    within_s    bigint not null default 0 check (within_s >= 0),
    state       text not null default 'draft' check (state in ('draft', 'running', 'finished', 'stopped')),
    created_at  timestamptz not null,
    started_at  timestamptz,
    ended_at    timestamptz,
    result      jsonb,
    -- Only an experiment that has reached its horizon has a result.
    check ((state = 'finished') = (result is not null)),
    check ((state in ('finished', 'stopped')) = (ended_at is not null))
);
create unique index experiments_running on experiments (campaign_id, subject) where state = 'running';

-- Who was talked to under which arm, once for each person. A person who is
-- erased leaves a number that leads to nobody.
create table experiment_exposures (
    experiment_id bigint not null references experiments,
    contact_id    bigint not null,
    arm           smallint not null,
    call_id       text not null references calls,
    exposed_at    timestamptz not null,
    primary key (experiment_id, contact_id)
);
create index experiment_exposures_arm on experiment_exposures (experiment_id, arm, exposed_at);
