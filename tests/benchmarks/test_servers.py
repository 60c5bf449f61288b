"""What reaches an OpenAI-compatible server and what becomes of its replies: nothing lost, nothing counted as a 0."""

import json
from pathlib import Path
from typing import Any

import pytest
from helpers.openai_server import Seen, said, scripted
from helpers.paths import shared

from holdfast.benchmarks.decoding.thoughts import stopped
from holdfast.benchmarks.engine import measure
from holdfast.benchmarks.engine.backends.server_args import ServerArgs
from holdfast.benchmarks.engine.settings import Settings
from holdfast.errors import HoldfastError, UsageError
from holdfast.masking import without_secrets
from holdfast.runs.measurement import Measurement
from holdfast.runs.row import Row

QUIET = {"progress": False}


def asked(seen: Seen, out: Path, suite: Any = "tiny_upper", arguments: Any = None, **settings: Any) -> Measurement:
    model = {"backend": "local-chat-completions", "model": "m", "base_url": seen.url, "max_retries": 0}
    how = Settings(**{"limit": 4, **QUIET, **settings})
    return measure({**model, **(arguments or {})}, suite, out, settings=how, data_root=shared())


def rows(measured: Measurement) -> list[Row]:
    return [row for task in measured.tasks for row in measured.rows(task)]


@pytest.mark.parametrize(
    ("suite", "settings", "budget"),
    [
        ("ifeval", {}, 1280),
        ("gsm8k", {}, 512),
        ("aime24", {}, 8192),
        ("gsm8k", {"max_tokens": 20_000}, 20_000),
        ([{"task": "gsm8k", "max_tokens": 3000}], {}, 3000),
    ],
)
def test_budgets_arrive_unchanged(tmp_path: Path, suite: Any, settings: Any, budget: int) -> None:
    with scripted(lambda path, body: said("42")) as seen:
        measured = asked(seen, tmp_path, suite, **settings)
        assert {body["max_tokens"] for body in seen.bodies()} == {budget}
    result = next(iter(measured.tasks.values()))
    assert result.generation["max_gen_toks"] == budget and "capped_by_context" not in result.generation


def test_a_context_that_leaves_less_is_capped_and_recorded(tmp_path: Path) -> None:
    complaint = (
        "This model's maximum context length is 1000 tokens. However, you requested 1380 tokens (100 in the messages, "
        "1280 in the completion)."
    )

    def reply(path: str, body: dict[str, Any]) -> Any:
        return said("a b c") if body["max_tokens"] <= 900 else (400, {"error": {"message": complaint}})

    with scripted(reply) as seen:
        measured = asked(seen, tmp_path, "ifeval")
        assert {body["max_tokens"] for body in seen.bodies()} == {1280, 900}
    assert measured.tasks["ifeval"].metrics["budgets_cut"] == 4.0 and measured.tasks["ifeval"].unjudged == 0


def test_all_settings_arrive(tmp_path: Path) -> None:
    task = {
        "task": "gsm8k",
        "sampling": {"temperature": 0.6, "top_p": 0.9},
        "repeats": 2,
        "system": "Be brief.",
        "stop": ["END"],
        "stop_chat": True,
    }
    arguments = {"extra_body": {"reasoning_effort": "low"}, "header": {"x-team": "a"}, "auth_token": "sk-very-secret"}
    with scripted(lambda path, body: said("42")) as seen:
        asked(seen, tmp_path, [task], arguments, chat_template_args={"enable_thinking": False}, limit=2)
        bodies = seen.bodies()
    for body in bodies:
        assert (body["temperature"], body["top_p"], body["stop"]) == (0.6, 0.9, ["END"])
        assert body["chat_template_kwargs"] == {"enable_thinking": False} and body["reasoning_effort"] == "low"
        assert body["messages"][0] == {"role": "system", "content": "Be brief."}
    assert len({body["seed"] for body in bodies}) == 4, "two samples of a prompt had one seed"
    assert all(
        head["authorization"] == "Bearer sk-very-secret" and head["x-team"] == "a" for _, head, _ in seen.requests
    )
    assert "sk-very-secret" not in "".join(path.read_text() for path in tmp_path.rglob("*.json*"))


def test_more_stop_strings_than_a_server_takes_are_applied_here(tmp_path: Path) -> None:
    task = {"task": "tiny_upper", "stop": ["1", "2", "3", "4", "###"], "stop_chat": True}
    with scripted(lambda path, body: said("THIS ### not")) as seen:
        measured = asked(seen, tmp_path, [task])
        assert all(body["stop"] == ["1", "2", "3", "4"] for body in seen.bodies())
    assert {row.completion for row in rows(measured)} == {"THIS "}


