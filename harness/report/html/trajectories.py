"""Episodes whose score changed, turn by turn: what was said, called and answered before and after, side by side.

It is read without JavaScript. Messages that are the same in both stand unmarked beside each other; where the two part,
a message of the model before is marked as lost and one of the model after as gained. A tool's answer that differs
though the call is the same shows that the state of the world does; how the state reached differs from the wanted one
is what the environment gives as the reason of its score.
"""

import json
from collections.abc import Sequence
from difflib import SequenceMatcher
from itertools import zip_longest
from typing import Any

from holdfast.compare.result import Comparison, Flip, Side
from holdfast.quantities import count
from holdfast.report import phrases
from holdfast.report.html.html_builder import Html, join, section, tag
from holdfast.sample import Message, Text, message_text

MOST = 8
"""Episodes of one benchmark that are shown."""
TURNS = 80
"""Messages of one episode that are shown."""
LONGEST = 1500
"""Characters of one message that are shown."""


def is_episode(text: Text) -> bool:
    """Whether a completion is a conversation: several messages, or one that calls a tool."""
    return not isinstance(text, str) and (len(text) > 1 or any(message.get("tool_calls") for message in text))


def trajectories(comparison: Comparison) -> Html:
    """The section; empty where no episode's score changed."""
    shown = []
    for benchmark in comparison.benchmarks:
        flips = [f for f in benchmark.flips if is_episode(f.before.completion) or is_episode(f.after.completion)]
        if flips:
            flips.sort(key=lambda flip: flip.change)
            most = f"{count(len(flips))} episodes changed" + (f"; {MOST} are shown" if len(flips) > MOST else "")
            shown.append(tag("h3", f"{benchmark.task}: {most}"))
            shown += [_episode(flip) for flip in flips[:MOST]]
    if not shown:
        return Html("")
    lede = (
        "Episodes whose score changed, turn by turn, the model before on the left. Marked is what only one of the two "
        "said, called or was answered; under each name stands how the state it reached differs from the wanted one."
    )
    return section("episodes", "The episodes", lede, *shown)


def _episode(flip: Flip) -> Html:
    word, tone = ("▼ lost", "lost") if flip.direction == "lost" else ("▲ gained", "gained")
    prompt_text = phrases.plain_text(flip.prompt[-1:] if not isinstance(flip.prompt, str) else flip.prompt)
    name = f"{flip.doc_id} #{flip.repeat}" if flip.repeat else flip.doc_id
    summary = tag(
        "summary", tag("b", word, class_=f"tone-{tone}"), f" {name}: {_cut(' '.join(prompt_text.split()), 110)}"
    )
    heads = tag("div", _head("before", flip.before), _head("after", flip.after), class_="turn heads")
    rows = [_row(one, other) for one, other in aligned(_listed(flip.before), _listed(flip.after))]
    return tag("details", summary, heads, *rows[:TURNS], _rest(len(rows)), class_="episode")


def _rest(rows: int) -> Html:
    if rows <= TURNS:
        return Html("")
    return tag("p", f"{count(rows - TURNS)} more messages are in the sample file", class_="soft")


def _head(title: str, side: Side) -> Html:
    score = "no value" if side.score is None else f"score {side.score:g}"
    reason = tag("div", _cut(side.reason, 300), class_="state") if side.reason else ""
    return tag("div", tag("b", title), f" {score}, {side.outcome}", reason)


def aligned(one: Sequence[Message], other: Sequence[Message]) -> list[tuple[Message | None, Message | None]]:
    """Messages beside each other: equal ones together, the others in their order, None where a side has nothing."""
    left, right = ([_key(message) for message in side] for side in (one, other))
    pairs: list[tuple[Message | None, Message | None]] = []
    for _, a, b, c, d in SequenceMatcher(None, left, right, autojunk=False).get_opcodes():
        pairs += zip_longest(one[a:b], other[c:d])
    return pairs


def _listed(side: Side) -> Sequence[Message]:
    text = side.completion
    return [{"role": "assistant", "content": text}] if isinstance(text, str) else text[: 4 * TURNS]


def _key(message: Message) -> str:
    return json.dumps([message.get("role"), message_text(message), _calls(message)], sort_keys=True, default=str)


def _calls(message: Message) -> list[tuple[str, Any]]:
    """Name and arguments of a message's calls: their numbers tell nothing."""
    functions = [call.get("function") or {} for call in message.get("tool_calls") or ()]
    return [(str(one.get("name")), one.get("arguments")) for one in functions]


def _row(one: Message | None, other: Message | None) -> Html:
    same = one is not None and other is not None and _key(one) == _key(other)
    return tag("div", _cell(one, None if same else "cut"), _cell(other, None if same else "new"), class_="turn")


def _cell(message: Message | None, mark: str | None) -> Html:
    if message is None:
        return tag("div", class_="none")
    text = message_text(message)
    parts = [tag("span", message.get("name") or message.get("role", "assistant"), class_="soft")]
    parts += [tag("pre", _cut(text, LONGEST))] if text else []
    parts += [tag("pre", f"→ {name}({_arguments(given)})", class_="call") for name, given in _calls(message)]
    return tag("div", join(parts), class_=mark)


def _arguments(arguments: Any) -> str:
    text = arguments if isinstance(arguments, str) else json.dumps(arguments, ensure_ascii=False, default=str)
    return _cut(text, LONGEST)


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[:longest]} […]"
