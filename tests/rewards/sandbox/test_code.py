"""Reward("code"): styles, extraction, bad input, limits, batches."""

import asyncio
import json
import pickle
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from helpers.sandboxes import need

from holdfast.errors import DataError, UsageError
from holdfast.reward import Reward
from holdfast.rewards.sandbox import Engine, Limits, execute, validate
from holdfast.rewards.sandbox.inside.judge.outputs import same_output
from holdfast.rewards.sandbox.source.extraction import extract
from holdfast.sample import Outcome, Sample, Score

BWRAP = Engine("bubblewrap")


@pytest.fixture(autouse=True)
def _sandbox() -> None:
    need("bubblewrap")


def score(program: str, tests: Any, **more: Any) -> Score:
    options = {key: more.pop(key) for key in ("score", "timeout", "total_timeout", "memory") if key in more}
    prompt = more.pop("prompt", "")
    return Reward("code", backend="bubblewrap", **options).score(Sample(program, {"tests": tests, **more}, prompt))


def test_asserts_are_graded_one_by_one() -> None:
    tests = ["assert f(1) == 2", "assert f(2) == 5", "assert f(3) == 4"]
    result = score("def f(x): return x + 1", tests, score="share")
    assert (result.value, result.outcome, result.parts) == (2 / 3, Outcome.PARTIAL, {"tests": 2 / 3})
    assert "2 of 3" in result.reason and "f(2) == 5" in result.reason and "gave 3" in result.reason
    assert score("def f(x): return x + 1", tests).value == 0.0


def test_values_of_many_types_cross_exactly() -> None:
    values = "(1, -0.0, 1j, 'é\\ud800', b'\\xff', None, True, [1, [2]], {1: 'a', (2, 3): {4}}, frozenset({5}), 2**70)"
    tests = [
        f"assert f({values}) == {values}",
        f"assert list(map(type, f({values}))) == list(map(type, {values}))",
        "from collections import Counter, deque, OrderedDict, defaultdict",
        "assert type(f(Counter('aab'))) is Counter and f(Counter('aab')) == Counter('aab')",
        "assert f(deque([1, 2], 5)).maxlen == 5 and f(OrderedDict(a=1)) == OrderedDict(a=1)",
        "assert f(defaultdict(list, a=[1]))['b'] == []",
        "from decimal import Decimal; from fractions import Fraction; import datetime",
        "assert f([Decimal('1.10'), Fraction(1, 3), datetime.date(2024, 1, 2)])[0].as_tuple().exponent == -2",
        "assert f(float('nan')) != f(float('nan')) and f(range(3, 9, 2)) == range(3, 9, 2) and f(int) is int",
    ]
    result = score("def f(x): return x", tests)
    assert result.value == 1.0, result.reason


def test_mutated_arguments_are_copied_back() -> None:
    program = "def f(x, d, s):\n    x.sort(); x[0][0] = 9; d['k'] = [1]; s.add(3)\n    return None"
    setup = "a = [[2], [1]]; inner = a; d = {}; s = {1}; r = f(a, d, s)"
    tests = ["assert a == [[9], [2]] and inner is a", "assert d == {'k': [1]} and s == {1, 3} and r is None"]
    result = score(program, tests, setup=setup)
    assert result.value == 1.0, result.reason


def test_functions_iterators_and_objects_of_the_tests_cross_as_proxies() -> None:
    program = "def f(g, xs): return [g(x) for x in xs]\n"
    program += "def total(node): return node.value + (total(node.next) if node.next else 0)"
    setup = (
        "class Node:\n    def __init__(self, value, next=None): self.value, self.next = value, next\n"
        "class Sized:\n    def __len__(self): return 7"
    )
    tests = [
        "assert f(lambda x: x * 2, [1, 2]) == [2, 4]",
        "assert f(str.upper, iter(['a', 'b'])) == ['A', 'B'] if False else True",
        "assert f(abs, iter([-1, 2])) == [1, 2]",
        "assert total(Node(1, Node(2, Node(3)))) == 6",
        "assert f(len, [Sized()]) == [7]",
    ]
    result = score(program, tests, setup=setup)
    assert result.value == 1.0, result.reason


def test_the_tests_private_parts_do_not_cross() -> None:
    program = "def f(node):\n    return node.__init__.__globals__"
    result = score(program, ["assert f(N()) is not None"], setup="class N:\n    secret = 5\n    def m(self): return 1")
    assert result.value == 0.0
    result = score("def f(node): return node.m.__globals__", ["assert f(N())"], setup="class N:\n    def m(self): pass")
    assert result.value == 0.0


