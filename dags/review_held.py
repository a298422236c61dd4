"""### Review held amounts

On working days at seven in the morning: asks a person about every row that is held for its amount alone, of the month
of the run and the one before; triggered by hand, of the month that is given. The questions stand in Airflow under
*Required Actions*; they name file, line and rule, and no value of the row: `vroegsignaal release --list` shows the
amount to who may see it.

1. **find_held** lists the rows to ask about.
2. **ask** waits for the answer, until five in the afternoon; a row that nobody answered for is asked about again the
   next working day.
3. **record** writes the answer to the ledger of releases, with name, time and reason, and judges the month anew.
4. **match_again** has `match_month` run again for the months that were matched before and look at this one.

An amount that is neither as delivered nor a hundredth of it is corrected with `vroegsignaal release … --amount`.

**When it fails: leave it.** The next run asks again what was not recorded. Run again: safe; what was answered is not
asked again.
"""

from __future__ import annotations

from datetime import timedelta

from airflow.providers.standard.operators.hitl import HITLOperator
from airflow.sdk import CronDataIntervalTimetable, Param, dag, task, task_group
from airflow.sdk.types import DagRunProtocol

from vroegsignaal.flows import DEFAULTS, MONTH_TO_ASK_ABOUT, match_again, months_of, months_to_ask_about
from vroegsignaal.months import Month
from vroegsignaal.review import LATER, OPTIONS, REASONS


@dag(
    schedule=CronDataIntervalTimetable("0 7 * * 1-5", timezone="Europe/Amsterdam"),
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULTS,
    params=MONTH_TO_ASK_ABOUT,
    tags=["daily", "door", "by a person"],
    doc_md=__doc__,
)
def review_held() -> None:
    """Ask a person about held amounts."""

    @task
    def find_held(dag_run: DagRunProtocol | None = None, params: dict | None = None) -> list[dict]:
        from vroegsignaal import review

        _, months = months_to_ask_about(dag_run, params)
        return [question for month in months for question in review.questions(month)]

    @task_group
    def review_row(subject: str, body: str, row: dict) -> None:
        ask = HITLOperator(
            task_id="ask",
            subject=subject,
            body=body,
            options=list(OPTIONS),
            defaults=[LATER],
            params={"reden": Param(REASONS[0], type="string", enum=list(REASONS), title="Reden")},
            response_timeout=timedelta(hours=10),
        )

        @task(max_active_tis_per_dag=1)
        def record(row: dict, answer: dict) -> str:
            from vroegsignaal import door, review

            said = review.record(row, answer)
            door.judge(Month.parse(row["month"]))
            return said

        record(row, ask.output)

    held = find_held()
    review_row.expand_kwargs(held) >> (months := months_of(held))
    match_again.expand(month=months)


review_held()
