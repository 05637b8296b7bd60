-- +goose Up
-- What other systems told of persons. An event is kept as it was told; its key
-- makes it idempotent. One that is not applied yet is taken up again.
create table customer_events (
    id          bigint generated always as identity primary key,
    key         text not null unique check (key <> ''),
    type        text not null,
    contact_id  bigint references contacts,
    body        jsonb not null,
    body_hash   bytea not null,
    occurred_at timestamptz not null,
    received_at timestamptz not null,
    applied_at  timestamptz,
    receipt     jsonb,
    check ((applied_at is null) = (receipt is null))
);
create index customer_events_contact on customer_events (contact_id, occurred_at desc);
create index customer_events_pending on customer_events (received_at) where applied_at is null;
