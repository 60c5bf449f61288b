"""`holdfast mcp`: a real client over standard input and output, and what an assistant may not do."""

import asyncio
import json
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from helpers.made_runs import made_rows, made_run
from helpers.run_folders import folder

from holdfast.cli import main
from holdfast.errors import DataError, HoldfastError, UsageError
from holdfast.serve.agent_tools.tools import LONGEST_TEXT, Tools


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    outside = tmp_path_factory.mktemp("outside")
    (outside / "secret.jsonl").write_text('{"completion": "secret", "score": 1}\n')
    runs = folder(outside / "runs")
    (runs / "link").symlink_to(outside)
    return runs


@pytest.fixture
def tools(root: Path) -> Tools:
    return Tools(root)


def session(root: Path, work: Callable[[Any], Any], prints: str = "") -> Any:
    """What `work(client)` returns, with the command as the server."""
    from mcp import Client, StdioServerParameters

    code = f"import sys; {prints}; from holdfast.cli import main; sys.exit(main(['mcp', {str(root)!r}]))"
    server = StdioServerParameters(command=sys.executable, args=["-c", code], env=dict(os.environ))

    async def run() -> Any:
        async with Client(server) as client:
            return await asyncio.wait_for(work(client), 120)

    return asyncio.run(run())


@pytest.fixture(scope="module")
def answers(root: Path) -> Iterator[dict[str, Any]]:
    """One session, every tool called."""
    pytest.importorskip("mcp")

    async def work(client: Any) -> dict[str, Any]:
        samples = [{"completion": "so \\boxed{42}", "reference": "42"}, {"completion": "42", "reference": None}]
        calls: dict[str, tuple[str, dict[str, Any]]] = {
            "rewards": ("list_rewards", {}),
            "one": ("list_rewards", {"name": "math"}),
            "runs": ("list_runs", {}),
            "score": ("score", {"reward": "math", "samples": samples, "options": {"require": "boxed"}}),
            "plan": ("plan", {"suite": ["gsm8k", "ifeval"], "effect": 5}),
            "compare": ("compare", {"before": "sft/bad/before", "after": "sft/bad", "target": ["gsm8k"]}),
            "item": ("explain_item", {"run": "sft/bad", "task": "mmlu", "item": "3", "against": "sft/bad/before"}),
            "wrong": ("score", {"reward": "maht", "samples": samples}),
            "outside": ("compare", {"before": "../secret.jsonl", "after": "sft/bad"}),
            "missing": ("score", {"reward": "math"}),
        }
        found: dict[str, Any] = {"tools": (await client.list_tools()).tools}
        for name, (tool, arguments) in calls.items():
            found[name] = await client.call_tool(tool, arguments)
        return found

    before = {path: path.stat().st_mtime_ns for path in sorted(root.rglob("*"))}
    yield session(root, work, prints="print('noise before the protocol', file=sys.stderr)")
    assert before == {path: path.stat().st_mtime_ns for path in sorted(root.rglob("*"))}, "something was written"


def value(answer: Any) -> Any:
    assert not answer.is_error, answer.content
    return json.loads(answer.content[0].text)


def test_the_tools_are_offered_as_reading_only(answers: dict[str, Any]) -> None:
    offered = {tool.name: tool for tool in answers["tools"]}
    assert set(offered) == {"list_rewards", "list_runs", "score", "plan", "compare", "explain_item"}
    assert all(tool.annotations.read_only_hint and tool.description for tool in offered.values())
    assert offered["score"].input_schema["required"] == ["reward", "samples"]


def test_every_tool_answers(answers: dict[str, Any]) -> None:
    assert {"math", "code", "ifeval"} <= {one["name"] for one in value(answers["rewards"])["rewards"]}
    assert "documentation" in value(answers["one"])["rewards"][0]
    assert value(answers["runs"])["runs"][0]["path"] == "c2"
    right, without = value(answers["score"])["scores"]
    assert (right["value"], right["outcome"], without["value"]) == (1.0, "correct", None)
    assert {one["task"] for one in value(answers["plan"])["benchmarks"]} == {"gsm8k", "ifeval"}
    compared = value(answers["compare"])
    mmlu = next(one for one in compared["benchmarks"] if one["task"] == "mmlu")
    assert (compared["decision"], compared["exit_code"], mmlu["flips"]) == ("REGRESSED", 1, {"lost": 30, "gained": 0})
    assert len(mmlu["first_lost"]) == 20 and "path" not in compared["after"]
    item = value(answers["item"])
    assert item["answers"]["run"][0]["score"] == 0.0 and item["answers"]["against"][0]["score"] == 1.0
    assert item["prompt"] and item["reference"] == 4


