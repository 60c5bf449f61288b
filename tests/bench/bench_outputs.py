"""Which rule compares printed output best: on the real standard-output tests of LiveCodeBench's 879 problems.

python tests/bench/bench_outputs.py

Right: an expected output as another right program would print it (with the line's end or without it, blanks behind,
decimals as Python writes them or rounded to 6, 9 and 12 digits where the expected output has as many). Wrong: the
expected output of another test of the same problem, a last line left out, a last integer that is one
too large, and upper case for lower. The share of each that a rule accepts.
"""

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from helpers.paths import SHARED_DATA

from holdfast.rewards.sandbox.inside.judge.outputs import RULES, same_output

_DECIMAL = re.compile(r"-?\d+\.\d+")


def outputs() -> list[list[str]]:
    """The expected outputs of each problem with standard output."""
    rows = json.loads((SHARED_DATA / "livecodebench" / "livecodebench.json").read_text())
    tests = [row["tests"] for row in rows if row["tests"][0]["testtype"] == "stdin"]
    return [[test["output"] for test in one] for one in tests]


def right(text: str) -> Iterator[tuple[str, str]]:
    """The same output as other programs print it."""
    yield "line's end", text.rstrip("\n") + "\n"
    yield "no line's end", text.rstrip("\n")
    yield "blanks behind", "\n".join(line + " " for line in text.rstrip("\n").split("\n"))
    if _DECIMAL.search(text):
        yield "decimals by Python", _DECIMAL.sub(lambda m: repr(float(m[0])), text)
        for digits in (6, 9, 12):
            if all(len(number.partition(".")[2]) >= digits for number in _DECIMAL.findall(text)):
                yield f"decimals to {digits}", _DECIMAL.sub(lambda m, d=digits: f"{float(m[0]):.{d}f}", text)


def wrong(text: str, others: list[str]) -> Iterator[tuple[str, str]]:
    """Other outputs."""
    for other in others:
        if other.split() != text.split():
            yield "another test's", other
    lines = text.rstrip("\n").split("\n")
    if len(lines) > 1:
        yield "a line less", "\n".join(lines[:-1])
    if number := re.search(r"(?<![\d.])-?\d+(?=\s*\Z)", text):
        yield "one more", f"{text[: number.start()]}{int(number[0]) + 1}\n"
    if text.swapcase() != text:
        yield "other case", text.swapcase()


def main() -> None:
    """Print the table."""
    problems = outputs()
    print(f"{len(problems)} problems, {sum(map(len, problems))} tests,"
          f" {sum(bool(_DECIMAL.search(text)) for one in problems for text in one)} with decimals\n")  # fmt: skip
    cases = [(True, name, text, printed) for one in problems for text in one for name, printed in right(text)]
    cases += [
        (False, name, text, printed)
        for one in problems
        for i, text in enumerate(one)
        for name, printed in wrong(text, [other for k, other in enumerate(one) if k != i][:3])
    ]
    print(
        "| rule | right accepted | decimals accepted | wrong accepted | of these, other case |\n|---|---|---|---|---|"
    )
    for rule in RULES:
        accepted = [(good, name, same_output(printed, text, rule, None)) for good, name, text, printed in cases]
        shares = [
            [ok for good, name, ok in accepted if good],
            [ok for good, name, ok in accepted if good and "decimals" in name],
            [ok for good, name, ok in accepted if not good and name != "other case"],
            [ok for good, name, ok in accepted if not good and name == "other case"],
        ]
        print(f"| {rule} | " + " | ".join(f"{sum(one)} of {len(one)}" for one in shares) + " |")


if __name__ == "__main__":
    main()
