"""Drafts in odd company: whatever a model's files, a suite or an earlier run say, the texts are those of draft=off, or
draft=before is refused in one line."""

import copy
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from holdfast.benchmarks.engine.backends.models import LoadedModel, load
from holdfast.benchmarks.engine.measuring import measure
from holdfast.benchmarks.engine.settings import Settings
from holdfast.errors import UsageError
from holdfast.runs.measurement import Measurement

HOW = Settings(progress=False, limit=6, batch_size=4)
SUITE: list[Any] = ["tiny_repeat", {"task": "tiny_reverse", "stop": ["a", "e "], "stop_chat": True}]


@pytest.fixture(scope="module")
def base() -> LoadedModel:
    return load("tiny", dtype="float32")


def changed(base: LoadedModel, change: Callable[[Any], None] = lambda model: None, noise: float = 0.05) -> LoadedModel:
    model = copy.deepcopy(base.model)
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for parameter in model.parameters():
            scale = noise * float(parameter.std()) if parameter.numel() > 1 else 0.0
            parameter.add_(torch.randn(parameter.shape, generator=generator) * scale)
    change(model)
    return LoadedModel(model, copy.deepcopy(base.tokenizer), "changed")


def texts(found: Measurement) -> dict[Any, Any]:
    return {r.key: (r.completion, r.tokens, r.finish_reason, r.score) for t in found.tasks for r in found.rows(t)}


def tally(out: Path) -> dict[str, Any]:
    path = out / "drafts.json"
    return dict(json.loads(path.read_text())) if path.is_file() else {}


def pair(base: LoadedModel, model: LoadedModel, out: Path, how: Settings = HOW, suite: Any = None) -> dict[str, Any]:
    """What drafts did; the texts with them are those without."""
    suite = SUITE if suite is None else suite
    measure(base, suite, out / "before", settings=how)
    plain = measure(model, suite, out / "plain", settings=replace(how, draft="off"), drafts=out / "before")
    drafted = measure(model, suite, out / "drafted", settings=how, drafts=out / "before")
    assert texts(drafted) == texts(plain)
    return tally(out / "drafted")


RULES: dict[str, Any] = {
    "repetition_penalty": 1.3,
    "no_repeat_ngram_size": 2,
    "min_new_tokens": 12,
    "min_length": 90,
    "suppress_tokens": [101, 104],
    "begin_suppress_tokens": [101],
    "bad_words_ids": [[101], [104, 105]],
    "forced_eos_token_id": 258,
    "exponential_decay_length_penalty": (3, 1.5),
    "num_beams": 3,
    "stop_strings": ["e"],
    "sequence_bias": [[[101], -8.0]],
    "prompt_lookup_num_tokens": 3,
}
"""Rules of decoding that a model's generation_config.json may hold."""
FAST = ("repetition_penalty", "num_beams", "stop_strings")


@pytest.mark.parametrize("name", [n if n in FAST else pytest.param(n, marks=pytest.mark.slow) for n in RULES])
def test_rules_of_the_models_file_take_no_drafts_and_are_refused_by_name(
    name: str, base: LoadedModel, tmp_path: Path
) -> None:
    model = changed(base, lambda one: setattr(one.generation_config, name, RULES[name]))
    how = replace(HOW, batch_size=1, limit=2) if name == "prompt_lookup_num_tokens" else HOW
    assert not pair(base, model, tmp_path, how).get("verified")
    with pytest.raises(UsageError, match=f"no task of this suite takes drafts.*{name}") as said:
        measure(model, SUITE, tmp_path / "asked", settings=replace(how, draft="before"), drafts=tmp_path / "before")
    assert "\n" not in str(said.value)


IDLE = {"temperature": 0.6, "top_p": 0.9, "top_k": 20, "do_sample": True, "max_length": 20, "max_new_tokens": 2}
"""What the file may hold without effect on a greedy answer of a budget of its own."""


@pytest.mark.parametrize(
    "name", [n if n == "max_new_tokens" else pytest.param(n, marks=pytest.mark.slow) for n in IDLE]
)
def test_idle_settings_of_the_file_keep_drafts(name: str, base: LoadedModel, tmp_path: Path) -> None:
    model = changed(base, lambda one: setattr(one.generation_config, name, IDLE[name]))
    assert pair(base, model, tmp_path, suite=["tiny_repeat"])["accepted"] > 0


