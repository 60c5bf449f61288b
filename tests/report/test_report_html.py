"""The HTML report as text: structure, escaping, policy, embedded data, colours that can be read."""

import base64
import gzip
import hashlib
import json
import re
from dataclasses import replace
from importlib import resources
from typing import Any

import pytest
from helpers.page_outline import outline
from helpers.report_samples import HOSTILE, benchmark, extras, flip, full
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.compare.result import Benchmark, Comparison, Verdict
from holdfast.report.html.heatmap import step
from holdfast.report.html.html_builder import escape, tag
from holdfast.report.html.items import LONGEST
from holdfast.report.html.page import render
from holdfast.report.html.svg import scale
from holdfast.report.html.training_curves import panels
from holdfast.report.html.transitions import diagram


def embedded(page: str, selector: str) -> list[Any]:
    blocks = re.findall(rf'<script type="application/gzip\+base64" {selector}>([^<]*)</script>', page)
    return [json.loads(gzip.decompress(base64.b64decode(block))) for block in blocks]


def with_task(comparison: Comparison, changed: Benchmark) -> Comparison:
    return replace(comparison, benchmarks=(changed, *comparison.benchmarks[1:]))


@pytest.fixture(scope="module")
def page() -> str:
    return render(full(), extras(50))


def test_page_is_well_formed_and_says_the_verdict_first(page: str) -> None:
    parsed = outline(page)
    assert parsed.open == []
    headings = [name for name, _ in parsed.elements if name in ("h1", "h2")]
    assert headings[0] == "h1" and headings.count("h1") == 1
    assert escape(full().sentence) in page
    identifiers = [given["id"] for _, given in parsed.elements if "id" in given]
    assert len(identifiers) == len(set(identifiers))


def test_every_section_is_there(page: str) -> None:
    """These, in this order; one more breaks nothing."""
    sections = [given["id"] for name, given in outline(page).elements if name == "section"]
    expected = ["skills", "gate", "forgetting", "categories", "answers"]
    expected += ["during", "broke", "cure", "training", "items", "reproduce"]
    assert [section for section in sections if section in expected] == expected


def test_the_navigation_leads_to_every_section_in_their_order(page: str) -> None:
    elements = outline(page).elements
    sections = [str(given["id"]) for name, given in elements if name == "section"]
    links = [str(given.get("href"))[1:] for name, given in elements if name == "a"]
    assert [link for link in dict.fromkeys(links) if link in sections] == sections, "a line is missing in page._NAV"


def test_nothing_is_loaded_and_nothing_inline_escapes_the_policy(page: str) -> None:
    elements = outline(page).elements
    assert not [e for e in elements if e[0] in ("link", "img", "iframe", "object", "embed", "base", "form")]
    for _, given_attributes in elements:
        assert "src" not in given_attributes and "style" not in given_attributes
        assert not [key for key in given_attributes if key.startswith("on")]
        assert str(given_attributes.get("href", "#")).startswith("#")


def test_policy_names_the_hash_of_every_script_and_style(page: str) -> None:
    policy = next(g["content"] for n, g in outline(page).elements if g.get("http-equiv") == "Content-Security-Policy")
    assert policy is not None and policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
    blocks = re.findall(r"<script>(.*?)</script>", page, re.S) + re.findall(r"<style>(.*?)</style>", page, re.S)
    assert len(blocks) == 3
    for block in blocks:
        assert base64.b64encode(hashlib.sha256(block.encode()).digest()).decode() in policy


def test_embedded_items_are_the_flips(page: str) -> None:
    comparison = full()
    [index] = embedded(page, 'id="index-data"')
    records = [record for chunk in embedded(page, 'class="chunk"') for record in chunk]
    flips = [f for b in comparison.benchmarks for f in b.flips]
    assert len(records) == len(index["kind"]) == len(flips) == 361
    assert sorted(index["id"]) == sorted(f.doc_id for f in flips)
    shown = {(index["tasks"][index["task"][i]], index["id"][i]): records[i] for i in range(len(records))}
    assert shown["ifeval", "0"]["after"]["text"] == f"{HOSTILE[0]} 0"
    assert shown["ifeval", "6"]["after"]["text"] == f"{HOSTILE[6]} 6"


def test_hostile_text_everywhere_leaves_the_page_whole() -> None:
    nasty = "".join(HOSTILE)
    bad = benchmark(
        nasty, 0.5, 0.4, 0.02, Verdict.REGRESSED, flips=[flip(1, wrong=nasty, prompt=nasty, category=nasty)]
    )
    comparison = with_task(replace(full(), sentence=nasty, warnings=(nasty,), command=(nasty,)), bad)
    run = replace(comparison.before, name=nasty, path=nasty, model={"name": nasty}, manifest={nasty: nasty})
    page = render(replace(comparison, before=run), {"training": [{"step": 1, nasty: 1.0}, {"step": 2, nasty: 2.0}]})
    parsed = outline(page)
    assert parsed.open == []
    assert not [e for e in parsed.elements if e[0] in ("img", "iframe")]
    assert sum(name == "script" and "type" not in given for name, given in parsed.elements) == 2
    page.encode("utf-8")


