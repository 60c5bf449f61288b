"""Rows of published code data sets, rebuilt in their documented shapes from MBPP's problems, with gold programs."""

import ast
import base64
import functools
import json
import pickle
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from helpers.paths import shared
from holdfast.rewards.sandbox import Engine, execute


@dataclass(frozen=True)
class Problem:
    """One MBPP problem whose asserts all compare one call with literals."""

    text: str
    code: str
    name: str
    calls: list[tuple[list[Any], Any]]
    asserts: list[str]

    @property
    def script(self) -> str:
        """The solution as a program that reads its arguments as JSON."""
        return f"{self.code}\nimport json, sys\nprint({self.name}(*json.loads(sys.stdin.read())))\n"

    @property
    def method(self) -> str:
        """The solution as LeetCode wants it."""
        return f"{self.code}\nclass Solution:\n    def {self.name}(self, *a):\n        return {self.name}(*a)\n"

    @property
    def inputs(self) -> list[str]:
        return [json.dumps(arguments) for arguments, _ in self.calls]

    @property
    def outputs(self) -> list[str]:
        """What the solution prints: published outputs were made so (an assert holds for 1 where it gives True)."""
        return [_printed(self.script, text) for text in self.inputs]


@functools.cache
def _printed(program: str, text: str) -> str:
    done = execute(program, text, engine=Engine("bubblewrap"))
    assert not done.exit and not done.broke, done
    return done.stdout.decode()


def problems(limit: int = 10_000) -> Iterator[Problem]:
    """The problems of MBPP that can be rebuilt: JSON values only."""
    found = 0
    for line in shared("mbpp", "mbpp.jsonl").read_text().splitlines():
        row = json.loads(line)
        calls = [_call(text) for text in row["test_list"]]
        names = {name for call in calls if call for name in [call[0]]}
        if None in calls or len(names) != 1 or row["test_setup_code"] or found >= limit:
            continue
        found += 1
        pairs = [(arguments, expected) for _, arguments, expected in filter(None, calls)]
        yield Problem(row["text"], row["code"].replace("\r\n", "\n"), names.pop(), pairs, row["test_list"])


def _call(text: str) -> tuple[str, list[Any], Any] | None:
    """Name, arguments and expected value of `assert f(…) == …`; None for what JSON cannot say."""
    try:
        node = ast.parse(text).body[0]
        assert (
            isinstance(node, ast.Assert) and isinstance(node.test, ast.Compare) and isinstance(node.test.left, ast.Call)
        )
        name, right = node.test.left.func, node.test.comparators[0]
        assert isinstance(name, ast.Name) and isinstance(node.test.ops[0], ast.Eq) and not node.test.left.keywords
        arguments, expected = [ast.literal_eval(a) for a in node.test.left.args], ast.literal_eval(right)
        same = json.loads(json.dumps([arguments, expected])) == [arguments, expected]
    except (AssertionError, ValueError, TypeError, SyntaxError):
        return None
    return (name.id, arguments, expected) if same else None


def apps(p: Problem) -> dict[str, Any]:
    column = {"inputs": [f"{text}\n" for text in p.inputs], "outputs": p.outputs}
    return {
        "problem_id": 1,
        "question": p.text,
        "solutions": json.dumps([p.script]),
        "input_output": json.dumps(column),
    }


def apps_function(p: Problem) -> dict[str, Any]:
    column = {"fn_name": p.name, "inputs": [a for a, _ in p.calls], "outputs": [[e] for _, e in p.calls]}
    return {
        "question": p.text,
        "solutions": json.dumps([p.code]),
        "input_output": json.dumps(column),
        "starter_code": "",
    }


def taco(p: Problem) -> dict[str, Any]:
    column = {"fn_name": p.name, "inputs": [a for a, _ in p.calls], "outputs": [e for _, e in p.calls]}
    extra = {"time_limit": "2.0 seconds", "memory_limit": "256.0 megabytes", "name": "x", "tags": "[]"}
    return {"question": p.text, "solutions": json.dumps([p.code]), "input_output": json.dumps(column), **extra}


