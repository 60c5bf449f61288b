"""`math` under attack: nothing executes, nothing hangs, nothing raises, and poison does not slow the others down."""

import asyncio
import os
import string
from pathlib import Path

import pytest
from helpers.bounded import bounded
from helpers.math_payloads import CANARY, EXECUTING, HANGING, LONG_TEXTS
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.reward import Reward
from holdfast.rewards.math_answer.settings import Equality, Settings
from holdfast.rewards.math_answer.worker.pool import POOL, ComparisonJob, Failure, Pool, Worker
from holdfast.sample import Outcome, Sample

REWARD = Reward("math")
FINAL = (Outcome.CORRECT, Outcome.WRONG, Outcome.TIMEOUT)
BOUND = 10.0
"""Seconds: far above what is measured (docs/bench/math.md), far below a hang."""


def warm() -> None:
    assert REWARD.score(Sample("\\boxed{\\int_0^1 2x dx}", "1")).value == 1.0


def test_the_corpora_are_large() -> None:
    assert len(set(EXECUTING)) >= 60 and len(set(HANGING)) >= 60


@pytest.mark.parametrize("frame", ["\\boxed{%s}", "The answer is %s", "%s", "$%s$", "#### %s"])
def test_nothing_executes(frame: str) -> None:
    CANARY.unlink(missing_ok=True)
    scores = REWARD.score_batch([Sample(frame.replace("%s", payload), "1") for payload in EXECUTING])
    scores += REWARD.score_batch([Sample("\\boxed{1}", payload) for payload in EXECUTING])
    assert not CANARY.exists()
    assert {score.outcome for score in scores} <= {*FINAL, Outcome.UNJUDGEABLE}


def test_code_is_no_answer() -> None:
    for frame in ("\\boxed{%s}", "The answer is %s"):
        scores = REWARD.score_batch([Sample(frame.replace("%s", payload), "1") for payload in EXECUTING])
        assert [p for p, score in zip(EXECUTING, scores, strict=True) if score.value == 1.0] == []


@pytest.mark.parametrize("payload", HANGING, ids=range(len(HANGING)))
def test_nothing_hangs(payload: str) -> None:
    warm()
    for text, reference in (
        (f"\\boxed{{{payload}}}", "7"),
        (payload, "\\sqrt{2} + x"),
        (f"\\boxed{{{payload}+1}}", payload),
    ):
        with bounded(BOUND):
            score = REWARD.score(Sample(text, reference))
        assert score.value in (0.0, None) and score.outcome is not Outcome.ERROR, score.reason


@pytest.mark.parametrize("text", LONG_TEXTS, ids=range(len(LONG_TEXTS)))
def test_extraction_is_linear(text: str) -> None:
    with bounded(BOUND):
        score = REWARD.score(Sample(text, "\\sqrt{2} + x"))
    assert score.outcome in FINAL


def test_the_event_loop_goes_on() -> None:
    """While poison is judged, a task that sleeps 5 ms at a time keeps running."""

    async def run() -> int:
        ticks = 0
        judging = asyncio.ensure_future(
            REWARD.ascore_batch([Sample(f"\\boxed{{{payload}}}", "1") for payload in HANGING[:40]])
        )
        while not judging.done():
            await asyncio.sleep(0.005)
            ticks += 1
        await judging
        return ticks

    assert asyncio.run(run()) > 5


# workers


def test_a_limit_is_the_completions_and_the_next_item_is_judged() -> None:
    pool = Pool(1)
    slow = ComparisonJob("1", HANGING[19], Settings(), 0.05)
    quick = ComparisonJob("1", "\\int_0^1 2x dx", Settings(), 20.0)
    try:
        found = pool.decide([quick, slow, quick])
        assert [isinstance(one, Equality) for one in found] == [True, False, True]
        assert found[1] is Failure.TIME
    finally:
        pool.close()


def test_a_dead_worker_is_replaced_and_its_item_retried() -> None:
    pool = Pool(1)
    task = ComparisonJob("1", "\\int_0^1 2x dx", Settings(), 20.0)
    try:
        assert pool.decide([task]) == [Equality(True, pool.decide([task])[0].test)]  # type: ignore[union-attr]
        pool._idle[0].process.kill()
        pool._idle[0].process.wait()
        found = pool.decide([task])[0]
        assert isinstance(found, Equality) and found.equal
    finally:
        pool.close()


def test_a_worker_is_ready_before_the_first_integral(monkeypatch: pytest.MonkeyPatch) -> None:
    """A reward that is made starts one in the background, whether its process was forked or not."""
    started: list[Pool] = []
    monkeypatch.setattr(POOL, "warm", lambda: started.append(POOL))
    Reward("math")
    assert started == [POOL]
    pool = Pool(1)
    try:
        pool.warm()
        pool.warm()
        pool._warming.join()  # type: ignore[union-attr]
        (ready,) = pool._idle
        assert pool.decide([ComparisonJob("1", "\\int_0^1 2x dx", Settings(), 20.0)])[0].equal  # type: ignore[union-attr]
        assert pool._idle == [ready] and ready.uses == 1
    finally:
        pool.close()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_process_starts_its_own_workers() -> None:
    import multiprocessing

    warm()
    with multiprocessing.get_context("fork").Pool(1) as processes:
        assert processes.apply(_judge_integral) == 1.0
    assert _judge_integral() == 1.0


def _judge_integral() -> float | None:
    return REWARD.score(Sample("\\boxed{\\int_0^1 2x dx}", "1")).value


