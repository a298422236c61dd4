select
    municipality_code,
    signal_month,
    household_id,
    role,
    rank,
    verified_by,
    doubt,
    is_secret,
    concat_ws(
        '; ',
        decision.doubt_in_words(doubt),
        case when is_secret then 'op dit adres geldt geheimhouding: noem aan niemand wie er woont' end
    ) as what_to_check
from {{ ref('standing_selection') }}
where
    decision.is_to_review(role, doubt, is_secret)
    and {{ in_own_municipality() }}
