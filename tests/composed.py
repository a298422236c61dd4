"""What docker-compose.yml says, read without Docker."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[1]
_SETTING = re.compile(r"\$\{(\w+)(?::-([^}]*))?\}")


def composed() -> dict:
    """The file as it stands."""
    return yaml.safe_load((ROOT / "docker-compose.yml").read_text())


def services() -> dict[str, dict]:
    """Its services."""
    return composed()["services"]


def settings_of(text: str) -> set[str]:
    """The settings that a text takes from the environment."""
    return {name for name, _ in _SETTING.findall(text)}


def environment(service: dict, **settings: str) -> dict[str, str]:
    """The variables of a service, with these settings and otherwise the defaults."""

    def filled(text: str) -> str:
        return _SETTING.sub(lambda found: settings.get(found[1], found[2] or ""), text)

    return {name: filled(str(value)) for name, value in service.get("environment", {}).items()}


def health_command(service: dict) -> list[str]:
    """The words of a health check, as they are typed in the container."""
    kind, *words = [word.replace("$$", "$") for word in service["healthcheck"]["test"]]
    return words if kind == "CMD" else ["sh", "-c", *words]


def one_shot(service: dict) -> bool:
    """Whether a service is a step that ends."""
    return service["restart"] == "no"
