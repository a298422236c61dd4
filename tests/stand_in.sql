-- What the platform asks of Citus, on a plain PostgreSQL: it spreads nothing, notes what was asked, and refuses what Citus
-- refuses of keys. So the statements for many machines can be run where there is one.

create table public.pg_dist_node (nodename text not null);
insert into public.pg_dist_node values ('coordinator'), ('worker-1'), ('worker-2');

create table public.pg_dist_partition (logicalrelid regclass primary key, place text not null, lies_with text);

create function public.create_reference_table(given regclass) returns void
language plpgsql security definer as $$
begin
    insert into public.pg_dist_partition values (given, 'reference', null);
end
$$;

create function public.create_distributed_table(given regclass, key text, colocate_with text default 'default')
returns void
language plpgsql security definer as $$
declare
    found text;
begin
    select conname into found
    from pg_constraint
    where
        conrelid = given and contype in ('p', 'u')
        and not exists (
            select from pg_attribute where attrelid = given and attname = key and attnum = any(conkey)
        );
    if found is not null then
        raise 'cannot create constraint on "%": % lacks the distribution column %', given, found, key;
    end if;
    select conname into found
    from pg_constraint
    where
        conrelid = given and contype = 'f'
        and not exists (
            select from public.pg_dist_partition as other
            where
                other.logicalrelid = confrelid
                and (
                    other.place = 'reference'
                    or exists (
                        select from unnest(conkey, confkey) as pair (mine, theirs)
                        inner join pg_attribute as one on one.attrelid = given and one.attnum = pair.mine
                        inner join pg_attribute as two on two.attrelid = confrelid and two.attnum = pair.theirs
                        where one.attname = key and two.attname = key
                    )
                )
        );
    if found is not null then
        raise 'cannot create foreign key constraint % of "%": it leads to rows elsewhere', found, given;
    end if;
    insert into public.pg_dist_partition values (given, 'spread', colocate_with);
end
$$;

grant usage on schema public to transformer;
grant select on public.pg_dist_partition to transformer;
