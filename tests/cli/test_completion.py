"""Tab completion: what a word may become, and what a real shell makes of it."""

import shutil
import subprocess
import sys

import pytest

from holdfast.cli import VERBS, main
from holdfast.cli.completion import SHELLS, candidates


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("holdfast tr", ["train"]),
        ("holdfast compare --js", ["--json"]),
        ("holdfast train -", ["--json", "--debug", "--help", "--quiet", "--verbose", "-m"]),
        ("holdfast train trainer=gr", ["trainer=grpo"]),
        ("holdfast train suite=qu", ["suite=quick"]),
        ("holdfast train suite=[gsm8k,if", ["suite=[gsm8k,ifeval", "suite=[gsm8k,ifbench"]),
        ("holdfast train trainer=sft,dp", ["trainer=sft,dpo"]),
        ("holdfast train dry_", ["dry_run="]),
        ("holdfast train dry_run=t", ["dry_run=true"]),
        ("holdfast train data.replay.ra", ["data.replay.ratio="]),
        ("holdfast eval again", ["against="]),
        ("holdfast score rows.jsonl reward=mat", ["reward=math", "reward=math_short", "reward=math_think"]),
        ("holdfast data conta", ["contamination"]),
        ("holdfast rewards aud", ["audit"]),
        ("holdfast nothing ", []),
        ("holdfast score rows.jso", []),
    ],
)
def test_words(line: str, wanted: list[str]) -> None:
    assert set(candidates(line)) == set(wanted)


def test_every_verb_has_its_keys() -> None:
    assert {"train", "eval", "compare"} <= set(candidates("holdfast ")) >= set(VERBS)
    for verb in VERBS:
        found = candidates(f"holdfast {verb} x ")
        assert all(word.endswith("=") for word in found), verb
        assert found or verb in ("doctor", "completion", "rewards", "env", "mcp"), verb
    assert "model=" in candidates("holdfast train seed=1 ")
    assert "seed=" not in candidates("holdfast train seed=1 ")
    assert "model.dtype=" not in candidates("holdfast train m")


@pytest.mark.parametrize(
    ("line", "wanted"),
    [("holdfast tr", "train"), ("holdfast train suite=qu", "quick"), ("holdfast train trainer=sft,dp", "sft,dpo")],
)
def test_bash_writes_the_rest_of_the_word(line: str, wanted: str) -> None:
    if shutil.which("bash") is None:
        pytest.skip("needs bash")
    holdfast = f'holdfast() {{ {sys.executable} -m holdfast "$@"; }}'
    typed = f"COMP_LINE='{line}' COMP_POINT={len(line)}"
    text = "\n".join([holdfast, SHELLS["bash"], typed, "_holdfast", 'echo "${COMPREPLY[*]}"'])
    done = subprocess.run(["bash", "--norc", "-c", text], capture_output=True, text=True, check=True)
    assert done.stdout.split() == [wanted]


@pytest.mark.parametrize("shell", SHELLS)
def test_scripts_are_printed(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", shell]) == 0
    assert "holdfast completion words" in capsys.readouterr().out


def test_another_shell_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", "bahs"]) == 64
    assert "did you mean 'bash'" in capsys.readouterr().err
