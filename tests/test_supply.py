"""What the platform is made of can be told and looked up."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
GOOD = {"name": "a", "version": "1", "vulns": []}
WEAK = {"name": "b", "version": "2", "vulns": [{"id": "X-1", "fix_versions": ["3"]}]}
UNKNOWN = {"name": "c", "skip_reason": "not found"}


@pytest.mark.parametrize(
    ("answer", "code", "told"),
    [
        (json.dumps({"dependencies": [GOOD]}), 0, "1 of 1 packages were looked up, 0 advisories found"),
        (json.dumps({"dependencies": [GOOD, WEAK, UNKNOWN]}), 1, "b 2: X-1, repaired in 3"),
        (json.dumps({"dependencies": [GOOD, UNKNOWN]}), 2, "1 of 2 packages were looked up"),
        (json.dumps({"dependencies": []}), 2, "ask again"),
        ("", 2, "The database of advisories was not reached"),
    ],
)
def test_an_audit_is_only_good_when_everything_was_looked_up(tmp_path: Path, answer: str, code: int, told: str) -> None:
    stand_in = tmp_path / "pip-audit"
    stand_in.write_text(f"#!{sys.executable}\nprint({answer!r})\n")
    stand_in.chmod(0o755)
    done = subprocess.run(
        [sys.executable, ROOT / ".ci" / "audit", stand_in, "requirements.lock"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code, done.stderr
    assert told in done.stdout


def test_the_bill_of_materials_names_every_package_of_the_lock(tmp_path: Path) -> None:
    recipe = (ROOT / "Makefile").read_text().partition("\nsbom:")[2].partition("\n\n")[0]
    words = recipe.partition("-m cyclonedx_py ")[2].partition("\n\t@echo")[0].replace("\\\n", " ").split()
    words[-1] = str(tmp_path / "sbom.json")
    subprocess.run([sys.executable, "-W", "ignore", "-m", "cyclonedx_py", *words], cwd=ROOT, check=True)
    bill = json.loads((tmp_path / "sbom.json").read_text())
    lock = [line for line in (ROOT / "requirements.lock").read_text().splitlines() if "==" in line]
    named = {(part["name"], part["version"]) for part in bill["components"]}
    assert bill["bomFormat"] == "CycloneDX"
    assert len(named) == len(lock)
    assert {f"{name}=={version}" for name, version in named} == {
        line.partition(" ;")[0].partition("[")[0]
        + ("==" + line.partition("==")[2].partition(" ;")[0] if "[" in line else "")
        for line in lock
    }
    # Tools of development are not part of what runs.
    assert not {"pytest", "pip-audit", "cyclonedx-bom"} & {name for name, _ in named}
