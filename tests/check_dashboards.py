"""Whether the dashboards are drawn: `make check-dashboards`, which takes minutes.

It serves them from the warehouse of VROEGSIGNAAL_HOME, or else from one of its own with the months of the pilot, opens
each in a headless browser, and finds every chart drawn: not empty and without an error, with nothing asked of anybody
else, and no name of a column where a Dutch label should be. It keeps a picture of each, and tells how long the queries
take on five years of a hundred municipalities. Exit codes: 0 all is well, 1 it is not.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dashboard_speed
import requests
import stepping
from browser import PROGRAMS
from playwright.sync_api import BrowserContext, Page, Request, sync_playwright

from dashboards.bundle import assets
from dashboards.serve import Served, Superset
from vroegsignaal import landing, replay, settings
from vroegsignaal.settings import Settings

WIDTH, TALL = 1440, 3200
"""A window so tall that all of a dashboard is in it: what is out of sight is not drawn."""
DRAWN_SECONDS = 90
MOST_MILLISECONDS = 100
STATE = """() => [...document.querySelectorAll('[data-test-chart-name]')].map(chart => {
    const inked = canvas => {
        const {data} = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
        let colours = new Set();
        for (let at = 0; at < data.length && colours.size < 3; at += 4)
            if (data[at + 3] > 0) colours.add(data[at] << 16 | data[at + 1] << 8 | data[at + 2]);
        return colours.size >= 3;
    };
    const has = what => chart.querySelector(what) !== null;
    return {
        name: chart.getAttribute('data-test-chart-name'),
        loading: has('[data-test="loading-indicator"], .loading'),
        failed: has('.ant-alert-error, [data-test="error-alert"], [role="alert"]'),
        empty: has('.ant-empty'),
        drawn: [...chart.querySelectorAll('canvas')].some(inked) || has('tbody tr td') || has('.header-line'),
    };
})"""


def main(programs: Path, pictures: Path) -> int:
    """Look at all; how many faults were found, each told on a line."""
    pictures.mkdir(parents=True, exist_ok=True)
    with warehouse_with_months() as here, Superset(here, programs).served() as served:
        faults = [*closed(served), *looked_at(served, pictures)]
        taken = dashboard_speed.slowest(here)
    faults += [f"{name}: its query takes {ms:.0f} ms" for name, ms in taken.items() if ms > MOST_MILLISECONDS]
    print(f"{len(taken)} charts; the slowest query takes {max(taken.values()):.0f} ms. Pictures are in {pictures}.")
    for fault in faults:
        print(fault)
    return min(len(faults), 1)


@contextmanager
def warehouse_with_months() -> Iterator[Settings]:
    """The warehouse of VROEGSIGNAAL_HOME where it holds tables, else one with the months of the pilot."""
    if os.environ.get("VROEGSIGNAAL_HOME"):
        here = settings.load()
        with replay.warehouse_running(here):
            yield here
        return
    from conftest import platform

    from pilot.generate import write_landing

    folder = tempfile.TemporaryDirectory(prefix="vroegsignaal-dashboards-")
    with folder as name, platform(Path(name) / "home") as here:
        print("Making the pilot's months.")
        write_landing(Path(here.landing))
        stepping.run_months(*map(str, landing.months(here)))
        yield here


def closed(served: Served) -> Iterator[str]:
    """What who has no login can see, and must not; and a request without its token that is taken."""
    with requests.Session() as session:
        session.trust_env = False
        for path in ("chart/", "dashboard/", "dataset/", "database/"):
            answer = session.get(f"{served.address}/api/v1/{path}", timeout=30)
            if answer.ok and answer.json().get("count"):
                yield f"without a login /api/v1/{path} tells something"
        answer = session.get(f"{next(iter(served.pages().values()))}", timeout=30, allow_redirects=True)
        if "/login" not in answer.url:
            yield "without a login a dashboard opens"
        login = {"username": served.user, "password": served.password}
        session.post(f"{served.address}/login/", data=login, timeout=30)
        if session.get(f"{served.address}/api/v1/me/", timeout=30).ok:
            yield "a login without its token is taken"
        policy = answer.headers.get("Content-Security-Policy", "")
        if "frame-ancestors 'none'" not in policy or "scarf" in policy:
            yield "the page may load, or be in, a page of others"


def looked_at(served: Served, pictures: Path) -> Iterator[str]:
    """The faults of each dashboard, as a reader sees it."""
    program = next(filter(None, map(shutil.which, PROGRAMS)), None)
    assert program, f"no browser: install one of {', '.join(PROGRAMS)}"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        context = browser.new_context(viewport={"width": WIDTH, "height": TALL}, locale="nl-NL")
        _log_in(context, served)
        for title, address in served.pages().items():
            yield from (f"{title}: {fault}" for fault in _faults(context, served, title, address, pictures))
        browser.close()


def _log_in(context: BrowserContext, served: Served) -> None:
    page = context.new_page()
    page.goto(f"{served.address}/login/")
    page.fill("#username", served.user)
    page.fill("#password", served.password)
    page.keyboard.press("Enter")
    page.wait_for_url(lambda address: "/login" not in address, timeout=60_000)
    page.close()


def _faults(context: BrowserContext, served: Served, title: str, address: str, pictures: Path) -> Iterator[str]:
    asked: list[Request] = []
    thrown: list[str] = []
    page = context.new_page()

    def note(request: Request) -> None:
        asked.append(request)

    page.on("request", note)
    page.on("pageerror", lambda error: thrown.append(str(error)))
    page.goto(address)
    wanted = charts_of(title)
    states = _when_drawn(page, wanted)
    _picture(page, pictures / f"{address.rstrip('/').rpartition('/')[2]}.png")
    for name in sorted(wanted - set(states)):
        yield f"there is no '{name}'"
    for name, state in states.items():
        if state["failed"] or state["empty"] or state["loading"] or not state["drawn"]:
            yield f"'{name}' is not drawn: {state}"
    shown = set(re.findall(r"\w+", page.inner_text("body")))
    yield from (f"the name '{name}' is shown" for name in sorted(names_of_columns() & shown))
    yield from (f"an error: {error}" for error in thrown)
    for request in asked:
        if not request.url.startswith((served.address, "data:", "blob:")) and request.failure != "csp":
            yield f"something is asked of {request.url}"
    page.close()


def _when_drawn(page: Page, wanted: set[str]) -> dict[str, dict]:
    """The charts of the page as they are when all are drawn, or when that takes too long."""
    deadline = time.monotonic() + DRAWN_SECONDS
    while True:
        states = {state["name"]: state for state in page.evaluate(STATE)}
        done = wanted <= set(states) and all(state["drawn"] and not state["loading"] for state in states.values())
        if done or time.monotonic() > deadline:
            # Bars grow for a moment; and an error comes in the place of what was drawn.
            page.wait_for_timeout(3000)
            return {state["name"]: state for state in page.evaluate(STATE)}
        page.wait_for_timeout(500)


def _picture(page: Page, path: Path) -> None:
    """A picture down to the end of the last chart."""
    end = page.evaluate(
        "() => Math.max(...[...document.querySelectorAll('.dragdroppable-row')].map("
        "row => row.getBoundingClientRect().bottom))"
    )
    page.screenshot(path=path, clip={"x": 0, "y": 0, "width": WIDTH, "height": min(end + 16, TALL)})


def charts_of(title: str) -> set[str]:
    """The names of the charts that a dashboard places."""
    (board,) = (each for each in assets().values() if each.get("dashboard_title") == title)
    return {part["meta"]["sliceName"] for part in board["position"].values() if _is_chart(part)}


def _is_chart(part: object) -> bool:
    return isinstance(part, dict) and part.get("type") == "CHART"


def names_of_columns() -> set[str]:
    """Names of columns and metrics that are no Dutch words."""
    datasets = [content for path, content in assets().items() if path.startswith("datasets/")]
    names = {column["column_name"] for each in datasets for column in each["columns"]}
    names |= {metric["metric_name"] for each in datasets for metric in each["metrics"]}
    return names - {"contact", "dossiers", "matches", "met", "n", "reserve", "sector", "slepers"}


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
