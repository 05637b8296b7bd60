-- +goose Up
-- What a candidate waited for when it left its campaign's segment: it goes on
-- waiting when it is back, so that no agreed callback is lost.
create table segment_holds (
    candidate_id bigint primary key references candidates on delete cascade,
    state        text not null check (state in ('resting', 'callback')),
    reason       text not null,
    due_at       timestamptz not null
);
