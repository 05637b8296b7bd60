-- +goose Up
-- What a list's people are to the seller (source) and where their data comes
-- from (provenance); until now source held the name of the file.
alter table lists
    add column provenance text not null default '',
    -- The share of the calls among the lists of one priority, a fraction of 1;
    -- zero: what those with a share leave.
    add column mix        float8 not null default 0 check (mix >= 0 and mix <= 1),
    -- From then on nobody of the list is called.
    add column expires_at timestamptz,
    add column resets     integer not null default 0,
    add column reset_at   timestamptz;
update lists set provenance = source, source = '';
alter table lists add check (source in ('', 'suspect', 'enquiry', 'lapsed', 'former', 'existing', 'referral', 'competitor_customer',
    'competitor_enquiry', 'competitor_lapsed', 'competitor_former'));

-- A reset begins a new pass: the attempts of earlier ones count for the caps of
-- persons and numbers, but not for what the campaign tries with a candidate.
alter table candidates
    add column earlier_attempts integer not null default 0,
    add column reset_at         timestamptz;