def eurus(p: Problem) -> dict[str, Any]:
    truth = json.dumps({"inputs": p.inputs, "outputs": p.outputs})
    return {"data_source": "taco", "ability": "code", "prompt": [{"role": "user", "content": p.text}],
            "reward_model": {"ground_truth": truth, "style": "rule"}, "extra_info": {}}  # fmt: skip


def code_contests(p: Problem) -> dict[str, Any]:
    first = {"input": p.inputs[:1], "output": p.outputs[:1]}
    rest = {"input": p.inputs[1:], "output": p.outputs[1:]}
    return {"name": "1_A", "description": p.text, "public_tests": first, "private_tests": rest,
            "generated_tests": {"input": [], "output": []}, "time_limit": {"seconds": 2, "nanos": 0},
            "memory_limit_bytes": 256_000_000, "solutions": {"language": [3], "solution": [p.script]},
            "input_file": "", "output_file": ""}  # fmt: skip


def codeforces(p: Problem) -> dict[str, Any]:
    tests = [{"input": i, "output": o} for i, o in zip(p.inputs, p.outputs, strict=True)]
    checker = (
        "import sys\ndef words(path):\n    return open(path).read().split()\n"
        "print(int(words(sys.argv[2]) == words(sys.argv[3])))\n"
    )
    return {"id": "1/A", "title": "x", "description": p.text, "time_limit": 2.0, "memory_limit": 256.0,
            "official_tests": tests, "official_tests_complete": True, "examples": tests[:1], "input_mode": "stdio",
            "interaction_format": None, "generated_checker": checker}  # fmt: skip


def livecodebench(p: Problem) -> dict[str, Any]:
    cases = [{"input": i, "output": o, "testtype": "stdin"} for i, o in zip(p.inputs, p.outputs, strict=True)]
    hidden = base64.b64encode(zlib.compress(pickle.dumps(json.dumps(cases[1:])))).decode()
    return {"question_title": "x", "question_content": p.text, "platform": "atcoder", "starter_code": "",
            "public_test_cases": json.dumps(cases[:1]), "private_test_cases": hidden, "metadata": "{}"}  # fmt: skip


def livecodebench_functional(p: Problem) -> dict[str, Any]:
    cases = [
        {"input": "\n".join(map(json.dumps, a)), "output": json.dumps(e), "testtype": "functional"} for a, e in p.calls
    ]
    starter = f"class Solution:\n    def {p.name}(self, x):\n        "
    return {"question_content": p.text, "platform": "leetcode", "starter_code": starter,
            "public_test_cases": json.dumps(cases[:1]), "private_test_cases": json.dumps(cases[1:]),
            "metadata": json.dumps({"func_name": p.name})}  # fmt: skip


def deepcoder(p: Problem) -> dict[str, Any]:
    cases = [
        {"type": "function_call", "fn_name": p.name, "input": a, "output": [e]} for a, e in p.calls
    ]  # fmt: skip
    return {"problem": p.text, "solutions": [f"```python\n{p.code}\n```"], "tests": json.dumps(cases)}


def synthetic1(p: Problem) -> dict[str, Any]:
    cases = [{"type": "stdin_stdout", "input": i, "output": o} for i, o in zip(p.inputs, p.outputs, strict=True)]
    info = {"language": "python", "test_cases": cases}
    return {"response_id": "x", "task_type": "verifiable_code", "prompt": p.text, "verification_info": repr(info),
            "gold_standard_solution": f"```python\n{p.script}\n```"}  # fmt: skip


def kodcode(p: Problem) -> dict[str, Any]:
    tests = "".join(f"def test_{i}():\n    {text}\n\n" for i, text in enumerate(p.asserts))
    return {"question_id": "x", "question": p.text, "solution": p.code,
            "test": f"from solution import {p.name}\n\n{tests}", "style": "instruct", "subset": "Leetcode",
            "test_info": [{"function_name": p.name}]}  # fmt: skip