@given(st.text(max_size=60))
@settings(max_examples=150, deadline=None)
def test_escaped_text_reads_back_and_opens_nothing(text: str) -> None:
    parsed = outline(tag("p", text, title=text))
    assert [name for name, _ in parsed.elements] == ["p"] and parsed.open == []


def test_text_beyond_the_limit_is_cut_and_says_so() -> None:
    long = flip(0, wrong="x" * (LONGEST + 7))
    page = render(with_task(full(), benchmark("long", 1.0, 0.5, 0.1, Verdict.REGRESSED, flips=[long])))
    [first, *_] = embedded(page, 'class="chunk"')
    assert first[0]["after"]["text"].endswith("[… 7 more characters are in the sample file]")


def test_conversations_and_structured_references_are_text() -> None:
    call = {"role": "assistant", "content": "", "tool_calls": [{"function": {"name": "add"}}]}
    messages = [{"role": "user", "content": "hi"}, call]
    item = replace(flip(0), prompt=messages, reference={"answers": ["18"]})
    page = render(with_task(full(), benchmark("chat", 1.0, 0.5, 0.1, Verdict.REGRESSED, flips=[item])))
    [record, *_] = embedded(page, 'class="chunk"')[0]
    assert "user: hi" in record["prompt"] and '"name": "add"' in record["prompt"]
    assert json.loads(record["reference"]) == {"answers": ["18"]}


def test_empty_sections_are_left_out() -> None:
    bare = benchmark("one", 0.5, 0.5, 0.01, Verdict.NON_INFERIOR, forgetting=None)
    page = render(replace(full(), benchmarks=(bare,), macro=None, checks=(), warnings=(), target=()))
    sections = [given["id"] for name, given in outline(page).elements if name == "section"]
    assert sections == ["skills", "items", "reproduce"]
    assert "uPlot(" not in page.split("</footer>")[1][:2000]


def test_scale_covers_its_values_with_round_ticks() -> None:
    made = scale([-0.137, 0.243])
    assert made.low < -0.137 and made.high > 0.243
    assert [round(t, 6) for t in made.ticks] == [-0.1, 0.0, 0.1, 0.2]
    assert scale([]).low < 0 < scale([]).high
    assert made.at(float("nan")) == "100.00%"


def test_flow_bands_have_the_shares_of_their_items() -> None:
    table = benchmark("t", 0.6, 0.4, 0.02, Verdict.REGRESSED, n=100).forgetting
    assert table is not None
    heights = [float(h) for h in re.findall(r'<rect class="right"[^>]*height="([\d.]+)"', diagram(table))]
    assert heights[0] / heights[1] == pytest.approx(60 / 40, rel=0.01)


def test_heat_steps_are_symmetric() -> None:
    assert [step(d / 100) for d in (-25, -10, -4, -1, 0, 0.9, 1, 4, 10, 25)] == [
        "h-l4", "h-l3", "h-l2", "h-l1", "h-0", "h-0", "h-g1", "h-g2", "h-g3", "h-g4",
    ]  # fmt: skip


def test_training_panels_keep_gaps_and_order() -> None:
    log = [
        {"step": 1, "loss": 2.0, "kl": 0.1, "rewards/math/mean": 0.5, "epoch": 0.1},
        {"step": 2, "loss": float("nan"), "kl": 0.2},
        {"step": 3, "loss": 1.0, "train_runtime": 9.0},
    ]
    made = {panel.title: panel for panel in panels(log)}
    assert list(made) == ["Loss", "Reward parts", "KL to the reference model"]
    assert made["Loss"].x == [1.0, 2.0, 3.0]
    assert made["Loss"].series == [("loss", [2.0, None, 1.0])]
    assert "1 logged values are not finite" in render(full(), {"training": log})


def contrast(one: str, other: str) -> float:
    def light(colour: str) -> float:
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    high, low = sorted((light(one), light(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_text_colours_reach_wcag_aa(theme: int) -> None:
    css = resources.files("holdfast.report.html").joinpath("assets", "page.css").read_text()
    block = re.findall(r":root[^{]*\{(.*?)\n\}", css, re.S)[theme]
    colours = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", block))
    for back in ("paper", "panel", "sunk"):
        for front in ("ink", "soft", "lost", "gained", "good", "warn", "flat", "brand"):
            assert contrast(colours[front], colours[back]) >= 4.5, (front, back)
    for name in ("lost", "gained", "good", "warn", "flat"):
        assert contrast(colours[name], colours[f"{name}-soft"]) >= 4.5, name
    for name in [key for key in colours if key.startswith("heat")]:
        ink = "#ffffff" if name in ("heat-l4", "heat-g4") else colours["ink"]
        assert contrast(ink, colours[name]) >= 4.5, name
