select
    municipality_code,
    sector,
    value as threshold_eur
from config.policy_on({{ match_day() }})
where parameter = 'threshold_eur'
