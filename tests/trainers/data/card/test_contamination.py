"""Is the suite in the training set? On real data: what is clean is called clean, what was planted is named."""

import json
from pathlib import Path
from typing import Any

import pytest
from helpers.paths import shared

from holdfast.benchmarks.suites.source import load_docs
from holdfast.benchmarks.suites.suite import load_suite
from holdfast.benchmarks.suites.task import find_task
from holdfast.cli import main
from holdfast.files import read_jsonl
from holdfast.records import read_records
from holdfast.trainers.data.overlap.contamination import Checker, Contamination, Item
from holdfast.trainers.data.overlap.ngrams import Vocabulary, distinct, flat_numbers
from holdfast.trainers.data.overlap.words import collapsed, leaves, words
from holdfast.trainers.data.suite_items import suite_items


def _check(suite: str, rows: Any) -> Contamination:
    items, unchecked = suite_items(load_suite(suite), shared())
    return Checker(suite, items, unchecked).check(rows)


def test_words_and_whole_texts() -> None:
    assert words("The CAT's 2 hats — no_way!") == ["the", "cat", "s", "2", "hats", "no_way"]
    assert words("我爱 Hugging Face。") == ["我", "爱", "hugging", "face"]
    assert collapsed(" What\n is  12-34? ") == "what is 12-34?"
    assert list(leaves({"a": ["x", {"b": "y"}], "n": 3, "z": None})) == ["x", "y"]


def test_grams_are_those_of_a_plain_loop() -> None:
    texts = ["a b c d e f g h i j k l m n o p", "h g f e d c b a", "one two", "", "a b c d e f g h zz i j k l m n o"]
    vocabulary = Vocabulary()
    for text in texts[:3]:
        vocabulary.learn(text)
    vocabulary.close()
    for length, which in ((8, 0), (13, 1)):
        held: dict[int, tuple[str, ...]] = {}
        for text in texts:
            found = vocabulary.hashes(flat_numbers([vocabulary.numbers(text)]))[which]
            split = text.split()
            plain = {
                tuple(split[i : i + length])
                for i in range(len(split) - length + 1)
                if "zz" not in split[i : i + length]
            }
            mine = {int(one) for one in distinct(found)}
            assert len(mine) == len(plain)
            if len(plain) == 1:
                assert held.setdefault(mine.copy().pop(), next(iter(plain))) == next(iter(plain))
        hashes, known = vocabulary.hashes(flat_numbers([vocabulary.numbers(texts[0])]))[which]
        again, _ = vocabulary.hashes(flat_numbers([vocabulary.numbers(t) for t in (texts[1], texts[0])]))[which]
        assert set(hashes[known]) <= set(again)


def test_gsm8k_train_holds_nearly_nothing_of_its_test() -> None:
    found = _check("gsm8k", read_records(shared("gsm8k", "train.jsonl")))
    task = found.tasks["gsm8k"]
    assert (found.rows, task.items, task.exact, task.share) == (7473, 1319, 0, 0)
    assert task.passage <= 5 and found.contaminated_rows <= 6
    for one in task.found:  # the named row does hold thirteen words of the item
        number = int(one.where.rpartition(":")[2])
        row = next(record for line, record in read_jsonl(shared("gsm8k", "train.jsonl")) if line == number)
        item = next(
            doc for index, doc in enumerate(load_docs(find_task("gsm8k").source, shared())) if str(index) == one.doc_id
        )
        mine, theirs = words(item["question"]), " ".join(words(row["question"]))
        assert any(" ".join(mine[i : i + 13]) in theirs for i in range(len(mine) - 12))


