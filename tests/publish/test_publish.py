"""The published forms against their own readers: huggingface_hub, every-eval-ever's validator, inspect_ai."""

import json
import re
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import pytest
import yaml
from helpers.foreign import foreign_python
from helpers.made_runs import flipped, made_rows, made_run
from helpers.published_runs import pair
from helpers.report_samples import HOSTILE
from markdown_it import MarkdownIt

from holdfast.cli import main
from holdfast.compare import compare, load
from holdfast.files import write_json
from holdfast.publish import FORMATS, publish
from holdfast.publish.eval_results import left_out
from holdfast.publish.every_eval_ever import aggregate
from holdfast.publish.model_card import BEGIN, END
from holdfast.publish.subject import read_subject
from holdfast.report import write

MEASURED = ("gsm8k", "aime24", "tiny_notes")


def written(tmp_path: Path, form: str, **more: str) -> list[Path]:
    subject = read_subject(pair(tmp_path / "run"), "me/my-model", **more)
    return publish(subject, tmp_path / "out", [form])[form]


def whole_gsm8k(root: Path, unjudged: int = 0) -> Path:
    """All 1,319 items of a benchmark that the hub has."""
    rows = made_rows("gsm8k", [*flipped(1319 - unjudged, 700, 0, 0)[0], *[None] * unjudged])
    made_run(root, {"gsm8k": rows, "my_own": made_rows("my_own", [1.0, 0.0])}, "me/m", metric="accuracy")
    write_json(root / "manifest.json", {"created": "2026-11-01T10:00:00Z", "config": {}})
    return root


def test_the_hub_reads_the_cards_results(tmp_path: Path) -> None:
    from huggingface_hub import ModelCard

    (card,) = written(tmp_path, "card", source_url="https://example.org/run")
    data = ModelCard.load(card).data
    assert data.model_name == "my-model" and data.eval_results is not None
    found = {result.dataset_name: result for result in data.eval_results}
    assert set(found) == set(MEASURED)
    assert found["gsm8k"].dataset_type == "openai/gsm8k" and found["gsm8k"].dataset_revision
    assert found["gsm8k"].metric_value == pytest.approx(65.0) and found["gsm8k"].source_url == "https://example.org/run"


def test_the_section_tells_what_changed(tmp_path: Path) -> None:
    (card,) = written(tmp_path, "card")
    section = card.read_text(encoding="utf-8").partition(BEGIN)[2].partition(END)[0]
    assert "| gsm8k |" in section and "| 50.0 | +15.0 [" in section and "1 answers could not be judged" in section
    assert len({line.count("|") for line in section.splitlines() if line.startswith("|")}) == 1


def test_a_card_that_is_there_keeps_its_text(tmp_path: Path) -> None:
    other = {
        "name": "other",
        "results": [{"task": {"type": "x"}, "dataset": {"type": "d", "name": "d"}, "metrics": []}],
    }
    gsm8k = {"type": "openai/gsm8k", "name": "old", "config": "main", "split": "test"}
    mine = {"task": {"type": "x"}, "dataset": gsm8k, "metrics": [{"type": "score", "value": 1}]}
    kept = {
        "task": {"type": "x"},
        "dataset": {"type": "wikitext", "name": "w"},
        "metrics": [{"type": "ppl", "value": 3}],
    }
    front = {"license": "mit", "model-index": [other, {"name": "my-model", "results": [mine, kept]}]}
    path = tmp_path / "out" / "README.md"
    path.parent.mkdir()
    path.write_text(f"---\n{yaml.safe_dump(front)}---\n# Mine\n\nText.\n\n{BEGIN}\nold\n{END}\n\nAfter.\n")
    first = written(tmp_path, "card")[0].read_text(encoding="utf-8")
    again = publish(read_subject(tmp_path / "run", "me/my-model"), tmp_path / "out", ["card"])["card"][0]
    assert again.read_text(encoding="utf-8") == first, "written twice it is the same"
    assert "# Mine\n\nText." in first and first.rstrip().endswith("After.") and "old\n" not in first
    index = yaml.safe_load(first.split("---\n")[1])
    assert index["license"] == "mit" and index["model-index"][0] == other
    names = [result["dataset"]["name"] for result in index["model-index"][1]["results"]]
    assert names == ["w", *MEASURED]


