"""A training in a terminal of 80 columns and in a pipe: one line at a time, nothing mixed, everything in run.log."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from helpers.terminal import drawn, on_screen, run_in_terminal

pytestmark = pytest.mark.slow
NOISE = (
    "it/s]",
    "%|",
    "examples/s",
    "{'loss'",
    "deprecated",
    "FutureWarning",
    "UserWarning",
    "Loading weights",
    "Traceback",
)


def command(verb: str, model: Path, out: Path) -> list[str]:
    """A training with a guard and measured checkpoints, or an evaluation against another model."""
    words = ["suite=[tiny_sort,tiny_upper]", "limit=6", f"out={out}"]
    if verb == "train":
        words += [f"model={model}", "data=tiny_sft", "data.limit=64", "guard.every=4", "trainer.args.max_steps=12"]
        words += ["trainer.args.logging_steps=2", "trainer.args.save_steps=6", "measure_checkpoints=true"]
    else:
        words += [f"model={model}", "against=tiny"]
    return [sys.executable, "-m", "holdfast", verb, *words]


@pytest.mark.parametrize("verb", ["train", "eval"])
def test_a_terminal_of_80_columns(verb: str, untrained: Path, tmp_path: Path) -> None:
    env = {"OMP_NUM_THREADS": "1", "HOLDFAST_CACHE": str(tmp_path / "cache")}
    code, written = run_in_terminal(command(verb, untrained, tmp_path / "run"), 80, **env)
    assert code in (0, 1, 2), written
    assert not [noise for noise in NOISE if noise in written], written
    assert all(len(line) < 80 for line in drawn(written) if "/s " in line), written
    lines = on_screen(written)
    wide = [line for line in lines if len(line) > 80 and not line.startswith("report: ")]  # a path is never cut
    assert not wide, wide
    labels = ("train", "tiny_sort", "tiny_upper")
    assert not [line for line in lines if sum(f"{label}  " in line for label in labels) > 1 and "/s" in line], lines


@pytest.mark.parametrize("verb", ["train", "eval"])
def test_a_pipe(verb: str, untrained: Path, tmp_path: Path) -> None:
    env = {**os.environ, "OMP_NUM_THREADS": "1", "HOLDFAST_CACHE": str(tmp_path / "cache")}
    words = command(verb, untrained, tmp_path / "run")
    done = subprocess.run(words, env=env, capture_output=True, text=True, check=False, timeout=600)
    assert done.returncode in (0, 1, 2), done.stderr
    assert not [noise for noise in (*NOISE, "\r", "\x1b[") if noise in done.stderr], done.stderr
    assert len(done.stderr.splitlines()) <= 30, done.stderr
    kept = (tmp_path / "run" / "run.log").read_text(encoding="utf-8")
    assert "INFO holdfast.run: begins: holdfast" in kept and "INFO holdfast.run: ends" in kept
    assert verb == "eval" or "INFO holdfast: train" in kept
    quiet = subprocess.run([*words, "-q"], env=env, capture_output=True, text=True, check=False, timeout=600)
    assert quiet.returncode == done.returncode and _without_pace(quiet.stdout) == _without_pace(done.stdout)
    assert len(quiet.stderr.splitlines()) <= 3, quiet.stderr


def _without_pace(text: str) -> list[str]:
    """A summary in words, but for how long measuring again takes: a run that is only read again has no pace."""
    return re.sub(r", \d[\d,.]* (?:minutes?|hours) at [\d,]+ tokens/s", "", " ".join(text.split())).split()