def test_classes_and_exceptions_of_the_program_are_proxies() -> None:
    program = (
        "class Bad(ValueError): pass\n"
        "class Stack:\n    def __init__(self): self.items = []\n    def push(self, x):\n"
        "        self.items.append(x); return self\n"
        "    def pop(self):\n        if not self.items: raise Bad('empty')\n        return self.items.pop()\n"
        "    def __len__(self): return len(self.items)\n    def __iter__(self): return iter(self.items)\n"
    )
    tests = [
        "s = Stack(); s.push(1).push(2); assert len(s) == 2 and list(s) == [1, 2] and s.items == [1, 2]",
        "assert s.pop() == 2 and s.pop() == 1 and isinstance(s, Stack) and 1 not in s",
        "try:\n    s.pop()\nexcept Bad as error:\n    assert str(error) == 'empty'\nelse:\n    raise AssertionError",
        "try:\n    s.pop()\nexcept ValueError:\n    pass",
    ]
    assert score(program, tests).value == 1.0, score(program, tests).reason
    assert score(program, tests, entry_point="Stack").value == 1.0
    assert score(program.replace("(ValueError)", "(KeyError)"), tests, score="share").value == 0.5


def test_helpers_of_the_prompt_are_the_judges() -> None:
    prompt = "def twice(x):\n    return 2 * x\n\ndef f(x):\n    '''Half of x.'''\n"
    check = "def check(candidate):\n    assert candidate(twice(21)) == 21 == f(42)\n"
    honest = score("    return x // 2\n", check, entry_point="f", prompt=prompt)
    assert honest.value == 1.0 and "continuing the prompt" in honest.reason
    cheat = "def twice(x): return x\ndef f(x): return x\n"
    assert score(cheat, check, entry_point="f", prompt=prompt).value == 0.0


def test_function_style_compares_json() -> None:
    cases = [
        {"args": [[1, 2]], "expected": [2, 4]},
        {"args": [], "kwargs": {"xs": [0.1]}, "expected": [0.2]},
        {"args": [[3]], "expected": {"a": 1}},
    ]
    result = score("def f(xs): return tuple(2 * x for x in xs)", cases, entry_point="f", score="share")
    assert result.value == pytest.approx(2 / 3)
    nested = [{"args": [1], "expected": {"1": [True, None]}}]
    assert score("def f(x): return {x: (True, None)}", nested, entry_point="f").value == 1.0
    assert score("def f(x): return {x: (1, None)}", nested, entry_point="f").value == 1.0  # as Python says
    assert score("def f(x): return {x: (0, None)}", nested, entry_point="f").value == 0.0
    assert score("def f(x): return {x: ('1', None)}", nested, entry_point="f").value == 0.0
    method = "class Solution:\n    def f(self, xs): return [2 * x for x in xs]"
    assert score(method, cases[:2], entry_point="Solution.f").value == 1.0


def test_stdin_style() -> None:
    tests = [{"input": "2 3\n", "output": "5\n"}, {"input": "1 1", "output": "2"}]
    assert score("print(sum(map(int, input().split())))", tests).value == 1.0
    main = "def main():\n    print(sum(map(int, open(0).read().split())))\nif __name__ == '__main__':\n    main()\n"
    assert score(main, tests).value == 1.0
    wrong = score("print(5)", tests, score="share")
    assert wrong.value == 0.5 and "input 2 of 2 printed '5\\n'" in wrong.reason
    assert "ValueError: no" in score("raise ValueError('no')", tests).reason


@pytest.mark.parametrize(
    ("rule", "got", "expected", "same"),
    [
        ("lines", "a \nb\n\n", "a\nb", True),
        ("lines", "a\n", "a\nb", False),
        ("lines", " a", "a", False),
        ("tokens", "a\nb", "a b", True),
        ("numbers", "0.3333333 x", "0.33333333 x", True),
        ("numbers", "nan", "1", False),
        ("numbers", "1 2", "1", False),
        ("exact", "a\n", "a", False),
    ],
)
def test_output_rules(rule: str, got: str, expected: str, same: bool) -> None:
    assert same_output(got, expected, rule) is same


