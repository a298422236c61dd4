"""### Approve selections

On working days at eight in the morning: asks a person about every proposed selection that waits, of the month of the
run and the one before; triggered by hand, of the month that is given. The questions stand in Airflow under *Required
Actions*. They show numbers and reasons; the households are in `casework.selection`, for the role `caseworker`.

1. **find_proposals** lists what waits, with the day by which it has to be decided: three working days after the 25th.
   **remind** mails the municipality about it: when it is new, on the last day of the term and every working day after
   it, as long as the month is this one or the one before. **tell_late** mails municipality and operator, once a day at
   most, when a month is not there, not matched or not decided on within its terms.
2. **ask** waits for the answer, until six in the afternoon; the next working day it asks again what nobody answered.
3. **record** writes the approval, the rejection or the exchange of households to the decision ledger, with name, time
   and reason. What was approved is final.
4. **match_again** has `match_month` run again, which hands out the walking list.

**When it fails: leave it.** The next run asks again what was not recorded. Run again: safe; what was answered is not
asked again.
"""

from __future__ import annotations

from datetime import timedelta

from airflow.providers.standard.operators.hitl import HITLOperator
from airflow.sdk import CronDataIntervalTimetable, Param, dag, task, task_group
from airflow.sdk.types import DagRunProtocol

from vroegsignaal.approval import EXCHANGES, LATER, OPTIONS, REASONS
from vroegsignaal.flows import DEFAULTS, MONTH_TO_ASK_ABOUT, match_again, months_of, months_to_ask_about
from vroegsignaal.months import AMSTERDAM


@dag(
    schedule=CronDataIntervalTimetable("0 8 * * 1-5", timezone="Europe/Amsterdam"),
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULTS,
    params=MONTH_TO_ASK_ABOUT,
    tags=["daily", "matching", "by a person"],
    doc_md=__doc__,
)
def approve_selection() -> None:
    """Ask a person about proposed selections."""

    @task
    def find_proposals(dag_run: DagRunProtocol | None = None, params: dict | None = None) -> list[dict]:
        from vroegsignaal import approval

        day, months = months_to_ask_about(dag_run, params)
        return [question for month in months for question in approval.questions(month, day)]

    @task
    def remind(dag_run: DagRunProtocol | None = None, params: dict | None = None) -> list[dict[str, int]]:
        from vroegsignaal import outbox

        day, months = months_to_ask_about(dag_run, params)
        return [outbox.remind(month, day) for month in months]

    @task
    def tell_late(dag_run: DagRunProtocol | None = None) -> dict[str, int]:
        from vroegsignaal import outbox

        return outbox.tell_late(dag_run.run_after.astimezone(AMSTERDAM).date())

    @task_group
    def decide_on(subject: str, body: str, row: dict) -> None:
        ask = HITLOperator(
            task_id="ask",
            subject=subject,
            body=body,
            options=list(OPTIONS),
            defaults=[LATER],
            params={
                "reden": Param(REASONS[0], type="string", enum=list(REASONS), title="Reden"),
                "ruilen": Param("", type=["null", "string"], pattern=EXCHANGES, title="Ruilen (rang>rang van reserve)"),
            },
            response_timeout=timedelta(hours=10),
        )

        @task(max_active_tis_per_dag=1)
        def record(row: dict, answer: dict) -> str:
            from vroegsignaal import approval

            return approval.record(row, answer)

        record(row, ask.output)

    remind()
    tell_late()
    waiting = find_proposals()
    decide_on.expand_kwargs(waiting) >> (months := months_of(waiting))
    match_again.expand(month=months)


approve_selection()