def test_an_end_in_the_middle_of_a_draft_ends_the_answer(base: LoadedModel, tmp_path: Path) -> None:
    """The model after ends at a letter at which the one before went on, and the other way round."""
    letter = base.tokenizer("e", add_special_tokens=False).input_ids[-1]
    own = base.tokenizer.eos_token_id
    early = changed(base, lambda one: setattr(one.generation_config, "eos_token_id", [own, letter]), 0.0)
    assert pair(base, early, tmp_path / "early")["accepted"] > 0
    assert pair(early, changed(base, noise=0.0), tmp_path / "late")["accepted"] > 0


@pytest.mark.slow
def test_sampling_arguments_of_the_suite(base: LoadedModel, tmp_path: Path) -> None:
    for number, sampling in enumerate(
        ({"repetition_penalty": 1.2}, {"temperature": 0.8}, {"temperature": 0.8, "coupled": True, "typical_p": 0.9})
    ):
        how = replace(HOW, sampling=sampling, repeats=2 if "temperature" in sampling else None)
        assert not pair(base, changed(base), tmp_path / str(number), how, ["tiny_repeat"]).get("verified")
        with pytest.raises(UsageError, match="no task of this suite takes drafts"):
            measure(base, ["tiny_repeat"], tmp_path / f"{number}b", settings=replace(how, draft="before"),
                    drafts=tmp_path / str(number) / "before")  # fmt: skip


def test_a_suite_of_comparisons_alone_is_refused_and_a_mixed_one_drafts(base: LoadedModel, tmp_path: Path) -> None:
    file = tmp_path / "quiz.jsonl"
    file.write_text(json.dumps({"prompt": "?", "choices": ["no", "never"], "reference": 0}) + "\n")
    quiz = {"file": str(file), "choices": "choices"}
    assert (
        pair(base, changed(base), tmp_path / "mixed", replace(HOW, draft="before"), [quiz, "tiny_repeat"])["accepted"]
        > 0
    )
    measure(base, [quiz], tmp_path / "before", settings=HOW)
    with pytest.raises(UsageError, match="none generates"):
        measure(base, [quiz], tmp_path / "a", settings=replace(HOW, draft="before"), drafts=tmp_path / "before")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"max_tokens": 4}, {}),
        *(
            pytest.param(*pair, marks=pytest.mark.slow)
            for pair in (
                ({"limit": 3}, {"limit": 6}),
                ({}, {"max_tokens": 4}),
                ({"batch_size": 1}, {"batch_size": 16}),
                ({"chat": False}, {}),
                ({"max_length": 64}, {}),
                ({"thinking": ["[T]", "[/T]"]}, {}),
                ({}, {"thinking": ["[T]", "[/T]"]}),
            )
        ),
    ],
)
def test_a_run_before_under_other_settings(
    before: dict[str, Any], after: dict[str, Any], base: LoadedModel, tmp_path: Path
) -> None:
    model = changed(base)
    measure(base, SUITE, tmp_path / "before", settings=replace(HOW, **before))
    how = replace(HOW, **after)
    plain = measure(model, SUITE, tmp_path / "plain", settings=replace(how, draft="off"))
    drafted = measure(model, SUITE, tmp_path / "drafted", settings=how, drafts=tmp_path / "before")
    assert texts(drafted) == texts(plain)


def test_another_suite_and_another_template(base: LoadedModel, tmp_path: Path) -> None:
    measure(base, ["tiny_upper"], tmp_path / "before", settings=HOW)
    drafted = measure(changed(base), ["tiny_repeat"], tmp_path / "a", settings=HOW, drafts=tmp_path / "before")
    assert texts(drafted) == texts(
        measure(changed(base), ["tiny_repeat"], tmp_path / "b", settings=replace(HOW, draft="off"))
    )
    assert tally(tmp_path / "a")["verified"] == 0
    other = changed(base)
    other.tokenizer.chat_template = "Q: " + other.tokenizer.chat_template
    measure(other, ["tiny_upper"], tmp_path / "c", settings=HOW, drafts=tmp_path / "before")
    assert not tally(tmp_path / "c")
    with pytest.raises(UsageError, match="another tokenizer"):
        measure(
            other, ["tiny_upper"], tmp_path / "d", settings=replace(HOW, draft="before"), drafts=tmp_path / "before"
        )


