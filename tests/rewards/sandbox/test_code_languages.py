"""Other languages: right programs pass, wrong ones fail, what does not compile or runs too long is told."""

import shutil
from typing import Any

import pytest
from helpers.sandboxes import BACKENDS, need

from holdfast.reward import Reward
from holdfast.rewards.sandbox.source.languages import LANGUAGES
from holdfast.rewards.sandbox.toolchain_files import TOOLS
from holdfast.sample import Outcome, Sample, Score

SUM = {"tests": [{"input": "3 4\n", "output": "7\n"}, {"input": "10 -2", "output": "8"}]}
PROGRAMS = {
    "c": '#include <stdio.h>\nint main() { long a, b; scanf("%ld %ld", &a, &b); printf("%ld\\n", a + b); }',
    "cpp": "#include <bits/stdc++.h>\nusing namespace std;\nint main() { long a, b; cin >> a >> b;\n  cout << a + b; }",
    "java": "import java.util.*;\npublic class Sum {\n  public static void main(String[] w) {\n"
    "    Scanner s = new Scanner(System.in); int a = s.nextInt(), b = s.nextInt(); System.out.println(a + b);\n  }\n}",
    "javascript": "const [a, b] = require('fs').readFileSync(0, 'utf8').trim().split(' ')\n"
    "  .map(Number);\nconsole.log(a + b);",
    "typescript": "import * as fs from 'fs';\nconst [a, b]: number[] = fs.readFileSync(0, 'utf8').trim().split(' ')"
    ".map(Number);\nconsole.log(a + b);",
    "go": 'package main\n\nimport "fmt"\n\nfunc main() {\n\tvar a, b int\n\tfmt.Scan(&a, &b)\n\tfmt.Println(a + b)\n}',
    "rust": "use std::io::*;\nfn main() {\n  let mut s = String::new();\n  stdin().read_to_string(&mut s).unwrap();\n"
    "  let v: Vec<i64> = s.split_whitespace().map(|x| x.parse().unwrap()).collect();\n  let (a, b) = (v[0], v[1]);\n"
    '  println!("{}", a + b);\n}',
}
BROKEN = {name: text.replace("a + b", "a +") for name, text in PROGRAMS.items()}
ENDLESS = {
    "c": "int main() { for (;;); }",
    "cpp": "int main() { for (volatile int i = 0;; ++i); }",
    "java": "class Main { public static void main(String[] w) { while (true); } }",
    "javascript": "while (true);",
    "typescript": "while (true);",
    "go": "package main\n\nfunc main() {\n\tfor {\n\t}\n}",
    "rust": "fn main() { loop {} }",
}


def judged(language: str, program: str, backend: str, reference: dict[str, Any] | None = None, **options: Any) -> Score:
    """A verdict; skipped where the sandbox has no such compiler."""
    if backend == "bubblewrap" and shutil.which(TOOLS[language]) is None:
        pytest.skip(f"{TOOLS[language]} is not installed here")
    reward = Reward("code", backend=need(backend), **({"timeout": 20.0} | options))
    score = reward.score(Sample(f"```{language}\n{program}\n```", reference or SUM))
    if score.outcome is Outcome.ERROR and "the sandbox has no" in score.reason:
        pytest.skip(f"{backend}: {score.reason}")
    return score


def test_every_language_has_its_programs() -> None:
    assert PROGRAMS.keys() == ENDLESS.keys() == LANGUAGES.keys() - {"python"}
    assert all(LANGUAGES[name].control for name in PROGRAMS)


@pytest.mark.slow
@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("language", PROGRAMS)
def test_right_wrong_broken_and_endless(language: str, backend: str) -> None:
    assert judged(language, PROGRAMS[language], backend).value == 1.0
    assert judged(language, PROGRAMS[language].replace("a + b", "a - b"), backend).value == 0.0
    broken = judged(language, BROKEN[language], backend)
    assert broken.value == 0.0 and "does not compile" in broken.reason, broken
    endless = judged(language, ENDLESS[language], backend, timeout=2.0)
    assert (endless.value, endless.outcome) == (0.0, Outcome.TIMEOUT), endless


@pytest.mark.slow
@pytest.mark.bubblewrap
@pytest.mark.parametrize("language", PROGRAMS)
def test_a_languages_checker_and_several_outputs(language: str) -> None:
    checker = "import sys\nprint(int(open(sys.argv[3]).read().split() == open(sys.argv[2]).read().split()))"
    reference = {"tests": [{"input": "3 4", "output": "7\n"}], "checker": checker, "language": language}
    assert judged(language, PROGRAMS[language], "bubblewrap", reference).value == 1.0
    several = {"tests": [{"input": "3 4", "outputs": ["1", "7"]}], "language": language}
    assert judged(language, PROGRAMS[language], "bubblewrap", several).value == 1.0


@pytest.mark.bubblewrap
def test_a_c_program_in_the_fast_tier() -> None:
    assert judged("c", PROGRAMS["c"], "bubblewrap").value == 1.0
    assert "does not compile" in judged("c", BROKEN["c"], "bubblewrap").reason