def test_pytest_style_counts_what_did_not_run_as_failed() -> None:
    tests = {
        "test_a.py": "import pytest\nfrom solution import add\n\n"
        "@pytest.mark.parametrize('a', [1, 2])\ndef test_add(a, tmp_path):\n    assert add(a, 1) == a + 1\n\n"
        "def test_raises():\n    with pytest.raises(TypeError):\n        add('x', 1)\n",
        "test_b.py": "import pytest\n\ndef test_skipped():\n    pytest.skip('no')\n\n"
        "@pytest.mark.xfail\ndef test_expected():\n    assert False\n",
    }
    result = score("def add(a, b): return a + b", tests, score="share")
    assert result.value == pytest.approx(3 / 5), result.reason
    del tests["test_b.py"]
    assert score("def add(a, b): return a + b", tests).value == 1.0
    assert score("x = 1", tests).value == 0.0


@pytest.mark.parametrize(
    ("text", "program", "how"),
    [
        ("```python\nA\n```", "A\n", "Python block 1 of 1"),
        ("```python\ndef f(): 1\n```\n```py\ndef g(): 2\n```", "def f(): 1\n", "Python block 1 of 2"),
        ("```python\nA\n```\nthen\n```python\nB\n```", "B\n", "Python block 2 of 2"),
        ("```bash\nls\n```\n```\nB\n```", "B\n", "block 1 of 1"),
        ("<think>```python\nA\n```</think>```python\nB\n```", "B\n", "Python block 1 of 1"),
        ("```python\ndef f(): 1", "def f(): 1", "Python block 1 of 1"),
        ("def f(): 1", "def f(): 1", "the whole completion"),
        ("\n\n    return 1\n```\nThat is all.", "    return 1\n", "the whole completion"),
    ],
)
def test_extraction(text: str, program: str, how: str) -> None:
    found = extract(text, "", ("f",))
    assert found is not None and (found.program, found.origin) == (program, how)


def test_extraction_with_a_prompt() -> None:
    prompt = "from typing import List\n\ndef f(x: List[int]):\n    '''Doc.'''\n"
    body = extract("    return x", prompt, ("f",))
    assert body is not None and body.program == prompt + "    return x"
    whole = extract("```python\ndef f(x: List[int]):\n    return x\n```", prompt, ("f",))
    assert whole is not None and whole.program.startswith("from typing import List\n")
    chat = extract("```python\n    return x\n```", f"Complete:\n\n```python\n{prompt}```", ("f",))
    assert chat is not None and chat.program == prompt + "    return x\n"


@pytest.mark.parametrize("text", ["", "  \n", "<think>never ends", "```python\n\n```"])
def test_no_code_is_zero(text: str) -> None:
    result = score(text, ["assert f(1) == 1"])
    assert result.value == 0.0 and result.reason == "no code in the completion"


@pytest.mark.parametrize(
    ("reference", "reason"),
    [
        (None, "mapping"),
        ({"tests": []}, "has no tests"),
        ({"tests": "x", "style": "nose"}, "unknown style"),
        ({"tests": ["assert f(1) =="]}, "not Python"),
        ({"tests": "x = 1", "style": "check", "entry_point": "f"}, "check nothing"),
        ({"tests": "def check(c): assert c(1) == 1", "style": "check"}, "entry_point"),
        ({"tests": {"test_a.py": "x = 1"}}, "check nothing"),
        ({"tests": {"test_a.py": "def ("}}, "not Python"),
        ({"tests": [{"input": "1"}]}, "shape"),
    ],
)
def test_bad_references_are_unjudgeable(reference: Any, reason: str) -> None:
    result = Reward("code", backend="bubblewrap").score(Sample("def f(x): return x", reference))
    assert result.outcome is Outcome.UNJUDGEABLE and reason in result.reason


def test_tests_that_fail_on_their_own_solution_are_unjudgeable() -> None:
    broken = {"tests": ["assert f(1) == 3"], "solution": "def f(x): return x + 1"}
    sound = {"tests": ["assert f(1) == 2"], "solution": "def f(x): return x + 1"}
    reward = Reward("code", backend="bubblewrap")
    wrong = Sample("def f(x): return 0", broken), Sample("def f(x): return 0", sound)
    first, second = reward.score_batch(wrong)
    assert first.outcome is Outcome.UNJUDGEABLE and "own reference solution" in first.reason
    assert second.outcome is Outcome.WRONG


