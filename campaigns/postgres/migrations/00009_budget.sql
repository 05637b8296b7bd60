-- +goose Up
-- The regulated figures by the hour (UTC) in which attempts ended, so that the
-- window of any rule, and the day of any zone, is a sum of them. Answers by
-- machines are counted for the formulas that ask for them.
alter table drop_ledger rename column day to hour;
alter table drop_ledger alter column hour type timestamptz using hour::timestamp at time zone 'UTC';
alter table drop_ledger add column machines bigint not null default 0;

-- What was counted by days is counted anew by hours, as far back as any window
-- reaches, and with the machines.
delete from drop_ledger where hour >= date_trunc('day', now() at time zone 'UTC') at time zone 'UTC' - interval '32 days';
insert into drop_ledger (campaign_id, hour, live_answered, dropped, machines)
select a.campaign_id, date_trunc('hour', a.ended_at at time zone 'UTC') at time zone 'UTC', count(*) filter (where a.outcome <> 'machine'),
    count(*) filter (where a.outcome = 'dropped'), count(*) filter (where a.outcome = 'machine')
from attempts a join campaigns c on c.id = a.campaign_id
where a.outcome in ('answered', 'dropped', 'machine') and a.reserved_at >= now() - interval '40 days'
    and a.ended_at >= date_trunc('day', now() at time zone 'UTC') at time zone 'UTC' - interval '32 days'
group by 1, 2;

-- Whoever shares a campaign's drops out among the nodes holds its row.
create table drop_budgets (
    campaign_id bigint primary key references campaigns
);

-- The drops that each node may still cause. What the node records is booked here
-- in the same transaction: an answer adds per_answer, a drop takes one off. So
-- all shares together never pass what the ledger allows.
create table drop_shares (
    campaign_id bigint not null references campaigns,
    node        text not null,
    held        float8 not null,
    per_answer  float8 not null,
    renewed_at  timestamptz not null,
    primary key (campaign_id, node)
) with (fillfactor = 50);
