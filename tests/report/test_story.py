"""What guard, bisect and mend found, in HTML, Markdown and the terminal."""

import io
import json
import re
from pathlib import Path
from typing import Any, get_type_hints

import pytest
from helpers.report_samples import bisected, extras, full, guard, mended
from rich.console import Console

from holdfast.report import refresh, terminal, text, write
from holdfast.report.html.page import render
from holdfast.report.training_events import evidence, parts


def printed(known: dict[str, Any], width: int = 120) -> str:
    stream = io.StringIO()
    Console(file=stream, width=width).print(terminal(full(), known))
    return stream.getvalue()


def section(page: str, key: str) -> str:
    found = re.search(rf'<section id="{key}".*?</section>', page, re.S)
    return found[0] if found else ""


def test_the_made_records_are_shaped_like_the_real_ones() -> None:
    from holdfast.runs import layout

    made = {
        "GuardRecord": guard(),
        "Look": guard()["looks"][0],
        "SkillLook": guard()["looks"][0]["skills"]["mmlu"],
        "MendRecord": mended(),
        "PointRecord": mended()["points"][0],
        "BisectRecord": bisected(),
        "BreakRecord": bisected()["breaks"][0],
        "BisectLook": bisected()["looks"]["120"]["mmlu"],
    }
    for name, record in made.items():
        assert set(record) == set(get_type_hints(getattr(layout, name))), name


def test_every_form_tells_the_whole_story() -> None:
    page, markdown, shown = render(full(), extras()), text(full(), "md", extras()), printed(extras())
    for told in (page, markdown, shown):
        plainly = told.replace("\\", "")
        assert "At step 200 the guard stopped the training: ifeval had broken." in plainly
        assert "ifeval broke between step 100 and step 120" in plainly
        assert "Point 0.6 keeps a gain of +17.0 points" in plainly
        assert "On the other half: Nothing regressed" in plainly
    order = [page.index(f'<section id="{key}"') for key in ("skills", "during", "broke", "cure", "training", "items")]
    assert order == sorted(order)


def test_a_part_is_shown_only_when_there_is_something() -> None:
    for kind, key in (("guard", "during"), ("bisect", "broke"), ("mend", "cure")):
        without = {name: record for name, record in extras().items() if name != kind}
        page = render(full(), without)
        assert not section(page, key) and f'href="#{key}"' not in page
    assert parts({}) == [] and text(full(), "md", {}) == text(full(), "md")


def test_during_training_shows_every_skill_the_alarm_and_the_step() -> None:
    shown = section(render(full(), extras()), "during")
    assert shown.count('<g class="line') == 6 and "alarm at 50" in shown and "guard acted" in shown
    assert "alarm at step 200" in shown and "<b>code" not in shown.replace("&lt;b&gt;code", "")
    assert "<td>ifeval</td>" in shown and ">320<" in shown


def test_when_it_broke_marks_looks_and_the_span() -> None:
    shown = section(render(full(), extras()), "broke")
    assert shown.count('class="between"') == 4 and shown.count("<circle") == 2 * 5 + 2
    assert 'x="50.00%" width="10.00%"' in shown
    assert "no drop proven again at step 200" in shown


def test_cure_shows_the_frontier_and_the_choice() -> None:
    shown = section(render(full(), extras()), "cure")
    assert shown.count('class="ring"') == 1 and shown.count("✓ Pass") == 3 and shown.count("▼ Regressed") == 2
    none = mended() | {"chosen": None, "confirmed": None, "confirmation": ""}
    assert "No point passes" in section(render(full(), {"mend": none}), "cure")
    gained_none = mended() | {"chosen": None, "reason": "Point 0.6 gained nothing on the other half of the items."}
    shown = section(render(full(), {"mend": gained_none}), "cure")
    assert "gained nothing on the other half" in shown and "No point passes" not in shown and "−0.3 points" in shown
    nothing = none | {"points": []}
    assert "nothing to mend" in text(full(), "md", {"mend": nothing})


def test_a_guard_that_only_warns_tells_every_alarm() -> None:
    record = guard() | {"policy": "warn", "acted": {"step": 200, "policy": "warn", "broken": ["mmlu", "ifeval"]}}
    record["looks"][1] |= {"broken": ["mmlu"]}
    shown = section(render(full(), {"guard": record}), "during")
    assert "warned, and the training went on: mmlu broken at step 80, ifeval broken at step 200." in shown
    assert "first alarm" in shown


def test_a_quiet_guard_and_a_break_that_no_checkpoint_shows() -> None:
    quiet = guard() | {"acted": None, "looks": []}
    assert "raised no alarm in 0 looks" in section(render(full(), {"guard": quiet}), "during")
    unseen = bisected()
    unseen["breaks"][0] |= {"broken_at": None, "sentence": "no saved checkpoint shows the drop"}
    shown = section(render(full(), {"bisect": unseen}), "broke")
    assert shown.count('class="between"') == 2 and "no saved checkpoint shows the drop" in shown


def test_another_schema_is_told_not_raised() -> None:
    for told in (render(full(), {"guard": {"schema": 9}}), printed({"guard": {"schema": 9}})):
        assert "guard/guard.json cannot be shown: its schema is 9" in told.replace("\n", " ").replace("  ", " ")


def test_refresh_takes_up_what_was_found_later(tmp_path: Path) -> None:
    run = tmp_path / "a"
    write(full(), run)
    assert not section((run / "report.html").read_text(), "broke")
    (run / "bisect").mkdir()
    (run / "bisect" / "bisect.json").write_text(json.dumps(bisected()))
    (run / "mend").mkdir()
    (run / "mend" / "mend.json").write_text("{broken")
    assert [path.name for path in refresh(run)] == ["report.md", "report.html"]
    page = (run / "report.html").read_text()
    assert "ifeval broke" in section(page, "broke") and "cannot be shown" in section(page, "cure")
    assert refresh(tmp_path / "nothing") == []


@pytest.mark.parametrize(
    ("value", "shown"), [(0.4, "0.4"), (52.5, "52"), (1234, "1234"), (3.2e7, "3e7"), (1e300, "1e300")]
)
def test_evidence_is_short(value: float, shown: str) -> None:
    assert evidence(value) == shown
