-- The ledger of drops, the findings, the register of households and the decision ledger.

create table if not exists raw.drop_ledger (
    drop_id bigint primary key,
    municipality_code text not null,
    signal_month date not null,
    feed text not null,
    creditor text,
    delivery integer not null,
    sha256 text not null,
    file text not null,
    received_at timestamptz not null default now(),
    status text not null default 'received'
        check (status in ('received', 'accepted', 'superseded', 'rejected')),
    rows_read bigint not null,
    rows_accepted bigint not null default 0,
    rows_quarantined bigint not null default 0,
    rows_rejected bigint not null default 0,
    unreadable text,
    missing_columns text [] not null default '{}',
    extra_columns text [] not null default '{}',
    decimal_separator text not null,
    thousands_separator text not null,
    unique nulls not distinct (municipality_code, signal_month, feed, creditor, sha256),
    constraint nothing_vanishes check (
        status = 'received' or rows_read = rows_accepted + rows_quarantined + rows_rejected
    )
);
comment on table raw.drop_ledger is
'One row per drop: a file as it was delivered, told apart by municipality, month, feed, creditor and sha256.';

alter table raw.drop_ledger add column if not exists portal text;
comment on column raw.drop_ledger.portal is
'The portal whose file holds the drop, with the drops of other creditors; null for a file of the creditor itself.';
alter table raw.drop_ledger add column if not exists looks_like text;
comment on column raw.drop_ledger.looks_like is
'In words for the sender, how the file seems to be written where columns are missing.';

alter table raw.drop_ledger add column if not exists read_as text;
comment on column raw.drop_ledger.read_as is
'The fingerprint of how its sender was to be read: dialect, aliases, and for a portal the names of creditors.';

create or replace function raw.drop_being_received() returns bigint
language sql immutable set search_path = pg_catalog as $$
    -- Immutable it is not, but COPY then asks once for the whole file and not for every row: it is set before each COPY.
    select nullif(current_setting('vroegsignaal.drop_id', true), '')::bigint
$$;

create table if not exists raw.redelivery (
    drop_id bigint not null references raw.drop_ledger,
    file text not null,
    received_at timestamptz not null default now(),
    primary key (drop_id, file)
);
alter table raw.redelivery add column if not exists delivery integer not null default 1;
comment on table raw.redelivery is
'The bytes of a drop that its sender delivered once more in the same month, under another name.';

create table if not exists raw.month_received (
    municipality_code text,
    signal_month date,
    primary key (municipality_code, signal_month)
);
comment on table raw.month_received is
'The months of each municipality that were received, whether or not every creditor delivered.';

create table if not exists quality.finding (
    drop_id bigint not null references raw.drop_ledger,
    line_no bigint,
    rule text not null,
    severity text not null check (severity in ('critical', 'warning', 'info')),
    column_name text,
    unique nulls not distinct (drop_id, line_no, rule, column_name)
);
comment on table quality.finding is
'What the door found: one row per drop, line, rule and column; line_no is null for a finding on the whole drop.';

create table if not exists quality.release (
    release_id bigint generated always as identity primary key,
    drop_id bigint not null references raw.drop_ledger,
    line_no bigint not null,
    amount_eur numeric check (amount_eur > 0),
    reason text not null check (btrim(reason) <> ''),
    released_by text not null check (btrim(released_by) <> ''),
    released_at timestamptz not null default now()
);
comment on table quality.release is
'Held rows that a person let through, or gave another amount. Append-only: no role may change or delete a row.';

alter table quality.release add column if not exists kept boolean not null default false;
comment on column quality.release.kept is 'Whether the person looked at the row and left it held.';

create or replace view quality.released as
-- Of each row, what was said last, if that lets it through.
select *
from (
    select distinct on (drop_id, line_no) *
    from quality.release
    order by drop_id, line_no, release_id desc
) as last_word
where not kept;

