"""The flipped items, embedded: an index and chunks of texts, each compressed, read by the page when needed."""

import base64
import gzip
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from holdfast.compare.result import Comparison, Flip, Side
from holdfast.quantities import count
from holdfast.report import phrases
from holdfast.report.html.html_builder import Html, section, tag

CHUNK = 250
"""Items decoded at once."""
LONGEST = 1_000_000
"""Characters kept of one text; the sample files hold the rest."""
_SNIPPET = 110
_LOOKED_AT = 20_000
_FORMULA = re.compile(r"\\(?:[(\[]|boxed|d?frac|sqrt|begin\{)|\$[^$\n]{0,200}[\\^_][^$\n]{0,200}\$")
_KINDS = {"lost": 0, "gained": 1}


@dataclass(frozen=True, slots=True)
class Item:
    """A flip and the task it belongs to."""

    task: str
    flip: Flip


def collect(comparison: Comparison) -> list[Item]:
    """Every flip: benchmarks in their order, lost before gained."""
    found = [Item(b.task, flip) for b in comparison.benchmarks for flip in b.flips]
    order = {benchmark.task: i for i, benchmark in enumerate(comparison.benchmarks)}
    return sorted(found, key=lambda item: (order[item.task], _KINDS[item.flip.direction]))


def has_math(items: Sequence[Item]) -> bool:
    """Whether any text holds a formula, so that the page needs to typeset: TeX commands, or dollars around one."""
    return any(
        _FORMULA.search(phrases.plain_text(text)[:_LOOKED_AT])
        for item in items
        for text in (item.flip.prompt, item.flip.before.completion, item.flip.after.completion)
    )


def pack(value: Any) -> str:
    """A JSON value as base64 of gzip: no character of it means anything to HTML."""
    raw = json.dumps(value, ensure_ascii=True, separators=(",", ":")).encode("ascii")
    return base64.b64encode(gzip.compress(raw, compresslevel=6, mtime=0)).decode("ascii")


def embed(items: Sequence[Item]) -> Html:
    """The data blocks of the page (not scripts to the browser: their type is not executable)."""
    if not items:
        return Html("")
    blocks = [f'<script type="application/gzip+base64" id="index-data">{pack(_index(items))}</script>']
    for first in range(0, len(items), CHUNK):
        records = [_record(item.flip) for item in items[first : first + CHUNK]]
        blocks.append(f'<script type="application/gzip+base64" class="chunk">{pack(records)}</script>')
    return Html("\n".join(blocks))


def browser(items: Sequence[Item]) -> Html:
    """The section that shows them; without flips it says so."""
    lede = (
        "Every item whose score changed, with both answers. Texts are shown exactly as the model wrote them; invisible "
        "characters are named. Keys: "
    )
    keys = Html("<kbd>/</kbd> search, <kbd>↑</kbd> <kbd>↓</kbd> choose, <kbd>Enter</kbd> read, <kbd>Esc</kbd> back.")
    if not items:
        return section("items", "The items", "No item's score changed.")
    detail = tag("div", class_="detail", tabindex="0", role="region", aria_label="The chosen item")
    listing = tag("div", class_="list", role="listbox", tabindex="0", aria_label="Changed items")
    panel = tag("div", _filters(items), listing, detail, class_="panel browser", id="browser")
    quiet = tag("noscript", tag("p", "The items need JavaScript; everything above does not.", class_="lede"))
    return section("items", "The items", Html(lede + keys), quiet, panel)


def _filters(items: Sequence[Item]) -> Html:
    tasks = list(dict.fromkeys(item.task for item in items))
    counts = {kind: sum(item.flip.direction == kind for item in items) for kind in _KINDS}
    options = [tag("option", "All benchmarks", value=""), *(tag("option", task, value=task) for task in tasks)]
    return tag(
        "div",
        Html('<input type="search" placeholder="Search prompts, answers, reasons …" aria-label="Search the items">'),
        tag(
            "div",
            _chip("", f"All {count(len(items))}", pressed=True),
            _chip("lost", f"▼ Lost {count(counts['lost'])}"),
            _chip("gained", f"▲ Gained {count(counts['gained'])}"),
            class_="chips",
        ),
        tag("select", *options, name="task", aria_label="Benchmark"),
        tag("select", name="category", aria_label="Category", hidden="hidden"),
        tag("div", "reading the items …", class_="status", role="status"),
        class_="filters",
    )


def _chip(kind: str, text: str, pressed: bool = False) -> Html:
    return tag(
        "button", text, class_="chip", type="button", data_kind=kind, aria_pressed="true" if pressed else "false"
    )


def _index(items: Sequence[Item]) -> dict[str, Any]:
    tasks = {task: i for i, task in enumerate(dict.fromkeys(item.task for item in items))}
    named = dict.fromkeys(item.flip.category for item in items if item.flip.category is not None)
    categories = {name: i for i, name in enumerate(named)}
    return {
        "chunk": CHUNK,
        "tasks": list(tasks),
        "categories": list(categories),
        "task": [tasks[item.task] for item in items],
        "kind": [_KINDS[item.flip.direction] for item in items],
        "category": [categories.get(item.flip.category or "", -1) for item in items],
        "id": [_identifier(item.flip) for item in items],
        "snippet": [_snippet(item.flip) for item in items],
    }


def _identifier(flip: Flip) -> str:
    return f"{flip.doc_id} #{flip.repeat}" if flip.repeat else flip.doc_id


def _snippet(flip: Flip) -> str:
    """The end of a chat or few-shot prompt tells items apart, the beginning of a single question does."""
    prompt = flip.prompt if isinstance(flip.prompt, str) else phrases.plain_text(flip.prompt[-1:])
    return " ".join(prompt[:2000].split())[:_SNIPPET]


def _record(flip: Flip) -> dict[str, Any]:
    return {
        "prompt": _cut(phrases.plain_text(flip.prompt)),
        "reference": _cut(phrases.reference_text(flip.reference)),
        "before": _side(flip.before),
        "after": _side(flip.after),
    }


def _side(side: Side) -> dict[str, Any]:
    return {
        "text": _cut(phrases.plain_text(side.completion)),
        "score": side.score,
        "outcome": side.outcome,
        "reason": _cut(side.reason),
        "extracted": None if side.extracted is None else _cut(side.extracted),
        "finish": side.finish_reason,
        "tokens": side.tokens,
    }


def _cut(text: str) -> str:
    if len(text) <= LONGEST:
        return text
    return f"{text[:LONGEST]}\n[… {len(text) - LONGEST:,} more characters are in the sample file]"
