"""One episode of a rollout: the engine's Live, with the tokens that were generated and those that were appended."""

import json
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from holdfast.benchmarks.engine.episodes.chat import Chat, chat_of, described
from holdfast.benchmarks.engine.episodes.live import Budget, LiveEpisode
from holdfast.benchmarks.engine.items import Completion, Item
from holdfast.benchmarks.shared.tool_messages import as_objects
from holdfast.benchmarks.suites.episode_task import environment_of
from holdfast.environment import Environment, Row, ToolSpec
from holdfast.errors import DataError, UsageError
from holdfast.sample import Message, Score
from holdfast.trainers.episodes.rows import EPISODE

_MORE_TOOLS = "Now you can call these tools, too:\n"


class TrainerTemplate:
    """A trainer's chat template, as a way of conversing asks for it."""

    chat = True
    max_length: int | None = None

    def __init__(self, trainer: Any) -> None:
        self.tokenizer = trainer.processing_class
        self._options = dict(getattr(trainer, "chat_template_kwargs", None) or {})

    def render(
        self, messages: Sequence[Message], tools: Sequence[Mapping[str, Any]] = (), generation: bool = True
    ) -> str:
        """The prompt, up to the opening of the assistant's turn."""
        text = self.tokenizer.apply_chat_template(
            [dict(message) for message in messages],
            tools=[dict(tool) for tool in tools] or None,
            tokenize=False,
            add_generation_prompt=generation,
            **self._options,
        )
        return str(text)

    def count(self, prompt: str) -> int:
        """Tokens of a prompt."""
        return len(self.encode(prompt))

    def encode(self, text: str) -> list[int]:
        """Tokens of a text that holds its own special tokens."""
        return list(self.tokenizer(text, add_special_tokens=False).input_ids)


class RolloutEpisode:
    """An episode and its tokens; without one (`live` is None), a single answer."""

    def __init__(
        self, live: LiveEpisode | None, template: TrainerTemplate, limit: int, message: int, prompt: str = ""
    ) -> None:
        """`limit`: tokens of the trajectory; `message`: of one message; `prompt`: what is answered without episode."""
        self.live, self._template, self._limit, self._message = live, template, limit, message
        self.end: int = template.tokenizer.eos_token_id
        self.prompt_ids = template.encode(prompt) or [self.end]
        self._tools: frozenset[str] = frozenset()
        self.ids: list[int] = []
        self.mask: list[int] = []
        self.logprobs: list[float] | None = []
        self._answered = False

    def begin(self) -> None:
        """Open the episode; `begun` stays false where its environment has no place for it now."""
        if self.live is None:
            return
        self.live.open()
        if self.live.begun and not self.live.over:
            prompt = self.live.prompt()
            if prompt is not None:
                self.prompt_ids, self._tools = self._template.encode(prompt.text), _names(self.live.tools)

    @property
    def begun(self) -> bool:
        """Whether it is being played, or over."""
        return self.live is None or self.live.begun

    @property
    def over(self) -> bool:
        """Whether nothing more is to be generated."""
        return self.live.over if self.live else self._answered

    @property
    def context(self) -> list[int]:
        """All tokens so far."""
        return [*self.prompt_ids, *self.ids]

    @property
    def room(self) -> int:
        """Tokens that the next message may have."""
        return min(self._message, self._limit - len(self.ids))

    def take(self, answer: Sequence[int], logprobs: Sequence[float] | None) -> None:
        """Append the model's tokens, and what the environment says to them."""
        answer = [int(token) for token in answer][: self.room]
        self._append(answer, 1, logprobs)
        if self.live is None:
            self._answered = True
            return
        ended = bool(answer) and answer[-1] == self.end
        if not ended and len(self.ids) < self._limit:
            self._append([self.end], 0)
        elif not ended:
            self.live.stop("the trajectory is longer than max_completion_length")
            return
        before = len(self.live.conversation)
        text = self._template.tokenizer.decode(answer, skip_special_tokens=True)
        self.live.answer(Completion(text, "stop" if ended else "length", len(answer)))
        if len(self.live.conversation) <= before:
            raise UsageError(f"{self.live.item.task} begins new conversations in its episodes: GRPO trains on one each")
        if not self.live.over:
            self._append_messages(self.live.conversation[before + 1 :], self.live.conversation[before])

    def _append_messages(self, new_messages: Sequence[Message], own: Message) -> None:
        assert self.live is not None
        added = self._template.encode(self._continuation(new_messages, own))
        if len(self.ids) + len(added) >= self._limit:
            self.live.stop("the trajectory is longer than max_completion_length")
            return
        self._append(added, 0)

    def _append(self, tokens: Sequence[int], mask: int, logprobs: Sequence[float] | None = None) -> None:
        self.ids += tokens
        self.mask += [mask] * len(tokens)
        if mask and logprobs is None:
            self.logprobs = None
        elif self.logprobs is not None:
            self.logprobs += list(logprobs)[: len(tokens)] if logprobs is not None else [0.0] * len(tokens)

    def _continuation(self, new_messages: Sequence[Message], own: Message) -> str:
        """What follows the end of the model's message, up to where it speaks again."""
        assert self.live is not None
        shown, tools = [*new_messages], self.live.tools
        more = [tool for tool in tools if tool["function"]["name"] not in self._tools]
        if more:
            listed = "\n".join(json.dumps(tool["function"], ensure_ascii=False) for tool in more)
            shown.append({"role": "user", "content": _MORE_TOOLS + listed})
            self._tools |= _names(more)
        stand_in = {**own, "content": "x"}
        start: list[Message] = [{"role": "user", "content": "x"}, stand_in]
        chat = self.live.chat
        whole, before = _rendered(chat, [*start, *shown], True), _rendered(chat, start, False)
        end = str(self._template.tokenizer.eos_token)
        parts = whole.split(end)
        turns = before.count(end)
        if not turns or len(parts) <= turns:
            raise UsageError(f"the chat template does not end a message with {end!r}: episodes cannot be continued")
        return end.join(parts[turns:])

    @property
    def messages(self) -> list[dict[str, Any]] | None:
        """All that followed the first messages; None for a single answer."""
        return [dict(message) for message in self.live.trajectory.messages] if self.live else None

    @property
    def score(self) -> Score | None:
        """The episode's score; None for a single answer."""
        return self.live.score if self.live else None

    def close(self) -> None:
        """Release the episode."""
        if self.live is not None:
            self.live.close()


