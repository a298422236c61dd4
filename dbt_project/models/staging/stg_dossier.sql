with in_force as (

    {{ in_force('ris') }}

),

registered as (

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
        dossier.flyer_op as flyer_on,
        dossier.contact_na_flyer as is_contact_after_flyer,
        dossier.samenstelling as composition,
        dossier.oorzaken as causes,
        dossier.overige_problematiek as other_problems,
        'registration' as source
    from {{ source('quality', 'accepted_ris_dossiers') }} as dossier
    inner join in_force using (drop_id)

),

walked as (

    select
        municipality_code,
        signal_month as register_month,
        drop_id,
        line_no,
        household_id,
        zaaknummer as dossier_id,
        aangemaakt_op as created_on,
        matchmaand as match_month,
        loopmaand as walking_month,
        null::date as withdrawn_on,
        resultaat as outcome,
        totaal_bedrag as total_eur,
        afgesloten_op as closed_on,
        flyer_op as flyer_on,
        contact_na_flyer as is_contact_after_flyer,
        null as composition,
        null as causes,
        null as other_problems,
        'walking_list' as source
    from {{ source('quality', 'walked_case') }}

),

version as (

    select * from registered

    union all

    select * from walked

)

select
    *,
    coalesce({{ is_code('outcome', 'refusal') }}, false) as is_refusal,
    -- Empty as long as there is no outcome.
    {{ is_code('outcome', 'outcome') }} as is_outcome_listed
from version
