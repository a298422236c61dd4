with known as (

    -- Help goes on after it was first told of: of each organisation the newest file that names it holds.
    select
        *,
        dense_rank() over (
            partition by municipality_code, dossier_id, organisation order by register_month desc, drop_id desc
        ) as age
    from {{ ref('stg_help') }}
    where register_month <= {{ as_of() }}

)

select
    municipality_code,
    dossier_id,
    organisation,
    help_kind,
    started_on,
    ended_on,
    is_agreement_kept
from known
where age = 1
