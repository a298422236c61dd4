"""What is so on purpose: a model and a rule that it breaks, with the reason why that is left."""

from __future__ import annotations

BEHIND_A_FUNCTION = (
    "names and numbers of people stay behind a function, which the coordinator runs for all municipalities together"
)
AT_READING = "read by people, not in a month's path; the setting is a convenience of the session, and limits nobody"

EXCEPTIONS = {
    ("quality.replaced_signal", "function"): "the few rows of which a person released a double",
    ("core.customer_check", "function"): BEHIND_A_FUNCTION,
    ("core.customer_check", "gathered"): BEHIND_A_FUNCTION,
    ("core.dossier", "distinct"): "a calendar of the days on which cases were made: once for all municipalities",
    ("core.period", "set"): "the periods of the configuration beside those of the data: some rows per municipality",
    ("core.policy_in_month", "set"): "the policy of every municipality in every month that any of them has",
    ("core.small_cell", "set"): "a row per municipality",
    **{
        (f"casework.{view}", "setting"): AT_READING
        for view in ("case_finding", "difference", "explanation", "follow_up", "review", "selection")
    },
}

GATHERED_IN_MART = {"gathered", "set", "outer", "coordinator", "lost", "group", "distinct", "limit"}
"""`mart` lies in one place and is made of counts, gathered anyway; joined they are by municipality all the same."""
