"""Conversations of several turns: the model answers, the benchmark speaks again, the model answers again.

A task says so with `turns` (how many answers at most) and `continue_`, a pure function of the row and the conversation
so far that gives the next messages or None: a user's next question (MT-Bench), or what a tool returned. Because it is
pure, a killed run replays it from the journal. A live tool environment (τ-bench) plugs in here: its `continue_` parses
the last answer's tool calls, replays the conversation's calls on a fresh copy of the row's database, and returns the
result, or the simulated user's reply from a cached endpoint; its reward reads the whole conversation.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from statistics import fmean

from holdfast.benchmarks.decoding.thoughts import answer_of
from holdfast.benchmarks.engine.items import Completion, Item, Render
from holdfast.benchmarks.engine.scoring import Finished, Judge
from holdfast.benchmarks.suites.task import Task
from holdfast.errors import DataError
from holdfast.files import digest
from holdfast.sample import Message, Outcome, Score

Follow = Callable[[Item, str], Item | None]
"""(an item, the model's answer to it) -> the item that asks on, None when the conversation is over."""


def follower(task: Task, render: Render | None) -> Follow | None:
    """How a task's items are followed up; None for a task of one turn."""
    speak = task.continue_
    if speak is None or task.turns < 2:
        return None

    def follow(item: Item, answer: str) -> Item | None:
        conversation: tuple[Message, ...] = (*item.messages, {"role": "assistant", "content": answer_of(answer)})
        if _answers(conversation) - _answers(item.lead) >= task.turns:
            return None
        added = speak(item.doc, conversation[len(item.lead) :])
        if not added:
            return None
        messages = (*conversation, *added)
        prompt = render(messages) if render else f"{item.prompt}{answer_of(answer)}\n\n{_joined_text(added)}\n\n"
        return replace(item, messages=messages, prompt=prompt, turn=item.turn + 1)

    return follow


def _answers(messages: Sequence[Message]) -> int:
    return sum(message["role"] == "assistant" for message in messages)


def _joined_text(messages: Sequence[Message]) -> str:
    return "\n\n".join(str(message["content"]) for message in messages)


def whole(first: Item, last: Item, answers: Sequence[Completion]) -> Completion:
    """A conversation as one completion: all that followed the first question, lengths added up."""
    final = answers[-1]
    turns = (*last.messages[len(first.messages) :], {"role": "assistant", "content": final.text})
    tokens = [answer.tokens for answer in answers]
    return replace(
        final,
        turns=turns,
        finish_reason="length" if any(a.finish_reason == "length" for a in answers) else final.finish_reason,
        tokens=None if None in tokens else sum(count or 0 for count in tokens),
        prompt_cut=any(answer.prompt_cut for answer in answers),
        refused=next((answer.refused for answer in answers if answer.refused), ""),
    )


@dataclass
class TurnJudge:
    """Judges every answer of a conversation by itself, with what was said before as its prompt; the score is the mean,
    each answer's is a part `turn_1`, `turn_2`, …"""

    judge: Judge

    def __call__(self, finished: Sequence[Finished]) -> list[Score]:
        """One score per conversation. A turn that cannot be judged leaves the conversation without a value."""
        split = [_turns(item, completion) for item, completion in finished]
        scores = iter(self.judge([turn for turns in split for turn in turns]))
        return [_mean([next(scores) for _ in turns]) for turns in split]


def _turns(item: Item, completion: Completion) -> list[Finished]:
    turns = completion.turns or ({"role": "assistant", "content": completion.text},)
    references = item.reference if isinstance(item.reference, list) else None
    question = [*item.messages[len(item.lead) :]]
    found: list[Finished] = []
    for index, message in enumerate(turns):
        if message["role"] != "assistant":
            continue
        if references is not None and len(references) <= len(found):
            raise DataError(f"task {item.task!r}, item {item.doc_id}: fewer references than answers")
        before = [*question, *turns[:index]]
        reference = references[len(found)] if references is not None else item.reference
        single = replace(item, question=before, reference=reference, doc_hash=digest([item.doc_hash, before]))
        found.append((single, Completion(str(message["content"]))))
    return found


def _mean(scores: Sequence[Score]) -> Score:
    parts: dict[str, float | None] = {f"turn_{number}": s.value for number, s in enumerate(scores, start=1)}
    values = [score.value for score in scores if score.value is not None]
    if len(values) < len(scores):
        bad = next(score for score in scores if score.value is None)
        return Score(None, Outcome(bad.outcome), bad.reason, None, parts)
    reason = "; ".join(score.reason for score in scores if score.reason)
    return Score.share(fmean(values), reason, None, **parts)
