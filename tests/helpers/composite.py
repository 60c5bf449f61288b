"""The steps of a composite action (`action.yml`), run as the forge's runner would: expressions, files of outputs."""

import os
import re
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from helpers.paths import ROOT

_EXPRESSION = re.compile(r"\$\{\{ *([\w.-]+) *\}\}")


@dataclass
class Ran:
    """What came of an action."""

    code: int = 0
    """The exit code of the step that ended it, or 0."""
    ended: str = ""
    log: str = ""
    outputs: dict[str, str] = field(default_factory=dict)
    used: list[dict[str, Any]] = field(default_factory=list)
    """Steps that call other actions, with their inputs; nothing runs there."""
    summary: str = ""


def run_action(folder: Path, inputs: dict[str, str], variables: dict[str, str]) -> Ran:
    """Run /action.yml in a folder."""
    action = yaml.safe_load((ROOT / "action.yml").read_text())
    unknown = inputs.keys() - action["inputs"].keys()
    assert not unknown, unknown
    known = {f"inputs.{name}": inputs.get(name, entry["default"]) for name, entry in action["inputs"].items()}
    known["github.token"] = "the job's token"
    known = {name: _filled(value, known) for name, value in known.items()}
    ran = Ran()
    for step in action["runs"]["steps"]:
        if ran.ended or not _wanted(step.get("if"), known):
            continue
        if "uses" in step:
            ran.used.append({key: _filled(value, known) for key, value in step["with"].items()} | {"": step["uses"]})
            continue
        for name, value in _step(step, folder, known, variables, ran).items():
            known[f"steps.{step.get('id')}.outputs.{name}"] = value
    ran.outputs = {name: _filled(entry["value"], known) for name, entry in action["outputs"].items()}
    return ran


def _step(
    step: dict[str, Any], folder: Path, known: dict[str, str], variables: dict[str, str], ran: Ran
) -> dict[str, str]:
    assert "${{" not in step["run"], "an input inside a script is code of whoever wrote the input"
    temporary = folder / "temporary"
    temporary.mkdir(exist_ok=True)
    files = {"GITHUB_OUTPUT": temporary / "output", "GITHUB_STEP_SUMMARY": temporary / "summary"}
    for path in files.values():
        path.write_text("")
    given = {name: _filled(value, known) for name, value in step.get("env", {}).items()}
    paths = {"GITHUB_ACTION_PATH": ROOT, "RUNNER_TEMP": temporary, **files}
    environment = {**_base(folder), **variables, **{name: str(path) for name, path in paths.items()}, **given}
    command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    ran.log += done.stdout + done.stderr
    ran.summary += files["GITHUB_STEP_SUMMARY"].read_text()
    if done.returncode:
        ran.code, ran.ended = done.returncode, step["name"]
    return dict(line.split("=", 1) for line in files["GITHUB_OUTPUT"].read_text().splitlines())


def _base(folder: Path) -> dict[str, str]:
    """`holdfast` and `python` are this interpreter's; nothing of a real job is around."""
    program = folder / "bin" / "holdfast"
    program.parent.mkdir(exist_ok=True)
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m holdfast "$@"\n')
    program.chmod(0o755)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("GITHUB_", "CI_"))}
    sources = os.pathsep.join(filter(None, [os.environ.get("PYTHONPATH"), str(ROOT / "src")]))
    path = f"{program.parent}:{Path(sys.executable).parent}:{os.environ['PATH']}"
    return {**kept, "PATH": path, "PYTHONPATH": sources, "HOLDFAST_CACHE": str(folder / "cache")}


def _filled(text: str, known: dict[str, str]) -> str:
    return _EXPRESSION.sub(lambda found: known.get(found[1], ""), str(text))


def _wanted(condition: str | None, known: dict[str, str]) -> bool:
    if condition is None:
        return True
    name, relation, value = re.fullmatch(r"([\w.-]+) (==|!=) '(.*)'", condition).groups()  # type: ignore[union-attr]
    return (known[name] == value) == (relation == "==")
