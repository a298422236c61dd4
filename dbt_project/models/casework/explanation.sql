with selection as (

    select
        *,
        count(*) filter (where role = 'selected') over in_month as selected,
        count(*) filter (where role = 'reserve') over in_month as reserves
    from {{ ref('standing_selection') }}
    window in_month as (partition by municipality_code, signal_month)

),

told as (

    select
        selection.municipality_code,
        selection.signal_month,
        selection.household_id,
        selection.role,
        selection.rank,
        selection.heropaf,
        case selection.reason
            when 'address_unknown' then 'het adres staat niet in de BRP'
            when 'moved_or_deceased' then 'volgens de BRP woont er niemand meer: verhuisd of overleden'
            when 'in_debt_help' then 'er loopt al schuldhulpverlening op dit adres'
            when 'open_dossier' then 'er is nog een open dossier van een eerdere match'
            when 'approached_recently' then 'het huishouden is kort geleden al benaderd'
            when 'below_threshold' then 'minder dan twee crediteuren melden een achterstand op of boven de drempel'
            when 'over_capacity' then concat(
                'het komt in aanmerking, maar de plaatsen (', selection.selected, ', en ', selection.reserves,
                ' in reserve) gingen naar huishoudens die voorgaan door sector, wijk of hoogte van de achterstand'
            )
        end as reason,
        (
            select string_agg(creditor.name, ', ' order by creditor.name)
            from {{ ref('stg_creditor') }} as creditor
            where creditor.creditor = any(string_to_array(selection.creditors, ', '))
        ) || case selection.criterion
            when 'same_month' then ' melden in deze maand samen '
            else ' melden in drie maanden samen '
        end
        || '€ ' || translate(to_char(selection.arrears_eur, 'FM999,999,990.00'), ',.', '.,')
        || ' achterstand' || coalesce(' (wijk ' || selection.district || ')', '') as arrears
    from selection

)

select
    municipality_code,
    signal_month,
    household_id,
    case role
        when 'selected' then 'Gekozen, op plaats ' || rank || ': ' || arrears || '.'
        when 'reserve'
            then 'Reserve, op plaats ' || rank || ', voor als een gekozen huishouden afvalt: ' || arrears || '.'
        else 'Niet gekozen: ' || reason || '. ' || arrears || '.'
    end
    || case
        when heropaf then ' Weigerde eerder hulp of wilde het zelf oplossen, en de achterstand is sindsdien gegroeid.'
        else ''
    end as explanation
from told
where {{ in_own_municipality() }}
