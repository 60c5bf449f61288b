"""Tests in the program's own language, put behind it (MultiPL-E): what passes, what is wrong, what is refused."""

import re
import shutil
from typing import Any

import pytest
from helpers.sandboxes import BACKENDS, need

from holdfast.reward import Reward
from holdfast.sample import Outcome, Sample, Score

CPP: dict[str, Any] = {
    "name": "HumanEval_9_largest_long",
    "language": "cpp",
    "prompt": "#include<assert.h>\n#include<bits/stdc++.h>\n// The largest of a vector, 0 for none.\n"
    "// >>> largest_long((std::vector<long>({(long)1, (long)3})))\n// (3)\nlong largest_long(std::vector<long> l) {\n",
    "tests": "}\nint main() {\n    auto candidate = largest_long;\n"
    "    assert(candidate((std::vector<long>())) == (0));\n"
    "    assert(candidate((std::vector<long>({(long)5, (long)-3, (long)7}))) == (7));\n}\n",
    "stop_tokens": ["\n}"],
}
UNION = "union Union_std_string_long{\n    std::string f0;\n    long f1;\n};\n"
JS: dict[str, Any] = {
    "name": "HumanEval_9_largest",
    "language": "js",
    "prompt": "//The largest of an array, 0 for none.\n// >>> largest([1, 3])\n// 3\nfunction largest(l){\n",
    "tests": "const assert = require('node:assert');\n\n\nfunction test() {\n  let candidate = largest;\n"
    "  assert.deepEqual(candidate([]),0);\n  assert.deepEqual(candidate([5, -3, 7]),7);\n}\n\ntest();",
    "stop_tokens": ["\nfunction ", "\n/*", "\n//", "\nconsole.log"],
}
BODY = "    long m = 0;\n    for (long x : l) m = std::max(m, x);\n    return m;\n"
WHOLE = f"long largest_long(std::vector<long> l) {{\n{BODY}}}\n"
JS_BODY = "  return l.length ? Math.max(...l) : 0;\n}\n"
JAVA: dict[str, Any] = {
    "name": "HumanEval_9_largest_int",
    "language": "java",
    "prompt": "import java.util.*;\nimport java.lang.reflect.*;\nclass Problem {\n"
    "    // The largest of a list, 0 for none.\n    public static long largestInt(ArrayList<Long> l) {\n",
    "tests": "    }\n    public static void main(String[] args) {\n"
    "    assert(largestInt((new ArrayList<Long>(Arrays.asList()))) == (0l));\n"
    "    assert(largestInt((new ArrayList<Long>(Arrays.asList((long)5l, (long)-3l, (long)7l)))) == (7l));\n"
    "    }\n\n}\n",
    "stop_tokens": ["\n    }\n"],
}
JAVA_BODY = "        long m = 0;\n        for (long x : l) m = Math.max(m, x);\n        return m;\n    }\n"
METHOD = f"    public static long largestInt(ArrayList<Long> l) {{\n{JAVA_BODY}"
RUST: dict[str, Any] = {
    "name": "HumanEval_9_largest",
    "language": "rs",
    "prompt": "/// The largest of a vector, 0 for none.\nfn largest(l: Vec<isize>) -> isize {\n",
    "tests": "}\n\nfn main() {\n    let candidate = largest;\n    assert_eq!(candidate(Vec::<isize>::new()), 0);\n"
    "    assert_eq!(candidate(vec![5, -3, 7]), 7);\n}\n",
    "stop_tokens": ["\n}"],
}
RUST_BODY = "    l.into_iter().max().unwrap_or(0)\n"
C: dict[str, Any] = {
    "name": "HumanEval_9_twice",
    "language": "c",
    "prompt": "#include <assert.h>\n// Twice x.\nlong twice(long x) {\n",
    "tests": "}\nint main(void) {\n    assert(twice(2) == 4);\n    assert(twice(-1) == -2);\n}\n",
    "stop_tokens": ["\n}"],
}
RIGHT = {
    "java": [
        JAVA_BODY.replace("    }\n", ""),
        f"```java\n{METHOD}```",
        f"```java\nimport java.util.*;\n\nclass Problem {{\n{METHOD}}}\n```",
        f"```java\nclass Problem {{\n{METHOD}    public static void main(String[] a) {{ System.exit(0); }}\n}}\n```",
    ],
    "rust": [
        RUST_BODY,
        f'```rust\nfn largest(l: Vec<isize>) -> isize {{\n{RUST_BODY}}}\n\nfn main() {{ println!("{{}}", 1); }}\n```',
    ],
    "c": [
        "    return 2 * x;\n}\n\nint main() { return 1; }\n",
        "```c\nlong twice(long x) { return x + x; }\nint main(void) { return 1; }\n```",
    ],
    "cpp": [
        BODY,
        f"{BODY}}}\n\nint main() {{ return 1; }}\n",
        f"Sure:\n\n```cpp\n#include <vector>\n{WHOLE}```\nIt is linear.",
        f"```cpp\n{CPP['prompt']}{BODY}}}\n```",
        f"```cpp\nusing namespace std;\n{WHOLE.replace('std::', '')}\nint main() {{ return 3; }}\n```",
        f"```c++\n// helper\nstatic long larger(long a, long b) {{ return a > b ? a : b; }}\n"
        f"{WHOLE.replace('std::max', 'larger')}```",
        f"<think>```cpp\nlong largest_long(std::vector<long> l) {{ return 1; }}\n```</think>```cpp\n{WHOLE}```",
    ],
    "js": [
        JS_BODY,
        f"{JS_BODY}\nconsole.log(largest([1]));\n",
        f"```javascript\nfunction largest(l) {{\n{JS_BODY}```",
        f"```js\nconst largest = (l) => {{\n{JS_BODY}```",
        f"Here:\n```js\n{JS['prompt']}{JS_BODY}\nmodule.exports = {{ largest }};\n```",
    ],
}
WRONG = {
    "java": [
        "        return 7;\n",
        "        System.exit(0);\n        return 0;\n",
        f"```java\nclass Problem {{\n{METHOD.replace('return m', 'return m + 1')}}}\n```",
        f"```java\nclass Problem {{\n    static {{ System.exit(0); }}\n{METHOD}}}\n```",
        "```java\nclass Problem { }\n```",
    ],
    "rust": ["    7\n", "    std::process::exit(0)\n", "    panic!()\n", f"    let x = 1\n{RUST_BODY}"],
    "c": [
        "    return x;\n",
        "    _Exit(0);\n",
        "```c\n#include <stdlib.h>\nlong twice(long x) { exit(0); }\n```",
        "```c\n#define assert(x)\nlong twice(long x) { return 3; }\n```",
    ],
    "cpp": [
        "    return 7;\n",
        "    exit(0);\n",
        "    quick_exit(0);\n",
        "    std::cout << \"0123\" << std::endl; exit(0);\n",
        "    throw 0;\n",
        f"```cpp\n#define NDEBUG\n#include <cassert>\n{WHOLE.replace('return m', 'return m + 1')}```",
        f"```cpp\n#define assert(x)\n{WHOLE.replace('return m', 'return m + 1')}```",
        f"```cpp\nstruct S {{ S() {{ _exit(0); }} }} s;\n{WHOLE}```",
        "I cannot.",
        "```cpp\nlong smallest_long(std::vector<long> l) { return 0; }\n```",
    ],
    "js": [
        "  return 7;\n}\n",
        "  process.exit(0);\n}\n",
        "  return l.length ? Math.min(...l) : 0;\n}\n",
        "```js\nprocess.exit(0)\n```",
        "```js\nfunction largest(l) { return 7; }\nprocess.on('exit', () => { process.exitCode = 0; });\n```",
        "```js\nfunction largest(l) { throw 1; }\nprocess.on('uncaughtException', () => {});\n```",
    ],
}  # fmt: skip
ROWS = {"cpp": CPP, "js": JS, "java": JAVA, "rust": RUST, "c": C}
TOOLS = {"cpp": "g++", "js": "node", "java": "javac", "rust": "rustc", "c": "gcc"}


