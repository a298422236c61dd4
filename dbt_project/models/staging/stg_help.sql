with in_force as (

    {{ in_force('ris') }}

)

select
    help.municipality_code,
    help.signal_month as register_month,
    help.drop_id,
    help.line_no,
    help.dossier_id,
    help.organisatie as organisation,
    help.soort as help_kind,
    help.gestart_op as started_on,
    help.afgerond_op as ended_on,
    help.afspraak_nagekomen as is_agreement_kept
from {{ source('quality', 'accepted_ris_help') }} as help
inner join in_force using (drop_id)
