"""One pass over the rows of a data set: what a card says of all of them, and a sample for what costs more."""

import re
from array import array
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from holdfast.trainers.data.card.card import Duplicates, Languages, Tokens
from holdfast.trainers.data.card.faults import SHOWN, Tally
from holdfast.trainers.data.card.pairs import Pairs
from holdfast.trainers.data.card.quantiles import Quantiles, Reservoir
from holdfast.trainers.data.card.structure import Turns
from holdfast.trainers.data.entry import Entry, snippet, text_of
from holdfast.trainers.data.overlap.near_duplicates import DuplicateCluster, Numbers, Repeats, Signatures

Count = Callable[[str], int]
"""Tokens of a text."""
HUGE = 1_000_000
"""Characters of a row that is hardly one to train on."""
_SAMPLED = 100_000
"""Longer rows are left out of the sample, which stays in memory."""
NEAR_MOST = 200_000
_MOST_COLUMNS = 100
_READ, _LETTER_SHARE = 1_000, 0.5
_BROKEN = re.compile("[\ud800-\udfff]")
_CLUSTERS = 5
_SCRIPTS = {"ko": re.compile("[\uac00-\ud7a3]"), "zh": re.compile("[\u3040-\u30ff\u3400-\u9fff]")}
_KANA = re.compile("[\u3040-\u30ff]")


class Gather:
    """Collects, row by row. Memory: some 200 bytes a row, 504 more for each of the first 200,000 distinct ones."""

    def __init__(self, tally: Tally, sample: int, count: Count | None = None, limit: int | None = None) -> None:
        self.tally = tally
        self.turns, self.pairs = Turns(), Pairs()
        self.columns: Counter[str] = Counter()
        self.characters: dict[str, array[int]] = {}
        self.sample: Reservoir[Entry] = Reservoir(sample)
        self.rows = self.over = self.near_left_out = 0
        self._count, self._limit = count, limit
        self._tokens: dict[str, array[int]] = {}
        self._texts, self._prompts = Repeats(), Repeats()
        self._signatures = Signatures()
        self._where: list[str] = []
        self._heads: list[str] = []
        self._seen: set[int] = set()

    def add(self, entry: Entry) -> None:
        """Take one row into account."""
        self.rows += 1
        self.turns.add(entry, self.tally)
        self.pairs.add(entry, self.tally)
        self.columns.update(str(name) for name in list(entry.row)[:_MOST_COLUMNS])
        parts, text = entry.parts, entry.text
        for name, part in parts.items():
            self.characters.setdefault(name, array("q")).append(len(part))
        self.characters.setdefault("row", array("q")).append(len(text))
        self._remember(entry, text)
        self._faults(entry, text)
        if self._count is not None:
            self._tokenize(parts, entry, self._count)

    def duplicates(self) -> Duplicates:
        """Rows that say the same."""
        groups = self._texts.groups()
        found = Duplicates(
            exact=sum(len(group) - 1 for group in groups),
            exact_clusters=[self._cluster(group) for group in groups[:_CLUSTERS]],
            prompts=sum(len(group) - 1 for group in self._prompts.groups()),
        )
        followers: dict[int, list[int]] = {}
        for row, leader in self._signatures.leaders().items():
            followers.setdefault(leader, [leader]).append(row)
        near = sorted(followers.values(), key=lambda group: (-len(group), group[0]))
        found.near = sum(len(group) - 1 for group in near)
        found.near_clusters = [self._cluster(group, other=True) for group in near[:_CLUSTERS]]
        found.near_checked, found.near_left_out = len(self._signatures), self.near_left_out
        return found

    def tokens(self, tokenizer: str) -> Tokens:
        """The rows' lengths in tokens."""
        return Tokens(tokenizer, quantiles(self._tokens), self._limit, self.over)

    def _remember(self, entry: Entry, text: str) -> None:
        number = self.rows - 1
        self._where.append(entry.where)
        self._heads.append(snippet(text, 80))
        before = len(self._seen)
        self._seen.add(self._texts.add(text))
        self._prompts.add(entry.prompt_text.strip() or f"\x00{number}")
        if len(self._seen) == before:
            return
        if len(self._signatures) < NEAR_MOST:
            self._signatures.add(number, entry.text_without_system)
        else:
            self.near_left_out += 1

    def _faults(self, entry: Entry, text: str) -> None:
        if len(text) > HUGE:
            self.tally.note("huge rows", entry.where, f"{len(text):,} characters")
        if len(text) <= _SAMPLED:
            self.sample.add(entry)
        if broken := _BROKEN.search(text):
            self.tally.note("broken characters", entry.where, f"{broken[0]!a} in {snippet(text)!a}")
        if "\ufffd" in text:
            self.tally.note(
                "replacement characters", entry.where, snippet(text[max(0, text.find("\ufffd") - 30) :], 60)
            )

    def _tokenize(self, parts: Mapping[str, str], entry: Entry, count: Count) -> None:
        lengths = {name: count(part) for name, part in parts.items()}
        prompt = lengths.get("prompt", 0)
        row = prompt + max((length for name, length in lengths.items() if name != "prompt"), default=0)
        for name, length in (lengths | {"row": row}).items():
            self._tokens.setdefault(name, array("q")).append(length)
        if self._limit is not None and row > self._limit:
            self.over += 1
            what = f"{row:,} tokens, its prompt {prompt:,}"
            self.tally.note("long rows", entry.where, what)
            if prompt >= self._limit and entry.answers:
                self.tally.note("answers cut off", entry.where, what)

    def _cluster(self, group: "Sequence[int] | Numbers", other: bool = False) -> DuplicateCluster:
        rows = [int(row) for row in group]
        shown = [self._where[row] for row in rows[:SHOWN]]
        return DuplicateCluster(len(rows), shown, self._heads[rows[0]], self._heads[rows[1]] if other else "")


def quantiles(lengths: Mapping[str, "array[int]"]) -> dict[str, Quantiles]:
    """The quantiles of each part's lengths."""
    found = {name: Quantiles.of(values) for name, values in lengths.items()}
    return {name: one for name, one in found.items() if one is not None}


def languages(entries: Sequence[Entry]) -> Languages:
    """The languages of a sample's answers (of its prompts, where rows hold no answer)."""
    counts: Counter[str] = Counter(language(text_of(entry.answer) or entry.prompt_text) for entry in entries)
    return Languages(len(entries), dict(counts.most_common()))


def language(text: str) -> str:
    """ISO 639-1 code of a text's language: by its script (Chinese, Japanese, Korean), else the detector's word, when
    it finds both halves of the text to be in the same language.

    `unknown` otherwise, and where most signs are no letters (code, sums): the detector would answer there by luck.
    """
    from holdfast.rewards.instructions.language import detect

    text = text[:_READ]
    letters = sum(map(str.isalpha, text))
    if letters < _LETTER_SHARE * sum(not sign.isspace() for sign in text):
        return "unknown"
    for code, signs in _SCRIPTS.items():
        if 2 * len(signs.findall(text)) > letters:
            return "ja" if code == "zh" and _KANA.search(text) else code
    middle = text.find(" ", len(text) // 2)
    middle = middle if middle > 0 else len(text) // 2
    first, second = detect(text[:middle]), detect(text[middle:])
    return first if first is not None and first == second else "unknown"
