"""A data card in words: titled parts of facts, tables and bars, worded once for the terminal, Markdown and HTML."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from holdfast.trainers.data.card.card import Card, Duplicates
from holdfast.trainers.data.card.faults import places
from holdfast.trainers.data.card.quantiles import Quantiles


@dataclass(frozen=True, slots=True)
class Part:
    """One subject of a card."""

    key: str
    title: str
    lede: str
    """How to read it, in one sentence."""
    facts: Sequence[tuple[str, str]] = ()
    heads: Sequence[str] = ()
    table: Sequence[Sequence[str]] = ()
    """Rows under `heads`; all columns but the first are numbers, unless `words` says otherwise."""
    words: bool = False
    bars: Sequence[tuple[str, float, str]] = field(default_factory=tuple)
    """(label, share of the whole, what it says)."""


_JUDGED = {
    "completion": "the completions",
    "chosen": "the chosen answers",
    "reference": "the reference itself: does the reward accept it?",
}


def parts(card: Card) -> list[Part]:
    """The card's parts; what was not measured has none."""
    makers = (_shape, _lengths, _duplicates, _preference, _reward, _languages, _diversity, _contamination)
    return [part for maker in makers for part in maker(card)]


def facts_about(card: Card) -> list[tuple[str, str]]:
    """What the card is of, as label and value."""
    partly = "" if card.complete else " (not all of them: reading stopped at the limit)"
    sampled = f"; languages, diversity and rewards on a random sample of {card.sampled:,}"
    shape = f"{card.kind}, as trainer={card.trainer} reads it" if card.trainer else card.kind
    return [
        ("data", card.source),
        ("rows", f"{card.rows:,}{partly}{sampled if card.sampled < card.rows else ''}"),
        ("shape", shape),
        ("columns", ", ".join(_column(name, count, card.rows) for name, count in card.columns.items())),
    ]


def percent(share: float) -> str:
    """A share with as many digits as it needs."""
    return f"{share:.0%}" if share in (0, 1) or 0.1 <= share <= 0.995 else f"{share:.1%}"


def _column(name: str, count: int, rows: int) -> str:
    return name if count == rows else f"{name} (in {count:,})"


def _share_of(count: int, rows: int) -> str:
    return f"{count:,} of {rows:,} ({percent(count / rows) if rows else '–'})"


def _shape(card: Card) -> Iterator[Part]:
    found, rows = card.structure, card.structure.conversations
    if not rows:
        return
    facts = [("conversations", _share_of(rows, card.rows))]
    facts.append(("system prompt", f"{_share_of(found.system, rows)}, {found.system_prompts:,} different"))
    if found.turns:
        most = f"{found.turns.median} in the middle row, {found.turns.most} at most"
        facts.append(("messages per row", f"{most}; more than one exchange in {_share_of(found.several, rows)}"))
    if card.structure.ends_with_assistant:
        facts.append(("ends with the assistant", _share_of(found.ends_with_assistant, rows)))
    facts.append(("user and assistant take turns", _share_of(found.alternating, rows)))
    facts.append(("an empty message", _share_of(found.empty_turns, rows)))
    facts.append(("tool calls", _share_of(found.tools, rows)))
    roles = ", ".join(f"{role} {count:,}" for role, count in found.roles.items())
    yield Part(
        "structure",
        "Turns",
        "As training sees them, templates and system prompts included.",
        [*facts, ("roles", roles)],
    )


def _lengths(card: Card) -> Iterator[Part]:
    heads = ("", "mean", "least", "5 %", "median", "95 %", "99 %", "most")
    if card.characters:
        yield Part(
            "lengths",
            "Lengths in characters",
            "Each part alone, then the whole row.",
            (),
            heads,
            _table(card.characters),
        )
    tokens = card.tokens
    if tokens and tokens.parts:
        limit = f"; {_share_of(tokens.over, card.rows)} exceed max_length={tokens.limit}" if tokens.limit else ""
        lede = f"By the tokenizer of {tokens.tokenizer}; a row is its prompt and its longest answer{limit}."
        yield Part("tokens", "Lengths in tokens", lede, (), heads, _table(tokens.parts))


def _table(lengths: Mapping[str, Quantiles]) -> list[list[str]]:
    return [
        [name, f"{q.mean:,.1f}", *(f"{cut:,}" for cut in (q.least, q.p5, q.median, q.p95, q.p99, q.most))]
        for name, q in lengths.items()
    ]


def _duplicates(card: Card) -> Iterator[Part]:
    found = card.duplicates
    facts = [
        ("exact", f"{_share_of(found.exact, card.rows)} repeat an earlier row"),
        ("prompts", f"{_share_of(found.prompts, card.rows)} ask what an earlier row asks"),
    ]
    if found.near_checked:
        left = f"; the {found.near_left_out:,} distinct rows behind were not compared" if found.near_left_out else ""
        near = _share_of(found.near, card.rows)
        facts.append(("near", f"{near} nearly repeat an earlier row ({found.near_checked:,} compared{left})"))
    lede = (
        "Exact: the same text, white space at the ends aside. Near: at least"
        f" {found.similarity:.0%} of the 3-word pieces of either row are in both, by MinHash (±4 points)."
    )
    heads = ("kind", "rows", "where", "the first", "another")
    yield Part("duplicates", "Duplicates", lede, facts, heads if _clusters(found) else (), _clusters(found), words=True)


