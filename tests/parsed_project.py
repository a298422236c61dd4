"""The dbt project, parsed when this is loaded (see `preloaded`), so that no run of dbt has to look for itself."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NoReturn

from dbt.adapters.factory import reset_adapters  # noqa: TID253 (loaded before the fork)
from dbt.contracts.graph.manifest import Manifest  # noqa: TID253

from vroegsignaal import dbt_process, settings, warehouse

PROJECT = settings.load().dbt_project
# Parsing connects to nothing, so any address does.
_ANYWHERE = {
    "VROEGSIGNAAL_DB_HOST": "",
    "VROEGSIGNAAL_DB_PORT": "1",
    "VROEGSIGNAAL_DB_USER": "",
    "VROEGSIGNAAL_DB_NAME": warehouse.DATABASE,
    "DBT_ENV_SECRET_PASSWORD": "",
    "DBT_SEND_ANONYMOUS_USAGE_STATS": "False",
}


def _parsed() -> Manifest:
    """Parse in another process: dbt's parser has threads of its own, and what has threads cannot be forked."""
    with tempfile.TemporaryDirectory() as folder:
        words = ["--quiet", "parse", "--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT)]
        words += ["--target-path", folder, "--log-path", str(Path(folder, "logs"))]
        subprocess.run([Path(sys.executable).with_name("dbt"), *words], env=os.environ | _ANYWHERE, check=True)
        manifest = Manifest.from_msgpack(Path(folder, "partial_parse.msgpack").read_bytes())
    manifest.build_flat_graph()
    return manifest


MANIFEST = _parsed()


_run = dbt_process.main


def main(words: list[str]) -> NoReturn:
    """As `dbt_process.main`, but for the look at the project."""
    reset_adapters()
    ours = str(PROJECT) in words and "parse" not in words
    _run(words, MANIFEST if ours else None)