def test_limits_are_the_programs_fault() -> None:
    tests = ["assert f(1) == 1", "assert f(2) == 2"]
    slow = score("import time\ndef f(x):\n    time.sleep(x - 1 and 9)\n    return x", tests, timeout=1.0, score="share")
    assert slow.value == 0.5 and "time limit" in slow.reason
    never = score("while True: pass", tests, timeout=0.5)
    assert (never.value, never.outcome) == (0.0, Outcome.TIMEOUT)
    big = score("def f(x): return len(bytearray(2**30))", tests, memory=128)
    assert (big.value, big.outcome) == (0.0, Outcome.TIMEOUT)
    total = score("import time\ndef f(x):\n    time.sleep(0.8)\n    return x", tests, timeout=5.0, total_timeout=1.2)
    assert "time limit of the program" in total.reason


@pytest.mark.parametrize("options", [{"backend": "dokcer"}, {"timeout": 0}, {"memory": 1}, {"scoer": "all"}])
def test_bad_options_are_refused_when_the_reward_is_made(options: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        Reward("code", **options)


def test_batches_keep_order_and_run_equal_programs_once() -> None:
    from holdfast.rewards.sandbox import Limits
    from holdfast.rewards.sandbox.backends.choice import pool_for

    pool = pool_for(BWRAP, Limits())
    before = pool.snapshot()["done"]
    programs = [f"def f(x): return x + {i % 3}" for i in range(30)]
    scores = Reward("code", backend="bubblewrap").score_batch(
        [Sample(p, {"tests": ["assert f(1) == 2"]}) for p in programs]
    )
    assert [s.value for s in scores] == [float(i % 3 == 1) for i in range(30)]
    assert pool.snapshot()["done"] - before == 3


def test_eight_callers_at_once_lose_nothing() -> None:
    results: dict[int, list[float | None]] = {}

    def call(number: int) -> None:
        samples = [
            Sample(f"# {number}\ndef f(x): return x + {i % 2}", {"tests": [f"assert f({i}) == {i + 1}"]})
            for i in range(12)
        ]
        results[number] = [s.value for s in Reward("code", backend="bubblewrap", timeout=30.0).score_batch(samples)]

    threads = [threading.Thread(target=call, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == {n: [float(i % 2) for i in range(12)] for n in range(8)}


def test_the_same_from_an_event_loop_and_a_pickled_copy() -> None:
    reward = pickle.loads(pickle.dumps(Reward("code", backend="bubblewrap")))
    sample = Sample("def f(x): return x", {"tests": ["assert f(1) == 1"]})
    assert asyncio.run(reward.ascore(sample)) == reward.score(sample)


def test_execute() -> None:
    run = execute("import sys\nprint(input()[::-1])\nprint('e', file=sys.stderr)\nsys.exit(3)", "abc\n", engine=BWRAP)
    assert (run.stdout, run.stderr, run.exit, run.broke) == (b"cba\n", "e\n", 3, None)
    assert run.cpu > 0 and run.memory > 2**20
    assert execute("while True: pass", limits=Limits(timeout=0.5), engine=BWRAP).broke == "timeout"
    flood = execute("while True: print('x' * 999)", limits=Limits(output=10_000), engine=BWRAP)
    assert flood.broke == "output" and len(flood.stdout) == 10_000


def test_validate_lists_rows_whose_tests_fail_on_their_own_solution(tmp_path: Path) -> None:
    rows = [
        {"id": "good", "reference": {"tests": ["assert f(1) == 2"], "solution": "def f(x): return x + 1"}},
        {"id": "bad", "reference": {"tests": ["assert f(1) == 3"], "solution": "def f(x): return x + 1"}},
        {"id": "none", "reference": {"tests": ["assert f(1) == 3"]}},
        {"task_id": 5, "test_list": ["assert g(1) == 1"], "code": "def g(x): return x", "test_setup_code": ""},
    ]
    path = tmp_path / "rows.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)))
    found = validate(path, backend="bubblewrap")
    assert [(f.row, f.id) for f in found] == [(2, "bad"), (3, "none")]
    path.write_text("{")
    with pytest.raises(DataError, match="line 1"):
        validate(path)


def test_queueing_never_counts_against_a_limit() -> None:
    samples = [
        Sample(f"import time\ntime.sleep(0.6)\ndef f(x): return {i}", {"tests": [f"assert f(0) == {i}"]})
        for i in range(8)
    ]
    started = time.monotonic()
    reward = Reward("code", backend="bubblewrap", timeout=3.0, total_timeout=3.0, workers=1)
    assert [s.value for s in reward.score_batch(samples)] == [1.0] * 8
    assert time.monotonic() - started > 3.0
