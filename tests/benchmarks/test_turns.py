"""Conversations of several turns: MT-Bench's second turn, resume in the middle, and a tool in the user's place."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from helpers.chat_server import serving
from helpers.paths import shared

from holdfast.benchmarks.engine.backends import hf
from holdfast.benchmarks.engine.backends.models import LoadedModel, load
from holdfast.benchmarks.engine.measuring import measure
from holdfast.benchmarks.engine.settings import Settings
from holdfast.benchmarks.suites.suite import Entry, Suite
from holdfast.benchmarks.suites.task import find_task
from holdfast.sample import Message

HOW = Settings(batch_size=4, limit=10, max_tokens=12, max_length=1024, progress=False)


@pytest.fixture(scope="module")
def tiny() -> LoadedModel:
    import torch

    torch.set_num_threads(1)
    return load("tiny")


def questions() -> dict[str, Any]:
    return {str(row["question_id"]): row for row in map(json.loads, shared("mt_bench", "question.jsonl").open())}


def rated(messages: Sequence[dict[str, Any]], body: dict[str, Any]) -> str:
    """4 for a second turn, 7 for a first."""
    second = any(row["turns"][1] in messages[0]["content"] for row in questions().values())
    return json.dumps({"explanation": "", "score": 4 if second else 7})


def judged(url: str, **options: Any) -> dict[str, Any]:
    reward = {"reward": "judge", "base_url": url, "model": "recorded", "concurrency": 2, **options}
    return {"task": "mt_bench", "reward": reward}


def test_mt_bench_asks_and_judges_both_turns(tiny: LoadedModel, tmp_path: Path) -> None:
    known_rows = questions()
    with serving(lambda messages, body: json.dumps({"explanation": "", "score": 7})) as judge:
        measured = measure(tiny, [judged(judge.url)], tmp_path, data_root=shared(), settings=HOW)
        assert len(judge.asked) == 20
        prompts = [body["messages"][0]["content"] for body in judge.asked]
    result = measured.tasks["mt_bench"]
    assert result.n == 10 and result.mean == pytest.approx(6 / 9) and result.generation["turns"] == 2
    for row in measured.rows("mt_bench"):
        first, user, second = row.completion
        assert [turn["role"] for turn in (first, user, second)] == ["assistant", "user", "assistant"]  # type: ignore[index]
        assert user["content"] == known_rows[row.doc_id]["turns"][1]  # type: ignore[index]
        assert set(row.parts) == {"turn_1", "turn_2"}
        mine = [text for text in prompts if known_rows[row.doc_id]["turns"][0] in text]
        assert len(mine) == 2 and sum(str(user["content"]) in text for text in mine) == 1  # type: ignore[index]
        known = row.reference
        assert all(("[Reference answer]" in text) == bool(known) for text in mine)
        if known:
            assert sum(known[1][:40] in text for text in mine) == 1


def test_a_failing_judge_is_no_zero_and_a_second_call_asks_what_is_missing(tiny: LoadedModel, tmp_path: Path) -> None:
    def fault(number: int) -> Any:
        return {1: 429, 3: 500, 5: "cut", 6: "garbage"}.get(number)

    with serving(rated, fault) as judge:
        suite = [judged(judge.url, retries=4)]
        shaken = measure(tiny, suite, tmp_path / "a", data_root=shared(), settings=HOW)
        assert shaken.tasks["mt_bench"].unjudged == 0 and len(judge.asked) == 24
        calm = measure(tiny, suite, tmp_path / "b", data_root=shared(), settings=HOW)
    assert calm.tasks["mt_bench"].mean == shaken.tasks["mt_bench"].mean == pytest.approx((6 + 3) / 18)
    with serving(rated, lambda number: 500) as judge:
        suite = [judged(judge.url, retries=0)]
        broken = measure(tiny, suite, tmp_path / "c", data_root=shared(), settings=replace(HOW, limit=3))
    assert broken.tasks["mt_bench"].mean is None and broken.tasks["mt_bench"].unjudged == 3


def test_a_conversation_killed_between_turns_goes_on(
    tiny: LoadedModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, made = hf.HFEngine.run, []

    def dying(self: Any, items: Any, emit: Any) -> None:
        if len(made) == 4:  # 10 items in 3 batches, so in the second turn
            raise KeyboardInterrupt
        made.append(len(items))
        run(self, items, emit)

    with serving(rated) as judge:
        suite = [judged(judge.url)]
        whole = measure(tiny, suite, tmp_path / "whole", data_root=shared(), settings=HOW)
        monkeypatch.setattr(hf.HFEngine, "run", dying)
        with pytest.raises(KeyboardInterrupt):
            measure(tiny, suite, tmp_path / "cut", data_root=shared(), settings=HOW)
        made.append(0)
        again = measure(tiny, suite, tmp_path / "cut", data_root=shared(), settings=HOW)
    assert sum(made) == 20, "an answer was generated twice"
    assert list(again.rows("mt_bench")) == list(whole.rows("mt_bench"))


def shouting(doc: Any, said: Sequence[Message]) -> Sequence[Message] | None:
    """A tool that answers 'again' until the model has spoken three times, or at once when the row says so."""
    return [{"role": "user", "content": f"Write {said[-1]['content']} in capitals."}]


@pytest.mark.parametrize("chat", [True, False])
def test_a_task_of_ones_own_speaks_between_answers(chat: bool, tiny: LoadedModel, tmp_path: Path) -> None:
    task = replace(find_task("tiny_upper"), turns=3, continue_=shouting)
    suite = Suite(name="own", entries=(Entry(name="own", task=task),))
    measured = measure(tiny, suite, tmp_path, settings=replace(HOW, limit=6, chat=chat))
    rows = list(measured.rows("own"))
    assert all([turn["role"] for turn in row.completion].count("assistant") == 3 for row in rows)  # type: ignore[index]
    assert all(row.tokens and row.tokens > 3 for row in rows)
