"""mend and bisect of what is no finished run: one line that names the nearest valid choice."""

import json
import shutil
from pathlib import Path

import pytest

from holdfast.cli import main


@pytest.fixture(scope="module")
def passed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A GRPO run of two steps, which regresses nothing."""
    out = tmp_path_factory.mktemp("runs") / "grpo-a"
    words = ["experiment=tiny_grpo", "suite=[tiny_sort,tiny_upper]", "trainer.args.max_steps=2", "limit=40"]
    small = ["trainer.args.per_device_train_batch_size=8", "trainer.args.num_generations=4", "checkpoints=0"]
    assert main(["train", *words, *small, "trainer.args.learning_rate=1e-6", f"out={out}"]) == 0
    return out


def said(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    capsys.readouterr()
    code = main(list(words))
    out, err = capsys.readouterr()
    return code, out, err


@pytest.mark.parametrize("verb", ["mend", "bisect"])
def test_a_run_that_passes_needs_neither(verb: str, passed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = said(capsys, verb, str(passed))
    assert code == 0
    assert ("Nothing to mend" if verb == "mend" else "nothing to bisect") in out
    assert not (passed / "mend").exists()


@pytest.mark.parametrize("verb", ["mend", "bisect"])
def test_a_wrong_path_names_the_nearest_run(verb: str, passed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = said(capsys, verb, str(passed.parent / "grpo-b"))
    assert code == 65
    assert "did you mean" in err
    assert "grpo-a" in err
    code, _, err = said(capsys, verb, str(passed / "checkpoint"))
    assert code == 65
    assert "is a part of a run" in err
    code, _, err = said(capsys, verb, str(passed.parent))
    assert code == 65
    assert "the runs in it: grpo-a" in err
    code, _, err = said(capsys, verb)
    assert code == 64
    assert "one run directory" in err


@pytest.mark.parametrize(("verb", "key"), [("mend", "wieghts"), ("bisect", "sacn")])
def test_a_wrong_key_names_the_nearest(verb: str, key: str, passed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = said(capsys, verb, str(passed), f"{key}=1")
    assert code == 64
    assert {"wieghts": "weights", "sacn": "scan"}[key] in err


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("weights=[1.5]", "between 0 (base) and 1 (tuned)"),
        ("groups=deph", "depth"),
        ("density=[1.2]", "between 0 and 1"),
        ("budget=0", "at least 1"),
    ],
)
def test_a_setting_out_of_its_range(word: str, expected: str, passed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = said(capsys, "mend", str(passed), word)
    assert code == 64
    assert expected in err


@pytest.mark.parametrize("verb", ["mend", "bisect"])
def test_a_base_model_that_has_gone(
    verb: str, passed: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = tmp_path / "run"
    shutil.copytree(passed, run)
    manifest = json.loads((run / "manifest.json").read_text())
    manifest["config"]["model"]["path"] = str(tmp_path / "gone")
    (run / "manifest.json").write_text(json.dumps(manifest))
    code, _, err = said(capsys, verb, str(run))
    assert code == 65
    assert "is gone" in err
    assert "base=DIRECTORY" in err
    assert said(capsys, verb, str(run), "base=tiny")[0] == 0


@pytest.mark.parametrize("verb", ["mend", "bisect"])
def test_help_shows_every_key(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    from dataclasses import fields
    from importlib import import_module

    code, out, _ = said(capsys, verb, "--help")
    assert code == 0
    for field in fields(import_module(f"holdfast.cli.{verb}").Options):
        assert f"{field.name}=" in out or field.name == "extra"  # other settings' own keys
