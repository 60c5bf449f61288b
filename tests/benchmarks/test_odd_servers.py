"""Servers as outsiders have them: that only stream, name ends in their own words, want other names, are busy, answer
nonsense now and then, or quote one's key back."""

import json
import os
import sys
import traceback
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from helpers.openai_server import Seen, said, scripted

from holdfast.benchmarks.engine import measure
from holdfast.benchmarks.engine.settings import Settings
from holdfast.cli import main
from holdfast.errors import HoldfastError
from holdfast.masking import command
from holdfast.runs.measurement import Measurement
from holdfast.runs.row import Row

LETTERS = "abcd"


def suite(folder: Path) -> list[Any]:
    file = folder / "letters.jsonl"
    file.write_text("".join(json.dumps({"prompt": f"Say {one}.", "reference": one}) + "\n" for one in LETTERS))
    return [{"file": str(file), "reward": "exact_match"}]


def measured(seen: Seen, folder: Path, **arguments: Any) -> Measurement:
    model = {"backend": "local-chat-completions", "model": "m", "base_url": seen.url, "max_retries": 0, **arguments}
    return measure(model, suite(folder), folder / "out", settings=Settings(progress=False))


def rows(found: Measurement) -> list[Row]:
    return list(found.rows("letters"))


def letter(body: dict[str, Any]) -> str:
    return str(body["messages"][-1]["content"])[4:5]


def events(*deltas: dict[str, Any], end: str = "stop") -> tuple[int, str]:
    made = [{"choices": [{"index": 0, "delta": delta}]} for delta in deltas]
    made.append({"choices": [{"index": 0, "delta": {}, "finish_reason": end}], "usage": {"completion_tokens": 7}})
    return 200, "".join(f"data: {json.dumps(one)}\n\n" for one in made) + "data: [DONE]\n\n"


def test_a_server_that_only_streams(tmp_path: Path) -> None:
    def reply(path: str, body: dict[str, Any]) -> Any:
        return events({"role": "assistant"}, {"reasoning_content": "hm "}, {"reasoning_content": "x"},
                      {"content": letter(body)}, {"content": ""})  # fmt: skip

    with scripted(reply) as seen:
        found = rows(measured(seen, tmp_path))
    assert [row.score for row in found] == [1.0] * 4 and found[0].completion == "<think>\nhm x\n</think>\n\na"
    assert {(row.finish_reason, row.tokens) for row in found} == {("stop", 7)}


def test_tool_calls_of_a_stream_are_joined() -> None:
    from holdfast.benchmarks.engine.backends.openai_wire import read, streamed

    parts = [{"index": 0, "id": "1", "function": {"name": "f", "arguments": ""}},
             {"index": 0, "function": {"arguments": '{"x"'}}, {"index": 0, "function": {"arguments": ": 1}"}},
             {"index": 1, "id": "2", "function": {"name": "g", "arguments": "{}"}}]  # fmt: skip
    found = read(streamed(events(*({"tool_calls": [part]} for part in parts), end="tool_calls")[1]))
    assert [one["function"] for one in found.calls] == [
        {"name": "f", "arguments": '{"x": 1}'},
        {"name": "g", "arguments": "{}"},
    ]
    with pytest.raises(ValueError, match="broke off"):
        streamed('data: {"choices": [{"delta": {"content": "a"}}]}\n\n')


@pytest.mark.parametrize(
    ("reason", "told"),
    [
        *[(one, "stop") for one in ("stop", "STOP", "eos", "eos_token", "end_turn", "stop_sequence")],
        *[(one, "length") for one in ("length", "max_tokens", "MAX_TOKENS", "model_length")],
        *[(one, "refused") for one in ("content_filter", "SAFETY", "RECITATION", "PROHIBITED_CONTENT")],
        ("other_word", "other_word"),
        (None, None),
    ],
)
def test_ends_in_a_servers_own_words(reason: str | None, told: str | None, tmp_path: Path) -> None:
    def reply(path: str, body: dict[str, Any]) -> Any:
        return said(letter(body), reason if letter(body) == "b" else "stop")  # type: ignore[arg-type]

    with scripted(reply) as seen:
        found = rows(measured(seen, tmp_path))
    assert found[1].finish_reason == told and found[1].score == (None if told == "refused" else 1.0)


@pytest.mark.parametrize(
    ("message", "text", "tokens"),
    [
        ({"content": [{"type": "text", "text": "a"}]}, "a", None),
        ({"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "b"}]},
                      {"type": "text", "text": "a"}]}, "<think>\nb\n</think>\n\na", None),
        ({"content": "a", "reasoning": "b"}, "<think>\nb\n</think>\n\na", None),
        ({"content": ""}, "", None),
    ],
)  # fmt: skip
@pytest.mark.parametrize("usage", [None, {}, {"completion_tokens": "3"}])
def test_messages_that_are_read(message: Any, text: str, tokens: int | None, usage: Any, tmp_path: Path) -> None:
    choice = {"index": 0, "message": {"role": "assistant", **message}, "finish_reason": "stop"}
    with scripted(lambda path, body: (200, {"choices": [choice], "usage": usage})) as seen:
        found = rows(measured(seen, tmp_path))
    assert (found[0].completion, found[0].tokens, found[0].score) == (text, tokens, float(text.endswith("a")))