@pytest.mark.slow
def test_a_killed_run_goes_on_with_drafts(base: LoadedModel, tmp_path: Path) -> None:
    """Rows and kept answers are torn in the middle of a line; what is left to do is drafted again."""
    model = changed(base)
    pair(base, model, tmp_path)
    whole = texts(measure(model, SUITE, tmp_path / "drafted", settings=HOW, drafts=tmp_path / "before"))
    for path in [*(tmp_path / "drafted").rglob("*.jsonl")]:
        content = path.read_bytes()
        path.write_bytes(content[: len(content) // 2])
    again = measure(model, SUITE, tmp_path / "drafted", settings=HOW, drafts=tmp_path / "before")
    assert texts(again) == whole
    for out, mode in (("drafted", "off"), ("plain", "auto")):  # the other way of decoding goes on from either
        found = measure(model, SUITE, tmp_path / out, settings=replace(HOW, draft=mode), drafts=tmp_path / "before")  # type: ignore[arg-type]
        assert texts(found) == whole


def test_a_conversation_of_several_turns(base: LoadedModel, tmp_path: Path) -> None:
    """The second question stands behind the first answer: where that changed, there is no draft."""
    rows = [{"question_id": n, "category": "writing", "turns": [f"repeat cat {n}", "reverse dog"]} for n in range(80)]
    folder = tmp_path / "data" / "mt_bench"
    folder.mkdir(parents=True)
    (folder / "question.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (folder / "reference_answer").mkdir()
    answers = [{"question_id": n, "choices": [{"turns": ["cat", "god"]}]} for n in range(80)]
    (folder / "reference_answer" / "gpt-4.jsonl").write_text("".join(json.dumps(one) + "\n" for one in answers))
    suite = [{"task": "mt_bench", "reward": "exact_match", "max_tokens": 24}]
    before, more = tmp_path / "before", {"data_root": tmp_path / "data"}
    measure(base, suite, before, settings=HOW, **more)
    plain = measure(changed(base), suite, tmp_path / "plain", settings=replace(HOW, draft="off"), **more)
    drafted = measure(changed(base), suite, tmp_path / "drafted", settings=HOW, drafts=before, **more)
    assert [row.completion for row in drafted.rows("mt_bench")] == [row.completion for row in plain.rows("mt_bench")]
    assert tally(tmp_path / "drafted")["accepted"] > 0


@pytest.mark.parametrize("drafts", [[[0] * 3] * 2, [[10**6], []], [[-1, 5], [3]]])
def test_kept_tokens_that_the_model_does_not_have_are_no_drafts(drafts: Any, base: LoadedModel, tmp_path: Path) -> None:
    """An answer before whose record was damaged: tokens that no row of the embedding belongs to."""
    measure(base, ["tiny_repeat"], tmp_path / "before", settings=HOW)
    for path in (tmp_path / "before" / "cache").rglob("tiny_repeat.jsonl"):
        lines = []
        for line in path.read_text().splitlines():
            records = json.loads(line)
            for number, record in enumerate(records.values()):
                record["ids"] = drafts[number % len(drafts)]
            lines.append(json.dumps(records))
        path.write_text("\n".join(lines) + "\n")
    model = changed(base)
    drafted = measure(model, ["tiny_repeat"], tmp_path / "a", settings=HOW, drafts=tmp_path / "before")
    assert texts(drafted) == texts(measure(model, ["tiny_repeat"], tmp_path / "b", settings=replace(HOW, draft="off")))


def test_a_refusal_comes_before_the_first_answer_of_the_model_before(base: LoadedModel, tmp_path: Path) -> None:
    """Between the two measurements there may be a training of hours."""
    asked = replace(HOW, draft="before")
    with pytest.raises(UsageError, match="answers are drawn"):
        measure(base, ["tiny_repeat"], tmp_path / "a", settings=replace(asked, sampling={"temperature": 1.0}))
    windowed = LoadedModel(copy.deepcopy(base.model), base.tokenizer, "windowed")
    windowed.model.config.layer_types = ["sliding_attention"] * 4
    with pytest.raises(UsageError, match="keep every token"):
        measure(windowed, ["tiny_repeat"], tmp_path / "b", settings=asked)
    assert not list(tmp_path.rglob("*.jsonl"))