def episode_for(prompt: Any, trainer: Any) -> RolloutEpisode:
    """The episode that a prompt carries, not yet begun."""
    template = TrainerTemplate(trainer)
    limit = int(trainer.max_completion_length)
    named = None if isinstance(prompt, str) else next((m[EPISODE] for m in prompt if m.get(EPISODE)), None)
    if named is None:
        text = prompt if isinstance(prompt, str) else template.render(_plain_messages(prompt))
        return RolloutEpisode(None, template, limit, limit, text)
    settings = json.loads(named)
    chat = chat_of(template, settings.get("tools", "auto"))
    made, row = _environment_and_row(named)
    item = Item(settings["environment"], str(settings["key"]), 0, "generate", "")
    budget = Budget(turns=settings["turns"], tokens=settings.get("tokens"), seconds=settings.get("seconds"))
    live = LiveEpisode(item, made, row, int(settings.get("seed", 0)), chat, budget)
    return RolloutEpisode(live, template, limit, int(settings["max_tokens"]))


def _plain_messages(prompt: Sequence[Message]) -> list[dict[str, Any]]:
    return [{key: value for key, value in message.items() if value is not None} for message in prompt]


def _environment_and_row(named: str) -> tuple[Environment, Row]:
    settings = json.loads(named)
    options, root = json.dumps(settings["options"], sort_keys=True), settings.get("data_root")
    made, rows = _rows(settings["environment"], options, settings["split"], root)
    if str(settings["key"]) not in rows:
        raise DataError(f"environment {settings['environment']!r} has no task {settings['key']!r}")
    return made, rows[str(settings["key"])]


@cache
def _rows(name: str, options: str, split: str, root: str | None) -> tuple[Environment, dict[str, Row]]:
    """An environment and the rows of a split by key, read once."""
    made = environment_of(name, json.loads(options), Path(root) if root else None)
    return made, {str(row["key"]): row for row in made.tasks(split)}


def _rendered(chat: Chat, messages: Sequence[Message], generation: bool) -> str:
    """Messages as this model converses, tools left out: they stand at the beginning."""
    template: Any = chat.engine
    shown = [as_objects(message) for message in messages] if chat.native else described(messages, ())
    return str(template.render(shown, (), generation))


def _names(tools: Sequence[ToolSpec]) -> frozenset[str]:
    return frozenset(str(tool["function"]["name"]) for tool in tools)
