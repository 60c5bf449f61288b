"""`holdfast compare`: runs, files, tables, several runs, outputs and exit codes."""

import gzip
import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from helpers.made_runs import flipped, made_rows, made_run
from helpers.paths import ROOT

from holdfast.cli import main
from holdfast.compare import Comparison
from holdfast.report.sweep.frontier import worst_interval
from holdfast.runs.row import encode


def _pair(tmp_path: Path, lost: int, gained: int) -> tuple[str, str]:
    before, after = flipped(500, 300, lost, gained)
    for name, scores in (("base", before), ("tuned", after)):
        made_run(tmp_path / name, {"facts": made_rows("facts", scores)}, name)
    return str(tmp_path / "base"), str(tmp_path / "tuned")


@pytest.mark.parametrize(
    ("lost", "gained", "margin", "code"), [(80, 5, 1, 1), (5, 80, 1, 0), (3, 3, 2, 0), (20, 20, 1, 2)]
)
def test_exit_codes(tmp_path: Path, lost: int, gained: int, margin: int, code: int) -> None:
    assert main(["compare", *_pair(tmp_path, lost, gained), f"margin={margin}"]) == code


def test_terminal_says_the_margin(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["compare", *_pair(tmp_path, 20, 20)])
    out = capsys.readouterr().out
    assert "facts" in out and "the smallest these runs can decide with 80 % probability" in out
    main(["compare", *_pair(tmp_path, 20, 20), "margin=1.5"])
    assert "margin 1.5 points (given)" in capsys.readouterr().out


def test_every_file_is_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = {kind: tmp_path / f"report.{kind}" for kind in ("html", "md", "json", "junit")}
    code = main(["compare", *_pair(tmp_path, 80, 5), *(f"{kind}={path}" for kind, path in files.items()), "--json"])
    printed = json.loads(capsys.readouterr().out)
    assert code == 1
    assert Comparison.from_json(json.loads(files["json"].read_text())).decision == printed["decision"] == "REGRESSED"
    assert "<html" in files["html"].read_text() and "facts" in files["md"].read_text()
    root = ET.fromstring(files["junit"].read_text())
    assert (root.get("tests"), root.get("failures")) == ("2", "2")
    failure = root.find(".//testcase[@name='facts']/failure")
    assert failure is not None and failure.get("type") == "REGRESSED"
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_every_changed_item_is_exported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "flips.jsonl"
    main(["compare", *_pair(tmp_path, 80, 5), f"flips={path}"])
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    assert [sum(row["direction"] == kind for row in rows) for kind in ("lost", "gained")] == [80, 5]
    first = rows[0]
    assert (
        first["task"] == "facts" and first["prompt"] and (first["before"]["score"], first["after"]["score"]) == (1, 0)
    )
    assert first["before"]["completion"] and first["after"]["completion"]