@pytest.mark.parametrize("ended", ["stop", "length", None])
@pytest.mark.parametrize(
    ("text", "kept", "cut"),
    [
        ("THIS ### not", "THIS ", True),
        ("THIS", "THIS", False),
        ("<think>a ### b</think>\nTHIS ### not", "<think>a ### b</think>\nTHIS ", True),
        ("<think>a ### b</think>\nTHIS", "<think>a ### b</think>\nTHIS", False),
        ("<think>a ### b", "<think>a ### b", False),
    ],
)
def test_an_answer_that_a_stop_string_cuts_ended_there_whatever_the_server_says(
    text: str, kept: str, cut: bool, ended: Any, tmp_path: Path
) -> None:
    """A server that takes four strings goes on after the fifth, to its limit: the row's answer was not cut by that."""
    task = {"task": "tiny_upper", "stop": ["1", "2", "3", "4", "###"], "stop_chat": True}
    with scripted(lambda path, body: said(text, ended)) as seen:
        found = rows(asked(seen, tmp_path, [task]))
    assert {(row.completion, row.finish_reason) for row in found} == {(kept, "stop" if cut else ended)}
    assert stopped(text, ["1", "2", "3", "4", "###"], ended) == (kept, "stop" if cut else ended)


@pytest.mark.parametrize(
    ("reply", "value", "text"),
    [
        (said("5", reasoning_content="2+2=5, or 4?"), True, "<think>\n2+2=5, or 4?\n</think>\n\n5"),
        (said("<think>4?</think>5"), True, "<think>4?</think>5"),
        (said(None, "length", reasoning_content="5"), False, "<think>\n5"),
        (said("<think>so it is 5", "length"), False, "<think>so it is 5"),
        (said(None, reasoning_content="5"), False, "<think>\n5\n</think>\n\n"),
        (said(""), False, ""),
        (said(None, refusal="I can't help with that."), False, "I can't help with that."),
    ],
)
def test_thoughts_are_no_answers_and_the_models_own_doing_is_scored(
    tmp_path: Path, reply: Any, value: bool, text: str
) -> None:
    file = tmp_path / "rows.jsonl"
    file.write_text('{"prompt": "2+3?", "reference": "5"}\n')
    with scripted(lambda path, body: reply) as seen:
        row = rows(asked(seen, tmp_path / "out", [{"file": str(file), "reward": "numeric"}]))[0]
    assert (row.score, row.completion) == (float(value), text)


REFUSALS = [
    ((400, {"error": {"message": "prompt is too long"}}), "HTTP 400: prompt is too long", False),
    ((422, {"detail": "unsupported content"}), "HTTP 422: unsupported content", False),
    (said(None, "content_filter"), "content filter", True),
    ((400, {"error": {"message": "blocked by the content filter", "code": "content_filter"}}), "content filter", True),
]


@pytest.mark.parametrize(("reply", "reason", "again"), REFUSALS)
def test_a_refused_item_is_data(tmp_path: Path, reply: Any, reason: str, again: bool) -> None:
    """One item of four: no value, the server's reason in its row; asked again only where that may help."""
    first: list[str] = []

    def answer(path: str, body: dict[str, Any]) -> Any:
        text = json.dumps(body["messages"])
        if not first and "colours" not in text:
            first.append(text)
        return reply if text in first else said("X")

    with scripted(answer) as seen:
        measured = asked(seen, tmp_path, arguments={"num_concurrent": 1})
        before = len(seen.bodies())
        refused = [row for row in rows(measured) if row.score is None]
        assert len(refused) == 1 and reason in refused[0].reason and refused[0].finish_reason == "refused"
        result = measured.tasks["tiny_upper"]
        assert (result.n, result.unjudged, result.metrics["refused"]) == (4, 1, 1.0)
        asked(seen, tmp_path, arguments={"num_concurrent": 1})
        assert len(seen.bodies()) - before == int(again)


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_server_of_the_wrong_address_or_key_is_one_line_without_the_key(tmp_path: Path, status: int) -> None:
    echo = {"error": {"message": "bad key sk-very-secret"}}
    with scripted(lambda path, body: (status, echo)) as seen, pytest.raises(HoldfastError) as caught:
        asked(seen, tmp_path, arguments={"auth_token": "sk-very-secret"})
    assert "sk-very-secret" not in str(caught.value) and "\n" not in str(caught.value)