def acecode(p: Problem) -> dict[str, Any]:
    return {"id": "oss_1", "source": "oss", "question": p.text, "test_cases": p.asserts, "inferences": []}


def rlvr_code(p: Problem) -> dict[str, Any]:
    messages = [{"role": "user", "content": p.text}]
    return {"messages": messages, "ground_truth": p.asserts, "dataset": "code", "good_program": True}


def leetcode(p: Problem) -> dict[str, Any]:
    checks = "".join(f"    {text.replace(p.name + '(', 'candidate(', 1)}\n" for text in p.asserts)
    prelude = "import random\nfrom typing import *\nfrom collections import *\n\nclass ListNode:\n    pass\n"
    return {"task_id": "x", "prompt": prelude, "starter_code": f"class Solution:\n    def {p.name}(self, a):\n        ",
            "completion": p.method, "entry_point": f"Solution().{p.name}", "test": f"def check(candidate):\n{checks}",
            "input_output": [], "query": p.text}  # fmt: skip


def bigcodebench(p: Problem) -> dict[str, Any]:
    tests = "".join(
        f"    def test_case_{i}(self):\n        self.assertEqual(task_func(*{a!r}), {e!r})\n"
        for i, (a, e) in enumerate(p.calls)
    )
    body = f"{p.code}\ndef task_func(*a):\n    return {p.name}(*a)\n"
    return {"task_id": "BigCodeBench/1", "instruct_prompt": p.text, "complete_prompt": "import math\n",
            "code_prompt": "import math\n", "entry_point": "task_func", "canonical_solution": body,
            "test": f"import unittest\nclass TestCases(unittest.TestCase):\n{tests}"}  # fmt: skip


@dataclass(frozen=True)
class Shape:
    """One shape: how a row is made, and which program is its gold."""

    make: Callable[[Problem], dict[str, Any]]
    gold: Callable[[Problem], str]


def _script(p: Problem) -> str:
    return p.script


def _code(p: Problem) -> str:
    return p.code


def _method(p: Problem) -> str:
    return p.method


SHAPES = {
    "APPS, stdin": Shape(apps, _script),
    "APPS, function": Shape(apps_function, _code),
    "TACO": Shape(taco, _code),
    "Eurus-2": Shape(eurus, _script),
    "CodeContests": Shape(code_contests, _script),
    "open-r1 Codeforces, checker": Shape(codeforces, _script),
    "LiveCodeBench, stdin": Shape(livecodebench, _script),
    "LiveCodeBench, functional": Shape(livecodebench_functional, _method),
    "DeepCoder": Shape(deepcoder, _code),
    "SYNTHETIC-1": Shape(synthetic1, _script),
    "KodCode": Shape(kodcode, _code),
    "AceCode": Shape(acecode, _code),
    "rlvr-code-data": Shape(rlvr_code, _code),
    "LeetCodeDataset": Shape(leetcode, _method),
    "BigCodeBench": Shape(bigcodebench, lambda p: f"{p.code}\ndef task_func(*a):\n    return {p.name}(*a)\n"),
}


_LOUD = "_say = print\ndef print(*a, **k): _say('spoiled', *a, **k)\n"
_SPOIL = """
for _name, _f in list(globals().items()):
    if callable(_f) and getattr(_f, '__module__', '') == __name__ and not isinstance(_f, type):
        globals()[_name] = lambda *a, **k: 'spoiled'
for _name in [n for n in vars(globals().get('Solution', object)) if n[:2] != '__']:
    setattr(Solution, _name, lambda *a, **k: 'spoiled')
"""


def spoiled(program: str) -> str:
    """A program that is wrong everywhere: what it returns or prints is no value of any problem."""
    return _LOUD + program if "json.loads(sys.stdin" in program else program + _SPOIL
