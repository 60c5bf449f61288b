"""The driver: plays many episodes at once, each turn of all of them in the engine's own batches.

Only the model's messages are journaled (by the engine, keyed by the whole conversation): environments are played again
from them after a kill, so no message is generated twice and no state lies on disk. Windows of episodes are open at a
time, so memory does not grow with their number. Of several processes the first plays and the others lend a hand in
generating.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any

from holdfast.benchmarks.engine.episodes.chat import Chat
from holdfast.benchmarks.engine.episodes.live import Budget, LiveEpisode
from holdfast.benchmarks.engine.items import Completion, Item
from holdfast.benchmarks.engine.keeping.journal import Journal, read_completion
from holdfast.benchmarks.engine.parallel.ranks import Ranks
from holdfast.benchmarks.engine.scoring import Finished
from holdfast.environment import Environment
from holdfast.sample import Score

Generate = Callable[[Sequence[Item]], None]
Put = Callable[[Item, Completion], None]

WINDOW = 256
"""Episodes that are open at once."""
PAUSE, PATIENCE = 0.5, 120.0
"""Seconds between two tries where an environment has no place at all, and until its episodes are given up."""


@dataclass
class Player:
    """Plays the episodes of one task and keeps their scores until they are asked for."""

    environment: Environment
    chat: Chat
    budget: Budget
    seed: int = 0
    window: int = WINDOW
    workers: int = 1
    """Threads that step environments which wait for a process or an endpoint."""
    scores: dict[tuple[str, str, int], Score] = field(default_factory=dict)
    _places: int | None = None
    """Episodes for which the environment had a place when it was last full."""
    _waited: int = 0
    """How often in a row there was no place at all."""

    def play(
        self, items: Sequence[Item], missing: set[tuple[str, str, int]], generate: Generate, journal: Journal, put: Put
    ) -> None:
        """Play every window that holds a missing item; `put` gets the trajectories as they are finished."""
        for start in range(0, len(items), self.window):
            part = items[start : start + self.window]
            if any(item.key in missing for item in part):
                self._play_window(part, missing, generate, journal, put)

    def _play_window(
        self, items: Sequence[Item], missing: set[tuple[str, str, int]], generate: Generate, journal: Journal, put: Put
    ) -> None:
        lives = [LiveEpisode(i, self.environment, i.doc, self.seed + i.repeat, self.chat, self.budget) for i in items]
        used: list[str] = []
        try:
            waiting, open_lives = lives, list[LiveEpisode]()
            while waiting or open_lives:
                begun, waiting = self._begin(waiting, len(open_lives))
                open_lives += self._hand_over(begun, missing, put)
                if not open_lives:
                    continue
                pairs = [(live, item) for live in open_lives if (item := live.next_item()) is not None]
                prompts = [item for _, item in pairs]
                if prompts:
                    generate(prompts)
                used += [item.cache_key for item in prompts]
                answers = [read_completion(journal.records[item.cache_key]) for item in prompts]
                self._each(LiveEpisode.answer, [live for live, _ in pairs], answers)
                open_lives = list(self._hand_over(open_lives, missing, put))
        finally:
            for live in lives:
                live.close()
        for key in used:
            journal.records.pop(key, None)  # on disk; kept here only while they are needed

    def _begin(self, waiting: Sequence[LiveEpisode], playing: int) -> tuple[list[LiveEpisode], list[LiveEpisode]]:
        """Open what the environment has places for, one more than is known: (opened or failed, the waiting)."""
        room = len(waiting) if self._places is None else max(1, self._places - playing + 1)
        some, later = waiting[:room], waiting[room:]
        self._each(LiveEpisode.open, some)
        left = [live for live in some if not live.begun]
        if left:
            self._places = playing + len(some) - len(left)
        self._waited = self._waited + 1 if some and not self._places and left else 0
        if self._waited * PAUSE > PATIENCE:
            left[0].give_up()
        elif self._waited:
            time.sleep(PAUSE)
        return [live for live in some if live.begun], [live for live in (*left, *later) if not live.begun]

    def _each(self, act: Callable[..., None], lives: Sequence[LiveEpisode], *more: Sequence[Any]) -> None:
        if self.workers < 2 or len(lives) < 2:
            for arguments in zip(lives, *more, strict=True):
                act(*arguments)
            return
        with ThreadPoolExecutor(min(self.workers, len(lives))) as pool:
            list(pool.map(act, lives, *more))

    def _hand_over(
        self, lives: Sequence[LiveEpisode], missing: set[tuple[str, str, int]], put: Put
    ) -> Iterator[LiveEpisode]:
        """Finished episodes to the scorer; the others are yielded."""
        for live in lives:
            if not live.over:
                yield live
            elif live.item.key in missing and live.score is not None:
                if not live.whole().refused:
                    self.scores[live.item.key] = live.score
                put(replace(live.item, question=tuple(live.question)), live.whole())

    def judge(self, finished: Sequence[Finished]) -> list[Score]:
        """The scores of episodes that were played, in order."""
        return [self.scores.pop(item.key) for item, _ in finished]


def generate_share(generate: Generate, ranks: Ranks) -> None:
    """What the processes do that do not play: generate their share of what the first asks, until it is done."""
    while (shared_fields := ranks.meet()[0]) is not None:
        generate([_item(fields) for fields in shared_fields])


def shared(generate: Generate, ranks: Ranks) -> Generate:
    """`generate` of the process that plays: the others are shown the items first."""

    def with_others(items: Sequence[Item]) -> None:
        if ranks.count > 1:
            ranks.meet([_fields(item) for item in items])
        generate(items)

    return with_others


_NEEDED = ("task", "doc_id", "repeat", "kind", "prompt", "generation", "seed", "doc_hash", "turn")


def _fields(item: Item) -> dict[str, Any]:
    return {name: getattr(item, name) for name in _NEEDED}


def _item(fields: dict[str, Any]) -> Item:
    return Item(**fields)