def test_front_matter_that_is_no_yaml_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "README.md").write_text("---\na: [\n---\n")
    assert main(["publish", str(pair(tmp_path / "run")), f"out={tmp_path / 'out'}", "formats=card"]) == 65
    assert "is not YAML" in capsys.readouterr().err


def test_leaderboards_get_whole_benchmarks_only(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from huggingface_hub import parse_eval_result_entries

    out = f"out={tmp_path / 'out'}"
    assert main(["publish", str(whole_gsm8k(tmp_path / "whole")), out, "source_url=https://example.org", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["left_out_of_eval_results"] == {"my_own": "its data is on no hub"}
    (path,) = map(Path, told["files"]["eval_results"])
    assert path == tmp_path / "out" / ".eval_results" / "gsm8k.yaml"
    (entry,) = parse_eval_result_entries(yaml.safe_load(path.read_text(encoding="utf-8")))
    assert (entry.dataset_id, entry.task_id, entry.value) == ("openai/gsm8k", "gsm8k", pytest.approx(53.0705))
    assert entry.dataset_revision and entry.date == "2026-11-01T10:00:00Z" and entry.source_url == "https://example.org"
    assert main(["publish", str(whole_gsm8k(tmp_path / "part", unjudged=2)), out, "formats=eval_results"]) == 0
    assert "gsm8k (1,317 of 1,319 items were judged)" in capsys.readouterr().out


RECORD = "evaluation_id retrieved_timestamp source_metadata eval_library model_info evaluation_results"
LINE = "evaluation_id model_id evaluation_name sample_id interaction_type input answer_attribution evaluation"
"""Required fields of evaluation records and their lines, schema 0.3.0 of evaleval/every_eval_ever."""


def test_every_eval_ever_has_what_its_schema_requires(tmp_path: Path) -> None:
    record, samples = written(tmp_path, "every_eval_ever")
    told = json.loads(record.read_text(encoding="utf-8"))
    assert set(told) >= set(RECORD.split()) and {one["evaluation_name"] for one in told["evaluation_results"]} == set(
        MEASURED
    )
    detail = told["detailed_evaluation_results"]
    assert (tmp_path / "out" / detail["file_path"]) == samples
    lines = [json.loads(line) for line in samples.read_text(encoding="utf-8").splitlines()]
    assert detail["total_rows"] == len(lines) == 40 + 60 + 20, "what could not be judged has no line"
    assert all(set(line) >= set(LINE.split()) and line["evaluation_id"] == told["evaluation_id"] for line in lines)
    assert all(isinstance(value, str) for line in lines for value in line["metadata"].values())
    gsm8k = next(one for one in told["evaluation_results"] if one["evaluation_name"] == "gsm8k")
    assert gsm8k["score_details"]["details"]["unjudged"] == "1"


@pytest.mark.foreign
def test_every_eval_evers_validator_passes(tmp_path: Path) -> None:
    python = foreign_python("every-eval-ever", "every_eval_ever")
    files = [str(path.relative_to(tmp_path / "out")) for path in written(tmp_path, "every_eval_ever")]
    command = [python, "-m", "every_eval_ever", "validate", "--format", "json", *files]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path / "out", check=False, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    assert all(not report["errors"] for report in json.loads(done.stdout)), done.stdout


READ = """
import json, sys
from inspect_ai.log import read_eval_log, read_eval_log_sample_summaries
found = {}
for path in sys.argv[1:]:
    log = read_eval_log(path)
    score = log.results.scores[0]
    values = [next(iter(s.scores.values())).value for s in log.samples if s.scores]
    found[log.eval.task] = {
        "status": log.status, "mean": score.metrics["mean"].value, "samples": len(log.samples), "values": sum(values),
        "unscored": score.unscored_samples, "summaries": len(read_eval_log_sample_summaries(path)),
        "roles": [m.role for m in log.samples[0].messages], "said": log.samples[0].output.completion,
        "calls": [c.function for m in log.samples[0].messages for c in getattr(m, "tool_calls", None) or []],
        "epochs": max(s.epoch for s in log.samples), "model": log.eval.model,
    }
print(json.dumps(found))
"""


@pytest.mark.foreign
def test_inspect_reads_its_logs(tmp_path: Path) -> None:
    python = foreign_python("inspect", "inspect_ai")
    logs = written(tmp_path, "inspect")
    done = subprocess.run(
        [python, "-c", READ, *map(str, logs)], capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    assert set(found) == set(MEASURED) and {one["status"] for one in found.values()} == {"success"}
    gsm8k, aime, notes = (found[name] for name in MEASURED)
    assert (gsm8k["samples"], gsm8k["summaries"], gsm8k["unscored"], gsm8k["values"]) == (41, 41, 1, 26)
    assert gsm8k["mean"] == pytest.approx(26 / 40) and gsm8k["model"] == "me/my-model"
    assert aime["epochs"] == 2
    assert notes["roles"] == ["user", "assistant", "tool", "assistant"] and notes["calls"] == ["book"]
    assert notes["said"] == "Done: booked."


@pytest.mark.parametrize("form", FORMATS)
def test_hostile_texts_and_names_break_no_form(form: str, tmp_path: Path) -> None:
    nasty = "\n".join(HOSTILE) + "\x00\ud800"
    rows = made_rows("mmlu", [1.0, 0.0], completion=nasty, prompt=nasty, category=nasty, reason=nasty)
    made_run(
        tmp_path / "run",
        {"../../mmlu|x": rows},
        "\n".join(text for text in HOSTILE if text.isprintable()),
        metric="a|b",
    )
    paths = publish(read_subject(tmp_path / "run"), tmp_path / "out", [form])[form]
    assert all(path.resolve().is_relative_to((tmp_path / "out").resolve()) for path in paths)
    if form == "card":
        text = paths[0].read_text(encoding="utf-8")
        assert yaml.safe_load(text.split("---\n")[1])["model-index"]
        assert tags(text.partition(BEGIN)[2].partition(END)[0]) == TABLE


TABLE = {"h2", "table", "thead", "tbody", "tr", "th", "td", "p"}
MARKUP = (
    "**bold** _slant_ `code` [link](http://x) ![image](http://x) <b>tag</b> ~~gone~~ # | a\n\n> quote\n- item " + END
)


def tags(section: str) -> set[str]:
    """What a reader of Markdown makes of a section of a card."""
    rendered = MarkdownIt("commonmark").enable(["table", "strikethrough"]).render(section)
    return set(re.findall(r"<([a-z][a-z0-9]*)", rendered))


def test_no_name_is_markup_in_the_card(tmp_path: Path) -> None:
    """Names of tasks, metrics, rewards and versions, and the sentence of a comparison."""
    run = tmp_path / "run"
    reward = {"name": MARKUP, "version": MARKUP, "options": {}}
    for side, scores in (("before", [0.0] * 40), ("after", [1.0] * 40)):
        rows = {task: made_rows(task, scores) for task in (MARKUP, "other")}
        made_run(run / side, rows, MARKUP, metric=MARKUP, reward=reward, version=MARKUP)
    write(compare(load(run / "before"), load(run / "after"), target=(MARKUP,), margin=0.05), run)
    (card,) = publish(read_subject(run, "me/m"), tmp_path / "out", ["card"])["card"]
    body = card.read_text(encoding="utf-8").partition("\n---\n")[2]
    assert body.count(END) == 1 and "bold" in body
    assert tags(body.partition(BEGIN)[2].partition(END)[0]) == TABLE


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["formats=[card,lm-eval]"], "did you mean 'lm_eval'"),
        (["model_id=one"], "ORGANIZATION/NAME"),
        (["source_url=ftp://x"], "must begin with https://"),
        (["source_url=https://x)[y](https://z"], "without brackets"),
        (["source_url=https://x y"], "one word"),
        (["url=x"], "unknown key"),
    ],
)
def test_wrong_words_are_refused(
    words: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = whole_gsm8k(tmp_path / "run")
    assert main(["publish", str(run), f"out={tmp_path / 'out'}", *words]) == 64
    assert said in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_what_is_no_run_is_refused(tmp_path: Path) -> None:
    assert main(["publish", str(tmp_path), f"out={tmp_path / 'out'}"]) == 65
    assert main(["publish", f"out={tmp_path / 'out'}"]) == 64


SECRET = "secret-place"
PATH, ADDRESS = f"/home/{SECRET}/checkpoint", f"http://{SECRET}.internal:8000/v1"
DESCRIBED = {
    "model": {
        **dict.fromkeys(["name", "tokenizer", "revision", "path", "peft", "dtype", "device"], PATH),
        "fingerprint": "ab12",
        "backend": "vllm",
        "parameters": 7,
        "chat_template": True,
        "served": {"id": PATH, "root": PATH, "address": ADDRESS},
        "arguments": {"base_url": ADDRESS, "extra_body": {"host": ADDRESS}, "pretrained": PATH},
        "key": {"model": PATH, "address": ADDRESS, "tokenizer": [PATH, None, False], "extra_body": {"x": ADDRESS}},
    },
    "generation": {
        "temperature": 0.6,
        "until": ["</s>"],
        "user": {"base_url": ADDRESS, "model": PATH},
        "tools": "native",
        "model_defaults": {"top_k": 20, "assistant": PATH},
        "chat_template_args": {"file": PATH, "thinking": False},
        "anything": PATH,
    },
}
REWARDS = [
    {"name": "judge", "options": {"base_url": ADDRESS, "model": PATH, "template_file": PATH, "cache": PATH}},
    {"name": "code", "options": {"hosts": ADDRESS, "image": PATH, "score": "share"}, "surroundings": {"image": PATH}},
    {"name": "length", "options": {"unit": "tokens", "tokenizer": PATH}},
    {"name": f"{PATH}.py:f", "options": {"file": PATH}},
    {"name": f"episode:openenv:{ADDRESS}", "options": {"url": ADDRESS}, "pinned": {"server": ADDRESS, "hash": "a1"}},
    {"name": f"episode:{PATH}.py:E", "options": {"folder": PATH}},
    {"name": "gate", "options": {"of": {"a": {"reward": "judge", "base_url": ADDRESS}, "b": f"{PATH}:f"}}},
    {"name": "a_package_that_is_not_here", "options": {"root": PATH}},
]


def packed(path: Path) -> bytes:
    if path.suffix != ".eval":
        return path.read_bytes()
    with zipfile.ZipFile(path) as log:
        return b"".join(log.read(name) for name in log.namelist())


@pytest.mark.parametrize("reward", REWARDS, ids=lambda reward: str(reward["name"]).rpartition("/")[2])
@pytest.mark.parametrize("form", FORMATS)
def test_no_path_of_this_machine_is_published(form: str, reward: dict[str, Any], tmp_path: Path) -> None:
    """Every field of what engines, servers, judges and environments say of themselves holds a path or an address."""
    run = tmp_path / SECRET / "run"
    pair(run, command=["holdfast", PATH], model={"path": PATH}, packages={"holdfast-llm": "9.9"})
    for side in ("before", "after"):
        record = json.loads((run / side / "results.json").read_text())
        record["model"] = DESCRIBED["model"]
        for task in record["tasks"].values():
            task |= {"reward": reward | {"version": "1"}, "generation": DESCRIBED["generation"]}
        write_json(run / side / "results.json", record)
        samples = run / side / "samples" / "tiny_notes.jsonl"
        rows = [json.loads(line) for line in samples.read_text().splitlines()]
        rows[0] |= {"score": None, "outcome": "error", "reason": f"{ADDRESS} timed out"}
        played = {"environment": f"{PATH}.py:E", "options": {"data_root": PATH}, "split": "test", "key": "1", "seed": 0}
        rows[1] |= {"reference": played}
        places = f"{ADDRESS}, '{PATH}/x.py', ~/{SECRET}/x, ({SECRET}.internal:80), C:\\{SECRET}\\x: no"
        rows[2] |= {"reason": f"cannot ask {places}"}
        rows[3] |= {"score": None, "outcome": "unjudgeable", "reason": f"no reference in {places}"}
        samples.write_text("".join(json.dumps(row) + "\n" for row in rows))
    compared = [load(run / side) for side in ("before", "after")]
    write(compare(*compared, target=("gsm8k",), margin=0.05), run)
    for path in publish(read_subject(run), tmp_path / "out", [form])[form]:
        assert SECRET.encode() not in packed(path), path
        assert "secret" not in path.relative_to(tmp_path / "out").as_posix()


@pytest.mark.parametrize(
    "reason",
    [
        "extracted '1/2' (the last line); expected '3/4'",
        "read '\\frac{1}{2}/3', equal to 1/6 and/or 2/12",
        "3 of 7 tests; ratio 0.5:1, at 12:30:05",
        "the tag </think>/<answer> is not closed",
    ],
)
def test_a_reason_without_a_place_stays(reason: str, tmp_path: Path) -> None:
    made_run(tmp_path / "run", {"t": made_rows("t", [0.0], reason=reason)}, "me/m")
    (row,) = read_subject(tmp_path / "run").measurement.rows("t")
    assert row.reason == reason


def test_what_says_how_it_was_measured_is_published(tmp_path: Path) -> None:
    """The fields that a reader needs stay: what is left out is this machine's."""
    run = pair(tmp_path / "run")
    record = json.loads((run / "after" / "results.json").read_text())
    record["model"] = DESCRIBED["model"]
    for task in record["tasks"].values():
        task |= {"reward": REWARDS[1] | {"version": "7"}, "generation": DESCRIBED["generation"]}
    write_json(run / "after" / "results.json", record)
    subject = read_subject(run)
    kept = subject.measurement
    told = {"fingerprint": "ab12", "backend": "vllm", "parameters": 7, "chat_template": True}
    assert kept.model == {"name": subject.model_id} | told
    assert kept.tasks["gsm8k"].reward == {"name": "code", "version": "7", "options": {"score": "share"}}
    assert kept.tasks["gsm8k"].generation == {"temperature": 0.6, "until": ["</s>"], "tools": "native"} | {
        "model_defaults": {"top_k": 20},
        "chat_template_args": {"thinking": False},
    }


def test_items_are_counted_and_not_answers(tmp_path: Path) -> None:
    """Several answers an item of which some could not be judged: an item with a judged one is a judged item."""
    rows = made_rows("gsm8k", [1.0] * 5276)
    for number, row in enumerate(rows):
        row.doc_id, row.repeat = str(number // 4), number % 4
        if row.repeat == 3 or number < 8:
            row.score, row.outcome = None, "error"
    made_run(tmp_path / "run", {"gsm8k": rows}, "me/m")
    subject = read_subject(tmp_path / "run")
    assert left_out(subject) == {"gsm8k": "1,317 of 1,319 items were judged"}
    (result,) = aggregate(subject)["evaluation_results"]
    assert result["score_details"]["uncertainty"]["num_samples"] == 1317
    made_run(tmp_path / "whole", {"gsm8k": rows[8:] + made_rows("gsm8k", [1.0, 0.0], doc_id=["0", "1"])}, "me/m")
    assert not left_out(read_subject(tmp_path / "whole"))


@pytest.mark.foreign
def test_every_eval_evers_own_converter_reads_our_lm_eval_files_and_we_read_what_it_makes(tmp_path: Path) -> None:
    python = foreign_python("every-eval-ever", "every_eval_ever")
    results, *_ = written(tmp_path, "lm_eval")
    words = [
        "convert",
        "lm_eval",
        "--log_path",
        str(results),
        "--output_dir",
        str(tmp_path / "data"),
        "--include_samples",
    ]
    words += ["--source_organization_name", "me", "--evaluator_relationship", "other"]
    done = subprocess.run(
        [python, "-m", "every_eval_ever", *words], capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stderr
    ours, theirs = load(tmp_path / "run"), load(tmp_path / "data")
    for task in ("gsm8k", "tiny_notes"):
        values = {row.doc_id: row.score for row in theirs.rows(task)}
        assert {row.doc_id: row.score for row in ours.rows(task) if row.score is not None}.items() <= values.items()
