"""Data cards of real training sets, and of sets with one fault each: named, counted, with its rows."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers.paths import shared

from holdfast.cli import main
from holdfast.errors import DataError, UsageError
from holdfast.records import read_records
from holdfast.reward import Reward
from holdfast.trainers.data.card.card import Card
from holdfast.trainers.data.card.diversity import diversity
from holdfast.trainers.data.card.faults import Finding, places
from holdfast.trainers.data.card.gather import language
from holdfast.trainers.data.card.quantiles import Quantiles, Reservoir
from holdfast.trainers.data.card.training_card import card_of, card_tokenizer
from holdfast.trainers.settings.config import DataConfig
from holdfast.trainers.settings.data_sets import named_data

Rows = Iterable[Mapping[str, Any]]


def write(path: Path, rows: Rows) -> str:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return str(path)


def card(path: str, columns: dict[str, str] | None = None, **options: Any) -> Card:
    return card_of(DataConfig(path=path, columns=columns or {}), **options)


def found(card: Card) -> dict[str, Finding]:
    return {finding.kind: finding for finding in card.findings}


def chat(*texts: str) -> dict[str, Any]:
    roles = ("user", "assistant") * len(texts)
    return {"messages": [{"role": role, "content": text} for role, text in zip(roles, texts, strict=False)]}


GOOD = [chat(f"What is the name of number {n}?", f"{n * 7919} is what this book calls it.") for n in range(60)]


def test_gsm8k_has_nothing_wrong_with_it() -> None:
    told = card_of(named_data("gsm8k"), data_root=shared(), reward=Reward("numeric"), sample=500)
    assert (told.rows, told.kind, told.trainer, told.complete) == (7473, "prompt and completion", "sft", True)
    assert told.findings == [] and "nothing wrong" in told.sentence()
    assert told.judged is not None and (told.judged.judged, told.judged.mean) == (500, 1.0)
    assert told.languages is not None and set(list(told.languages.texts)[:2]) == {"en", "unknown"}
    lengths = [len(row["question"]) for _, row in read_records(shared("gsm8k", "train.jsonl"))]
    assert told.characters["prompt"].median == sorted(lengths)[(len(lengths) - 1) // 2]
    assert told.characters["prompt"].most == max(lengths)
    assert told.structure.ends_with_assistant == told.structure.alternating == 7473
    assert told.source.startswith("openai/gsm8k@740312")


@pytest.mark.slow
def test_the_preference_sample() -> None:
    told = card(str(shared("sft_dpo", "dpo_en_demo.json.gz")), {"prompt": "conversations"}, reward=Reward("length"))
    assert told.preference is not None and (told.preference.pairs, told.preference.equal) == (300, 0)
    assert told.preference.longer_interval[0] < told.preference.longer < told.preference.longer_interval[1]
    rows = [row for _, row in read_records(shared("sft_dpo", "dpo_en_demo.json.gz"))]
    sizes = [(len(row["chosen"]["value"].strip()), len(row["rejected"]["value"].strip())) for row in rows]
    assert told.preference.longer == pytest.approx(sum(a > b for a, b in sizes) / 300)
    assert told.structure.system == sum(row["conversations"][0]["from"] == "system" for row in rows)
    assert told.judged is not None and told.judged.of == "chosen" and told.judged.tied == 1.0
    assert set(found(told)) == {"duplicates"}
    texts = [json.dumps([row[key] for key in ("conversations", "chosen", "rejected")]) for row in rows]
    assert told.duplicates.exact == len(texts) - len(set(texts)) == 5


@pytest.mark.slow
def test_other_real_sets_show_their_faults() -> None:
    identity = card(str(shared("sft_dpo", "identity.json")), {"prompt": "instruction", "completion": "output"})
    assert found(identity)["placeholders"].count == 85
    marked = card(str(shared("sft_dpo", "kto_en_demo.json")), tokenizer=card_tokenizer("tiny", 1000))
    assert marked.marks is not None and (marked.marks.good, marked.marks.bad) == (150, 150)
    assert marked.tokens is not None and marked.tokens.over == found(marked)["long rows"].count
    assert found(marked)["answers cut off"].level == "breaks"
    calls = card(str(shared("sft_dpo", "glaive_toolcall_en_demo.json")), {"messages": "conversations"})
    assert (calls.rows, calls.unreadable) == (300, 0), "function calls and observations are turns"
    chinese = card_of(named_data("self_cognition"), data_root=shared())
    assert chinese.languages is not None and chinese.languages.texts["zh"] > 60


def test_rows_that_no_trainer_reads_are_refused_with_the_mapping_that_fits(tmp_path: Path) -> None:
    assert card(str(shared("sft_dpo", "alpaca_en_demo.json"))).kind == "prompt and completion"
    assert card(str(shared("sft_dpo", "glaive_toolcall_en_demo.json"))).kind == "messages"
    rows = tmp_path / "rows.jsonl"
    rows.write_text(json.dumps({"question": "a", "answer": "b"}) + "\n")
    with pytest.raises(DataError, match=r"columns=\[prompt:question,completion:answer\]"):
        card(str(rows))
    with pytest.raises(UsageError, match="did you mean 'grpo'"):
        card(str(shared("gsm8k", "train.jsonl")), trainer="grpoo")


def test_faults_of_turns(tmp_path: Path) -> None:
    rows = list(GOOD)
    rows[3] = chat("And now?", "Yes.", "Why?")
    rows[4] = chat("And then?", " \n")
    rows[5] = chat("", "I do not know that.")
    rows[6] = {
        "messages": [{"role": "user", "content": "a"}, {"role": "user", "content": "b"}, *chat("", "c")["messages"][1:]]
    }
    rows[7] = {"messages": [{"role": "wizard", "content": "Ask."}, *chat("Who is it?", "Merlin.")["messages"]]}
    rows[8] = chat("Who are you?", "I am {{NAME}}.")
    told = card(write(tmp_path / "rows.jsonl", rows))
    faults = found(told)
    for kind, line in (
        ("after the answer", 4),
        ("empty answers", 5),
        ("empty turns", 6),
        ("unknown roles", 8),
        ("placeholders", 9),
    ):
        assert faults[kind].where == [f"{tmp_path}/rows.jsonl:{line}"], kind
    assert [place.rpartition(":")[2] for place in faults["turn order"].where] == ["7", "8"]
    assert [one.kind for one in told.broken] == ["empty answers"]
    assert told.structure.ends_with_assistant == 60 and told.structure.several == 1
    assert "user: 'Why?'" in faults["after the answer"].sentence()


def test_tool_calls_have_no_text_and_no_fault(tmp_path: Path) -> None:
    turns = [
        {"role": "user", "content": "What time is it?"},
        {"role": "assistant", "content": None, "tool_calls": [{"function": {"name": "clock", "arguments": {}}}]},
        {"role": "tool", "content": "12:00"},
        {"role": "assistant", "content": "It is noon."},
    ]
    told = card(write(tmp_path / "rows.jsonl", [{"messages": turns}, *GOOD]))
    assert told.findings == [] and told.structure.tools == 1


def test_faults_of_pairs_and_marks(tmp_path: Path) -> None:
    pairs = [{"prompt": f"Say {n}", "chosen": f"{n} " * 40, "rejected": f"no {n}"} for n in range(100)]
    pairs[9] |= {"rejected": pairs[9]["chosen"]}
    told = card(write(tmp_path / "pairs.jsonl", pairs))
    assert found(told)["equal pairs"].where == [f"{tmp_path}/pairs.jsonl:10"]
    assert found(told)["length bias"].level == "look" and told.preference is not None and told.preference.longer == 1
    marks = [{"prompt": f"Say {n}", "completion": f"It is {n * 31}", "label": "no"} for n in range(20)]
    told = card(write(tmp_path / "marks.jsonl", marks))
    assert [one.kind for one in told.broken] == ["malformed"] and found(told)["malformed"].count == 20
    assert "a label is true or false (1 or 0), not 'no'" in found(told)["malformed"].example
    marks = [row | {"label": "False"} for row in marks]
    told = card(write(tmp_path / "marks.jsonl", marks))
    assert [one.kind for one in told.broken] == ["one label"] and "marked bad" in told.broken[0].text


def test_duplicates_and_one_opening(tmp_path: Path) -> None:
    rows = [chat(f"Tell me of {n}", f"Sure, here is what the number {n} means to me.") for n in range(80)]
    told = card(write(tmp_path / "rows.jsonl", [*rows, *rows[:10], rows[0]]))
    assert told.duplicates.exact == 11 and told.duplicates.prompts == 11
    largest = told.duplicates.exact_clusters[0]
    assert largest.size == 3 and largest.where == [f"{tmp_path}/rows.jsonl:{line}" for line in (1, 81, 91)]
    assert {"duplicates", "one opening"} <= set(found(told))


def test_a_reward_that_cannot_judge_or_never_differs(tmp_path: Path) -> None:
    rows = [{"prompt": f"What is {n}+1?", "reference": n + 1 if n % 4 else "?"} for n in range(40)]
    told = card(write(tmp_path / "rows.jsonl", rows), reward=Reward("numeric"))
    assert (told.kind, told.trainer) == ("prompt and reference", "grpo")
    assert told.judged is not None and (told.judged.of, told.judged.judged) == ("reference", 30)
    assert found(told)["unjudgeable"].count == 10 and found(told)["unjudgeable"].level == "breaks"
    wrong = [{"prompt": f"What is {n}+1?", "completion": "none", "reference": "1"} for n in range(40)]
    told = card(write(tmp_path / "wrong.jsonl", wrong), reward=Reward("numeric"))
    assert found(told)["constant reward"].level == "breaks" and told.judged is not None and told.judged.constant


def test_contamination_is_a_finding(tmp_path: Path) -> None:
    from holdfast.benchmarks.suites.suite import load_suite

    test = [row for _, row in read_records(shared("gsm8k", "test.jsonl"))]
    rows = [{"prompt": f"What is {n}?", "completion": f"{n}"} for n in range(20)]
    rows[11] = {"prompt": test[3]["question"], "completion": "?"}
    told = card(write(tmp_path / "rows.jsonl", rows), suite=load_suite(["gsm8k"]), data_root=shared())
    assert found(told)["contamination"].where == [f"{tmp_path}/rows.jsonl:12"]
    assert told.contamination is not None and told.contamination.tasks["gsm8k"].exact == 1


def test_every_row_longer_than_the_model_reads(tmp_path: Path) -> None:
    told = card(write(tmp_path / "rows.jsonl", GOOD), tokenizer=card_tokenizer("tiny", 10))
    assert found(told)["long rows"].level == "breaks" and "of every row" in found(told)["long rows"].text
    usual = card(write(tmp_path / "rows.jsonl", GOOD), tokenizer=card_tokenizer("tiny"))
    assert usual.tokens is not None and usual.tokens.limit == 1024  # TRL's own for SFT
    with pytest.raises(DataError, match="no tokenizer of 'nowhere/at-all'"):
        card_tokenizer("nowhere/at-all")


def test_limits_and_samples_are_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(tmp_path / "rows.jsonl", GOOD)
    told = card(path, limit=20, sample=5)
    assert (told.rows, told.sampled, told.complete) == (20, 5, False)
    assert card(path, limit=60).complete
    assert main(["data", "card", path, "limit=20", "sample=5"]) == 0
    shown = capsys.readouterr().out
    assert "not all of them" in shown and "random sample of 5" in shown


def test_the_small_parts() -> None:
    assert places(["a/b.jsonl:3", "a/b.jsonl:17", "x/c.json[4]", "x/c.json[9]"]) == "b.jsonl:3, 17, c.json[4], [9]"
    assert places(["training row 3", "training row 40"]) == "training row 3, 40"
    held: Reservoir[int] = Reservoir(100)
    for number in range(10_000):
        held.add(number)
    assert len(set(held.held)) == 100 and 4_000 < np.mean(held.held) < 6_000
    assert Quantiles.of(__import__("array").array("q")) is None
    same = diversity(["the cat sat on the mat"] * 20)
    assert same is not None and same.similarity == 1.0 and same.openings == {"the cat sat": 1.0}
    assert diversity(["…", ""]) is None and same.distinct_1 == 5 / 120
    assert language("Die Hauptstadt von Frankreich ist Paris, und sie liegt an der schönen Seine.") == "de"
    assert (
        language("我是一个语言模型，很高兴认识你。"),
        language("これはペンです"),
        language("안녕하세요 여러분"),
    ) == ("zh", "ja", "ko")
    assert language("3 + 4 = 7; x = 9 ** 2 / 7") == language("") == "unknown"
