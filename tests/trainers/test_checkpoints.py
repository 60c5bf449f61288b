"""Checkpoints: evenly spaced, only the newest resumable, measured on request; and no model outlives its phase."""

import base64
import gc
import gzip
import json
import re
from pathlib import Path
from typing import Any

import pytest

from holdfast.trainers.job.before_after import before_after
from holdfast.trainers.run.checkpoints import saved, spaced
from holdfast.trainers.settings.compose import compose


def words(model: Path, out: Path, *more: str) -> list[str]:
    quick = [
        "suite=[tiny_sort,tiny_upper]",
        "target=[tiny_sort]",
        "limit=4",
        "data.limit=64",
        "trainer.args.max_steps=8",
    ]
    return [f"model={model}", *quick, "trainer.args.learning_rate=0.01", f"out={out}", *more]


@pytest.mark.parametrize(
    ("steps", "count", "wanted"),
    [(200, 4, [40, 80, 120, 160]), (3, 4, [1, 2]), (1, 4, []), (100, 0, []), (10, 1, [5])],
)
def test_evenly_spaced_without_the_start_and_the_end(steps: int, count: int, wanted: list[int]) -> None:
    assert spaced(steps, count) == wanted


def chart_titles(page: str) -> list[str]:
    packed = re.findall(r'<script type="application/gzip\+base64" id="curve-data">([^<]*)</script>', page)
    return [panel["title"] for block in packed for panel in json.loads(gzip.decompress(base64.b64decode(block)))]


def models() -> list[Any]:
    """Every model that is held in memory, also by what the tests keep from being looked at again."""
    from transformers import PreTrainedModel

    gc.unfreeze()
    gc.collect()
    found = [thing for thing in gc.get_objects() if isinstance(thing, PreTrainedModel)]
    gc.freeze()
    return found


def test_no_model_hides_in_what_is_frozen(untrained: Path) -> None:
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(untrained)
    gc.freeze()
    assert not any(thing is model for thing in gc.get_objects())
    assert any(one is model for one in models())


def test_kept_measured_drawn_and_nothing_stays_in_memory(untrained: Path, tmp_path: Path) -> None:
    others = models()  # of tests before
    out = tmp_path / "run"
    before_after(compose(words(untrained, out, "checkpoints=3")))
    kept = saved(out / "training")
    assert list(kept) == [2, 4, 6, 8]
    assert [step for step, path in kept.items() if (path / "optimizer.pt").is_file()] == [8]
    assert not (out / "trajectory.json").exists()
    left = [model for model in models() if all(model is not other for other in others)]
    assert left == [], "every model is freed when its phase ends"

    before_after(compose(words(untrained, out, "checkpoints=3", "measure_checkpoints=true")))
    looks = json.loads((out / "trajectory.json").read_text())["looks"]
    assert [look["step"] for look in looks] == [2, 4, 6, 8]
    last = json.loads((out / "report.json").read_text())["benchmarks"]
    assert {b["task"]: b["difference"] for b in last} == {
        task: told["difference"] for task, told in looks[-1]["tasks"].items()
    }
    assert any("saved checkpoints" in title for title in chart_titles((out / "report.html").read_text()))


def test_trls_own_settings_overrule(untrained: Path, tmp_path: Path) -> None:
    before_after(compose(words(untrained, tmp_path / "run", "trainer.args.save_steps=3")))
    kept = saved(tmp_path / "run" / "training")
    assert list(kept) == [3, 6, 8]
    assert all((path / "optimizer.pt").is_file() for path in kept.values())