def test_planted_items_are_found_and_named() -> None:
    train = [record for _, record in read_records(shared("gsm8k", "train.jsonl"))][:2000]
    test = [record for _, record in read_records(shared("gsm8k", "test.jsonl"))]
    mmlu = load_docs(find_task("mmlu").source, shared())
    rows: list[Any] = list(train)
    rows[100] = {
        "messages": [{"role": "user", "content": test[7]["question"].upper()}, {"role": "assistant", "content": "?"}]
    }
    rows[500] = {"prompt": "Read this and answer. " + test[20]["question"] + " Be brief.", "completion": "ok"}
    rows[900] = {"text": find_task("mmlu").prompt(mmlu[11])}
    found = _check("core", ((f"row {n}", row) for n, row in enumerate(rows)))
    gsm8k = {one.doc_id: one for one in found.tasks["gsm8k"].found}
    assert gsm8k["7"].exact and gsm8k["7"].where == "row 100" and gsm8k["7"].rows == 1
    assert not gsm8k["20"].exact and gsm8k["20"].passage and gsm8k["20"].where == "row 500"
    assert gsm8k["20"].share is not None and gsm8k["20"].share > 0.9
    (planted,) = found.tasks["mmlu"].found
    assert (planted.doc_id, planted.exact, planted.where) == ("11", True, "row 900")
    assert {name for name, task in found.tasks.items() if task.found} == {"gsm8k", "mmlu"}
    assert "mmlu 1 of 14,042 (1 whole)" in found.sentence()


def test_the_wording_of_a_benchmark_is_no_finding() -> None:
    wording = "Read the following question with care and answer it with one word only please thank you: "
    items = [
        Item("mine", str(n), f"{wording}what is called number {n} by {'xyz'[n % 3] * (n + 1)}?") for n in range(30)
    ]
    rows = [
        ("a", {"text": wording + "what is the capital of France?"}),
        ("b", {"text": "what is called number 3 by x?"}),
    ]
    assert Checker("mine", items).check(rows).items_found == 0
    short = Checker("tiny", [Item("sums", "0", "12-34="), Item("sums", "1", "12+34=")]).check(
        [("r", {"p": "12 - 34="}), ("s", {"p": "12+34="})]
    )
    assert [one.doc_id for one in short.tasks["sums"].found] == ["1"] and short.tasks["sums"].short == 2


def test_the_verb_names_them_and_writes_the_clean_rows(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    test = [record for _, record in read_records(shared("gsm8k", "test.jsonl"))]
    source = tmp_path / "train.jsonl"
    rows = [
        {"prompt": "What is the tallest mountain?", "completion": "Everest"},
        {"prompt": test[3]["question"], "completion": "x"},
    ]
    source.write_text("".join(json.dumps(row) + "\n" for row in rows))
    words_ = ["data", "contamination", str(source), "tasks=[gsm8k]", f"data_root={shared()}"]
    assert main([*words_, f"out={tmp_path}/clean.jsonl", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["contaminated_rows"] == 1 and told["tasks"]["gsm8k"]["found"][0]["where"] == f"{source}:2"
    assert [row for _, row in read_jsonl(tmp_path / "clean.jsonl")] == rows[:1]
    assert main(words_) == 0
    shown = capsys.readouterr().out
    assert "gsm8k 3 (whole" in shown and "a gain there may be memory" in shown and "rows/s" in shown
    assert main([*words_, "out=clean.csv"]) == 64
    assert main(["data", "contamination"]) == 64
    assert "needs one file" in capsys.readouterr().err.splitlines()[-1]


def test_a_run_says_so_in_manifest_and_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from holdfast.benchmarks.suites.task import builtin_tasks

    monkeypatch.setenv("HOLDFAST_CACHE", str(tmp_path / "cache"))
    task = builtin_tasks()["tiny_sort"]
    docs = load_docs(task.source, None, "tiny_sort")
    rows = [{"prompt": task.prompt(doc), "completion": str(task.reference(doc))} for doc in docs[:5]]
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    words_ = [
        "train",
        "trainer=sft",
        f"data={tmp_path}/rows.jsonl",
        "suite=[tiny_sort]",
        "limit=8",
        "trainer.args.max_steps=1",
    ]
    assert main([*words_, f"out={tmp_path}/run"]) == 0
    manifest = json.loads((tmp_path / "run" / "manifest.json").read_text())
    assert manifest["contamination"]["tasks"]["tiny_sort"]["exact"] == 5
    assert "5 of 200 (5 whole)" in (tmp_path / "run" / "report.md").read_text()
    assert main([*words_, f"out={tmp_path}/off", "contamination=false"]) == 0
    assert "contamination" not in json.loads((tmp_path / "off" / "manifest.json").read_text())
