"""What a person answered in Airflow, read the same way for every kind of question."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from vroegsignaal.errors import UsageError

LATER = "Later beslissen"
NOT_DECIDED = "Not decided: it is asked again."


@dataclass(frozen=True)
class Answer:
    """A decision: which option was chosen, by whom, for which reason, and what else was filled in."""

    option: str
    by: str
    reason: str
    given: dict


def read(answer: dict, reasons: Collection[str]) -> Answer | None:
    """The decision in what Airflow gives: chosen_options, params_input, responded_by_user.

    None for who decides later, and when nobody answered in time. Raises UsageError for a reason that is not in the
    list: what is typed there would stay in Airflow's database.
    """
    (option,) = answer["chosen_options"]
    by = (answer["responded_by_user"] or {}).get("name", "")
    if option == LATER or not by:
        return None
    given = answer["params_input"] or {}
    reason = given.get("reden", next(iter(reasons)))
    if reason not in reasons:
        raise UsageError("the reason is none of the list.")
    return Answer(option, by, reason, given)
