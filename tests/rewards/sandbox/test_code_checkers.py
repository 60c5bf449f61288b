"""Checkers: programs of a row that judge outputs, in Python and in languages that are built first."""

from typing import Any

import pytest
from helpers.sandboxes import BACKENDS, need

from holdfast.reward import Reward
from holdfast.sample import Outcome, Sample, Score

HEADER = "static int close_to(long a, long b) { return a - b < 3 && b - a < 3; }\n"
IN_C = """
#include <stdio.h>
#include <stdlib.h>
#include "near.h"
int main(int count, char **names) {
    long asked, said, wanted;
    if (count != 4) return 3;
    if (fscanf(fopen(names[1], "r"), "%ld", &asked) != 1 || fscanf(fopen(names[3], "r"), "%ld", &wanted) != 1) return 3;
    if (fscanf(fopen(names[2], "r"), "%ld", &said) != 1) return 2;
    if (said == wanted) return 0;
    if (said == 113) abort();
    if (said == 114) return 3;
    if (said == 115) return 7; /* without saying how many points */
    if (said == 116) for (;;);
    if (said == 117) return 8;
    if (said == 118) return 4;
    if (close_to(said, wanted)) { fprintf(stderr, "points 0.25 nearly %ld", asked); return 7; }
    return 1;
}
"""
IN_CPP = IN_C.replace("#include <stdio.h>", "#include <cstdio>").replace("#include <stdlib.h>", "#include <cstdlib>")
REFERENCE: dict[str, Any] = {"tests": [{"input": "5", "output": "10"}, {"input": "6", "output": "12"}]}
OUTPUTS = {
    "print(2 * int(input()))": 1.0,
    "print(2 * int(input()) + 1)": 0.25,
    "n = int(input())\nprint(2 * n + (n == 6))": 0.625,
    "print(99)": 0.0,
    "print('ten')": 0.0,
    "pass": 0.0,
    **{f"print({code})": 0.0 for code in range(113, 119) if code != 116},
}
"""Programs and what they get with score=share: a checker that fails on them judges the expected output well."""


def scores(backend: str, checker: dict[str, Any], score: str) -> list[float | None]:
    reward = Reward("code", backend=need(backend), score=score)
    reference = {**REFERENCE, "checker": checker}
    return [found.value for found in reward.score_batch([Sample(program, reference) for program in OUTPUTS])]


@pytest.mark.bubblewrap
def test_a_checker_in_c_in_the_fast_tier() -> None:
    checker = {"source": IN_C, "language": "c", "files": {"near.h": HEADER}}
    assert scores("bubblewrap", checker, "share") == list(OUTPUTS.values())
    assert scores("bubblewrap", checker, "all") == [float(value == 1) for value in OUTPUTS.values()]


EXITS = """
import sys
said, wanted = open(sys.argv[2]).read().strip(), open(sys.argv[3]).read().strip()
if said == wanted: {right}
{part}
"""
SCALES = {
    "of 1": ("sys.exit(0)", "print('points', said, file=sys.stderr); sys.exit(7)", {"0": 0.0, "0.5": 0.5}),
    "of an unknown scale": (
        "sys.exit(0)",
        "print('points', said, file=sys.stderr); sys.exit(7)",
        {"1": None, "50": None, "inf": 0.0, "nan": 0.0, "-3": 0.0},
    ),
    "of 100": (
        "print('points 100', file=sys.stderr); sys.exit(7)",
        "print('points', said, file=sys.stderr); sys.exit(7)",
        {"1": 0.01, "50": 0.5, "100": 1.0, "0.5": 0.005, "200": None},
    ),
    "printed": ("print(1)", "print(said)", {"0": 0.0, "0.5": 0.5, "inf": 0.0, "nan": 0.0, "2": None, "1": 1.0}),
    "printed of 100": ("print(100)", "print(said)", {"50": 0.5, "100": 1.0, "inf": 0.0, "200": None}),
}
"""What a checker does with the expected output and with another, and the share that an output gets."""


@pytest.mark.bubblewrap
@pytest.mark.parametrize("name", SCALES)
def test_points_are_a_share_of_what_the_expected_output_gets(name: str) -> None:
    right, part, outputs = SCALES[name]
    source = EXITS.format(right=right, part=f"else: {part}")
    checker = {"source": source, "kind": "testlib"}
    if name.startswith("printed"):
        checker = {"source": source, "kind": "printed", "arguments": ["input", "output", "answer"]}
    reference = {"tests": [{"input": "", "output": "right"}], "checker": checker}
    reward = Reward("code", backend=need("bubblewrap"), workers=1, score="share")
    samples = [Sample(f"print({output!r})", reference) for output in ("right", *outputs)]
    assert [score.value for score in reward.score_batch(samples)] == [1.0, *outputs.values()]


@pytest.mark.slow
@pytest.mark.parametrize("backend", BACKENDS)
def test_a_checker_in_cpp(backend: str) -> None:
    checker = {"source": IN_CPP, "files": {"near.h": HEADER}}
    assert scores(backend, checker, "share") == list(OUTPUTS.values())
    endless = Reward("code", backend=backend).score(Sample("print(116)", {**REFERENCE, "checker": checker}))
    assert endless.value == 0.0, endless


