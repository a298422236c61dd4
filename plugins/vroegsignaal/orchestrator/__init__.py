"""Airflow, run from the command line: its processes started and stopped, and months run through its scheduler.

Example:
    with Airflow(Place(home, root, airflow_uri), {"VROEGSIGNAAL_APPROVAL": "automatic"}) as airflow:
        result = airflow.run_months(months, progress)
"""

from vroegsignaal.orchestrator.environment import Place, environment
from vroegsignaal.orchestrator.processes import OrchestratorError
from vroegsignaal.orchestrator.runs import Failure, RunResult, Step
from vroegsignaal.orchestrator.stack import Airflow, Status

__all__ = ["Airflow", "Failure", "OrchestratorError", "Place", "RunResult", "Status", "Step", "environment"]
