"""Cheaper measuring takes effect or is refused in one line; what it saved is said."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from holdfast.benchmarks.engine.backends.models import LoadedModel, load
from holdfast.benchmarks.engine.keeping.draft_source import DraftSource
from holdfast.benchmarks.engine.measuring import draft_from, measure
from holdfast.benchmarks.engine.settings import Settings
from holdfast.cli import main
from holdfast.compare.comparing import run_info
from holdfast.errors import UsageError
from holdfast.files import write_json
from holdfast.report import write
from holdfast.runs.measurement import read_measurement
from holdfast.runs.saved import saved, write_drafts
from holdfast.trainers.estimate.checks import check
from holdfast.trainers.job.before_after import before_after
from holdfast.trainers.settings.compose import compose


class _Server:
    """An engine that can not draft."""

    def describe(self) -> dict[str, Any]:
        return {"backend": "local-completions"}


def test_drafts_that_cannot_be_are_refused_where_they_were_asked_for(tmp_path: Path) -> None:
    nothing = DraftSource(tmp_path, tmp_path)
    draft_from(_Server(), nothing, "auto")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="local-completions"):
        draft_from(_Server(), nothing, "before")  # type: ignore[arg-type]
    model, how = load("tiny", dtype="float32"), Settings(progress=False, limit=2, draft="before")
    with pytest.raises(UsageError, match="kept no tokens"):
        measure(model, ["tiny_upper"], tmp_path / "a", settings=how, drafts=tmp_path)
    before = tmp_path / "before"
    measure(model, ["tiny_upper"], before, settings=replace(how, draft="auto"))
    windowed = load("tiny", dtype="float32")
    windowed.model.config.layer_types = ["sliding_attention"] * 4
    with pytest.raises(UsageError, match="keep every token"):
        measure(windowed, ["tiny_upper"], tmp_path / "b", settings=how, drafts=before)
    record = json.loads((before / "results.json").read_text())
    record["model"]["tokenizer"] = "another"
    write_json(before / "results.json", record)
    with pytest.raises(UsageError, match="another tokenizer"):
        measure(
            LoadedModel(model.model, model.tokenizer, "x"), ["tiny_upper"], tmp_path / "c", settings=how, drafts=before
        )


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["draft=before"], "needs against="),
        (["draft=sometimes"], "draft"),
        (["stop=decided"], "needs against="),
        (["stop=early"], "stop"),
    ],
)
def test_the_command_line_of_eval(words: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["eval", "model=tiny", "suite=tiny", *words]) == 64
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "message"),
    [(["stop=decided"], "needs margin"), (["stop=soon"], "stop"), (["draft=yes"], "draft")],
)
def test_the_settings_of_a_training(words: list[str], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        check(compose(["experiment=tiny_sft", *words]))


def test_what_was_saved_is_a_sentence_and_part_of_the_report(tmp_path: Path) -> None:
    assert saved(tmp_path) == {}
    write_drafts(tmp_path, {"answers": 0, "tokens": 0})
    assert saved(tmp_path) == {}
    write_drafts(tmp_path, {"answers": 4, "tokens": 1000, "decoded": 150, "verified": 900, "passes": 12})
    write_drafts(tmp_path, {"answers": 0, "tokens": 0})
    sentence = saved(tmp_path)["sentence"]
    assert "85% of 1,000 tokens" in sentence and "12 forward passes" in sentence


@pytest.mark.slow
def test_a_training_stops_and_goes_on_and_its_report_says_what_was_saved(tmp_path: Path) -> None:
    """An unchanged model: decided with a part of the items; the same command without stop measures the rest."""
    out = tmp_path / "run"
    words = ["experiment=tiny_sft", "trainer.args.max_steps=1", "trainer.args.learning_rate=1e-9", "suite=[tiny_upper]"]
    words += [f"out={out}", f"cache={tmp_path / 'cache'}", "target=[]", "margin=30", "model.dtype=float32"]
    result = before_after(compose([*words, "stop=decided"]))
    whole = read_measurement(out / "before").tasks["tiny_upper"].n
    assert read_measurement(out / "after").tasks["tiny_upper"].n < whole
    info = run_info(read_measurement(out / "after"))
    assert (
        "were not needed" in info.manifest["saved"]["sentence"]
        and "tokens were taken" in info.manifest["saved"]["sentence"]
    )
    assert result.comparison is not None
    write(result.comparison, tmp_path)
    assert "were not needed" in (tmp_path / "report.html").read_text()
    again = before_after(compose(words))
    assert read_measurement(out / "after").tasks["tiny_upper"].n == whole
    assert again.comparison is not None and again.comparison.decision == result.comparison.decision