def _clusters(found: Duplicates) -> list[list[str]]:
    kinds = (("exact", found.exact_clusters), ("near", found.near_clusters))
    return [
        [kind, f"{one.size:,}", places(one.where), one.example, one.other or "the same"]
        for kind, clusters in kinds
        for one in clusters
    ]


def _preference(card: Card) -> Iterator[Part]:
    pairs, marks = card.preference, card.marks
    if pairs:
        low, high = pairs.longer_interval
        facts = [
            ("pairs", f"{pairs.pairs:,}; chosen equals rejected in {pairs.equal:,}"),
            ("chosen is the longer one", f"{percent(pairs.longer)} [{percent(low)}, {percent(high)}]"),
            ("both are as long", percent(pairs.same_length)),
            ("median length", f"chosen {pairs.chosen.median:,}, rejected {pairs.rejected.median:,} characters"),
        ]
        lede = "Half of the chosen answers are the longer ones where length plays no part; the interval is at 95 %."
        yield Part("preference", "Preference", lede, facts)
    if marks:
        facts = [("good", f"{marks.good:,}"), ("bad", f"{marks.bad:,}")]
        yield Part("preference", "Marks", "Answers marked good and bad.", facts)


def _reward(card: Card) -> Iterator[Part]:
    found = card.judged
    if found is None:
        return
    facts = [("judged", _share_of(found.judged, found.judged + found.unjudged))]
    if found.mean is not None:
        facts.append(("scores", f"mean {found.mean:.3f}, from {found.least:g} to {found.most:g}"))
    facts += [(f"not judged: {reason}", f"{count:,}") for reason, count in found.reasons.items()]
    if found.preferred is not None and found.tied is not None:
        facts.append(("chosen scores higher", f"{percent(found.preferred)}, the same {percent(found.tied)}"))
    facts_about = _JUDGED[found.of]
    lede = f"Reward {found.reward} on {facts_about}"
    yield Part("reward", "Reward", lede if lede[-1] == "?" else lede + ".", facts, bars=_bins(card))


def _bins(card: Card) -> list[tuple[str, float, str]]:
    found = card.judged
    if found is None or found.least is None or found.most is None or not found.judged:
        return []
    width = (found.most - found.least) / max(len(found.histogram), 1)
    edges = [found.least + width * number for number in range(len(found.histogram) + 1)]
    names = [f"{low:.3g} … {high:.3g}" if width else f"{low:.3g}" for low, high in pairwise(edges)]
    return [(name, count / found.judged, f"{count:,}") for name, count in zip(names, found.histogram, strict=True)]


def _languages(card: Card) -> Iterator[Part]:
    found = card.languages
    if found is None:
        return
    bars = [
        (code, count / found.sampled, f"{percent(count / found.sampled)} ({count:,})")
        for code, count in found.texts.items()
    ]
    lede = (
        f"Of {found.sampled:,} sampled answers (prompts, where there are none), by script or langdetect; unknown where"
        " letters are the fewer signs or the halves of a text disagree. Single texts of a language may be mistakes."
    )
    yield Part("languages", "Languages", lede, bars=bars[:12])


def _diversity(card: Card) -> Iterator[Part]:
    found = card.diversity
    if found is None:
        return
    facts = [
        ("different words", f"{percent(found.distinct_1)} of {found.words:,} (distinct-1)"),
        ("different word pairs", f"{percent(found.distinct_2)} (distinct-2)"),
    ]
    if found.type_token is not None:
        facts.append(("different words in a window of 500", percent(found.type_token)))
    if found.similarity is not None:
        facts.append(("words that two answers share", f"{percent(found.similarity)} on average (Jaccard)"))
    bars = [(text, share, percent(share)) for text, share in found.openings.items()]
    yield Part(
        "diversity", "Diversity", f"Of {found.texts:,} sampled answers. The bars: how they begin.", facts, bars=bars
    )


def _contamination(card: Card) -> Iterator[Part]:
    found = card.contamination
    if found is None:
        return
    table = [
        [name, *(f"{count:,}" for count in (task.items, task.exact, task.share, task.passage))]
        for name, task in found.tasks.items()
    ]
    facts = [
        (f"{name} {one.doc_id}", f"{places([one.where])}: {one.text}")
        for name, task in found.tasks.items()
        for one in task.found[:3]
    ]
    heads = ("task", "items", "whole", "mostly", "passage")
    lede = (
        f"Suite {found.suite}: {found.sentence()}. Whole: the prompt itself; mostly: 70 % of its 8-word pieces;"
        " passage: any 13 words in a row."
    )
    yield Part("contamination", "Contamination", lede, facts, heads, table)
