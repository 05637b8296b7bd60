-- +goose Up
-- How many candidates stand where is maintained, not counted: each statement
-- that changes candidates adds its difference as new rows, which lock nothing,
-- and the engine folds them into the counts. Counts and deltas together are
-- right in every snapshot. The ids of those counted, and of some more, lie between
-- first and last: from there an exploring pick draws.
create table candidate_counts (
    campaign_id bigint not null,
    list_id     bigint not null,
    bucket_id   bigint not null,
    state       text not null,
    reason      text not null,
    n           bigint not null,
    first       bigint,
    last        bigint,
    primary key (campaign_id, state, reason, bucket_id, list_id)
) with (fillfactor = 50);

create table candidate_deltas (
    campaign_id bigint not null,
    list_id     bigint not null,
    bucket_id   bigint not null,
    state       text not null,
    reason      text not null,
    n           bigint not null,
    first       bigint,
    last        bigint
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000);

-- The reason of a candidate that is ready, queued or open says nothing.
-- +goose StatementBegin
create function count_added_candidates() returns trigger language plpgsql as $$
begin
    insert into candidate_deltas
    select campaign_id, list_id, bucket_id, state, case when state in ('ready', 'queued', 'open') then '' else reason end, count(*), min(id), max(id)
    from added group by 1, 2, 3, 4, 5;
    return null;
end $$;
-- +goose StatementEnd

-- +goose StatementBegin
create function count_removed_candidates() returns trigger language plpgsql as $$
begin
    insert into candidate_deltas
    select campaign_id, list_id, bucket_id, state, case when state in ('ready', 'queued', 'open') then '' else reason end, -count(*), null, null
    from removed group by 1, 2, 3, 4, 5;
    return null;
end $$;
-- +goose StatementEnd

-- +goose StatementBegin
create function count_moved_candidates() returns trigger language plpgsql as $$
begin
    insert into candidate_deltas
    select campaign_id, list_id, bucket_id, state, case when state in ('ready', 'queued', 'open') then '' else reason end, sum(n), min(id), max(id)
    from (select campaign_id, list_id, bucket_id, state, reason, -1 as n, null::bigint as id from removed
          union all select campaign_id, list_id, bucket_id, state, reason, 1, id from added) m
    group by 1, 2, 3, 4, 5 having sum(n) <> 0;
    return null;
end $$;
-- +goose StatementEnd

create trigger candidates_added after insert on candidates
    referencing new table as added for each statement execute function count_added_candidates();
create trigger candidates_removed after delete on candidates
    referencing old table as removed for each statement execute function count_removed_candidates();
create trigger candidates_moved after update on candidates
    referencing old table as removed new table as added for each statement execute function count_moved_candidates();

insert into candidate_counts
select campaign_id, list_id, bucket_id, state, case when state in ('ready', 'queued', 'open') then '' else reason end, count(*), min(id), max(id)
from candidates group by 1, 2, 3, 4, 5;

-- A list that is switched off is passed over by the refill, not read through.
drop index candidates_ready;
create index candidates_ready on candidates (campaign_id, bucket_id, list_id, rank desc) where state = 'ready';
-- The next of those that wait for a reason, and those held back for one.
create index candidates_waiting on candidates (campaign_id, state, reason, due_at) where state in ('resting', 'callback');
create index candidates_blocked on candidates (campaign_id, reason, rank) where state = 'blocked';

-- Who was picked or kept back by lot, and with which probability: what an honest
-- estimate of an effect is weighted by.
create table selection_log (
    id           bigint generated always as identity primary key,
    campaign_id  bigint not null,
    candidate_id bigint not null,
    contact_id   bigint not null,
    kind         text not null check (kind in ('control', 'exploration', 'rank')),
    probability  float8 not null check (probability > 0 and probability <= 1),
    at           timestamptz not null
);
create index selection_log_campaign on selection_log (campaign_id, kind, at);
create index selection_log_candidate on selection_log (candidate_id);

-- The registry of propensity models: versions of a name, one of them in use.
create table models (
    id          bigint generated always as identity primary key,
    name        text not null check (name <> ''),
    version     integer not null,
    campaign_id bigint references campaigns,
    trained_at  timestamptz not null,
    rows        bigint not null,
    successes   bigint not null,
    metrics     jsonb not null default '{}',
    document    jsonb not null,
    in_use      boolean not null default false,
    created_at  timestamptz not null default now(),
    unique (name, version)
);
create unique index models_in_use on models (name) where in_use;

-- When the training of a name began last, so that one node does it.
create table model_trainings (
    name     text primary key,
    began_at timestamptz not null
);

-- The model that gave the propensity, and the propensity given before it.
alter table candidates
    add column model_id         bigint references models,
    add column given_propensity float8 check (given_propensity > 0 and given_propensity <= 1);

-- What was known of a person when a candidate was queued: a model learns from
-- that, never from what came to be known after the call.
create table candidate_features (
    candidate_id bigint not null references candidates on delete cascade,
    at           timestamptz not null,
    features     jsonb not null,
    primary key (candidate_id, at)
);

-- The campaigns whose candidates a model has scored.
create table scored_campaigns (
    campaign_id bigint primary key references campaigns
);

-- What is added to the ranks of a campaign by the hour of the week where the
-- phone rings (24 x weekday + hour, Sunday first), in doublings.
create table hour_profiles (
    campaign_id bigint primary key references campaigns,
    offsets     float8[] not null check (cardinality(offsets) = 168),
    made_at     timestamptz not null
);
