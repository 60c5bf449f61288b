"""From what was counted to what is wrong, in words: what would break training first."""

from collections.abc import Iterator

from holdfast.trainers.data.card.card import Card
from holdfast.trainers.data.card.faults import Finding, Level, Tally
from holdfast.trainers.data.overlap.near_duplicates import DuplicateCluster

_ROWS: dict[str, tuple[Level, str]] = {
    "unreadable": ("breaks", "cannot be read; training stops there"),
    "malformed": ("breaks", "not in the shape the trainer reads; training stops there"),
    "empty answers": ("breaks", "the answer is empty"),
    "equal pairs": ("breaks", "chosen equals rejected: nothing to prefer"),
    "answers cut off": ("breaks", "the prompt alone fills max_length: nothing of the answer is learned"),
    "broken characters": ("breaks", "half a surrogate pair, which no tokenizer reads"),
    "after the answer": ("look", "the last turn is not the assistant's: what follows the last answer is left out"),
    "huge rows": ("look", "more than a million characters"),
    "unknown roles": ("look", "a role that chat templates hardly know"),
    "turn order": ("look", "user and assistant do not take turns; some chat templates refuse that"),
    "empty turns": ("look", "a message before the answer says nothing"),
    "empty prompts": ("look", "the prompt is empty"),
    "placeholders": ("look", "holds a placeholder that nobody filled? data.rename replaces texts"),
    "replacement characters": ("look", "holds U+FFFD: its text was decoded wrongly before"),
    "reference not accepted": ("look", "the reward does not accept the reference itself as an answer"),
}
BREAKING = frozenset(kind for kind, (level, _) in _ROWS.items() if level == "breaks")
"""Faults of single rows that training stops at or learns wrongly from."""
_EXACT, _NEAR, _OPENING, _LENGTH = 0.01, 0.05, 0.5, 0.7
_FEW = 50
"""Shares of fewer rows than this are no finding."""


def findings(card: Card, tally: Tally) -> list[Finding]:
    """What is wrong with a data set, what breaks training first, then by the rows concerned."""
    found = [finding for kind, details in _ROWS.items() if (finding := tally.finding(kind, *details))]
    found += [*_of_lengths(card, tally), *_of_reward(card, tally), *_of_pairs(card), *_of_set(card)]
    return sorted(found, key=lambda finding: (finding.level != "breaks", -finding.count))


def _of_lengths(card: Card, tally: Tally) -> Iterator[Finding]:
    if card.tokens is None or not card.tokens.over:
        return
    every = card.tokens.over == card.rows
    text = f"longer than max_length={card.tokens.limit}: the end is cut off without a warning"
    if found := tally.finding("long rows", "breaks" if every else "look", text + (", of every row" if every else "")):
        yield found


def _of_reward(card: Card, tally: Tally) -> Iterator[Finding]:
    judged = card.judged
    if judged is None:
        return
    if found := tally.finding("unjudgeable", "breaks", f"reward {judged.reward} cannot judge them ({judged.of})"):
        found.text += f"; {found.count / card.sampled:.1%} of {card.sampled:,} sampled rows"
        yield found
    if judged.constant and judged.most != 1:  # all right, all ones: as a set of good answers should be
        text = f"reward {judged.reward} gives {judged.least:g} to every {judged.of} of {judged.judged:,} sampled rows"
        yield Finding("constant reward", "breaks", f"{text}: nothing can be learned from it", judged.judged)


def _of_pairs(card: Card) -> Iterator[Finding]:
    pairs, marks = card.preference, card.marks
    if pairs and pairs.pairs - pairs.equal >= _FEW and pairs.longer_interval[0] > 0.5 and pairs.longer >= _LENGTH:
        text = (
            f"the chosen answer is the longer one in {pairs.longer:.0%} of the pairs"
            f" (median {pairs.chosen.median:,} against {pairs.rejected.median:,} characters): length may be learned"
        )
        yield Finding("length bias", "look", text, round(pairs.longer * (pairs.pairs - pairs.equal)))
    if marks and not (marks.good and marks.bad):
        kind = "good" if marks.good else "bad"
        text = f"every answer is marked {kind}: there is nothing to compare it with"
        yield Finding("one label", "breaks", text, marks.good or marks.bad)


def _of_set(card: Card) -> Iterator[Finding]:
    """What concerns the set as a whole."""
    if card.kind == "plain text" and not card.trainer:
        text = "plain text: the trainers here read prompt and completion, messages, or chosen and rejected"
        yield Finding("plain text", "breaks", text, card.rows)
    same = card.duplicates
    if card.rows >= _FEW and same.exact > _EXACT * card.rows:
        text = f"{same.exact:,} rows ({same.exact / card.rows:.1%}) repeat an earlier row, character for character"
        yield _clustered("duplicates", text, same.exact, same.exact_clusters)
    if same.near and card.rows >= _FEW and same.near > _NEAR * card.rows:
        text = f"{same.near:,} rows ({same.near / card.rows:.1%}) nearly repeat an earlier row"
        yield _clustered("near duplicates", text, same.near, same.near_clusters)
    if card.contamination is not None and card.contamination.items_found:
        overlap = card.contamination
        worst = [one for task in overlap.tasks.values() for one in task.found[:1]]
        where = [one.where for one in worst]
        yield Finding("contamination", "look", overlap.sentence(), overlap.contaminated_rows, where, worst[0].text)
    if card.diversity is not None and card.diversity.texts >= _FEW:
        opening, share = next(iter(card.diversity.openings.items()))
        if share > _OPENING:
            text = f"{share:.0%} of the sampled answers begin with the same three words"
            yield Finding("one opening", "look", text, round(share * card.diversity.texts), [], opening)


def _clustered(kind: str, text: str, count: int, clusters: list[DuplicateCluster]) -> Finding:
    first = clusters[0]
    return Finding(kind, "look", f"{text}; the largest cluster holds {first.size:,}", count, first.where, first.example)
