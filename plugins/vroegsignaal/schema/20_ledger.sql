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

create table if not exists raw.redelivery (
    drop_id bigint not null references raw.drop_ledger,
    file text not null,
    received_at timestamptz not null default now(),
    primary key (drop_id, file)
);
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

create table if not exists config.loaded (fingerprint text not null);
comment on table config.loaded is 'The fingerprint of the configuration that the tables of this schema hold.';

create table if not exists config.holiday (day date primary key, description text not null);
comment on table config.holiday is 'The days from Monday to Friday on which nobody works; see equated_days for more.';

grant select, insert, delete on config.holiday to loader;
grant select on config.holiday to transformer;
grant select, insert, update on raw.drop_ledger to loader;
grant select, insert on raw.month_received, raw.redelivery to loader;
grant select, insert, delete on quality.finding to loader;
grant select, insert on vault.household to loader;
grant select, insert, delete on config.loaded to loader;
grant select on raw.drop_ledger, raw.month_received, quality.finding to transformer;
-- What arrives after the approval is late.
grant select on decision.approval to loader;
grant select, insert on decision.approval, decision.selection to transformer;