@pytest.mark.parametrize(
    "nonsense",
    [
        (200, "<html>gateway</html>"),
        (200, {"choices": []}),
        (200, {"error": {"message": "overloaded"}}),
        said(None),
        (200, 'data: {"choices": [{"delta": {"content": "b"}}]}\n\n'),
    ],
)
def test_an_item_that_is_answered_with_nonsense_has_no_value(nonsense: Any, tmp_path: Path) -> None:
    """The others are measured; the same command asks that item again."""
    with scripted(lambda path, body: nonsense if letter(body) == "b" else said(letter(body))) as seen:
        first = measured(seen, tmp_path)
        assert [row.score for row in rows(first)] == [1.0, None, 1.0, 1.0]
        assert first.tasks["letters"].metrics["refused"] == 1.0 and "reply" in rows(first)[1].reason + "reply"
        before = len(seen.bodies())
        measured(seen, tmp_path)
        assert [letter(body) for body in seen.bodies()[before:]] == ["b"]


@pytest.mark.parametrize(
    ("reply", "match"),
    [
        ((400, {"error": {"message": "temperature is not supported"}}), "every item was refused.*temperature"),
        ((200, "<html>login</html>"), "no JSON.*<html>login.*address http"),
        ((301, ""), "HTTP 301"),
        ((402, {"error": {"message": "no credit"}}), "no credit"),
    ],
)
def test_a_server_that_answers_nothing_is_one_line(reply: Any, match: str, tmp_path: Path) -> None:
    with scripted(lambda path, body: reply) as seen, pytest.raises(HoldfastError, match=match) as failed:
        measured(seen, tmp_path)
    assert "\n" not in str(failed.value)


def test_names_that_a_server_wants_otherwise(tmp_path: Path) -> None:
    """The budget as `max_completion_tokens` without being told, a field left out by null."""

    def reply(path: str, body: dict[str, Any]) -> Any:
        for name, hint in (("max_tokens", "use 'max_completion_tokens' instead"), ("temperature", "only the default")):
            if name in body:
                return 400, {"error": {"message": f"Unsupported parameter: '{name}': {hint}"}}
        return said(letter(body))

    with scripted(reply) as seen:
        found = measured(seen, tmp_path, extra_body={"temperature": None})
        assert [row.score for row in rows(found)] == [1.0] * 4
        assert {body.get("max_completion_tokens") for body in seen.bodies()} <= {None, 512}


def test_a_busy_server_is_waited_for_without_being_told_how_long(tmp_path: Path) -> None:
    busy = iter([True, True, False] * 20)
    with (
        mock.patch("time.sleep") as slept,
        scripted(lambda path, body: (429, {}) if next(busy) else said(letter(body))) as seen,
    ):
        assert [row.score for row in rows(measured(seen, tmp_path, num_concurrent=1))] == [1.0] * 4
    assert slept.call_count == 2 * 5


SECRETS = {"token": "tok-11aa", "header": "hdr-22bb", "query": "qry-33cc", "user": "usr-44dd", "env": "env-55ee"}


def model(seen: Seen, key: str) -> str:
    base = seen.url.replace("http://", f"http://{SECRETS['user']}:{SECRETS['user']}@")
    named = f"auth_token: {SECRETS['token']}" if key == "token" else "api_key_env: MY_SERVICE"
    return (
        f'{{backend: local-chat-completions, model: m, max_retries: 0, base_url: "{base}?api-key={SECRETS["query"]}", '
        f"header: {{x-api-key: {SECRETS['header']}}}, {named}}}"
    )


@pytest.mark.parametrize("key", ["token", "env"])
@pytest.mark.parametrize("status", [200, 400, 401, 500])
def test_no_secret_is_in_any_output(
    status: int, key: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of key, headers, address or environment: files, terminal and traceback, though the server quotes them all."""
    monkeypatch.setenv("MY_SERVICE", SECRETS["env"])
    secrets = [secret for name, secret in SECRETS.items() if name == key or name not in ("token", "env")]
    failing = {"error": {"message": f"you sent {' '.join(secrets)}"}}

    def reply(path: str, body: dict[str, Any]) -> Any:
        return said(letter(body)) if status == 200 or letter(body) == "a" else (status, failing)

    with scripted(reply) as seen:
        task = f"{{file: {suite(tmp_path)[0]['file']}, reward: exact_match}}"
        given = ["eval", f"model={model(seen, key)}", f"out={tmp_path / 'out'}", f"suite=[{task}]"]
        given += [f"against={model(seen, key)}"] if status == 200 else []
        monkeypatch.setattr(sys, "argv", ["holdfast", *given])
        code, tracebacks = main(given), ""
        try:
            main([*given, "--debug"])
        except HoldfastError:
            tracebacks = traceback.format_exc()
        sent = {value for _, headers, _ in seen.requests for value in headers.values()}
    assert SECRETS["header"] in sent
    written = [path.read_text(errors="replace") for path in tmp_path.rglob("*") if path.is_file()]
    shown = capsys.readouterr()
    for secret in secrets:
        assert not [text[:200] for text in (*written, shown.out, shown.err, tracebacks) if secret in text], secret
    assert (tmp_path / "out" / "report.html").is_file() if status == 200 else (code != 0) == (status != 400)


def test_no_secret_is_in_a_word_that_cannot_be_read(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["eval", "model={auth_token: s3cr3t, model: [}", "suite=tiny"]) == 64
    assert "s3cr3t" not in "".join(capsys.readouterr())


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("backend_args.auth_token=s3", "backend_args.auth_token=***"),
        ("model={auth_token: s3, model: m}", "model={auth_token: ***, model: m}"),
        ('x={"header": {"Authorization": "Bearer s3"}}', 'x={"header": {"Authorization": ***}}'),
        ("url=https://u:s3@h/v1?sig=s3&v=1", "url=https://***@h/v1?sig=***&v=1"),
        *[
            (one, one)
            for one in ("max_tokens=5", "api_key_env=NAME", "tokenizer=gpt2", "model.eos_token=<|x|>", "a.jsonl")
        ],
    ],
)
def test_a_command_is_written_down_without_secrets(given: str, shown: str) -> None:
    assert command([os.fspath("bin/holdfast"), given]) == ["holdfast", shown]
