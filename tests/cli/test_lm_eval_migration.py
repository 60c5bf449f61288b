"""docs/migration/lm-eval.md's command on the samples of a run of lm-eval itself: the page says what it prints."""

import re
from pathlib import Path

import pytest
from helpers import lm_eval_run

from holdfast.cli import main

pytestmark = pytest.mark.slow

PAGE = Path(__file__).parents[2] / "docs" / "migration" / "lm-eval.md"


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = lm_eval_run.samples_file(tmp_path_factory.mktemp("lm_eval"))
    return made.rename(made.parent / "samples_sums.jsonl")


def _said(text: str, folder: str = "") -> list[str]:
    """Lines without the reward's version and the folder."""
    return re.sub(r" \(version [\w.]+\)", "", text.replace(folder, "")).strip().splitlines()


def test_the_pages_command_prints_what_the_page_shows(samples: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = PAGE.read_text(encoding="utf-8")
    found = re.search(r"holdfast (rewards diff .*?)```", page, re.DOTALL)
    shown = re.findall(r"```text\n(.*?)```", page, re.DOTALL)
    assert found and len(shown) == 2
    words = found[1].replace("\\\n", " ").replace("samples_gsm8k.jsonl", str(samples)).split()
    for expected, name in zip(shown, ("strict-match", "flexible-extract"), strict=True):
        assert main([word.replace("strict-match", name) for word in words]) == 0
        printed = _said(capsys.readouterr().out, f"{samples.parent}/")
        assert printed[: len(_said(expected))] == _said(expected)


def test_rows_of_two_filters_are_not_mixed(samples: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["with=recorded", "recorded=exact_match", "reward=numeric", "completion=resps.0.0", "reference=target"]
    assert main(["rewards", "replay", str(samples), *words]) != 0
    assert "rows of several filters (strict-match, flexible-extract)" in capsys.readouterr().err
