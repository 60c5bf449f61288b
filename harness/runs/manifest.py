"""The manifest of a run: everything needed to make it again."""

import platform
import subprocess
import time
from collections.abc import Mapping
from importlib import metadata
from typing import Any

from holdfast import masking
from holdfast.plugins.entry_points import plugged_packages
from holdfast.runs.row import SCHEMA_VERSION

_PACKAGES = (
    "holdfast",
    "torch",
    "transformers",
    "trl",
    "peft",
    "lm_eval",
    "datasets",
    "hydra-core",
    "scipy",
    "sympy",
    "numpy",
)


def manifest(config: Mapping[str, Any], **extra: Any) -> dict[str, Any]:
    """What reproduces a run: resolved config, command, package versions, git state, machine, time."""
    return {
        "schema": SCHEMA_VERSION,
        "created": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "command": masking.command(),
        "config": dict(config),
        "packages": _versions() | plugged_packages(),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "git": _git_state(),
        **extra,
    }


def _versions() -> dict[str, str]:
    found = {}
    for package in _PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return found


def _git_state() -> dict[str, Any] | None:
    """Commit and dirtiness of the working directory's repository; None outside one or without git."""
    try:
        commit = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, timeout=5, check=True)
        status = subprocess.run(["git", "status", "--porcelain"], capture_output=True, text=True, timeout=5, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return {"commit": commit.stdout.strip(), "dirty": bool(status.stdout.strip())}
