"""One episode while it is played: the conversation so far, what it used up of its budget, and what comes next."""

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import takewhile
from typing import Any

from holdfast.benchmarks.engine.episodes.calls import model_message
from holdfast.benchmarks.engine.episodes.chat import Chat, Prompt
from holdfast.benchmarks.engine.generating.generation import fitted
from holdfast.benchmarks.engine.items import Completion, Item
from holdfast.environment import FAULT, BusyError, Environment, Episode, EpisodeError, Row, ToolSpec, Trajectory, judged
from holdfast.errors import HoldfastError
from holdfast.sample import Message, Score

log = logging.getLogger("holdfast")
_told: set[str] = set()
_MOST_TOLD = 1000


def _first_time(what: str) -> bool:
    """Whether this was not said before: a dead server concerns every episode, and is told once."""
    if what in _told:
        return False
    if len(_told) >= _MOST_TOLD:
        _told.clear()
    _told.add(what)
    return True


@dataclass(frozen=True, kw_only=True)
class Budget:
    """What one episode may use up."""

    turns: int = 30
    """How many messages the model may write."""
    tokens: int | None = None
    """Tokens of all its messages together, where the engine counts them."""
    seconds: float | None = None
    """Seconds since it was opened. This limit is ours: an episode that breaks it has no value."""
    same: int = 8
    """Equal messages of the model one after the other, each an answer to the same."""


