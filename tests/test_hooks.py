"""The hooks of .pre-commit-hooks.yaml, run as pre-commit runs them: the entry, its args, and the changed files."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from helpers.made_runs import flipped, made_rows, made_run
from helpers.paths import ROOT

HOOKS = {hook["id"]: hook for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())}
WAIVED = "waived: {{style: {{drop: 3, reason: agreed, until: {}}}}}\n"


def _run(hook: str, words: list[str], folder: Path) -> "subprocess.CompletedProcess[str]":
    program, *entry = shlex.split(HOOKS[hook]["entry"])
    command = {"python": [sys.executable], "holdfast": [sys.executable, "-m", "holdfast"]}[program]
    return subprocess.run([*command, *entry, *words], cwd=folder, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        ("margin: 2\n", 0, ""),
        (WAIVED.format("2999-12-31"), 0, "waived, until 2999-12-31"),
        (WAIVED.format("2020-01-31"), 1, "ended on 2020-01-31"),
        ("margn: 2\n", 64, "margin"),
        ("{", 65, "is not YAML"),
    ],
)
def test_a_policy_is_read_before_it_is_needed(text: str, code: int, said: str, tmp_path: Path) -> None:
    (tmp_path / "gate.yaml").write_text(text)
    (tmp_path / "gate-good.yaml").write_text("margin: 1\n")
    done = _run("holdfast-policy", ["gate.yaml", "gate-good.yaml"], tmp_path)
    assert done.returncode == code
    assert said in done.stdout + done.stderr


@pytest.mark.parametrize(("name", "wanted"), [("gate.yaml", True), ("ci/gate-code.yml", True), ("suite.yaml", False)])
def test_policies_are_found_by_their_name(name: str, wanted: bool) -> None:
    assert bool(re.search(HOOKS["holdfast-policy"]["files"], name)) is wanted


@pytest.mark.slow
@pytest.mark.parametrize(("lost", "code"), [(0, 0), (150, 1)])
def test_a_push_is_stopped_by_a_regression(lost: int, code: int, tmp_path: Path) -> None:
    before, after = flipped(1000, 800, lost, 0)
    made_run(tmp_path / "main", {"style": made_rows("style", before)}, "a")
    made_run(tmp_path / "new", {"style": made_rows("style", after)}, "b")
    assert _run("holdfast-compare", ["main", "new", "margin=2"], tmp_path).returncode == code


def test_they_run_with_what_the_core_installs() -> None:
    assert all(hook["language"] == "python" for hook in HOOKS.values())
    assert HOOKS["holdfast-compare"]["stages"] == ["pre-push"]
