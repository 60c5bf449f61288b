"""What a newcomer mistypes is answered in one line with what was meant: flags for keys, names of runs and of models."""

import json
from dataclasses import fields
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from holdfast.benchmarks.suites.compose import COMPOSER as EVAL
from holdfast.cli import VERBS, main
from holdfast.config import Composer
from holdfast.trainers.settings.compose import COMPOSER as TRAIN

OPTIONS = {
    verb: [field.name for field in fields(module.Options)]
    for verb in VERBS
    if hasattr(module := import_module(f"holdfast.cli.{verb}"), "Options")
}
KEYS = {"train": TRAIN.keys, "eval": EVAL.keys} | OPTIONS


def said(words: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    """The one line on standard error."""
    assert main(words) in (64, 65)
    [line] = capsys.readouterr().err.strip().splitlines()
    return line


@pytest.mark.parametrize("verb", [verb for verb in KEYS if verb not in ("env", "rewards", "data", "serve")])
def test_a_key_written_as_a_flag_is_told_how(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    """For every key of every verb; those of the others are options of rewards and environments besides."""
    for key in KEYS[verb]:
        if key in ("json", "extra"):
            continue
        dashed = "--" + key.replace("_", "-")
        for words in ([dashed, "1"], [f"{dashed}=1"]):
            assert f"without dashes, {key}=…" in said([verb, *words], capsys)


@pytest.mark.parametrize("verb", ["train", "eval"])
def test_a_flag_of_another_tool_leads_to_the_key(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert "without dashes, out=…" in said([verb, "--output-dir", "x"], capsys)
    assert "did you mean '--multirun'" in said([verb, "--multrun"], capsys)


@pytest.mark.parametrize("composer", [TRAIN, EVAL], ids=["train", "eval"])
def test_a_key_below_a_wrong_name_is_found(composer: Composer[Any]) -> None:
    for key in [key for key in composer.keys if "." not in key]:
        assert f"did you mean {key!r}" in str(composer.unknown_key(f"suite.{key}")), key


@pytest.mark.parametrize(
    ("given", "meant"), [("mymodle", "mymodel"), ("./mymodle", "mymodel"), ("./runs/on/checkpiont", "checkpoint")]
)
@pytest.mark.parametrize("verb", [["eval"], ["train", "data=tiny_sft", "trainer.args.max_steps=1"]], ids=lambda v: v[0])
def test_a_mistyped_model_names_the_folder_beside_it(
    verb: list[str], given: str, meant: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder in ("mymodel", "runs/on/checkpoint"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "config.json").write_text("{}")
    monkeypatch.chdir(tmp_path)
    from holdfast.errors import HoldfastError

    name, *more = verb
    with pytest.raises(HoldfastError, match=f"did you mean '{meant}'"):
        main([name, *more, f"model={given}", "suite=[tiny_sort]", "limit=2", "--debug"])


def test_a_mistyped_run_names_the_one_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "runs" / "alone").mkdir(parents=True)
    (tmp_path / "before.jsonl").write_text(json.dumps({"id": 1, "score": 1}) + "\n")
    monkeypatch.chdir(tmp_path)
    for words in (["runs/alon"], ["runs/alon", "before.jsonl"]):
        assert "no file or run runs/alon; did you mean 'alone'?" in said(["compare", *words], capsys)
    assert "did you mean 'before.jsonl'" in said(["compare", "befor.jsonl"], capsys)


@pytest.mark.parametrize("verb", list(KEYS))
def test_another_name_of_an_output_leads_to_what_the_verb_has(verb: str) -> None:
    """`compare markdown=x` is `md=`, not `margin=`; `eval output=x` is `out=`; in every verb, for every such name."""
    from holdfast.cli.grammar import bind
    from holdfast.errors import OUTPUTS, UsageError

    for name, ours in OUTPUTS.items():
        fit = next((one for one in ours if one in KEYS[verb]), None)
        if fit is None or name in KEYS[verb] or "extra" in KEYS[verb]:
            continue
        if verb in ("train", "eval"):
            error = {"train": TRAIN, "eval": EVAL}[verb].unknown_key(name)
        else:
            with pytest.raises(UsageError) as caught:
                bind(import_module(f"holdfast.cli.{verb}").Options, {name: "x"}, verb)
            error = caught.value
        assert f"did you mean {fit!r}" in str(error), (name, str(error))


@pytest.mark.parametrize(("name", "fit"), [("markdown", "md"), ("output", "html"), ("out", "html"), ("xml", "junit")])
def test_compare_is_asked_for_its_outputs(name: str, fit: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert f"did you mean '{fit}'" in said(["compare", f"{name}=x"], capsys)
