with in_force as (

    select drop_id from {{ ref('stg_drop') }} where feed = 'ris' and status = 'accepted'

),

renamed as (

    select
        dossier.municipality_code,
        dossier.signal_month as register_month,
        dossier.drop_id,
        dossier.line_no,
        dossier.household_id,
        dossier.dossier_id,
        dossier.aangemaakt_op as created_on,
        dossier.matchmaand as match_month,
        dossier.loopmaand as walking_month,
        dossier.ingetrokken_op as withdrawn_on,
        dossier.resultaat as outcome,
        dossier.totaal_bedrag as total_eur,
        dossier.afgesloten_op as closed_on,
        coalesce(
            dossier.resultaat in (
                select refusal.code from {{ ref('code_lists') }} as refusal where refusal.list = 'refusal'
            ),
            false
        ) as is_refusal
    from {{ source('quality', 'accepted_ris_dossiers') }} as dossier
    inner join in_force using (drop_id)

)

select * from renamed
