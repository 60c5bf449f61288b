"""NexusBench on rows of its documented shape: tools in a checkout's form, and a real one's where it is named."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from helpers.needs import lacking

from holdfast.environment import make_environment
from holdfast.errors import DataError, UsageError

TICKETS = '''
from typing import List


def search_tickets(statuses: List[str], limit: int = 5):
    """Search."""


search_tickets_json = {"name": "search_tickets", "description": "Search.", "parameters": {"type": "object",
    "properties": {"statuses": {"type": "array"}, "limit": {"type": "integer"}}, "required": ["statuses"]}}
'''
MATH = """
def multiply(a, b):
    return 1.1 * a * b


def fail():
    raise ValueError("no")


multiply_fc = {"name": "multiply", "description": "a * b", "parameters": {"type": "object", "properties": {}}}
fail_fc = {"name": "fail", "description": "", "parameters": {"type": "object", "properties": {}}}
"""
ROWS = {
    "TicketTrackingBenchmark": [
        {"Input": "Show new ones", "Output": "search_tickets(['PENDING'])"},
        {"Input": "Broken", "Output": "no_such_tool(1)"},
        {"Input": "Evil", "Output": "search_tickets(open('EXECUTED', 'w'))"},
    ],
    "LangChainMathBenchmark": [{"inputs": {"question": "2 times 3?"}, "outputs": {"reference": 1.1 * 2 * 3}}],
}


@pytest.fixture
def made(tmp_path: Path) -> Any:
    folder = tmp_path / "checkout" / "nexusbench" / "tools"
    folder.mkdir(parents=True)
    (folder / "ticket_tracking.py").write_text(TICKETS)
    (folder / "langchain_math.py").write_text(MATH)
    for name, rows in ROWS.items():
        text = "".join(json.dumps(row) + "\n" for row in rows).replace("EXECUTED", str(tmp_path / "executed"))
        (tmp_path / f"{name}.jsonl").write_text(text)
    return make_environment("nexusbench", checkout=str(tmp_path / "checkout"), data=str(tmp_path))


def call(name: str, arguments: Any) -> dict[str, Any]:
    return {"id": "1", "type": "function", "function": {"name": name, "arguments": json.dumps(arguments)}}


def score(made: Any, row: Any, *messages: list[dict[str, Any]]) -> Any:
    episode = made.open(row, 0)
    for calls in messages:
        if episode.step({"role": "assistant", "content": "", **({"tool_calls": calls} if calls else {})}).done:
            break
    return episode.score()


@pytest.mark.parametrize(
    ("name", "arguments", "value"),
    [
        ("search_tickets", {"statuses": ["PENDING"]}, 1.0),
        ("search_tickets", {"statuses": ["PENDING"], "limit": 5}, 1.0),
        ("search_tickets", {"limit": 5, "statuses": ["PENDING"]}, 1.0),
        ("search_tickets", {"statuses": ["PENDING"], "limit": 5.0}, 0.0),
        ("search_tickets", {"statuses": "PENDING"}, 0.0),
        ("search_tickets", {"statuses": ["PENDING"], "more": 1}, 0.0),
        ("search_tickets", {}, 0.0),
        ("no_such_tool", {"statuses": ["PENDING"]}, 0.0),
        ("__import__", {"name": "os"}, 0.0),
    ],
)
def test_a_call_is_right_with_its_function_and_arguments(name: str, arguments: Any, value: float, made: Any) -> None:
    row = next(iter(made.tasks("tickets")))
    assert score(made, row, [call(name, arguments)]).value == value
    assert score(made, row, [call(name, arguments), call("search_tickets", {})]).value == value, "the first call counts"


def test_references_that_are_no_call_have_no_value_and_are_not_run(made: Any, tmp_path: Path) -> None:
    _, broken, evil = made.tasks("tickets")
    right = [call("search_tickets", {"statuses": ["PENDING"]})]
    assert score(made, broken, right).value is None and score(made, evil, right).value is None
    assert not (tmp_path / "executed").exists()
    assert score(made, broken, []).value == 0.0


def test_the_mathematics_is_played_to_its_end(made: Any) -> None:
    (row,) = made.tasks("math")
    good, bad = call("multiply", {"a": 2, "b": 3}), call("multiply", {"a": 2, "b": 4})
    assert score(made, row, [good], []).value == 1.0
    assert score(made, row, [bad], [good], []).value == 1.0
    assert score(made, row, [good], [bad], []).value == 0.0
    assert score(made, row, [good], [call("fail", {})]).value == 1.0, "judged by what was reached"
    assert score(made, row, [call("no_such_tool", {})]).value == 0.0
    assert score(made, row, []).value == 0.0


def test_what_is_missing_is_named(made: Any, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="checkout="):
        make_environment("nexusbench")
    with pytest.raises(DataError, match=r"VirusTotalBenchmark\.jsonl"):
        made.tasks("virustotal")
    with pytest.raises(UsageError, match="no checkout of NexusBench"):
        make_environment("nexusbench", checkout=str(tmp_path), data=str(tmp_path)).pinned()  # type: ignore[attr-defined]


DOCUMENTED = {
    "NVDLibraryBenchmark": ("nvd", "searchCVE(cweId='CWE-287')", "searchCVE", {"cweId": "CWE-287"}),
    "VirusTotalBenchmark": (
        "virustotal", "vt_get_domain_report(domain='a.b', x_apikey='k')", "vt_get_domain_report",
        {"domain": "a.b", "x_apikey": "k"}),
    "ITType0Benchmark": ("labels_0", "match_values(['Hot'])", "match_values", {"selected_values": ["Hot"]}),
    "ITType1Benchmark": ("labels_1", "match_values(['Hot'])", "match_values", {"selected_values": ["Hot"]}),
    "TicketTrackingBenchmark": (
        "tickets", "search_tickets(['PENDING'])", "search_tickets", {"statuses": ["PENDING"]}),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("name", DOCUMENTED)
def test_the_tools_of_a_real_checkout(name: str, tmp_path: Path) -> None:
    checkout = os.environ.get("HOLDFAST_NEXUSBENCH")
    if not checkout:
        lacking("foreign", "needs HOLDFAST_NEXUSBENCH, a checkout of NexusBench")
    split, reference, function, arguments = DOCUMENTED[name]
    (tmp_path / f"{name}.jsonl").write_text(json.dumps({"Input": "?", "Output": reference}) + "\n")
    made = make_environment("nexusbench", checkout=str(checkout), data=str(tmp_path))
    (row,) = made.tasks(split)
    assert function in {tool["function"]["name"] for tool in made.open(row, 0).tools}
    assert score(made, row, [call(function, arguments)]).value == 1.0
    assert score(made, row, [call(function, {})]).value == 0.0
