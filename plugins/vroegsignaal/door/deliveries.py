"""The work table of deliveries: one row per drop, with what is known of it once its rows are judged."""

from __future__ import annotations

import psycopg

from vroegsignaal.door.history import REMEMBERED_MONTHS
from vroegsignaal.months import Month

FEWEST_LOADED_AGAIN = 5
"""Cases of a match month that have to come again before the whole month seems to be loaded once more."""


def lay_out_deliveries(connection: psycopg.Connection, month: Month) -> None:
    """Make `quality.door_delivery`, with what the rules on a delivery look at, of the drops that are not rejected."""
    values = {
        "month": month.first_day,
        "day": month.match_day,
        "two_before": month.plus(-2).first_day,
        "first": month.plus(-REMEMBERED_MONTHS).first_day,
        "fewest": FEWEST_LOADED_AGAIN,
    }
    with connection.transaction():
        connection.execute("drop table if exists quality.door_delivery")
        connection.execute(_DELIVERIES, values)


_DELIVERIES = """
    create unlogged table quality.door_delivery as
    with found as (
        select
            drop_id,
            bool_or(severity = 'critical') as rejected,
            count(distinct line_no) filter (where severity = 'warning') as quarantined,
            count(distinct line_no) filter (where rule = 'signal_outside_month') as outside_month
        from quality.door_finding
        group by drop_id
    ),
    delivery as (
        select
            ledger.*,
            creditor.sector,
            ledger.rows_read - coalesce(found.quarantined, 0) as accepted,
            100.0 * found.quarantined / ledger.rows_read as faulty_pct,
            100.0 * found.outside_month / ledger.rows_read as other_month_pct
        from raw.drop_ledger as ledger
        left join found using (drop_id)
        left join config.creditors as creditor using (creditor)
        where ledger.signal_month = %(month)s and ledger.rows_read > 0 and found.rejected is not true
    ),
    -- What holds for every sector also holds for senders without one; where sectors differ, the most lenient does.
    policy as (
        select municipality_code, sector,
            max(value) filter (where parameter = 'whole_delivery_rows') as whole_delivery_rows,
            max(value) filter (where parameter = 'volume_history_months') as volume_history_months,
            max(value) filter (where parameter = 'volume_factor') as volume_factor,
            max(value) filter (where parameter = 'faulty_share_pct') as faulty_share_pct
        from config.policy_on(%(day)s)
        group by grouping sets ((municipality_code, sector), (municipality_code))
    ),
    history as (
        select municipality_code, creditor, signal_month, rows_accepted
        from raw.drop_ledger
        where feed = 'signals' and status = 'accepted' and signal_month >= %(first)s and signal_month < %(month)s
    ),
    usual as (
        select
            municipality_code, creditor, count(*) as months,
            percentile_cont(0.5) within group (order by rows_accepted) as rows
        from history
        group by municipality_code, creditor
    ),
    repeated as (
        select delivery.drop_id, count(*) as months
        from delivery
        inner join history using (municipality_code, creditor)
        where
            delivery.feed = 'signals' and history.signal_month >= %(two_before)s
            and history.rows_accepted = delivery.accepted
        group by delivery.drop_id
    ),
    loaded_again as (
        -- Of one match month; a household that came again by chance is no month.
        select drop_id, min(other_month) as month
        from (
            select drop_id, other_month
            from quality.door_dossier_again
            where other_month < match_month
            group by drop_id, other_month, of_other_month
            having count(distinct other_id) >= %(fewest)s and 2 * count(distinct other_id) >= of_other_month
        ) as month
        group by drop_id
    )
    select
        delivery.drop_id,
        null::bigint as line_no,
        delivery.accepted as rows_accepted,
        case when delivery.accepted >= policy.whole_delivery_rows then repeated.months end as months_with_this_count,
        usual.rows / policy.volume_factor as rows_lowest,
        usual.rows * policy.volume_factor as rows_highest,
        case when delivery.rows_read >= policy.whole_delivery_rows then delivery.other_month_pct end as other_month_pct,
        case when delivery.rows_read >= policy.whole_delivery_rows then delivery.faulty_pct end as faulty_pct,
        policy.faulty_share_pct,
        loaded_again.month as month_loaded_again,
        delivery.received_at,
        approval.approved_at
    from delivery
    inner join policy
        on policy.municipality_code = delivery.municipality_code
        and policy.sector is not distinct from delivery.sector
    left join repeated using (drop_id)
    left join loaded_again using (drop_id)
    left join usual
        on usual.municipality_code = delivery.municipality_code and usual.creditor = delivery.creditor
        and delivery.feed = 'signals' and usual.months >= policy.volume_history_months
        and greatest(delivery.accepted, usual.rows) >= policy.whole_delivery_rows
    left join decision.approval as approval
        on approval.municipality_code = delivery.municipality_code
        and approval.signal_month = delivery.signal_month
        -- A walking list comes back after the approval that it follows from.
        and delivery.feed <> 'ris_walking_list'
"""
