"""What the marts hold, under the rows and columns of the printed tables; one module per part of the report."""

from pilot.derived import cases, contacts, deliveries
from pilot.derived.marts import Derived, Query

TABLES = {
    "table_2_01": deliveries.signals,
    "text_2_1": deliveries.told_of_signals,
    "figure_2_1": deliveries.sectors,
    "table_2_02": deliveries.matches,
    "table_2_03": cases.by_month,
    "table_2_04": cases.by_creditor,
    "figure_2_2": cases.by_sector,
    "table_2_05": cases.by_combination,
    "table_2_06": cases.arrears_by_creditor,
    "table_2_07": contacts.outcomes,
    "table_2_08": contacts.by_walking_month,
    "figure_2_3": contacts.plan_of_approach,
    "table_2_09": contacts.arrears_by_outcome,
    "table_2_10": contacts.composition,
    "table_2_11": contacts.causes,
    "text_2_4": contacts.told_of_contacts,
    "figure_2_4": contacts.durations,
}
"""Table -> what derives its cells, in the report's order."""

__all__ = ["TABLES", "Derived", "Query"]
