"""`holdfast sample base_url=…`: an endpoint that fails in every way loses no answer and leaves no empty one."""

import json
import shutil
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from helpers.chat_server import Fault, serving

from holdfast.benchmarks.engine.backends.server_identity import CANARY
from holdfast.benchmarks.tiny import model_path
from holdfast.benchmarks.tiny.skills import generate
from holdfast.cli import main
from holdfast.runs.row import Row, read_rows

PROMPTS = [{"prompt": f"Say {word}", "reference": word} for word in ("one", "two", "three", "four", "five", "six")]


@pytest.fixture
def asked(tmp_path: Path) -> Path:
    source = tmp_path / "prompts.jsonl"
    source.write_text("".join(json.dumps(row) + "\n" for row in PROMPTS))
    return source


class Teacher:
    """Answers a prompt rightly, then wrongly, then rightly again."""

    def __init__(self) -> None:
        self.times: Counter[str] = Counter()

    def __call__(self, messages: Any, body: dict[str, Any]) -> str:
        text = messages[-1]["content"]
        if text == CANARY:
            return "blue, green, grey; 7 6 5 4 3 2 1"
        self.times[text] += 1
        return "no" if self.times[text] % 3 == 2 else str(text).removeprefix("Say ")


def words(source: Path, url: str, out: Path, *more: str) -> list[str]:
    how = ["model=teacher", f"base_url={url}", "n=3", "reward=exact_match", "dedupe=false", f"out={out}", "--json"]
    return ["sample", str(source), *how, *more]


def rows_in(out: Path) -> list[Row]:
    return list(read_rows(out / "samples" / "sample.jsonl"))


FAULTS: dict[int, Fault] = {
    0: (429, "1"),
    1: 500,
    3: "drop",
    4: "cut",
    6: "half",
    8: "two",
    9: "none",
    11: (503, "Wed, 21 Oct 2015 07:28:00 GMT"),
    13: "slow",
    15: "garbage",
    17: "error body",
    19: "null",
}