def test_mistakes_are_told_to_the_assistant(answers: dict[str, Any]) -> None:
    for name, text in (("wrong", "did you mean 'math'"), ("outside", "leads out of"), ("missing", "samples")):
        assert answers[name].is_error and text in answers[name].content[0].text, name


@pytest.mark.parametrize(
    "path", ["../secret.jsonl", "/etc/passwd", "link/secret.jsonl", "sft/../../secret.jsonl", "\x00"]
)
def test_no_path_leads_out(tools: Tools, path: str) -> None:
    for call in (
        lambda: tools.compare(path, "c1"),
        lambda: tools.compare("c1", path),
        lambda: tools.explain_item(path, "t", "1"),
    ):
        with pytest.raises(UsageError, match="refused"):
            call()


LINKS = {
    "after/samples/t.jsonl": ["r", "r/after", "r/after/samples/t.jsonl", "linked"],
    "after/samples": ["r", "r/after", "linked"],
    "after/results.json": ["r", "r/after", "linked"],
    "after": ["r", "linked"],
    "other/samples_x.jsonl": ["r/other", "r/other/samples_x.jsonl"],
}
"""A link that leads out of the folder that is served, and what may not be read then."""


@pytest.mark.parametrize(("link", "refused"), [(link, path) for link, paths in LINKS.items() for path in paths])
def test_no_link_inside_a_run_leads_out(tmp_path: Path, link: str, refused: str) -> None:
    run = tmp_path / "runs" / "r"
    made_run(run / "after", {"t": made_rows("t", [1.0], completion="secret")})
    (run / "other").mkdir()
    (run / "other" / "samples_x.jsonl").write_bytes((run / "after" / "samples" / "t.jsonl").read_bytes())
    (run / link).rename(tmp_path / "elsewhere")
    (run / link).symlink_to(tmp_path / "elsewhere")
    (tmp_path / "runs" / "linked").mkdir()
    (tmp_path / "runs" / "linked" / "after").symlink_to(run / "after")
    tools = Tools(tmp_path / "runs")
    for call in (lambda: tools.explain_item(refused, "t", "0"), lambda: tools.compare(refused, refused)):
        with pytest.raises(HoldfastError, match=r"leads out of|not a file|no '") as caught:
            call()
        assert "secret" not in str(caught.value)


def test_a_link_beside_what_is_read_does_no_harm(tmp_path: Path) -> None:
    made_run(tmp_path / "runs" / "r" / "after", {"t": made_rows("t", [1.0])})
    (tmp_path / "runs" / "r" / "training").mkdir()
    (tmp_path / "runs" / "r" / "training" / "latest").symlink_to(tmp_path)
    assert Tools(tmp_path / "runs").explain_item("r", "t", "0")["item"] == "0"


REFUSED = [
    ("os:system", {}),
    ("my.yaml", {}),
    ("../x/reward.yml", {}),
    ("judge", {"base_url": "http://x", "model": "m"}),
    ("pairwise_judge", {}),
    ("reward_model", {"model": "m"}),
    ("code", {"isolation": "partial"}),
    ("code", {"image": "evil"}),
    ("code", {"hosts": "x"}),
    ("length", {"unit": "tokens", "tokenizer": "evil/x"}),
    ("episode", {"data_root": "/"}),
    ("weighted_sum", {"of": {"a": "os:system"}}),
    ("weighted_sum", {"of": {"a": {"reward": "judge", "model": "m"}}}),
    ("gate", {"of": {"a": {"reward": "gate", "of": {"b": {"reward": "code", "isolation": "partial"}}}}}),
    ("clip", {"of": {"a": {"reward": "x.yaml"}}}),
]


@pytest.mark.parametrize(("reward", "options"), REFUSED)
def test_no_reward_loads_or_reaches_out(tools: Tools, reward: str, options: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="refused"):
        tools.score(reward, [{"completion": "x", "reference": "x"}], options)


def test_composites_of_plain_rewards_are_taken(tools: Tools) -> None:
    of = {"a": {"reward": "exact_match", "weight": 2}, "b": "exact_match"}
    (score,) = tools.score("weighted_sum", [{"completion": "x", "reference": "x"}], {"of": of})
    assert score["value"] == 3.0


