"""A headless browser that looks at a page as a reader does: what it asks for, what fails, what is not accessible."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, sync_playwright

PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


@dataclass
class Seen:
    """A page that is open, with what it asked for and what went wrong so far."""

    page: Page
    requests: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def violations(self) -> list[str]:
        """What axe-core finds wrong for people who see, hear or move otherwise: its rules, and where."""
        found = Axe().run(self.page).response["violations"]
        return [f"{rule['id']}: {node['target']}" for rule in found for node in rule["nodes"]]

    def is_wider_than_screen(self) -> bool:
        """Whether a reader has to scroll the page sideways."""
        return self.page.evaluate("document.documentElement.scrollWidth > window.innerWidth")


@contextmanager
def opened(path: Path, width: int = 1280) -> Iterator[Seen]:
    """A file in the browser, in a window so many pixels wide."""
    program = next(filter(None, map(shutil.which, PROGRAMS)), None)
    assert program, f"no browser: install one of {', '.join(PROGRAMS)} (`make test` does, as root on Debian)"
    with sync_playwright() as playwright:
        # It reads a file of our own, and as root it has no sandbox.
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": width, "height": 900})
        seen = Seen(page)
        page.on("request", lambda request: seen.requests.append(request.url))
        page.on("pageerror", lambda error: seen.errors.append(str(error)))
        page.on("console", lambda message: seen.errors.append(message.text))
        page.goto(path.as_uri())
        yield seen
        browser.close()