def test_a_training_run_alone_is_its_before_and_after(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before, after = flipped(300, 200, 2, 2)
    for side, scores in (("before", before), ("after", after)):
        made_run(tmp_path / "run" / side, {"t": made_rows("t", scores)}, side)
    (tmp_path / "run" / "manifest.json").write_text('{"command": ["holdfast", "train"]}')
    main(["compare", str(tmp_path / "run"), "--json"])
    record = json.loads(capsys.readouterr().out)
    assert (record["before"]["name"], record["after"]["name"]) == ("run/before", "run/after")
    assert record["after"]["manifest"] == {"command": ["holdfast", "train"]}


def test_compressed_sample_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before, after = flipped(100, 60, 4, 2)
    for name, scores in (("a", before), ("b", after)):
        with gzip.open(tmp_path / f"{name}.jsonl.gz", "wt", encoding="utf-8") as stream:
            stream.writelines(encode(row) + "\n" for row in made_rows("t", scores))
    assert main(["compare", str(tmp_path / "a.jsonl.gz"), str(tmp_path / "b.jsonl.gz"), "margin=10", "--json"]) == 0
    flips = json.loads(capsys.readouterr().out)["benchmarks"][0]["flips"]
    assert [flip["direction"] for flip in flips] == ["lost"] * 4 + ["gained"] * 2
    assert {flip["prompt"] for flip in flips} == {
        f"What is {i} plus one, please, and why?" for i in (0, 1, 2, 3, 60, 61)
    }


def test_several_runs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    runs = []
    for name, gain, lost in (("base", 0, 0), ("ck1", 30, 2), ("ck2", 90, 60)):
        scores = {"math": flipped(300, 100, 0, gain)[1], "facts": flipped(300, 200, lost, 0)[1]}
        made_run(tmp_path / name, {task: made_rows(task, one) for task, one in scores.items()}, name)
        runs.append(str(tmp_path / name))
    assert main(["compare", *runs, "target=[math]", "margin=5"]) == 1
    out = capsys.readouterr().out
    assert "All runs" in out and "Pareto" in out
    assert main(["compare", *runs, "target=[math]", "margin=5", "--json", f"json={tmp_path / 'r.json'}"]) == 1
    record = json.loads(capsys.readouterr().out)
    assert [c["decision"] for c in record["comparisons"]] == ["PASS", "REGRESSED"]
    assert [p["pareto"] for p in record["frontier"]["points"]] == [True, True]
    assert (tmp_path / "r-1.json").is_file() and (tmp_path / "r-2.json").is_file()
    comparison = Comparison.from_json(record["comparisons"][1])
    bounds, own = worst_interval(comparison), comparison.benchmark("facts").interval
    assert bounds is not None and (bounds.low, bounds.high) == pytest.approx((own.low, own.high))


def test_the_worst_of_many_has_a_wider_interval(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tasks = {f"t{i}": flipped(200, 150, 10 + i, 8) for i in range(5)}
    for side in (0, 1):
        made_run(tmp_path / str(side), {t: made_rows(t, s[side]) for t, s in tasks.items()}, str(side))
    main(["compare", str(tmp_path / "0"), str(tmp_path / "1"), "--json"])
    comparison = Comparison.from_json(json.loads(capsys.readouterr().out))
    bounds, own = worst_interval(comparison), comparison.benchmark("t4").interval
    assert bounds is not None and bounds.low < own.low


def test_a_policy_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    policy = tmp_path / "gate.yaml"
    policy.write_text("margin: 4\nrequired: [code]\nbenchmarks: {facts: {allowed_drop: 20}}\n")
    assert main(["compare", *_pair(tmp_path, 40, 0), f"policy={policy}"]) == 2
    assert "code is required and was not measured" in " ".join(capsys.readouterr().out.split())
    policy.write_text("margn: 4\n")
    assert main(["compare", *_pair(tmp_path, 40, 0), f"policy={policy}"]) == 64
    assert "did you mean 'margin'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ([], 64, "takes two runs or more"),
        (["BASE"], 64, "takes two runs or more"),
        (["BASE", "nowhere.jsonl"], 65, "no file"),
        (["BASE", "TUNED", "margin=-1"], 64, "margin= must lie between 0 and 100"),
        (["BASE", "TUNED", "margn=1"], 64, "did you mean 'margin'"),
        (["BASE", "TUNED", "target=[fact]"], 64, "did you mean 'facts'"),
        (["BASE", "TUNED", "policy=none.yaml"], 65, "cannot read the policy"),
        (["BASE", "TUNED", "before=x", "after=y"], 64, "takes one file"),
        (["BASE", "EMPTY"], 65, "holds no rows"),
        (["BASE", "TORN"], 65, "torn.jsonl:1"),
        (["BASE", "FOLDER"], 65, "neither a run of Holdfast"),
    ],
)
def test_bad_input_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str], code: int, said: str
) -> None:
    base, tuned = _pair(tmp_path, 3, 3)
    (tmp_path / "empty.jsonl").write_text("")
    (tmp_path / "torn.jsonl").write_text('{"doc_id": "1", "doc_')
    (tmp_path / "folder").mkdir()
    names = {"BASE": base, "TUNED": tuned} | {
        word: str(tmp_path / name)
        for word, name in (("EMPTY", "empty.jsonl"), ("TORN", "torn.jsonl"), ("FOLDER", "folder"))
    }
    assert main(["compare", *(names.get(word, word) for word in words)]) == code
    err = capsys.readouterr().err
    assert said in err and err.count("\n") == 1 and "Traceback" not in err


def test_the_examples_of_the_gate_document_parse(tmp_path: Path) -> None:
    import re

    from holdfast.compare import read_policy

    blocks = re.findall(r"```yaml\n# gate\.yaml\n(.*?)```", (ROOT / "docs" / "gate.md").read_text(), re.DOTALL)
    assert blocks
    for block in blocks:
        (tmp_path / "gate.yaml").write_text(block)
        assert read_policy(tmp_path / "gate.yaml").margin is not None