FAILING = {
    "does not compile": ("cpp", "int main() {"),
    "always fails": ("c", "int main() { return 3; }"),
    "refuses the expected output by dying": ("c", "int main() { int *p = 0; return *p; }"),
    "raises": ("python", "raise ValueError"),
    "throws": ("java", "class Main { public static void main(String[] a) { throw new RuntimeException(); } }"),
    "throws too": ("javascript", "throw new Error('no')"),
    "panics": ("rust", 'fn main() { panic!("no") }'),
    "panics too": ("go", 'package main\nfunc main() { panic("no") }'),
}


@pytest.mark.slow
@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("name", FAILING)
def test_a_checker_that_fails_by_itself_judges_nobody(name: str, backend: str) -> None:
    language, source = FAILING[name]
    score = _checked(backend, "print(1)", {"source": source, "language": language})
    assert score.value is None and "the checker" in score.reason, score


ACCEPTING = {
    "python": "import sys\nsys.exit(0 if len(sys.argv) == 4 else 1)",
    "java": "class Main { public static void main(String[] a) { System.exit(a.length == 3 ? 0 : 1); } }",
    "javascript": "process.exit(process.argv.length == 5 ? 0 : 1)",
    "rust": "fn main() { std::process::exit(if std::env::args().len() == 4 { 0 } else { 1 }) }",
    "go": 'package main\nimport "os"\nfunc main() { if len(os.Args) != 4 { os.Exit(1) } }',
}


@pytest.mark.slow
@pytest.mark.bubblewrap
@pytest.mark.parametrize("language", ACCEPTING)
def test_a_checker_in_any_language(language: str) -> None:
    score = _checked("bubblewrap", "print(1)", {"source": ACCEPTING[language], "language": language})
    assert score.value == 1.0, score


def _checked(backend: str, program: str, checker: Any) -> Score:
    found = Reward("code", backend=need(backend), workers=1).score(Sample(program, {**REFERENCE, "checker": checker}))
    if found.outcome is Outcome.ERROR and "the sandbox has no" in found.reason:
        pytest.skip(found.reason)
    return found


@pytest.mark.parametrize(
    ("checker", "words"),
    [
        ({"source": '#include "testlib.h"\nint main() {}'}, "files={'testlib.h'"),
        ({"source": "#include <testlib.h>\nint main() {}"}, "files={'testlib.h'"),
        ({"source": "x", "sorce": "x"}, "did you mean 'source'"),
        ({"source": "x", "kind": "codeforces"}, "must be one of testlib, printed"),
        ({"source": "x", "language": "cobol"}, "unknown language 'cobol' of the checker"),
        ({"source": "x", "arguments": ["input", "expected"]}, "some of input, output, answer"),
        ({"source": "x", "files": {"../x": ""}}, "names and their texts"),
        ({"source": "x", "files": {"x": "y"}}, "a Python checker is one source"),
        (
            {"source": IN_CPP, "files": {"near.h": HEADER, "main.cpp": "int main() {}"}},
            "the checker itself is written to 'main.cpp'",
        ),
        ({"source": IN_C, "language": "c", "files": {"main.c": "int main() {}"}}, "is written to 'main.c'"),
        (
            {"source": "public class A {}", "language": "java", "files": {"A.java": ""}},
            "the checker itself is written",
        ),
        ({"language": "cpp"}, "the key 'source'"),
        ("#include <stdio.h>\nint main() {}", "'language': 'cpp'"),
    ],
)
def test_what_a_checker_says_takes_effect_or_is_refused(checker: Any, words: str) -> None:
    score = Reward("code").score(Sample("print(1)", {**REFERENCE, "checker": checker}))
    assert score.value is None and words in score.reason, score


ATTACKS = [
    "import os, glob\nfor p in glob.glob('/build/**', recursive=True):\n    try: open(p, 'w').write('x')\n"
    "    except OSError: pass\nprint(99)",
    "import os\ntry: os.makedirs('/check')\nexcept OSError: pass\nprint(99)",
    "import os\ntry: os.symlink('/tmp/mine', '/check')\nexcept OSError: pass\nprint(99)",
    "import os, time\nif os.fork() == 0:\n    os.setsid()\n    while True:\n        for d in ('/check', '/judge'):\n"
    "            try: open(d + '/output', 'w').write('10')\n            except OSError: pass\nprint(99)",
    "import glob\nprint(99, [open(p, 'rb').read() for p in glob.glob('/check/*') + glob.glob('/build/home/*')])",
]


@pytest.mark.slow
@pytest.mark.parametrize("backend", BACKENDS)
def test_no_program_meets_the_checker(backend: str) -> None:
    checker = {"source": IN_C, "language": "c", "files": {"near.h": HEADER}}
    reward = Reward("code", backend=need(backend), workers=1, timeout=5.0)
    reference = {**REFERENCE, "checker": checker}
    programs = [*ATTACKS, "print(2 * int(input()))"]
    found = [reward.score(Sample(program, reference)).value for program in programs]
    assert found == [0.0] * len(ATTACKS) + [1.0]