@pytest.mark.parametrize("suite", ["x.yaml", "../suite.yaml", ["gsm8k", "a/b"], "env:file.py:Env"])
def test_no_suite_is_read_from_a_file(tools: Tools, suite: Any) -> None:
    with pytest.raises(UsageError, match="refused"):
        tools.plan(suite)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda t: t.score("math", []), "1 to 1,000 samples"),
        (lambda t: t.score("math", [{"completion": "x"}] * 1001), "1 to 1,000 samples"),
        (lambda t: t.score("math", [{"completion": "x", "refrence": 1}]), "did you mean 'reference'"),
        (lambda t: t.score("math", [{"completion": 3}]), "needs a completion"),
        (lambda t: t.score("math", [{"completion": "x", "reference": "1"}], {"requir": "any"}), "requir"),
        (lambda t: t.plan("quik"), "did you mean 'quick'"),
        (lambda t: t.plan(["gsm8k"], flips=2), "between 0 and 1"),
        (lambda t: t.plan(["gsm8k"], target=["gsm8"]), "did you mean 'gsm8k'"),
        (lambda t: t.plan(["gsm8k"], items=-5), "items must be at least 1, not -5"),
        (lambda t: t.plan(["gsm8k"], items=0), "items must be at least 1, not 0"),
        (lambda t: t.compare("c1", "c3"), "list_runs"),
        (lambda t: t.compare("c1", "c2", margin=-1), "between 0 and 100"),
        (lambda t: t.explain_item("c1", "mmul", "1"), "did you mean 'mmlu'"),
        (lambda t: t.explain_item("c1", "mmlu", "99"), "has no item '99'"),
        (lambda t: t.list_rewards("maht"), "did you mean 'math'"),
        (lambda t: t.list_rewards("os:system"), "refused"),
    ],
)
def test_a_mistake_is_one_line_with_the_nearest_choice(tools: Tools, call: Callable[[Tools], Any], said: str) -> None:
    with pytest.raises(HoldfastError, match=said) as caught:
        call(tools)
    assert "\n" not in str(caught.value)


LONG = "x" * (LONGEST_TEXT + 1234)
TURN = [{"role": "user", "content": LONG}]
FIELDS = {
    "completion": [LONG, TURN],
    "prompt": [LONG, TURN],
    "reference": [LONG, [LONG], {"tests": [{"input": LONG}]}, ["x"] * 30_000],
    "rendered": [LONG],
    "reason": [LONG],
    "extracted": [LONG],
    "category": [LONG],
    "parts": [{LONG: 1.0}, {f"part {number}": 0.5 for number in range(4_000)}],
}
"""Every field of a row that may be long, in every shape."""


def texts(value: Any) -> list[str]:
    """Every text in a value."""
    if isinstance(value, dict):
        return [text for pair in value.items() for one in pair for text in texts(one)]
    if isinstance(value, list):
        return [text for one in value for text in texts(one)]
    return [value] if isinstance(value, str) else []


@pytest.mark.parametrize(("field", "long"), [(field, long) for field, values in FIELDS.items() for long in values])
def test_a_long_text_is_cut_and_says_so(field: str, long: Any, tmp_path: Path) -> None:
    (row,) = made_rows("t", [1.0])
    setattr(row, field, long)
    made_run(tmp_path / "run", {"t": [row]})
    item = Tools(tmp_path).explain_item("run", "t", "0")
    assert sum(map(len, texts(item))) < LONGEST_TEXT + 1_000
    assert any(" characters more]" in text for text in texts(item))


def test_a_short_value_is_whole(tmp_path: Path) -> None:
    (row,) = made_rows("t", [1.0], completion="x" * LONGEST_TEXT)
    row.reference = {"tests": [{"input": "1"}]}
    made_run(tmp_path / "run", {"t": [row]})
    item = Tools(tmp_path).explain_item("run", "t", "0")
    assert item["reference"] == row.reference and item["answers"]["run"][0]["completion"] == row.completion


def test_a_scores_texts_are_cut(tools: Tools) -> None:
    """What a reward reads out of a long answer, and what it says of it."""
    for reward, reference in (("exact_match", LONG), ("json_format", None), ("math", "1")):
        (score,) = tools.score(reward, [{"completion": LONG, "reference": reference}])
        assert all(len(text) < LONGEST_TEXT + 100 for text in texts(score)), reward


def test_what_a_tool_prints_is_no_part_of_the_protocol(root: Path) -> None:
    pytest.importorskip("mcp")
    noisy = "import holdfast.serve.agent_tools.tools as t; t.Tools.list_runs = lambda self: print('noise') or []"

    async def work(client: Any) -> Any:
        await asyncio.gather(*(client.call_tool("list_runs", {}) for _ in range(8)))
        return await client.call_tool("list_rewards", {"name": "math"})

    assert value(session(root, work, prints=noisy))["rewards"][0]["name"] == "math"


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["mcp", "--help"]) == 0 and "mcpServers" in capsys.readouterr().out
    assert main(["mcp", "a", "b"]) == 64 and main(["mcp", "root=x"]) == 64 and main(["mcp", "--json"]) == 64
    with pytest.raises(DataError, match="is not a folder"):
        Tools(tmp_path / "absent")
