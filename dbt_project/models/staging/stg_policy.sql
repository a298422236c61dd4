select
    municipality_code,
    max(value) filter (where parameter = 'capacity')::integer as capacity,
    max(value) filter (where parameter = 'reserve_size')::integer as reserve_size,
    max(value) filter (where parameter = 'window_months')::integer as window_months,
    max(value) filter (where parameter = 'cool_off_months')::integer as cool_off_months,
    max(value) filter (where parameter = 'closing_working_days')::integer as closing_working_days,
    jsonb_object_agg(parameter || coalesce('.' || sector, ''), value) as policy
from config.policy_on({{ match_day() }})
group by municipality_code