def test_no_fault_of_the_endpoint_becomes_an_answer(
    asked: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    teacher = Teacher()
    with serving(teacher, FAULTS.get) as server:
        assert main(words(asked, server.url, tmp_path / "out", "timeout=2", "keep=all")) == 0
        told = json.loads(capsys.readouterr().out)
        bodies = [body for body in server.asked if body["messages"][-1]["content"] != CANARY]
        assert len(server.asked) == 1 + 18 + len(FAULTS)
        assert len({body["seed"] for body in bodies}) == 18, "one seed would give three equal samples"
        assert all(body["temperature"] == 1.0 and body["max_tokens"] == 512 for body in bodies)
    assert (told["prompts"], told["completions"], told["prompts_without"]) == (6, 18, 0)
    rows = rows_in(tmp_path / "out")
    assert len({row.key for row in rows}) == 18
    assert all(row.completion in (row.reference, "no") and row.score == float(row.completion != "no") for row in rows)
    kept = [json.loads(line) for line in (tmp_path / "out" / "sft.jsonl").read_text().splitlines()]
    assert len(kept) == told["training_rows"] == sum(row.score == 1.0 for row in rows)


def test_pairs_of_an_endpoints_answers(asked: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with serving(Teacher()) as server:
        assert main(words(asked, f"{server.url}/chat/completions", tmp_path / "out", "to=dpo")) == 0
    assert json.loads(capsys.readouterr().out)["training_rows"] == 6
    for line in (tmp_path / "out" / "dpo.jsonl").read_text().splitlines():
        pair = json.loads(line)
        said = pair["prompt"][-1]["content"].removeprefix("Say ")
        assert (pair["chosen"][0]["content"], pair["rejected"][0]["content"]) == (said, "no")
        assert pair["scores"] == [1.0, 0.0]


def test_an_endpoint_that_stays_away_is_one_line_and_what_it_said_is_not_asked_again(
    asked: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    last = [7]
    teacher = Teacher()
    with serving(teacher, lambda number: 500 if number >= last[0] else None) as server:
        command = words(asked, server.url, tmp_path / "out", "retries=1", "concurrency=2")
        assert main(command) == 70
        said = capsys.readouterr().err.strip()
        assert "the server failed" in said and "the same command goes on from there" in said
        assert not (tmp_path / "out" / "sft.jsonl").exists()
        held = rows_in(tmp_path / "out")
        assert 1 <= len(held) <= 7 and all(row.completion for row in held)
        assert "never retrieved" not in said
        last[0] = 10**9
        assert main(command) == 0
        rows = rows_in(tmp_path / "out")
        assert len(rows) == 18 and sum(teacher.times.values()) in (18, 19), (
            "more than what was under way is asked again"
        )
    kept = {row.key: row.completion for row in held}
    assert {row.key: row.completion for row in rows if row.key in kept} == kept


def test_an_endpoint_that_does_not_sample_is_noticed(
    asked: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with serving(lambda messages, body: "one") as server:
        assert main(words(asked, server.url, tmp_path / "out")) == 0
    assert "all 3 completions of every prompt are the same text" in caplog.text


@pytest.mark.parametrize(
    "reply",
    [
        None,
        [],
        {"choices": []},
        {"choices": ["text"]},
        {"choices": [{"index": 0, "message": "text"}]},
        {"choices": [{"index": "a", "message": {"content": "x"}}]},
        {"choices": [{"index": 1, "message": {"content": "x"}}]},
        {"choices": [{"index": 0, "message": {"content": ["x"]}}]},
        {"choices": [{"index": 0, "message": {"content": None}, "finish_reason": "stop"}]},
        {"choices": [{"index": place, "message": {"content": "x"}} for place in (0, 1)]},
        {"error": {"message": "overloaded"}},
    ],
)
def test_what_is_no_completion_is_an_error(reply: Any) -> None:
    from holdfast.benchmarks.lm_eval_fence.api_patches import read_facts

    with pytest.raises(ValueError, match="the server's reply"):
        read_facts(reply, only=True)
    assert read_facts({"choices": [{"message": {"content": "x"}}], "usage": ["?"]}, only=True) == [(None, None)]


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """`transformers serve` with the embedded model, whose generation settings say that it samples: this server takes a
    temperature, but does not sample for it."""
    place = tmp_path_factory.mktemp("served") / "tiny"
    shutil.copytree(model_path(), place)
    settings = json.loads((place / "generation_config.json").read_text())
    (place / "generation_config.json").write_text(json.dumps(settings | {"do_sample": True}))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    program = str(Path(sys.executable).with_name("transformers"))
    command = [program, "serve", "--port", str(port), "--host", "127.0.0.1", "--device", "cpu", str(place)]
    log = tmp_path_factory.mktemp("serve") / "log"
    with log.open("w") as stream:
        process = subprocess.Popen(command, stdout=stream, stderr=stream)
        try:
            for _ in range(600):
                assert process.poll() is None, log.read_text()[-2000:]
                with socket.socket() as probe:
                    if probe.connect_ex(("127.0.0.1", port)) == 0:
                        break
                time.sleep(0.2)
            yield f"http://127.0.0.1:{port}/v1", place
        finally:
            process.terminate()
            process.wait(timeout=300)


@pytest.mark.slow
def test_distillation_from_a_real_server(
    real: tuple[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The embedded model, served, teaches: samples of a prompt differ, right ones become rows, and those train."""
    source = tmp_path / "sort.jsonl"
    source.write_text("".join(json.dumps(row) + "\n" for row in generate("sort", "train", 10, 0)))
    how = [f"model={real[1]}", f"base_url={real[0]}", "reward=exact_match", "n=6", "max_tokens=24", "concurrency=4"]
    assert main(["sample", str(source), *how, f"out={tmp_path}/out", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    rows = rows_in(tmp_path / "out")
    assert told["completions"] == len(rows) == 60 and all(row.completion for row in rows)
    texts: dict[str, set[Any]] = {}
    for row in rows:
        texts.setdefault(row.doc_id, set()).add(row.completion)
    assert sum(len(found) > 1 for found in texts.values()) > 5, "a prompt's samples are one text"
    assert told["training_rows"] == sum(any(row.score == 1.0 for row in rows if row.doc_id == doc) for doc in texts) > 0
    train = [
        "trainer=sft",
        f"data={tmp_path}/out/sft.jsonl",
        "suite=[tiny_sort]",
        "limit=8",
        "trainer.args.max_steps=2",
    ]
    assert main(["train", *train, f"out={tmp_path}/run"]) == 0