def test_restarted_with_other_weights_nothing_is_reused(tmp_path: Path) -> None:
    """The name is the same and so is the cache, but the server does not say which weights it serves."""
    for number, text in enumerate(("A", "B")):
        with scripted(lambda path, body, text=text: said(text)) as seen:  # type: ignore[misc]
            seen.pages["/v1/models"] = {"data": [{"id": "m", "max_model_len": 4096}]}
            how = Settings(limit=4, **QUIET)  # type: ignore[arg-type]
            model = {"backend": "local-chat-completions", "model": "m", "base_url": seen.url}
            found = measure(model, "tiny_upper", tmp_path / str(number), settings=how, cache=tmp_path / "cache")
        assert {row.completion for row in rows(found)} == {text}


def test_a_resumed_run_notices_other_weights_by_its_canary(tmp_path: Path) -> None:
    texts = ["A"]
    with scripted(lambda path, body: said(texts[0])) as seen:
        asked(seen, tmp_path)
        texts[0] = "B"
        assert {row.completion for row in rows(asked(seen, tmp_path))} == {"B"}


def test_a_server_that_names_its_weights_shares_the_cache(tmp_path: Path) -> None:
    with scripted(lambda path, body: said("A")) as seen:
        seen.pages["/info"] = {"model_sha": "abc"}
        model = {"backend": "local-chat-completions", "model": "m", "base_url": seen.url}
        for out in ("one", "two"):
            how = Settings(limit=4, **QUIET)  # type: ignore[arg-type]
            measure(model, "tiny_upper", tmp_path / out, settings=how, cache=tmp_path / "cache")
        assert len(seen.bodies(canary=True)) == 4
        seen.pages["/info"] = {"model_sha": "def"}
        measure(model, "tiny_upper", tmp_path / "three", settings=how, cache=tmp_path / "cache")
        assert len(seen.bodies(canary=True)) == 8


def test_plain_completions_ask_with_the_tokenizers_template(tmp_path: Path) -> None:
    from holdfast.benchmarks.tiny import model_path

    reply = (
        200,
        {"choices": [{"index": 0, "text": "HI", "finish_reason": "length"}], "usage": {"completion_tokens": 2}},
    )
    with scripted(lambda path, body: reply) as seen:
        arguments = {"backend": "local-completions", "tokenizer": str(model_path())}
        measured = asked(seen, tmp_path, arguments=arguments)
        assert {path for path, _, _ in seen.requests} == {"/v1/completions"}
        assert all(isinstance(token, int) for body in seen.bodies() for token in body["prompt"])
    assert measured.tasks["tiny_upper"].truncated == 4 and {row.tokens for row in rows(measured)} == {2}


def test_a_server_without_log_probabilities_is_one_line(tmp_path: Path) -> None:
    from holdfast.benchmarks.tiny import model_path

    reply = (200, {"choices": [{"index": 0, "text": "HI", "logprobs": None}]})
    arguments = {"backend": "local-completions", "tokenizer": str(model_path())}
    with scripted(lambda path, body: reply) as seen, pytest.raises(HoldfastError, match="returns no log-probabilities"):
        asked(seen, tmp_path, "mmlu", arguments)


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ({"num_concurent": 4}, "num_concurrent"),
        ({"timeout": "long"}, "timeout"),
        ({"base_url": ""}, "needs backend_args.base_url"),
        ({"dtype": "float16"}, "dtype"),
    ],
)
def test_arguments_are_used_or_refused(arguments: Any, match: str) -> None:
    with pytest.raises(UsageError, match=match):
        ServerArgs.read("local-chat-completions", {"base_url": "http://x/v1", **arguments})


def test_a_misspelt_sampling_argument_is_refused(tmp_path: Path) -> None:
    with scripted(lambda path, body: said("A")) as seen, pytest.raises(UsageError, match="did you mean"):
        asked(seen, tmp_path, sampling={"temperature": 0.5, "topp": 0.9})


def test_secrets_are_hidden_at_any_depth() -> None:
    shown = without_secrets(
        {
            "model": {"auth_token": "s3", "header": {"Authorization": "Bearer s3"}, "api_key": "s3"},
            "base_url": "https://user:s3@host/v1",
            "max_tokens": 5,
            "tokenizer": "gpt2",
            "api_key_env": "MY_KEY",
        }
    )
    assert "s3" not in json.dumps(shown)
    assert (shown["max_tokens"], shown["tokenizer"], shown["api_key_env"]) == (5, "gpt2", "MY_KEY")
