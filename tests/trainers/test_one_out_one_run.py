"""One `out`, one run: what its settings point at may not change under it."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from holdfast.errors import UsageError
from holdfast.files import write_json
from holdfast.trainers.run.run_dir import PARTS, keep_rows, open_run
from holdfast.trainers.settings.compose import compose


def write_rows(file: Path, count: int) -> Path:
    file.write_text("".join(json.dumps({"prompt": f"Say {n}.", "completion": str(n)}) + "\n" for n in range(count)))
    return file


def suite_file(folder: Path, items: int) -> Path:
    rows = folder / "items.jsonl"
    rows.write_text("".join(json.dumps({"prompt": f"Say {n}", "reference": str(n)}) + "\n" for n in range(items)))
    file = folder / "mine.yaml"
    file.write_text("name: mine\ntasks: [{task: mine, file: items.jsonl, reward: exact_match}]\n")
    return file


@pytest.fixture
def made(untrained: Path, tmp_path: Path) -> dict[str, Any]:
    """A run with everything that a file can say, and its words."""
    model = tmp_path / "model"
    shutil.copytree(untrained, model)
    template = tmp_path / "template.jinja"
    template.write_text("{{ messages[0].content }}")
    data, old = write_rows(tmp_path / "rows.jsonl", 8), write_rows(tmp_path / "old.jsonl", 8)
    words = [
        *(f"model={model}", f"model.chat_template={template}", f"data={data}", f"suite={suite_file(tmp_path, 4)}"),
        *("data.replay.ratio=0.5", f"data.replay.data={old}", f"out={tmp_path / 'run'}"),
    ]
    open_run(compose(words))
    return {"words": words, "model": model, "template": template, "data": data, "old": old, "folder": tmp_path}


@pytest.mark.parametrize("what", ["data", "data.replay.data", "model", "model.chat_template", "suite"])
def test_changed_content_is_refused_by_name(made: dict[str, Any], what: str) -> None:
    open_run(compose(made["words"]))  # the same run, taken up
    if what == "data":
        write_rows(made["data"], 9)
    elif what == "data.replay.data":
        write_rows(made["old"], 9)
    elif what == "model":
        weights = bytearray((made["model"] / "model.safetensors").read_bytes())
        weights[-1] ^= 1
        (made["model"] / "model.safetensors").write_bytes(weights)
    elif what == "suite":
        suite_file(made["folder"], 5)
    else:
        made["template"].write_text("{{ messages[0].content }}!")
    with pytest.raises(UsageError, match=f"the content of {what} has changed"):
        open_run(compose(made["words"]))
    open_run(compose([*made["words"], "overwrite=true"]))


def test_a_run_of_an_older_version_is_taken_up(made: dict[str, Any]) -> None:
    """It lacks the keys that came since; at their defaults they change nothing."""
    file = made["folder"] / "run" / "manifest.json"
    held = json.loads(file.read_text())
    del held["config"]["data"]["max_cut"], held["config"]["lora"]["dora"]
    file.write_text(json.dumps(held))
    open_run(compose(made["words"]))
    with pytest.raises(UsageError, match=r"max_cut=None, not 0\.5"):
        open_run(compose([*made["words"], "data.max_cut=0.5"]))


def test_a_killed_training_never_goes_on_with_other_rows(made: dict[str, Any]) -> None:
    """Also rows that no file of ours holds: a data set of the hub that moved."""
    out = made["folder"] / "run"
    keep_rows(out, {"count": 8, "hash": "a"})
    keep_rows(out, {"count": 9, "hash": "b"})  # nothing is trained yet
    (out / "training" / "checkpoint-2").mkdir(parents=True)
    with pytest.raises(UsageError, match="began with other rows"):
        keep_rows(out, {"count": 8, "hash": "a"})
    assert json.loads((out / "manifest.json").read_text())["training_rows"]["hash"] == "b"


def test_a_run_that_ended_before_anything_was_measured_is_in_nobodys_way(made: dict[str, Any]) -> None:
    words, out = made["words"], made["folder"] / "run"
    other = [*words, "seed=7"]
    write_json(out / "outcome.json", {"status": "failed", "phase": "measure before"})
    (out / "run.log").write_text("a line")
    open_run(compose(other))
    assert json.loads((out / "manifest.json").read_text())["config"]["seed"] == 7
    assert not (out / "outcome.json").exists()


@pytest.mark.parametrize("part", PARTS)
def test_with_any_part_of_a_run_it_is_refused(made: dict[str, Any], part: str) -> None:
    words, out = made["words"], made["folder"] / "run"
    write_json(out / "outcome.json", {"status": "failed"})
    (out / part).mkdir()
    with pytest.raises(UsageError, match="holds a run with seed"):
        open_run(compose([*words, "seed=7"]))
