"""A task directory of Harbor read whole (task.toml, schemas 1.0 to 1.4): what is had here is kept, the rest refused.

Nothing of task.toml is passed over in silence but what changes neither the play nor the verdict (`LABELS`). A key whose
value asks for nothing is no request.
"""

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from holdfast.errors import DataError, suggestion

LABELS = ("version", "schema_version", "task", "metadata", "source", "solution", "artifacts")
"""Tables and keys that describe a task."""
KEYS = {
    "agent": ("timeout_sec", "network_mode"),
    "verifier": ("timeout_sec", "network_mode"),
    "environment": (
        *("cpus", "memory", "memory_mb", "storage", "storage_mb", "docker_image", "build_timeout_sec"),
        *("allow_internet", "network_mode"),
    ),
}
"""What is followed of each table."""
_DEFAULTS = {"os": "linux", "environment_mode": "shared"}
"""Values of other keys that ask for nothing special."""
_NETWORK = {"public": True, "no-network": False}
_COMPOSE = ("docker-compose.yaml", "docker-compose.yml", "compose.yaml", "compose.yml")


def read_task(name: str, folder: Path, image: str | None = None) -> dict[str, Any]:
    """The row of a task: key, prompt, folder, image, network, memory, cpus, whether a size of the disk is wanted, and
    the seconds of agent (None: no limit), verifier and build. `image`: replaces the task's own. Raises DataError that
    names the file and the key."""
    where = folder / "task.toml"
    try:
        config = tomllib.loads(text_of(where))
    except tomllib.TOMLDecodeError as error:
        raise DataError(f"{where}: {error}") from error
    _refuse_others(config, where)
    agent, verifier, box = (_table(config, table, where) for table in KEYS)
    _check_files(folder, image or box.get("docker_image"))
    return {
        "key": name,
        "prompt": text_of(folder / "instruction.md"),
        "folder": str(folder),
        "image": box.get("docker_image"),
        "network": _network(box, (agent, verifier), where),
        "memory": _memory(box, where),
        "storage": bool(box.get("storage_mb") or box.get("storage")),
        "cpus": _number(box, "cpus", 1.0, where),
        "agent": _number(agent, "timeout_sec", None, where),
        "verifier": _number(verifier, "timeout_sec", 600.0, where),
        "build": _number(box, "build_timeout_sec", 600.0, where),
    }


def text_of(path: Path) -> str:
    """A text file's content. Raises DataError."""
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"cannot read {path}: {error}") from error


def _refuse_others(config: Mapping[str, Any], where: Path) -> None:
    """Raise DataError for what is asked and not had here."""
    for name, value in config.items():
        if name not in KEYS and name not in LABELS and value:
            raise DataError(f"{where}: {name} is not had here{suggestion(name, (*KEYS, *LABELS))}")
    for table, known in KEYS.items():
        for name, value in _table(config, table, where).items():
            if name not in known and value and _DEFAULTS.get(name) != value:
                raise DataError(f"{where}: [{table}] {name} is not had here{suggestion(name, known)}")


def _table(config: Mapping[str, Any], name: str, where: Path) -> Mapping[str, Any]:
    found = config.get(name) or {}
    if not isinstance(found, Mapping):
        raise DataError(f"{where}: {name} must be a table, not {found!r:.40}")
    return found


def _check_files(folder: Path, image: Any) -> None:
    compose = next((name for name in _COMPOSE if (folder / "environment" / name).exists()), None)
    if compose:
        raise DataError(f"{folder}: tasks of several containers are not had here (environment/{compose})")
    if image is None and not (folder / "environment" / "Dockerfile").is_file():
        raise DataError(f"{folder} has neither environment/Dockerfile nor [environment] docker_image; set image=NAME")
    if not (folder / "tests" / "test.sh").is_file():
        raise DataError(f"{folder} has no tests/test.sh, which judges it")


def _network(box: Mapping[str, Any], phases: tuple[Mapping[str, Any], ...], where: Path) -> bool:
    """Whether the task may use the internet; Harbor's default is that it may."""
    allowed = box.get("allow_internet", True)
    if not isinstance(allowed, bool):
        raise DataError(f"{where}: allow_internet must be true or false, not {allowed!r:.40}")
    mode = box.get("network_mode", "public" if allowed else "no-network")
    for one in (mode, *(phase.get("network_mode", mode) for phase in phases)):
        if not isinstance(one, str) or one not in _NETWORK:
            raise DataError(f"{where}: network_mode {one!r:.40} is not had here (public, no-network)")
        if one != mode:
            raise DataError(f"{where}: network_mode must be the same for environment, agent and verifier")
    return _NETWORK[mode]


def _memory(box: Mapping[str, Any], where: Path) -> str:
    """As Docker writes it: `512m`."""
    if "memory" not in box:
        return f"{_number(box, 'memory_mb', 2048, where):.0f}m"
    found = re.fullmatch(r"(\d{1,12})\s?([bkmg]?)(?:i?b)?", str(box["memory"]).strip().lower())
    if not found:
        raise DataError(f"{where}: memory must be like 512M or 2G, not {box['memory']!r:.40}")
    return found[1] + found[2]


def _number(table: Mapping[str, Any], name: str, default: float | None, where: Path) -> float | None:
    value = table.get(name, default)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < float("inf"):
        raise DataError(f"{where}: {name} must be a number above 0, not {value!r:.40}")
    return float(value)