def test_broken_workers_are_an_error_and_no_zero(monkeypatch: pytest.MonkeyPatch) -> None:
    """When no worker can be started, the item has no value: it is not the completion's fault."""
    POOL.close()
    POOL._closed = False
    monkeypatch.setattr("sys.executable", "/nonexistent/python")
    score = REWARD.score(Sample("\\boxed{\\int_0^1 3x^2 dx}", "1"))
    assert score.value is None and score.outcome is Outcome.ERROR


def test_workers_end_with_the_pool() -> None:
    worker = Worker()
    pid = worker.process.pid
    worker.kill()
    assert not Path(f"/proc/{pid}").exists() or os.name != "posix"


# properties

TEX = st.lists(
    st.sampled_from(
        [*"0123456789+-*/^_=<>(){}[]|,.;:!%&$ xyzniea", "\\frac", "\\sqrt", "\\boxed{", "\\pi", "\\text{", "\\{", "\\}"]
        + [
            "\\left(",
            "\\right)",
            "\\begin{pmatrix}",
            "\\end{pmatrix}",
            "\\\\",
            "\\cup",
            "\\in",
            "\\le",
            "\\pm",
            "\\sum",
        ]
        + ["\\infty", "\\sin", "\\log", "^\\circ", " or ", "#### ", "</think>", "the answer is ", "\\int", "\\lim"]
    ),
    max_size=40,
).map("".join)


@settings(max_examples=150, deadline=None)
@given(TEX, TEX)
def test_never_raises_and_score_is_batch(text: str, reference: str) -> None:
    fast = Reward("math", seconds=0.2)
    sample = Sample(text, reference)
    single = fast.score(sample)
    assert single.outcome is not Outcome.ERROR, single.reason
    assert single.value in (0.0, 1.0, None)
    if single.outcome is not Outcome.TIMEOUT:
        assert [score.value for score in fast.score_batch([sample, Sample("\\boxed{1}", "1"), sample])] == [
            single.value,
            1.0,
            single.value,
        ]


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet=string.printable + "πéß√½°", max_size=120))
def test_any_text_is_judged(text: str) -> None:
    assert REWARD.score(Sample(text, "1")).outcome in FINAL


EXPRESSIONS = st.recursive(
    st.sampled_from(["1", "2", "x", "y", "\\pi", "\\sqrt{2}", "0.5", "\\frac{1}{3}", "e", "n"]),
    lambda inner: st.one_of(
        st.tuples(inner, inner).map(lambda pair: f"({pair[0]} + {pair[1]})"),
        st.tuples(inner, inner).map(lambda pair: f"{pair[0]} \\cdot {pair[1]}"),
        st.tuples(inner, inner).map(lambda pair: f"\\frac{{{pair[0]}}}{{{pair[1]}}}"),
        inner.map(lambda one: f"\\sin({one})"),
        inner.map(lambda one: f"({one})^2"),
    ),
    max_leaves=6,
)


@settings(max_examples=100, deadline=None)
@given(EXPRESSIONS)
def test_reflexive(expression: str) -> None:
    assert REWARD.score(Sample(f"\\boxed{{{expression}}}", expression)).value == 1.0


@settings(max_examples=100, deadline=None)
@given(EXPRESSIONS, EXPRESSIONS)
def test_symmetric_for_exact_expressions(one: str, other: str) -> None:
    if "0.5" in one + other:
        return  # decimals round towards the reference
    there = REWARD.score(Sample(f"\\boxed{{{one}}}", other)).value
    assert there == REWARD.score(Sample(f"\\boxed{{{other}}}", one)).value


@settings(max_examples=100, deadline=None)
@given(EXPRESSIONS, EXPRESSIONS)
def test_a_rewritten_expression_is_equal(one: str, other: str) -> None:
    if "0.5" in one + other:
        return
    assert REWARD.score(Sample(f"\\boxed{{({one}) + ({other})}}", f"({other}) + ({one})")).value == 1.0
    assert REWARD.score(Sample(f"\\boxed{{({one}) + ({other}) + 1}}", f"({other}) + ({one})")).value == 0.0


@pytest.mark.slow
def test_a_million_calls_leak_nothing() -> None:
    """An hour of GRPO's worth of calls, made of the recorded outputs: memory and processes stay where they were."""
    import gzip
    import json
    import resource

    from helpers.paths import shared

    rows = []
    for name in ("gpt-4o-mini-2024-07-18", "Qwen2-7B-Instruct"):
        with gzip.open(shared("gsm8k", "recorded", "zeroeval", f"gsm.{name}.json.gz"), "rt") as file:
            rows += [(row["output"][0], row["answer"]) for row in json.load(file)]
    with gzip.open(shared("math", "math_test5000", "test.jsonl.gz"), "rt") as file:
        rows += [(json.loads(line)["solution"], json.loads(line)["solution"]) for line in file]
    rows += [(f"\\boxed{{{payload}}}", "1") for payload in HANGING[:8]]
    warm()
    sizes, calls = [], 0
    for turn in range(max(1, 1_000_000 // len(rows)) + 1):
        samples = [Sample(f"{text} {turn}" if turn % 2 else text, reference) for text, reference in rows]
        calls += len(REWARD.score_batch(samples))
        sizes.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
    assert calls >= 1_000_000
    assert sizes[-1] - sizes[len(sizes) // 4] < 30_000  # kB
    children = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
    assert len(children) <= POOL.size + 1
