"""The audit of anybody's grader: what lazy, hedging, wrong and hostile answers earn, and whether it repeats itself."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from statistics import median

from holdfast.benchmarks.environments.graders.corpus import (
    CODE,
    FORMS,
    HEAVY,
    LAZY,
    MARK,
    STRANGE,
    UNREADABLE,
    hedges,
    near_misses,
)
from holdfast.benchmarks.environments.graders.foreign import Grader, GraderItem, GraderResult
from holdfast.scoring.audit import Rate

KINDS = (
    *("own_answer", "lazy", "wrong", "hedge", "unreadable_reference", "executes"),
    *("hangs", "dies", "raises", "odd_value", "differs", "threads"),
)
SLOW = 5.0
"""Seconds of computing above which one answer takes too long."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One defect, with the text that shows it."""

    kind: str
    """The kind of finding, one of KINDS."""
    what: str
    rate: Rate
    example: str = ""

    def __str__(self) -> str:
        shown = f": {self.example!r}" if self.example else ""
        return f"{self.kind}: {self.what} ({self.rate.count} of {self.rate.of}){shown}"


@dataclass(slots=True)
class GraderCard:
    """What an audit found."""

    grader: str
    style: str
    items: int
    form: str = ""
    """The form in which it reads its own answers best."""
    own: Rate | None = None
    findings: list[Finding] = field(default_factory=list)
    cheapest: tuple[str, float] | None = None
    """The lazy text that earns most, and its mean."""
    calls: int = 0
    milliseconds: float = 0.0
    """Median time of a call, without those meant to be heavy."""

    def markdown(self) -> str:
        """The card as a page."""
        lines = [
            f"# Card of grader `{self.grader}`",
            "",
            f"Called as: {self.style}. Form read best: {self.form or 'none'}.",
        ]
        lines += [f"Own answers that earn 1: {self.own}.", "", "| defect | what | on |", "| --- | --- | --- |"]
        lines += [f"| {one.kind} | {one.what} | {one.rate} |" for one in self.findings]
        lines += [] if self.findings else ["| none | | |"]
        shown = [f"- {one.what}: `{one.example}`" for one in self.findings if one.example]
        lines += ["", "## Texts", "", *shown] if shown else []
        cheapest = f"{self.cheapest[0]} ({self.cheapest[1]:.3f})" if self.cheapest else "none"
        lines += ["", f"Cheapest text that earns: {cheapest}. {self.calls} calls, {self.milliseconds:.2f} ms each."]
        return "\n".join(lines) + "\n"


