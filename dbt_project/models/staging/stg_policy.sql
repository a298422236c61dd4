with in_force as (

    select
        *,
        min(value) over of_parameter = max(value) over of_parameter as is_alike
    from config.policy_on({{ match_day() }})
    window of_parameter as (partition by municipality_code, parameter)

)

select
    municipality_code,
    max(value) filter (where parameter = 'capacity')::integer as capacity,
    max(value) filter (where parameter = 'capacity_phone')::integer as capacity_phone,
    max(value) filter (where parameter = 'capacity_mail')::integer as capacity_mail,
    max(value) filter (where parameter = 'capacity_letter')::integer as capacity_letter,
    max(value) filter (where parameter = 'reserve_size')::integer as reserve_size,
    max(value) filter (where parameter = 'minimum_creditors')::integer as minimum_creditors,
    max(value) filter (where parameter = 'window_months')::integer as window_months,
    max(value) filter (where parameter = 'consecutive_months')::integer as consecutive_months,
    max(value) filter (where parameter = 'sleper_months')::integer as sleper_months,
    max(value) filter (where parameter = 'cool_off_months')::integer as cool_off_months,
    max(value) filter (where parameter = 'growth_ends_cool_off') > 0 as growth_ends_cool_off,
    max(value) filter (where parameter = 'crisis_first') > 0 as crisis_first,
    max(value) filter (where parameter = 'crisis_term_working_days')::integer as crisis_term_working_days,
    max(value) filter (where parameter = 'term_days')::integer as term_days,
    max(value) filter (where parameter = 'closing_working_days')::integer as closing_working_days,
    max(value) filter (where parameter = 'register_maximum_age_months')::integer as register_maximum_age_months,
    -- What holds for every sector stands there once, what differs with its sector.
    jsonb_object_agg(parameter || case when is_alike then '' else '.' || sector end, value) as policy
from in_force
group by municipality_code
