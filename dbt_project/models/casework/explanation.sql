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
        case selection.channel
            when 'phone' then 'Gekozen om te bellen'
            when 'mail' then 'Gekozen om te mailen'
            when 'letter' then 'Gekozen om te schrijven'
            else 'Gekozen'
        end as chosen,
        case selection.reason
            when 'address_unknown' then 'het adres staat niet in de BRP'
            when 'moved_or_deceased' then 'volgens de BRP woont er niemand meer: verhuisd of overleden'
            when 'in_debt_help' then 'er loopt al schuldhulpverlening op dit adres'
            when 'open_dossier' then 'er is nog een open dossier van een eerdere match'
            when 'approached_recently' then 'het huishouden is kort geleden al benaderd'
            when 'below_threshold'
                then case (selection.policy ->> 'minimum_creditors')::integer
                    when 1 then 'geen crediteur meldt een achterstand op of boven de drempel'
                    else 'minder dan twee crediteuren melden een achterstand op of boven de drempel'
                end
            when 'over_capacity' then concat(
                'het komt in aanmerking, maar de plaatsen (', selection.selected, ', en ', selection.reserves,
                ' in reserve) gingen naar huishoudens die voorgaan door sector, wijk of hoogte van de achterstand'
            )
        end as reason,
        coalesce(
            (
                select string_agg(creditor.name, ', ' order by creditor.name)
                from {{ ref('stg_creditor') }} as creditor
                where creditor.creditor = any(string_to_array(selection.creditors, ', '))
            ),
            selection.creditors
        ) || case selection.criterion
            when 'same_month' then ' melden in deze maand samen '
            when 'three_months' then ' melden in drie maanden samen '
            else ' meldt '
        end
        || '€ ' || translate(to_char(selection.arrears_eur, 'FM999,999,990.00'), ',.', '.,')
        || ' achterstand' || coalesce(' (wijk ' || selection.district || ')', '') as arrears,
        concat(
            case when selection.is_crisis then ' Crisissignaal.' end,
            case
                when selection.role = 'selected'
                    then ' Benaderen uiterlijk ' || to_char(selection.due_on, 'DD-MM-YYYY') || '.'
            end,
            case
                when selection.heropaf
                    then ' Weigerde eerder hulp of wilde het zelf oplossen, en de achterstand is sindsdien gegroeid.'
            end,
            case
                when selection.is_sleper
                    then ' Sleper: dezelfde crediteur meldt maand na maand een achterstand die niet groeit.'
            end,
            case selection.verified_by
                when 'bsn' then ' Geverifieerd in de BRP op burgerservicenummer.'
                when 'address_birth_date' then ' Geverifieerd in de BRP op adres en geboortedatum.'
                when 'address_name' then ' Geverifieerd in de BRP op adres en naam.'
            end,
            ' Let op: ' || decision.doubt_in_words(selection.doubt) || '.',
            case when selection.is_secret then ' Op dit adres geldt geheimhouding.' end
        ) as further
    from selection

)

select
    municipality_code,
    signal_month,
    household_id,
    case role
        when 'selected' then chosen || ', op plaats ' || rank || ': ' || arrears || '.'
        when 'reserve'
            then 'Reserve, op plaats ' || rank || ', voor als een gekozen huishouden afvalt: ' || arrears || '.'
        else 'Niet gekozen: ' || reason || '. ' || arrears || '.'
    end || further as explanation
from told
where {{ in_own_municipality() }}