class Audit:
    """One grader on one list of items."""

    def __init__(self, grader: Grader, items: Sequence[GraderItem], name: str) -> None:
        self.grader, self.items = grader, items
        self.golds = [item.reference for item in items]
        self.card = GraderCard(name, grader.style, len(items))
        self._seconds: list[float] = []
        self._raised: dict[str, str] = {}
        self._odd: dict[str, str] = {}
        self._shown = 0
        self._failed: list[str] = []

    def run(self) -> GraderCard:
        """Run the whole audit."""
        self._own_answers()
        if len(self._failed) == len(FORMS) * len(self.items):
            self._record("raises", "raises on every answer", [True], self._failed[0])
            return self.card
        self._lazy()
        if self.card.form:
            self._wrong_and_hedged()
        self._repeats()
        self._hostile()
        self._faults()
        self.card.calls = self._shown
        self.card.milliseconds = 1000 * median(self._seconds) if self._seconds else 0.0
        return self.card

    @property
    def _form(self) -> str:
        return FORMS[self.card.form]

    def _grade(self, item: GraderItem, answer: str, what: str, timed: bool = True) -> GraderResult:
        given = self.grader(item, answer)
        self._shown += 1
        if timed and not given.lost:
            self._seconds.append(given.seconds)
        if given.raised:
            self._failed.append(given.raised)
            self._raised.setdefault(what, f"{answer[:60]} → {given.raised}")
        if given.odd:
            self._odd.setdefault(what, f"{answer[:60]} → {given.odd}")
        if given.lost:
            kind = "hangs" if "no answer within" in given.lost else "dies"
            self._record(kind, what, [True], answer[:60])
        return given

    def _record(self, kind: str, what: str, hits: Sequence[bool], example: str = "") -> None:
        if any(hits):
            self.card.findings.append(Finding(kind, what, Rate(sum(hits), len(hits)), example[:120]))

    def _own_answers(self) -> None:
        full = {
            name: [self._grade(item, form.format(item.reference), "own answer").full for item in self.items]
            for name, form in FORMS.items()
        }
        best = max(full, key=lambda name: sum(full[name]))
        self.card.own = Rate(sum(full[best]), len(self.items))
        self.card.form = best if any(full[best]) else ""
        refused = [item.reference for item, right in zip(self.items, full[best], strict=True) if not right]
        missed = [not right for right in full[best]]
        self._record("own_answer", "refuses its own answer in every form", missed, refused[0] if refused else "")

    def _lazy(self) -> None:
        earned: dict[str, float] = {}
        for name, write in LAZY.items():
            texts = [write(item, self.golds) for item in self.items]
            given = [self._grade(item, answer, name) for item, answer in zip(self.items, texts, strict=True)]
            self._record("lazy", f"{name} earns", [one.earns for one in given], texts[0])
            earned[name] = sum(one.value or 0.0 for one in given) / len(given)
        best = max(earned, key=lambda name: earned[name])
        self.card.cheapest = (best, earned[best]) if earned[best] > 0 else None

    def _wrong_and_hedged(self) -> None:
        form = self._form
        others = [self.golds[(index + 1) % len(self.golds)] for index in range(len(self.golds))]
        pairs = list(zip(self.items, others, strict=True))
        self._earning("wrong", "another item's answer earns", [(item, form.format(other)) for item, other in pairs])
        for index, what in enumerate(("with a 0 behind", "with a 1 before", "negated", "with .5 behind", "plus one")):
            texts = [(item, form.format(near_misses(item.reference)[index])) for item in self.items]
            self._earning("wrong", f"the answer {what} earns", texts)
        for name, write in hedges(form).items():
            self._earning("hedge", f"{name} earns", [(item, write(item, other)) for item, other in pairs])
        unreadable = [(GraderItem(item.prompt, UNREADABLE), form.format(item.reference)) for item in self.items]
        self._earning("unreadable_reference", "a reference that is no answer is met", unreadable)

    def _earning(self, kind: str, what: str, pairs: Sequence[tuple[GraderItem, str]]) -> None:
        hits = [self._grade(item, answer, what).earns for item, answer in pairs]
        example = next((answer for (_, answer), hit in zip(pairs, hits, strict=True) if hit), "")
        self._record(kind, what, hits, example)

    def _repeats(self) -> None:
        form = self._form if self.card.form else "{}"
        shown = [(item, form.format(item.reference)) for item in self.items]
        shown += [(item, form.format(near_misses(item.reference)[-1])) for item in self.items]
        first = self._values(shown)
        self._differs("differs", "the same answers, once more", first, self._values(shown))
        backward = self._values(shown[::-1])[::-1]
        self._differs("differs", "the same answers in another order", first, backward)
        threaded = [self.grader(item, answer, thread=True) for item, answer in shown]
        self._differs("threads", "outside the main thread", first, [(one.value, bool(one.raised)) for one in threaded])
        self.grader.again()
        self._differs("differs", "in a fresh process", first, self._values(shown))

    def _values(self, pairs: Iterable[tuple[GraderItem, str]]) -> list[tuple[float | None, bool]]:
        given = [self._grade(item, answer, "a plain answer") for item, answer in pairs]
        return [(one.value, bool(one.raised)) for one in given]

    def _differs(self, kind: str, what: str, first: Sequence[object], again: Sequence[object]) -> None:
        self._record(kind, f"other values {what}", [one != other for one, other in zip(first, again, strict=True)])

    def _hostile(self) -> None:
        shapes = ["{}", *([self._form] if self.card.form else []), "\\boxed{{{}}}", "<answer>{}</answer>"]
        item = self.items[0]
        for text in CODE:
            for shape in shapes:
                answer = shape.format(text)
                self._grade(item, answer, "Python in the answer", timed=False)
                if MARK in self.grader.left():
                    self._record("executes", "runs Python of the answer", [True], answer)
                    self._heavy(shapes[:2])
                    return
        self._heavy(shapes[:2])

    def _heavy(self, shapes: Sequence[str]) -> None:
        item, shapes = self.items[0], list(dict.fromkeys(shapes))
        shown = []
        for name, text in HEAVY.items():
            for answer in (shape.format(text) for shape in shapes):
                given = self._grade(item, answer, name, timed=False)
                shown.append((answer, given.earns))
                if given.seconds > SLOW:
                    self._record("hangs", f"{name} takes {given.seconds:.0f} seconds", [True], answer[:60])
                if given.lost:
                    break
        self._any_earns("a text that is heavy to read earns", shown)
        texts = [shape.format(text) for text in STRANGE for shape in shapes]
        self._any_earns(
            "a strange text earns", [(one, self._grade(item, one, "a strange text").earns) for one in texts]
        )

    def _any_earns(self, what: str, pairs: Sequence[tuple[str, bool]]) -> None:
        example = next((answer for answer, earns in pairs if earns), "")
        self._record("lazy", what, [earns for _, earns in pairs], example[:60])

    def _faults(self) -> None:
        for kind, examples in (("raises", self._raised), ("odd_value", self._odd)):
            for what, shown in examples.items():
                self._record(kind, what, [True], shown)


def audit_grader(grader: Grader, items: Sequence[GraderItem], name: str) -> GraderCard:
    """The card of a grader on questions whose answers are whole numbers."""
    return Audit(grader, items, name).run()
