"""Airflow's API, as far as it is needed: is it up, and run this flow for that partition."""

from __future__ import annotations

import http.client
import json

from vroegsignaal.orchestrator.environment import HOST, USER, Place
from vroegsignaal.orchestrator.processes import OrchestratorError

ANSWER_SECONDS = 30


class Api:
    """The API of the Airflow of a home."""

    def __init__(self, place: Place) -> None:
        self._place = place

    def healthy_parts(self) -> set[str]:
        """The parts of Airflow that work, such as `scheduler`; none while the API itself does not answer."""
        try:
            status, health = self._call("GET", "/api/v2/monitor/health")
        except OSError:
            return set()
        return (
            {part for part, told in health.items() if told and told["status"] == "healthy"} if status == 200 else set()
        )

    def queue(self, flow: str, runs: dict[str, str | None], conf: dict | None = None) -> None:
        """Queue runs of a flow, in this order: for each the name of the run and the key of its partition."""
        token = self.log_in()
        for name, partition_key in runs.items():
            run = {"dag_run_id": name, "partition_key": partition_key, "logical_date": None, "conf": conf or {}}
            self.ask("POST", f"/api/v2/dags/{flow}/dagRuns", run, token)

    def log_in(self) -> str:
        """A token for `ask`."""
        login = {"username": USER, "password": self._place.password()}
        return self.ask("POST", "/auth/token", login)["access_token"]

    def ask(self, method: str, path: str, body: dict | None = None, token: str | None = None) -> dict:
        """What the API answers; raises OrchestratorError when it does not, or refuses."""
        try:
            status, answer = self._call(method, path, body, {"Authorization": f"Bearer {token}"} if token else {})
        except OSError as error:
            raise OrchestratorError(f"Airflow's API does not answer ({error}). Run the command again.") from None
        if status >= 300:
            raise OrchestratorError(f"Airflow's API refused {path} with status {status}: {json.dumps(answer)}")
        return answer

    def _call(
        self, method: str, path: str, body: dict | None = None, headers: dict[str, str] | None = None
    ) -> tuple[int, dict]:
        # Not urllib, which would go by way of a proxy where one is set.
        connection = http.client.HTTPConnection(HOST, self._place.memory()["port"], timeout=ANSWER_SECONDS)
        try:
            connection.request(
                method,
                path,
                json.dumps(body) if body else None,
                {"Content-Type": "application/json", **(headers or {})},
            )
            response = connection.getresponse()
            return response.status, json.loads(response.read() or b"{}")
        except (http.client.HTTPException, ValueError) as error:
            raise OSError(f"no sensible answer: {error}") from None
        finally:
            connection.close()
