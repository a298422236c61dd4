-- How a delivered text is read as a value: each function gives null for a text that is not such a value.

create or replace function quality.read_date(given text) returns date
language sql immutable parallel safe as $$
    -- The two forms of the contract: jjjj-mm-dd and dd-mm-jjjj. The days of a month are counted here, since a cast of
    -- 30 February would stop the whole statement.
    select case
        when parts.y > 0 and parts.m between 1 and 12 and parts.d between 1
            and extract(day from make_date(parts.y, parts.m, 1) + interval '1 month - 1 day')
            then make_date(parts.y, parts.m, parts.d)
    end
    from (
        select
            case when iso then left(given, 4) else right(given, 4) end::integer as y,
            case when iso then substr(given, 6, 2) else substr(given, 4, 2) end::integer as m,
            case when iso then right(given, 2) else left(given, 2) end::integer as d
        from (select given ~ '^\d{4}-\d{2}-\d{2}$' as iso) as form
        where form.iso or given ~ '^\d{2}-\d{2}-\d{4}$'
    ) as parts
$$;

create or replace function quality.read_month(given text) returns date
language sql immutable parallel safe as $$
    -- A month is written jjjj-mm; a day stands for its month.
    select date_trunc('month', quality.read_date(case when given ~ '^\d{4}-\d{2}$' then given || '-01' else given end))::date
$$;

create or replace function quality.read_amount(given text, decimal_separator text, thousands_separator text)
returns numeric
language sql immutable parallel safe as $$
    select case when plain ~ '^[+-]?\d{1,30}(\.\d{1,30})?$' then plain::numeric end
    from (
        select case
            -- A point that is neither the decimal nor the thousands separator makes the text no number.
            when decimal_separator <> '.' and thousands_separator <> '.' and given like '%.%' then null
            else replace(replace(given, thousands_separator, ''), decimal_separator, '.')
        end as plain
    ) as written
$$;

create or replace function quality.read_postcode(given text) returns text
language sql immutable parallel safe as $$
    select (regexp_match(upper(regexp_replace(given, '\s', '', 'g')), '^[1-9][0-9]{3}[A-Z]{2}$'))[1]
$$;

create or replace function quality.read_house_number(given text) returns integer
language sql immutable parallel safe as $$
    select case when given ~ '^0*[1-9]\d{0,4}$' then given::integer end
$$;

create or replace function quality.read_bsn(given text) returns text
language sql immutable parallel safe as $$
    -- The eleven test: 9 to 2 times the first eight digits, minus the ninth, is a multiple of eleven. A number of eight
    -- digits lost its leading zero on the way (spreadsheets do that).
    select case
        when given ~ '^\d{8,9}$' and bsn <> '000000000' and (
            9 * substr(bsn, 1, 1)::integer + 8 * substr(bsn, 2, 1)::integer + 7 * substr(bsn, 3, 1)::integer
            + 6 * substr(bsn, 4, 1)::integer + 5 * substr(bsn, 5, 1)::integer + 4 * substr(bsn, 6, 1)::integer
            + 3 * substr(bsn, 7, 1)::integer + 2 * substr(bsn, 8, 1)::integer - substr(bsn, 9, 1)::integer
        ) % 11 = 0 then bsn
    end
    from (select lpad(given, 9, '0') as bsn) as padded
$$;

create or replace function quality.read_flag(given text) returns boolean
language sql immutable parallel safe as $$
    select case lower(given) when 'j' then true when 'n' then false end
$$;

create or replace function quality.address_key(postcode text, house_number integer, letter text, addition text)
returns text
language sql immutable parallel safe as $$
    -- One address, however it is written: 12 + a, 12 + '' + A and 12 + '' + -a. Null when postcode or number is null.
    select postcode || ' ' || house_number::text || ' '
        -- What is longer is no address, and would not fit the index of the register.
        || left(regexp_replace(upper(coalesce(letter, '') || coalesce(addition, '')), '[^A-Z0-9]', '', 'g'), 200)
$$;
