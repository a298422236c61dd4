-- What holds of the accepted rows; after the tables of the feeds.

create or replace view quality.standing_withdrawal as
-- The withdrawals of the deliveries in force.
select withdrawal.*
from quality.accepted_withdrawals as withdrawal
inner join raw.drop_ledger as ledger using (drop_id)
where ledger.status = 'accepted';

create or replace function quality.replaced_signals()
returns table (municipality_code text, drop_id bigint, line_no bigint)
language sql stable security definer rows 10 set search_path = pg_catalog, pg_temp as $$
    -- Of the accepted rows of one customer at one address in a drop the last counts. There is more than one only where a
    -- person released a double (rule duplicate_household), and then that is the row that he meant. A function, and not a
    -- view alone: on many machines who asks would need the rights to the customers' numbers himself.
    select earlier.municipality_code, earlier.drop_id, earlier.line_no
    from quality.released as released
    inner join quality.accepted_signals as later using (drop_id, line_no)
    inner join quality.accepted_signals as earlier
        on later.municipality_code = earlier.municipality_code
        and later.drop_id = earlier.drop_id
        and later.household_id = earlier.household_id
        and later.klantnummer = earlier.klantnummer
        and later.line_no > earlier.line_no
$$;

create or replace view quality.replaced_signal as
-- The rows in whose place another one counts.
select replaced.drop_id, replaced.line_no, replaced.municipality_code
from quality.replaced_signals() as replaced;

revoke execute on function quality.replaced_signals() from public;
grant execute on function quality.replaced_signals() to transformer;
grant select on quality.replaced_signal to transformer;
