"""Audit of an environment: what lazy answers earn in it, whether it repeats itself, and what one episode costs."""

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from holdfast.environment import Environment, EpisodeError, Row
from holdfast.sample import Score, Text, message_text
from holdfast.scoring.audit import Rate

Lazy = Callable[[Row, str], str]

LAZY: Mapping[str, Lazy] = {
    "empty": lambda row, asked: "",
    "an empty <answer>": lambda row, asked: "<answer></answer>",
    "echo of the question": lambda row, asked: asked,
    "echo in <answer>": lambda row, asked: f"<answer>{asked}</answer>",
    "refusal": lambda row, asked: "I cannot help with that.",
    "digits 0 to 9": lambda row, asked: f"<answer>{' '.join(map(str, range(10)))}</answer>",
    "yes and no": lambda row, asked: "<answer>yes no True False</answer>",
    "the question and the letters A to J": lambda row, asked: f"<answer>{asked} A B C D E F G H I J</answer>",
}
"""Texts a lazy policy would find: none should earn anything."""


@dataclass(slots=True)
class EnvironmentCard:
    """What an audit found."""

    environment: str
    rows: int
    lazy: dict[str, tuple[Rate, float]] = field(default_factory=dict)
    """For each lazy text on how many rows it earned anything, and its mean."""
    own: Rate | None = None
    """Rows whose own answer earns 1, where rows hold one."""
    hedged: Rate | None = None
    """Rows on which the own answer beside another one earns 1."""
    repeated: Rate | None = None
    """Rows that begin and score the same when played again, also from a thread."""
    without_value: int = 0
    seconds: float = 0.0
    """Mean time of one episode."""

    @property
    def cheapest(self) -> tuple[str, float] | None:
        """The lazy text that earns most, if any does."""
        earning = [(name, mean) for name, (rate, mean) in self.lazy.items() if rate.count]
        return max(earning, key=lambda one: one[1]) if earning else None

    def markdown(self) -> str:
        """The card as a page."""
        lines = [
            f"# Card of environment `{self.environment}`",
            "",
            "| what | 95 % interval | mean |",
            "| --- | --- | --- |",
        ]
        lines += [f"| {name} earns | {rate} | {mean:.3f} |" for name, (rate, mean) in self.lazy.items()]
        facts = {
            "own answer earns 1": self.own,
            "own answer beside another earns 1": self.hedged,
            "the same twice": self.repeated,
        }
        lines += [f"| {name} | {rate} | |" for name, rate in facts.items() if rate is not None]
        lines += [f"| episodes without a value | {self.without_value} | |"] if self.without_value else []
        cheapest = self.cheapest
        found = (
            f"Cheapest text that earns: {cheapest[0]} ({cheapest[1]:.3f})."
            if cheapest
            else "No lazy text earns anything."
        )
        return "\n".join([*lines, "", found, f"One episode takes {self.seconds * 1000:.1f} ms."]) + "\n"


def audit_environment(name: str, environment: Environment, rows: Sequence[Row]) -> EnvironmentCard:
    """Play lazy texts, own answers and repetitions on the rows."""
    card = EnvironmentCard(name, len(rows))
    start, played = time.perf_counter(), 0
    for kind, write in LAZY.items():
        scores = [play(environment, row, lambda question, row=row, write=write: write(row, question)) for row in rows]  # type: ignore[misc]
        played += len(rows)
        judged = [score.value for score in scores if score.value is not None]
        card.without_value += len(rows) - len(judged)
        rate = Rate(sum(value > 0 for value in judged), len(judged))
        card.lazy[kind] = rate, sum(judged) / len(judged) if judged else 0.0
    card.seconds = (time.perf_counter() - start) / max(played, 1)
    _own_answers(environment, rows, card)
    card.repeated = Rate(sum(_same_twice(environment, row) for row in rows), len(rows))
    return card


def play(environment: Environment, row: Row, write: Callable[[str], str]) -> Score:
    """The score of one message, written from what the episode says first; no value where the environment fails."""
    try:
        episode = environment.open(row, 0)
        try:
            episode.step({"role": "assistant", "content": write(last_text(episode.messages))})
            return episode.score()
        finally:
            episode.close()
    except EpisodeError as error:
        return Score.error(str(error))


def last_text(messages: Text) -> str:
    """The last message of an episode's beginning as text."""
    return messages if isinstance(messages, str) else message_text(messages[-1]) if messages else ""


def _own_answers(environment: Environment, rows: Sequence[Row], card: EnvironmentCard) -> None:
    with_answer = [row for row in rows if row.get("answer") is not None]
    if not with_answer:
        return
    others = [with_answer[(number + 1) % len(with_answer)]["answer"] for number in range(len(with_answer))]
    own = [play(environment, row, lambda _, row=row: f"<answer>{row['answer']}</answer>").value for row in with_answer]  # type: ignore[misc]
    card.own = Rate(sum(value == 1.0 for value in own), len(with_answer))
    hedged = [
        play(environment, row, lambda _, row=row, other=other: f"<answer>{row['answer']} or {other}</answer>").value  # type: ignore[misc]
        for row, other in zip(with_answer, others, strict=True)
        if other != row["answer"]
    ]
    card.hedged = Rate(sum(value == 1.0 for value in hedged), len(hedged))


def _same_twice(environment: Environment, row: Row) -> bool:
    def seen() -> tuple[str, float | None]:
        try:
            episode = environment.open(row, 0)
        except EpisodeError:
            return "failed", None
        first = last_text(episode.messages)
        episode.close()
        return first, play(environment, row, lambda question: f"<answer>{row.get('answer', question)}</answer>").value

    with ThreadPoolExecutor(1) as threads:
        return seen() == threads.submit(seen).result()