def judged(backend: str, language: str, texts: list[str]) -> list[Score]:
    if need(backend) == "bubblewrap" and not shutil.which(TOOLS[language]):
        pytest.skip(f"{TOOLS[language]} is not installed here")
    scores = Reward("code", backend=backend, timeout=30.0).score_batch([Sample(text, ROWS[language]) for text in texts])
    if any(score.outcome is Outcome.ERROR and "the sandbox has no" in score.reason for score in scores):
        pytest.skip(scores[0].reason)
    return scores


@pytest.mark.slow
@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("language", RIGHT)
def test_right_programs_pass_and_wrong_ones_do_not(language: str, backend: str) -> None:
    right = judged(backend, language, RIGHT[language])
    assert [score.value for score in right] == [1.0] * len(right), right
    assert all("partial isolation" in score.reason for score in right)
    wrong = judged(backend, language, WRONG[language])
    assert [score.value for score in wrong] == [0.0] * len(wrong), wrong


@pytest.mark.bubblewrap
@pytest.mark.parametrize("language", ["js", "c"])
def test_two_languages_in_the_fast_tier(language: str) -> None:
    scores = judged("bubblewrap", language, [RIGHT[language][-1], WRONG[language][1]])
    assert [score.value for score in scores] == [1.0, 0.0], scores


