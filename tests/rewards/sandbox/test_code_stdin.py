"""Problems of the kind that LiveCodeBench has: standard input to standard output, many tests, big inputs."""

import random
from typing import Any

import pytest
from helpers.sandboxes import need

from holdfast.reward import Reward
from holdfast.rewards.sandbox.inside.judge.outputs import same_output
from holdfast.sample import Outcome, Sample

_RANDOM = random.Random(20_260_401)


def cases(count: int, size: int) -> list[dict[str, str]]:
    """Longest increasing subsequence: its length, the sum of all numbers, their mean to nine places."""
    made = []
    for _ in range(count):
        numbers = [_RANDOM.randint(-(10**9), 10**9) for _ in range(size)]
        mean = sum(numbers) / len(numbers)
        text = f"{len(numbers)}\n{' '.join(map(str, numbers))}\n"
        made.append({"input": text, "output": f"{longest(numbers)} {sum(numbers)}\n{mean:.9f}\n"})
    return made


def longest(numbers: list[int]) -> int:
    from bisect import bisect_left

    tails: list[int] = []
    for number in numbers:
        place = bisect_left(tails, number)
        tails[place : place + 1] = [number]
    return len(tails)


RIGHT = """
Here is my solution.

```python
import sys
from bisect import bisect_left

def main():
    data = sys.stdin.read().split()
    n, a = int(data[0]), list(map(int, data[1:]))
    tails = []
    for x in a:
        i = bisect_left(tails, x)
        if i == len(tails):
            tails.append(x)
        else:
            tails[i] = x
    print(len(tails), sum(a))
    print("%.9f" % (sum(a) / n))

if __name__ == "__main__":
    main()
```
"""
QUADRATIC = RIGHT.replace(
    "i = bisect_left(tails, x)", "i = next((j for j, t in enumerate(tails) if t >= x), len(tails))"
)
NOT_STRICT = RIGHT.replace("bisect_left(tails, x)", "bisect.bisect_right(tails, x)").replace(
    "from bisect import bisect_left", "import bisect"
)


@pytest.fixture(scope="module")
def backend() -> str:
    return need("bubblewrap")


def judged(completion: str, tests: list[dict[str, str]], backend: str, **options: Any) -> Any:
    compare = options.pop("compare", "lines")
    reference = {"style": "stdin", "tests": tests, "compare": compare}
    return Reward("code", backend=backend, **options).score(Sample(completion, reference, "Solve it."))


def test_many_tests_per_problem(backend: str) -> None:
    tests = cases(120, 40)
    assert judged(RIGHT, tests, backend).outcome is Outcome.CORRECT
    repeated = [{"input": "4\n5 5 5 7\n", "output": "2 22\n5.500000000\n"}]
    wrong = judged(NOT_STRICT, tests + repeated, backend)
    assert wrong.outcome is Outcome.WRONG and "input 121 of 121 printed" in wrong.reason
    assert "120 of 121 tests passed" in wrong.reason
    assert judged(NOT_STRICT, tests + repeated, backend, score="share").value == pytest.approx(120 / 121)


def test_an_input_of_a_megabyte_and_an_output_of_one(backend: str) -> None:
    big = cases(1, 100_000)
    assert len(big[0]["input"]) > 1_000_000
    assert judged(RIGHT, big, backend).outcome is Outcome.CORRECT
    slow = judged("import time\ntime.sleep(30)", big, backend, timeout=0.7)
    assert slow.value == 0.0 and slow.outcome is Outcome.TIMEOUT
    assert judged("print('unread')", [{"input": "x" * 10**6, "output": "unread"}], backend).value == 1.0
    echo = "import sys\nsys.stdout.write(sys.stdin.read()[::-1])"
    text = "".join(_RANDOM.choices("abc \n", k=1_000_000)) + "e"
    assert judged(echo, [{"input": text, "output": text[::-1]}], backend, timeout=20.0).value == 1.0


def test_a_slow_solution_is_a_timeout_on_the_big_input_only(backend: str) -> None:
    small, big = cases(3, 10), cases(1, 60_000)
    climbing = " ".join(map(str, range(60_000)))
    big[0] = {"input": f"60000\n{climbing}\n", "output": "60000 1799970000\n29999.500000000\n"}
    assert judged(RIGHT, small + big, backend).value == 1.0
    late = judged(QUADRATIC, small + big, backend, timeout=2.0, score="share")
    assert late.value == 0.75 and "input 4 of 4 exceeded the time limit" in late.reason


READERS = {
    "input": "n = int(input())\nprint(sum(int(input()) for _ in range(n)))",
    "stdin lines": "import sys\nnext(sys.stdin)\nprint(sum(int(line) for line in sys.stdin))",
    "readline": "import sys\ninput = sys.stdin.readline\nprint(sum(int(input()) for _ in range(int(input()))))",
    "bytes": "import sys\nprint(sum(map(int, sys.stdin.buffer.read().split()[1:])))",
    "open 0": "print(sum(map(int, open(0).read().split()[1:])))",
    "os.read": "import os\nprint(sum(map(int, os.read(0, 10**6).split()[1:])))",
    "fileinput": "import fileinput\nprint(sum(map(int, list(fileinput.input())[1:])))",
    "thread with a big stack": "import sys, threading\nsys.setrecursionlimit(10**6)\nthreading.stack_size(2**26)\n"
    "def go(d): return 0 if d == 0 else 1 + go(d - 1)\n"
    "def main():\n    assert go(20000) == 20000\n    print(sum(int(input()) for _ in range(int(input()))))\n"
    "t = threading.Thread(target=main)\nt.start()\nt.join()",
    "io trick": "import io, os, sys\nsys.stdin = io.TextIOWrapper(io.BytesIO(os.read(0, 10**6)))\n"
    "print(sum(int(input()) for _ in range(int(input()))))",
    "exit": "import sys\nprint(sum(int(input()) for _ in range(int(input()))))\nsys.exit(0)",
    "buffered writes": "import sys\nw = sys.stdout.write\n"
    "w(str(sum(int(input()) for _ in range(int(input())))))\nw('\\n')",
}


