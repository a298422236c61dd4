{{ config(materialized='view', contract={'enforced': false}) }}

select
    dossier.municipality_code,
    period.period,
    dossier.dossier_id,
    dossier.household_id,
    dossier.source,
    dossier.match_month,
    dossier.walking_month,
    dossier.match_criterion,
    dossier.has_match,
    dossier.created_on,
    dossier.closed_on,
    dossier.term_ends_on,
    dossier.is_ended,
    dossier.days_to_closing,
    dossier.outcome_label,
    dossier.outcome_group,
    dossier.had_contact,
    dossier.has_plan,
    dossier.is_referred,
    dossier.total_eur,
    dossier.signals,
    dossier.combination,
    dossier.flyer_on,
    dossier.is_contact_after_flyer,
    dossier.composition,
    dossier.causes,
    dossier.other_problems
from {{ ref('dossier') }} as dossier
inner join {{ ref('period') }} as period
    on
        dossier.municipality_code = period.municipality_code
        and dossier.match_month between period.first_month and period.last_month
where not dossier.is_withdrawn