@pytest.mark.slow
@pytest.mark.bubblewrap
def test_what_the_prompt_declares_is_there() -> None:
    row = {**CPP, "prompt": CPP["prompt"].replace("// The largest", UNION + "// The largest", 1)}
    reward = Reward("code", backend=need("bubblewrap"), timeout=30.0)
    own = f"```cpp\n#include <bits/stdc++.h>\n{UNION}{WHOLE}```"
    for text in (BODY, f"```cpp\n{WHOLE}```", own):
        assert reward.score(Sample(text, row)).value == 1.0, text


def _cut(row: dict[str, Any]) -> list[tuple[str, str]]:
    """Tests of a row without their end, without what runs them, without what can fail, and none at all."""
    tests = str(row["tests"])
    main = tests.replace("main", "other")
    silent = re.sub(r"assert(?:_eq)?!?", "print", re.sub(r".*require.*\n", "", tests))
    cut = [(tests.rstrip().removesuffix("}"), "break off"), (main, "'main'"), (silent, "assert nothing")]
    return cut if "main" in tests else [("let candidate = largest;", "assert nothing")]


@pytest.mark.parametrize("language", ROWS)
def test_incomplete_tests_judge_nobody(language: str) -> None:
    for tests, words in _cut(ROWS[language]):
        score = Reward("code").score(Sample("x", {**ROWS[language], "tests": tests}))
        assert score.value is None and words in score.reason, (tests, score)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"isolation": None}, "isolation='partial'"),
        ({"language": "go"}, "one of cpp, c, java, rust, javascript, typescript"),
        ({"language": None}, "one of cpp, c, java, rust, javascript, typescript"),
        ({"stops": "}"}, "list of texts"),
        ({"tests": ["x"]}, "another shape"),
        ({"entry_point": None}, "needs 'entry_point'"),
    ],
)
def test_an_incomplete_reference_is_unjudgeable(change: dict[str, Any], words: str) -> None:
    reference = {
        "style": "appended",
        "tests": JS["tests"],
        "language": "js",
        "entry_point": "f",
        "isolation": "partial",
    }
    score = Reward("code").score(Sample("x", {**reference, **change}))
    assert score.value is None and words in score.reason, score
