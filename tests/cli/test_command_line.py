"""The command line's grammar, its exit codes and its start-up."""

import json
import subprocess
import sys

import pytest

from holdfast import UsageError, values
from holdfast.cli import main
from holdfast.cli.grammar import split


def test_words_are_paths_settings_and_flags() -> None:
    words = split(["a.jsonl", "margin=1", "trainer.args.lr=2e-4", "--json", "./x=y.jsonl", "-m"])
    assert words.paths == ["a.jsonl", "./x=y.jsonl"]
    assert words.settings == {"margin": "1", "trainer.args.lr": "2e-4"}
    assert words.flags.json
    assert words.rest == ["-m"]


@pytest.mark.parametrize(
    ("text", "hint", "value"),
    [
        ("3", int, 3),
        ("0.5", float, 0.5),
        ("true", bool, True),
        ("none", int | None, None),
        ("[a, b]", list[str], ["a", "b"]),
        ("a,b", list[str], ["a", "b"]),
    ],
)
def test_values_are_typed(text: str, hint: object, value: object) -> None:
    assert values.parse(text, hint, "x") == value


@pytest.mark.parametrize(("text", "hint"), [("three", int), ("maybe", bool), ("x", float)])
def test_a_bad_value_is_named(text: str, hint: object) -> None:
    with pytest.raises(UsageError, match=repr(text)):
        values.parse(text, hint, "key")


@pytest.mark.parametrize("json_too", [[], ["--json"]])
def test_a_list_of_evaluations_shows_no_secret(json_too: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    secrets = ("s3cr3t-a", "s3cr3t-b", "s3cr3t-c")
    model = "{model: m, api_key: s3cr3t-a, base_url: 'http://me:s3cr3t-b@localhost:1/v1'}"
    words = [f"model={model}", "backend=nope", "backend_args.auth_token=s3cr3t-c", "suite=tiny_sort,no_such_suite"]
    assert main(["eval", "-m", *words, *json_too]) == 64
    shown = "".join(capsys.readouterr())
    assert "[2/2] " in shown and shown.count("auth_token=***") == (4 if json_too else 2)
    assert not [one for one in secrets if one in shown]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["scor"], "did you mean 'score'"),
        (["audit", "math"], "it is `holdfast rewards audit`"),
        (["card", "x.jsonl"], "it is `holdfast data card`"),
        (["doctor", "--jsno"], "did you mean '--json'"),
        (["rewards", "shwo"], "did you mean 'show'"),
        (["score", "x.jsonl"], "needs reward="),
        (["score", "reward=math", "reward=code"], "given twice"),
        (["doctor", "verbose=1"], "unknown key"),
    ],
)
def test_usage_errors_exit_64(words: list[str], expected: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words) == 64
    captured = capsys.readouterr()
    assert expected in captured.err
    assert captured.err.count("\n") == 1
    assert captured.out == ""


def test_debug_lets_the_traceback_through() -> None:
    with pytest.raises(UsageError):
        main(["scor", "--debug"])


def test_doctor_tells_and_never_judges(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--json"]) == 0
    findings = {finding["name"]: finding for finding in json.loads(capsys.readouterr().out)["findings"]}
    assert findings["python"]["ok"]
    assert {"torch", "docker engine", "bubblewrap", "tiny model"} <= set(findings)


def test_rewards_list_show_and_try(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rewards"]) == 0
    assert "exact_match" in capsys.readouterr().out
    assert main(["rewards", "show", "exact_match"]) == 0
    assert "ignore_case: bool = False" in capsys.readouterr().out
    assert main(["rewards", "try", "exact_match", "Paris", "paris", "ignore_case=true", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["value"] == 1.0


def test_the_module_runs_as_a_program() -> None:
    result = subprocess.run([sys.executable, "-m", "holdfast", "--version"], capture_output=True, text=True, check=True)
    assert result.stdout.startswith("holdfast ")


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("model=runs/s/trainer=sft/checkpoint", "model='runs/s/trainer=sft/checkpoint'"),
        ("trainer.args.max_steps=10", "trainer.args.max_steps=10"),
        ("suite=[{task: gsm8k, limit: 5}]", "suite=[{task: gsm8k, limit: 5}]"),
        ("model='a=b'", "model='a=b'"),
        ("model=a=1,b=2", "model=a=1,b=2"),
    ],
)
def test_a_path_with_an_equals_sign_is_one_value(word: str, expected: str) -> None:
    from holdfast.config import quoted

    assert quoted(word) == expected


def test_output_that_nobody_reads_is_no_success() -> None:
    command = [sys.executable, "-m", "holdfast", "--help"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None and process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 141


def test_another_broken_pipe_is_an_error_of_ours(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def broken(words: list[str]) -> int:
        raise BrokenPipeError("to a worker")

    monkeypatch.setattr("holdfast.cli._dispatch", broken)
    assert main(["score"]) == 70
    assert "BrokenPipeError: to a worker" in capfd.readouterr().err
