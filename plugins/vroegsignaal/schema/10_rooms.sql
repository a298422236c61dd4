-- The rooms of the warehouse (schemas) and who may enter them. Run by the owner; every statement may run again.

create schema if not exists config;
create schema if not exists raw;
create schema if not exists quality;
create schema if not exists vault;
create schema if not exists decision;
create schema if not exists staging authorization transformer;
create schema if not exists core authorization transformer;
create schema if not exists casework authorization transformer;
create schema if not exists mart authorization transformer;
-- Here whoever reads `mart` makes views of their own: what the platform makes anew it makes in its own rooms.
create schema if not exists bi_workspace;

revoke all on schema public from public;

-- Functions that run as the owner set `search_path = pg_catalog, pg_temp`: a path that does not name pg_temp begins with
-- it, and a type of the caller's own would run as the owner. Who needs no temporary table makes nothing there at all.
do $$
begin
    execute format('revoke temporary on database %I from public', current_database());
    execute format('grant temporary on database %I to loader, transformer', current_database());
end
$$;

grant usage on schema config to loader, transformer;
grant usage on schema raw, quality, vault to loader;
grant usage, create on schema quality to loader;
grant usage on schema raw, quality to transformer;
grant usage on schema decision to loader, transformer;
grant usage on schema vault to caseworker;
grant usage on schema casework to caseworker;
grant usage on schema mart to bi, bi_municipality;
grant usage, create on schema bi_workspace to bi;