create table if not exists quality.mail (
    municipality_code text not null,
    signal_month date not null,
    recipient text not null check (recipient in ('creditor', 'municipality')),
    creditor text,
    delivery integer,
    fingerprint text not null,
    outcome text not null check (outcome in ('sent', 'refused')),
    message_id text not null,
    mailed_at timestamptz not null default now(),
    unique nulls not distinct (municipality_code, signal_month, recipient, creditor, fingerprint)
);
comment on table quality.mail is
'The mails that the mail server took or refused, one for each set of findings. Append-only. No address, no text.';

create table if not exists vault.household (
    household_id bigint primary key,
    municipality_code text not null,
    address_key text not null,
    unique (municipality_code, address_key)
);
comment on table vault.household is
'The register of households: a surrogate for each normalised address. Deleting a row makes its history anonymous.';

create table if not exists decision.approval (
    municipality_code text,
    signal_month date,
    approved_at timestamptz not null default now(),
    approved_by text not null,
    automatic boolean not null,
    primary key (municipality_code, signal_month)
);
comment on table decision.approval is
'One approved selection per municipality and month. Append-only: no role of the platform may change or delete a row.';

create table if not exists decision.selection (
    municipality_code text,
    signal_month date,
    household_id bigint,
    role text not null check (role in ('selected', 'reserve', 'not_selected')),
    rank integer,
    reason text,
    criterion text not null,
    creditors text not null,
    sectors text not null,
    district text,
    arrears_eur numeric not null,
    heropaf boolean not null,
    policy jsonb not null,
    primary key (municipality_code, signal_month, household_id),
    foreign key (municipality_code, signal_month) references decision.approval
);
comment on table decision.selection is
'The selection as it was approved, one row per match, with the policy that was in force. Append-only.';

create table if not exists decision.exchange (
    municipality_code text,
    signal_month date,
    household_out bigint not null,
    household_in bigint not null,
    reason text not null check (btrim(reason) <> ''),
    exchanged_by text not null check (btrim(exchanged_by) <> ''),
    exchanged_at timestamptz not null default now(),
    unique (municipality_code, signal_month, household_out),
    unique (municipality_code, signal_month, household_in)
);
comment on table decision.exchange is
'Selected households that a person exchanged for one of the reserve before approving. Append-only.';

create table if not exists decision.rejection (
    municipality_code text not null,
    signal_month date not null,
    fingerprint text not null,
    reason text not null check (btrim(reason) <> ''),
    rejected_by text not null check (btrim(rejected_by) <> ''),
    rejected_at timestamptz not null default now()
);
comment on table decision.rejection is
'Proposals that a person rejected, by the fingerprint of what was proposed. Append-only.';

create or replace function decision.is_approved(of_municipality text, of_month date) returns boolean
language sql stable security definer set search_path = pg_catalog as $$
    -- For who may not read what was decided, but has to tell senders whether it still can change.
    select exists (
        select 1 from decision.approval where municipality_code = of_municipality and signal_month = of_month
    )
$$;

create table if not exists config.loaded (fingerprint text not null);
comment on table config.loaded is 'The fingerprint of the configuration that the tables of this schema hold.';

create table if not exists config.holiday (day date primary key, description text not null);
comment on table config.holiday is 'The days from Monday to Friday on which nobody works; see equated_days for more.';

grant select, insert, delete on config.holiday to loader;
grant select on config.holiday to transformer;
grant select, insert, update, delete on raw.drop_ledger to loader;
grant select, insert on raw.month_received to loader;
grant select, insert, delete on raw.redelivery to loader;
grant select, insert, delete on quality.finding to loader;
grant select, insert on quality.release, quality.mail to loader;
grant select on quality.released to loader;
revoke execute on function decision.is_approved(text, date) from public;
grant execute on function decision.is_approved(text, date) to loader;
grant select, insert on vault.household to loader;
grant select, insert, delete on config.loaded to loader;
grant select on raw.drop_ledger, raw.month_received, quality.finding to transformer;
-- What arrives after the approval is late.
grant select on decision.approval to loader;
grant select, insert on decision.approval, decision.selection, decision.exchange, decision.rejection to transformer;