@dataclass
class LiveEpisode:
    """One episode that is being played. Its environment's failures become a Score without a value, after one retry."""

    item: Item
    environment: Environment
    row: Row
    seed: int
    chat: Chat
    budget: Budget
    score: Score | None = None
    """Set when it is over."""
    question: Sequence[Message] = ()
    """What the model saw first."""
    trajectory: Trajectory = field(default_factory=Trajectory)
    answers: list[Completion] = field(default_factory=list)
    busy: str = ""
    """Why it could not be opened when it was last tried."""
    _episode: Episode | None = None
    _started: float = 0.0
    _repeats: int = 0
    _last: Sequence[Any] = ()
    _conversation: list[Message] = field(default_factory=list)
    """What the model sees: the first messages and all that followed, since a conversation began."""

    @property
    def begun(self) -> bool:
        """Whether it was opened, or has failed to be."""
        return self._episode is not None or self.over

    def open(self) -> None:
        """Begin. A failure of the environment ends the episode at once; a full one leaves it to be opened later."""
        self._started = time.monotonic()
        self._guarded(self._open)

    def _open(self) -> None:
        try:
            self._episode = self.environment.open(self.row, self.seed)
        except BusyError as error:
            self.busy = str(error)
            return
        self.question = [dict(message) for message in self._episode.messages]
        self._conversation = [*self.question]

    @property
    def over(self) -> bool:
        """Whether there is nothing more to ask."""
        return self.score is not None

    @property
    def conversation(self) -> Sequence[Message]:
        """All that the model sees, the first messages included."""
        return self._conversation

    @property
    def tools(self) -> Sequence[ToolSpec]:
        """What the model may call now; nothing when it is over."""
        return self._episode.tools if self._episode is not None else ()

    def stop(self, reason: str) -> None:
        """End it here: 0, as by every budget that a model uses up."""
        self.trajectory.reason = reason
        self._guarded(lambda: self._end(self._judged()))

    def next_item(self) -> Item | None:
        """What the model is asked now; None, and the episode is over, where its template cannot say it."""
        prompt = self.prompt()
        if prompt is None:
            return None
        generation = {**self.item.generation, **prompt.arguments}
        item = replace(self.item, prompt=prompt.text, generation=generation, turn=len(self.answers))
        return fitted([item], self.chat.engine.count, self.chat.engine.max_length)[0][0]

    def prompt(self) -> Prompt | None:
        """The conversation as the model is shown it now; None, and the episode is over, where its template cannot say
        it."""
        assert self._episode is not None
        try:
            prompt = self.chat.prompt(self._conversation, self._episode.tools)
        except EpisodeError as error:
            self._fail(str(error))
            return None
        self.trajectory.tools_as_text += bool(prompt.fallback)
        if prompt.fallback and _first_time(f"{self.item.task}: as text"):
            log.warning(
                "%s, %s: the chat template does not render this conversation with its own tools (%s); they are "
                "described as text there, and the row says tools_as_text (said once)",
                self.item.task, self.item.doc_id, prompt.fallback,
            )  # fmt: skip
        return prompt

    def answer(self, completion: Completion) -> None:
        """Take the model's message and play on until it is asked again."""
        self.answers.append(completion)
        if completion.refused:
            self._end(Score.error(f"refused: {completion.refused}"))
            return
        self._guarded(lambda: self._take(completion))

    def _take(self, completion: Completion) -> None:
        assert self._episode is not None
        calls = int(self.trajectory.counts["calls"])
        reply = model_message(completion.text, completion.calls, self._episode.tools, calls)
        self._count(reply.message)
        self._add(reply.message)
        if reply.fault:
            error = f"Error: the tool call does not parse: {reply.fault}"
            self._add({"role": "user", "name": FAULT, "content": error})
        else:
            self._step(reply.message)
        self._end(self._spent())

    def _step(self, message: Message) -> None:
        assert self._episode is not None
        before = [*self.question, *self.trajectory.messages[:-1]]
        try:
            step = self._episode.step(message)
        except EpisodeError as error:
            log.warning("%s, %s: %s; playing it again", self.item.task, self.item.doc_id, error)
            self._replay_to(before)
            step = self._episode.step(message)
        if step.fresh:
            self._conversation.clear()
        for new in step.messages:
            self._add(new)
        self.trajectory.done = step.done

    def _replay_to(self, conversation: Sequence[Message]) -> None:
        """A new episode brought to the same state. Raises EpisodeError when it goes another way."""
        self.close()
        self._episode = self.environment.open(self.row, self.seed)
        for index, message in enumerate(conversation):
            if message["role"] != "assistant" or index < len(self.question):
                continue
            if conversation[index + 1 : index + 2] and conversation[index + 1].get("name") == FAULT:
                continue
            step = self._episode.step(message)
            seen = conversation[index + 1 : index + 1 + len(step.messages)]
            if [dict(one) for one in step.messages] != [dict(one) for one in seen]:
                raise EpisodeError("played again, the environment answered otherwise")

    def _add(self, message: Message) -> None:
        self._conversation.append(message)
        self.trajectory.messages.append(message)

    def _count(self, message: Message) -> None:
        """How often in a row the same was said to the same."""
        observations = list(takewhile(lambda one: one["role"] != "assistant", reversed(self.trajectory.messages)))
        exchange = [_fingerprint(one) for one in (*observations, message)]
        self._repeats = self._repeats + 1 if exchange == self._last else 1
        self._last = exchange

    def _spent(self) -> Score | None:
        """Why the episode must end here, as a score; None when it may go on."""
        if self.trajectory.done:
            return self._judged()
        used = [answer.tokens for answer in self.answers]
        tokens = sum(count or 0 for count in used)
        if self.budget.seconds is not None and time.monotonic() - self._started > self.budget.seconds:
            return Score.error(f"not over after {self.budget.seconds:g} seconds")
        if len(self.answers) >= self.budget.turns:
            self.trajectory.reason = f"not over after {self.budget.turns} turns"
        elif self.budget.tokens is not None and tokens >= self.budget.tokens:
            self.trajectory.reason = f"not over after {tokens} tokens"
        elif self._repeats >= self.budget.same:
            self.trajectory.reason = f"the same message {self._repeats} times"
        elif self.answers[-1].prompt_cut:
            self.trajectory.reason = "the conversation is longer than the model's context"
        return self._judged() if self.trajectory.reason else None

    def _judged(self) -> Score:
        assert self._episode is not None
        return judged(self._episode, self.trajectory)

    def give_up(self) -> None:
        """The environment has had no place for it for too long."""
        self._fail(self.busy)

    def _end(self, score: Score | None) -> None:
        if score is not None:
            self.score = score
            self.close()

    def _guarded(self, act: Any) -> None:
        """The one place where an environment's unexpected exception is caught: the episode then has no value."""
        try:
            act()
        except EpisodeError as error:
            self._fail(str(error))
        except HoldfastError:
            raise
        except Exception as error:
            if _first_time(f"{self.item.task} raised {type(error).__name__}"):
                log.warning("%s, %s: the environment failed", self.item.task, self.item.doc_id, exc_info=True)
            self._fail(f"{type(error).__name__}: {error}")

    def _fail(self, reason: str) -> None:
        first = _first_time(f"{self.item.task}: {reason[:60]}")
        level, more = (logging.WARNING, " (said once)") if first else (logging.DEBUG, "")
        log.log(level, "%s, %s has no value: %s%s", self.item.task, self.item.doc_id, reason, more)
        self._end(Score.error(reason))

    def close(self) -> None:
        """Release the episode; what it raises then is of no interest any more."""
        episode, self._episode = self._episode, None
        if episode is not None:
            try:
                episode.close()
            except EpisodeError as error:
                log.warning("%s, %s: %s", self.item.task, self.item.doc_id, error)

    def whole(self) -> Completion:
        """The trajectory as one completion."""
        tokens = [answer.tokens for answer in self.answers]
        cut = bool(self.trajectory.reason) or any(answer.finish_reason == "length" for answer in self.answers)
        last = self.answers[-1] if self.answers else Completion()
        return replace(
            last,
            calls=(),
            turns=tuple(self.trajectory.messages),
            finish_reason="length" if cut else "stop" if self.trajectory.done else None,
            tokens=None if None in tokens else sum(count or 0 for count in tokens),
            prompt_cut=any(answer.prompt_cut for answer in self.answers),
        )


def _fingerprint(message: Message) -> Any:
    calls = [call["function"] for call in message.get("tool_calls") or ()]
    return message.get("content"), calls
