"""The story of records that the real guard, bisect and mend wrote: of a recorded run, and of a run made here."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from helpers.report_samples import full

from holdfast.report import text
from holdfast.report.html.page import render

RECORDED = Path(__file__).parent / "recorded"


def recorded() -> dict[str, Any]:
    """A run of tiny_sft on subtraction, guard with policy warn; the first nine looks are kept."""
    return {kind: json.loads((RECORDED / f"{kind}.json").read_text()) for kind in ("guard", "bisect", "mend")}


def sections(page: str) -> dict[str, str]:
    return dict(re.findall(r'<section id="(during|broke|cure)"(.*?)</section>', page, re.S))


def test_real_records_are_told_in_every_form() -> None:
    told = sections(render(full(), recorded()))
    assert "tiny_addition broken at step 2, tiny_json and tiny_python broken at step 4" in told["during"]
    assert "tiny_upper broke between step 10 and step 20 (−11.0 points" in told["broke"]
    assert told["broke"].count('class="trow"') == 9
    assert "No point passes" in told["cure"] and told["cure"].count("▼ Regressed") == 5
    markdown = text(full(), "md", recorded())
    for title in ("During training", "When it broke", "What it costs to cure"):
        assert f"**{title}**" in markdown
    assert "cannot be shown" not in markdown


@pytest.mark.slow
def test_a_run_of_train_bisect_and_mend_tells_its_story(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A short training that forgets: what the three verbs write is in the run's report without anyone asking."""
    from holdfast.cli import main

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    words = ["suite=[tiny_subtraction,tiny_upper,tiny_python]", "target=[tiny_subtraction]", "limit=100"]
    words += ["trainer.args.max_steps=20", "trainer.args.save_steps=10", "trainer.args.save_total_limit=9"]
    words += ["guard.every=5", "guard.limit=32", "model.threads=1"]
    assert main(["train", "experiment=tiny_sft", *words, "out=run"]) == 0
    during = sections((tmp_path / "run" / "report.html").read_text())
    assert set(during) == {"during"} and "broken at step" in during["during"]
    main(["bisect", "run"])
    main(["mend", "run", "weights=[0.3,1]"])
    told = sections((tmp_path / "run" / "report.html").read_text())
    assert set(told) == {"during", "broke", "cure"}
    assert "tiny_python broke" in told["broke"] and "On the choosing half" in told["cure"]
    assert all("cannot be shown" not in one for one in told.values())
