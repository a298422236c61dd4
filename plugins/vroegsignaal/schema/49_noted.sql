-- Who reads names: noted before, in a transaction of its own. A note of the transaction that reads would go away with it.

drop function if exists vault.note_read(text, date, text);

create or replace function vault.session_from() returns text
language sql stable as $$
    -- With which program, and from where.
    select concat_ws(', ', nullif(current_setting('application_name', true), ''), host(inet_client_addr()))
$$;

create or replace function vault.open_list(of_municipality text, of_month date, of_list text) returns void
language sql volatile security definer set search_path = pg_catalog, pg_temp as $$
    -- Note that who asks is going to read a list with names.
    insert into quality.list_read (municipality_code, signal_month, list, read_by, read_from)
    values (of_municipality, of_month, of_list, session_user, vault.session_from())
$$;

create or replace function vault.check_opened(of_municipality text, of_month date, of_list text) returns void
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
begin
    -- Refuse a list to who is limited to another municipality, and to who did not open it within the hour, in this session.
    if coalesce(current_setting('vroegsignaal.municipality', true), '') not in ('', of_municipality) then
        raise 'this session may read of one municipality, and the list is of another'
            using errcode = 'insufficient_privilege';
    end if;
    if not exists (
        select 1
        from quality.list_read as noted
        inner join pg_stat_activity as session on session.pid = pg_backend_pid()
        where
            (noted.municipality_code, noted.signal_month, noted.list) = (of_municipality, of_month, of_list)
            and (noted.read_by, noted.read_from) = (session_user, vault.session_from())
            -- Both are when a transaction began: what this one notes itself is not before it.
            and noted.read_at < now()
            and noted.read_at >= greatest(session.backend_start, now() - interval '1 hour')
    ) then
        raise 'who reads this list is noted first: select vault.open_list(%, %, %), in a transaction of its own',
            quote_nullable(of_municipality), quote_nullable(of_month), quote_nullable(of_list)
            -- Of the platform: a program opens the list that the detail names, and asks again.
            using errcode = 'VS001', detail = json_build_array(of_municipality, of_month, of_list);
    end if;
end
$$;

revoke execute on function vault.open_list(text, date, text) from public;
revoke execute on function vault.check_opened(text, date, text) from public;
grant execute on function vault.open_list(text, date, text) to caseworker;
