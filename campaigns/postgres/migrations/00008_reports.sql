-- +goose Up
-- Rollups by the hour (UTC) in which an attempt was reserved or a call began.
-- An hour is made anew as a whole whenever something of it has changed, so that
-- rolling up twice changes nothing and dialing writes none of this.
create table rollup_hours (
    hour      timestamptz primary key,
    rolled_at timestamptz not null
);

create table rollup_attempts (
    hour        timestamptz not null,
    campaign_id bigint not null,
    list_id     bigint not null,
    caller_id   text not null,
    outcome     text not null,
    attempts    bigint not null,
    sent        bigint not null,
    -- Those that were the first one of their candidate.
    first       bigint not null,
    primary key (hour, campaign_id, list_id, caller_id, outcome)
);

create table rollup_calls (
    hour        timestamptz not null,
    campaign_id bigint not null,
    list_id     bigint not null,
    queue       text not null,
    agent_id    bigint not null,
    direction   text not null,
    disposition text not null,
    calls       bigint not null,
    bridged     bigint not null,
    abandoned   bigint not null,
    talk_ms     bigint not null,
    hold_ms     bigint not null,
    wrap_up_ms  bigint not null,
    -- Sum of the candidates' propensities, of bridged outbound calls.
    expected    float8 not null,
    primary key (hour, campaign_id, list_id, queue, agent_id, direction, disposition)
);

create table rollup_agents (
    hour     timestamptz not null,
    agent_id bigint not null,
    state    text not null,
    spent_ms bigint not null,
    hold_ms  bigint not null,
    primary key (hour, agent_id, state)
);

-- Counts over a measure that is cut into bins:
-- first_call: 4 x log2 of the seconds from a candidate's event to its first attempt;
-- wait: seconds from an inbound call's start to its bridge, n in all;
-- age: days from the event to the conversation, hits are sales;
-- score: 100 x propensity, hits are sales and weight the sum of propensities;
-- local_hour: 24 x weekday + hour where the phone rings, hits are live answers.
create table rollup_bins (
    hour        timestamptz not null,
    campaign_id bigint not null,
    queue       text not null,
    measure     text not null check (measure in ('first_call', 'wait', 'age', 'score', 'local_hour')),
    bin         integer not null,
    n           bigint not null,
    hits        bigint not null,
    weight      float8 not null,
    primary key (hour, campaign_id, queue, measure, bin)
);

create index calls_closed on calls (closed_at);
create index call_amendments_at on call_amendments (amended_at);

create table service_levels (
    id         bigint generated always as identity primary key,
    name       text not null unique check (name <> ''),
    document   jsonb not null,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