@pytest.mark.parametrize("name", READERS)
def test_every_usual_way_to_read_works(name: str, backend: str) -> None:
    tests = [{"input": "3\n4\n5\n-6\n", "output": "3"}, {"input": "1\n7", "output": "7\n"}]
    score = judged(READERS[name], tests, backend)
    assert score.outcome is Outcome.CORRECT, score.reason


@pytest.mark.parametrize(
    ("printed", "expected", "equal"),
    [
        ("1 2\n", "1 2", {"lines", "tokens", "numbers"}),
        ("1 2  \n\n", "1 2\n", {"lines", "tokens", "numbers"}),
        ("1 2\r\n3\r\n", "1 2\n3\n", {"lines", "tokens", "numbers"}),
        ("1  2", "1 2", {"tokens", "numbers"}),
        ("1\n2", "1 2", {"tokens", "numbers"}),
        ("  1 2", "1 2", {"tokens", "numbers"}),
        ("0.3333333333", "0.333333333", {"numbers"}),
        ("1e3", "1000.0", {"numbers"}),
        ("-0.0", "0", {"numbers"}),
        ("0.334", "0.333", set()),
        ("1 2", "1 2 3", set()),
        ("1 2 3", "1 2", set()),
        ("YES", "yes", set()),
        ("nan", "nan", {"lines", "tokens", "numbers", "exact"}),
        ("nan", "1", set()),
        ("inf", "1", set()),
        ("1" * 500, "2" * 500, set()),
        ("5", "1" * 350, set()),
        ("1e9999", "2e9999", set()),
        ("5", "1e400", set()),
        ("", "", {"lines", "tokens", "numbers", "exact"}),
        ("\n\n", "", {"lines", "tokens", "numbers"}),
        ("", "0", set()),
        ("0x10", "16", set()),
        ("１", "1", set()),
        ("1_000", "1000", set()),
        ("1\x002", "12", set()),
    ],
)
def test_the_rules_of_comparison(printed: str, expected: str, equal: set[str]) -> None:
    raw = printed.encode().decode("latin-1")
    assert {rule for rule in ("lines", "tokens", "numbers", "exact") if same_output(raw, expected, rule)} == equal


def test_other_alphabets_cross_both_ways(backend: str) -> None:
    tests = [{"input": "дом ☃ 家\n", "output": "家 ☃ дом"}]
    assert judged("print(*reversed(input().split()))", tests, backend).value == 1.0


def test_floats_by_the_declared_rule(backend: str) -> None:
    tests = [{"input": "2\n", "output": "1.414213562\n"}]
    program = "print(int(input()) ** 0.5)"
    assert judged(program, tests, backend).value == 0.0
    assert judged(program, tests, backend, compare="numbers").value == 1.0


def test_methods_of_a_solution_class_with_big_arguments(backend: str) -> None:
    """LiveCodeBench's other kind of problem."""
    numbers = [_RANDOM.randint(0, 10**6) for _ in range(60_000)]
    reference = {
        "style": "function",
        "entry_point": "Solution.topTwo",
        "tests": [{"args": [numbers], "expected": sorted(numbers)[-2:]}, {"args": [[3, 1]], "expected": [1, 3]}],
    }
    right = "class Solution:\n    def topTwo(self, nums: List[int]) -> List[int]:\n        return sorted(nums)[-2:]\n"
    head = "from typing import *\n"
    reward = Reward("code", backend=backend)
    assert reward.score(Sample(head + right, reference)).value == 1.0
    assert reward.score(Sample(head + right.replace("[-2:]", "[:2]"), reference)).value == 0.0


def test_a_batch_judges_equal_programs_by_each_rows_own_outputs() -> None:
    """Equal programs with equal inputs run with different expectations: no row may get another row's verdict."""
    reward = Reward("code", backend=need("bubblewrap"), timeout=8.0)
    outputs = ["1\n", "2\n", "1\n", "1.0000001\n"]
    rules = ["lines", "lines", "exact", "numbers"]
    rows = [
        Sample("print(1)", {"style": "stdin", "tests": [{"input": "", "output": output}], "compare": rule})
        for output, rule in zip(outputs, rules, strict=True)
    ]
    for order in (rows, rows[::-1]):
        assert [score.value for score in reward.score_batch(order)] == [reward.score(row).value for row in order]
    assert [score.value for score in reward.score_batch(rows)] == [1.0, 0.0, 1.0, 1.0]
    solved = [Sample("print(0)", {**row.reference, "solution": "print(1)"}) for row in rows[:2]]
    assert [score.outcome for score in reward.score_batch(solved)] == [Outcome.WRONG, Outcome.UNJUDGEABLE]
