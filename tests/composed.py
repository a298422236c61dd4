"""What docker-compose.yml, and the file beside it for many machines, say, read without Docker."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[1]
_SETTING = re.compile(r"\$\{(\w+)(?::-([^}]*))?\}")


def composed(name: str = "docker-compose.yml") -> dict:
    """The file as it stands."""
    return yaml.safe_load((ROOT / name).read_text())


def services() -> dict[str, dict]:
    """Its services."""
    return composed()["services"]


def distributed() -> dict:
    """What compose makes of the two files together: for many machines."""
    return _merged(composed(), composed("docker-compose.distributed.yml"))


_REPLACED = ("command", "entrypoint", "test")


def _merged(one: object, other: object, key: str = "") -> object:
    """As compose does: settings one by one, lists after each other, volumes by where they are seen in the container."""
    if key == "networks" and (isinstance(one, list) or isinstance(other, list)):
        one, other = (dict.fromkeys(each) if isinstance(each, list) else each for each in (one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        shared = {name: _merged(one[name], other[name], name) for name in one.keys() & other.keys()}
        return {**one, **other, **shared}
    if key == "volumes" and isinstance(one, list):
        places = [volume.split(":")[1] for volume in other]
        return [volume for volume in one if volume.split(":")[1] not in places] + other
    if isinstance(one, list) and key not in _REPLACED:
        return one + [each for each in other if each not in one]
    return other


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
