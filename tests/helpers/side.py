"""Frameworks that do not go into this environment: pinned packages in a folder beside it, first on a path.

Nothing is installed into the environment itself. A folder is made once, under build/side, and kept.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from helpers.needs import lacking
from helpers.paths import ROOT

SCRIPTS = Path(__file__).parents[1] / "frameworks" / "scripts"


def packages(name: str, *requirements: str, dependencies: bool = False) -> Path:
    """The folder of these pinned packages; without `dependencies` the environment's own serve. Skips without them."""
    key = hashlib.sha256(repr((requirements, dependencies, sys.version_info[:2])).encode()).hexdigest()[:12]
    folder = ROOT / "build" / "side" / f"{name}-{key}"
    if folder.is_dir():
        return folder
    made = folder.with_name(f".{folder.name}.{os.getpid()}")
    how = [] if dependencies else ["--no-deps"]
    command = [sys.executable, "-m", "pip", "install", "-q", *how, "--target", str(made), *requirements]
    done = subprocess.run(command, capture_output=True, text=True, timeout=900)
    if done.returncode:
        shutil.rmtree(made, ignore_errors=True)
        lacking("packages", f"no {name} here: {done.stderr[-300:]}")
    made.rename(folder)
    return folder


def run(folder: Path, script: str, payload: Any, *words: str, timeout: int = 300, **variables: str) -> Any:
    """What a script of frameworks/scripts prints as its last line, as JSON; `payload` is its input."""
    path = os.pathsep.join([str(folder), str(Path(__file__).parents[1])])
    environment = {**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1", **variables}
    done = subprocess.run(
        [sys.executable, str(SCRIPTS / f"{script}.py"), *words],
        input=json.dumps(payload),
        capture_output=True,
        text=True,
        timeout=timeout,
        env=environment,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])
