"""The one reader: where a completion states its answer, what it says there, and how sure that is.

Order: boxes; `#### x`; an "answer" field of JSON; a line `A: x`; "the answer is …" in any language; and, unless a
marker is required, what a text without one concludes. Inside a place the answer is read, and never outside it: an
empty or undecided box, field or line means that there is no answer.
"""

import json
import re
from collections.abc import Iterator
from typing import Literal, NamedTuple

from holdfast.rewards.answers.boxes import boxes
from holdfast.rewards.answers.endings.standing import said_by_others
from holdfast.rewards.answers.statements import FORMULA, NUMBER, SENTENCE_END, answer_in
from holdfast.rewards.answers.unmarked import unmarked
from holdfast.rewards.answers.words.changes import made, with_sign
from holdfast.rewards.answers.words.hedges import SENTENCE, denied, denied_behind, supposed, taken_back
from holdfast.rewards.answers.words.languages import cues, refuses
from holdfast.rewards.answers.words.reasons import named_instead, without_other

Require = Literal["any", "marked", "boxed"]
Which = Literal["last", "first", "agreeing"]

_TAIL = 60_000
MARKER = re.compile(
    r"(?i)\b(?:answers?|ans|result)\b\s{0,20}(?:\*\*|__|\")?\s{0,20}(?:is|are|:|=|should be|would be|must be|equals"
    r"|[-–—](?=\s+[\d$*]))\s{0,20}(?:\*\*|__)?\s{0,20}:?(?![a-z])"
)
_REVISION = re.compile(
    r"(?i)\b(?:wait|no|actually|correction|oops|sorry|hmm)\b[,:.!…—-]*\s+(?:(?:wait|no|actually|sorry)\b[,:.!…—-]*\s+){0,3}"
    r"(?:it|that|this|the answer)(?:['’]s|\s(?:is|should be|must be))\s(?=[-$\d\\])"
)
_HEADING = re.compile(
    r"(?:step|part|case|section|method|option|phase)\s+[\w(]|\d+[.):]\s+[A-Za-z*]|(?:[A-Z][a-z]+[\s:]*){1,8}$",
    re.IGNORECASE,
)
_ALTERNATIVE = re.compile(
    r"\}[\s$.,)\]\\]{0,6}\(?(?:or\s+(?:maybe|perhaps|possibly|else)?|(?:but|though|although)\s(?:it|this|that)\s"
    r"(?:could|might|may)(?:\s(?:also|well))?\sbe)\s*\$?"
)
_JSON_ANSWER = re.compile(
    r'"(?:final_)?(?:answer|result)"\s{0,20}:\s{0,20}("(?:[^"\\]|\\.)*"|\[[^\[\]]*\]|\{[^{}]*\}|[^\s,}\]]+)'
)
_BULLET = re.compile(r"^[-–•]\s+(?=\S)")
_ANGLED = re.compile(r"<([^<>]{1,60})>")
_GSM = re.compile(r"^A: ([^\n]{1,200})$", re.MULTILINE)
_MOST_STATEMENTS = 30


class Extraction(NamedTuple):
    """What was found: one candidate, several boxes, or nothing."""

    parts: tuple[str, ...]
    origin: str
    marked: bool = False
    statement: str = ""
    """The whole statement that a single candidate was read from."""


NOTHING = Extraction((), "no answer found")
EMPTY = Extraction((), "an empty answer", True)


def extract(text: str, require: Require = "any", which: Which = "last") -> Extraction:
    """The final answer of a text whose thought, tags and run-ons are off (`answers.text.final_part`)."""
    found = boxes(text) if "box" in text or "Box" in text else None
    if found is not None:
        return _boxed(text, found, which)
    if require == "boxed" or not text.strip():
        return NOTHING
    marked = _marked(text, which)
    if marked is not None:
        return marked
    if require == "marked":
        return NOTHING
    last = unmarked(text)
    return NOTHING if last is None else Extraction((last.text,), last.origin, False, last.text)


def stated(text: str) -> tuple[str, ...]:
    """What the last statement of a worked solution says its answer is; nothing without one."""
    found = _marked(text, "last")
    return found.parts if found is not None and found.origin != "####" else ()


def _boxed(text: str, found: tuple[str, ...], which: Which) -> Extraction:
    if not found:
        return EMPTY
    if which == "first":
        found = found[:1]
    if len(found) == 1:
        found = (found[0] + _alternative(text, found[0]),)
    return Extraction(found, "box" if len(found) == 1 else "boxes", True, found[0])


def _alternative(text: str, inside: str) -> str:
    """`\\boxed{4} or maybe 3` hedges as much as a list in the box does."""
    joined = _ALTERNATIVE.match(text, text.rfind(inside) + len(inside))
    number = NUMBER.match(text, joined.end()) if joined else None
    return rf" \text{{ or }} {number.group()}" if number else ""


def _marked(text: str, which: Which) -> Extraction | None:
    hashed = _hashed(text, which)
    if hashed is not None:
        return hashed
    tail = text[-_TAIL:]
    if 'answer"' in tail or 'result"' in tail:
        fields = _JSON_ANSWER.findall(tail)
        if fields:
            statement = _from_json(fields[0 if which == "first" else -1])
            return Extraction((statement,), "the answer field", True, statement) if statement.strip() else EMPTY
    gsm = _GSM.findall(tail[-3000:]) if "\n" in tail else []
    if gsm:
        statement = gsm[0 if which == "first" else -1].strip()
        return Extraction((statement,), "the line A:", True, statement)
    return _stated(tail, which)


def _stated(tail: str, which: Which) -> Extraction | None:
    """The statements that a cue announces, from the last on (or the first)."""
    refused = None
    found: list[Extraction] = []
    for statement in _statements(tail, which):
        candidate = answer_in(statement)
        if candidate.startswith("not "):
            refused = refused or Extraction((candidate,), "the stated answer", True, statement)
        elif candidate:
            found.append(Extraction((candidate,), "the stated answer", True, statement))
            if which != "agreeing":
                return found[0]
    if len({one.parts[0] for one in found}) > 1:
        return Extraction(tuple(dict.fromkeys(one.parts[0] for one in reversed(found))), "statements", True)
    return found[0] if found else refused


def _statements(tail: str, which: Which) -> Iterator[str]:
    spans = [cue.span() for cue in MARKER.finditer(tail)] + [cue.span() for cue in cues(tail)]
    if spans:
        spans += [again.span() for again in _REVISION.finditer(tail, min(spans)[1])]
    ordered = sorted(set(spans), reverse=which != "first")
    for start, end in ordered[: 3 if which == "last" else _MOST_STATEMENTS]:
        statement = with_sign(without_other(_statement(tail, end)))
        before = tail[max(0, start - 40) : end]
        reported = not_own(tail[max(0, start - 60) : start])
        if not reported and (instead := named_instead(statement, denied(before))):
            yield instead
            continue
        result = made(statement)
        statement = result or statement
        if statement and (denied(before) or reported or result == "" or taken_back(statement)):
            statement = f"not {statement}"
        if statement and not denied_behind(statement) and not refuses(_same_sentence(tail[max(0, start - 40) : start])):
            yield statement


def _same_sentence(before: str) -> str:
    """What stands before a statement in its own sentence: "The text does not say. Answer: 5" states an answer."""
    return SENTENCE.split(before)[-1]


def not_own(before: str) -> bool:
    """Do the words before a statement only suppose it, or report what others say?"""
    return supposed(before) or said_by_others(before)


def _hashed(text: str, which: Which) -> Extraction | None:
    """The answer on the line of the last `####`; none where that is a heading (`#### Step 4: the sum`)."""
    at = text.find("####") if which == "first" else text.rfind("####")
    if at < 0:
        return None
    line = _line(text, at + 4).removesuffix("**").strip()
    marker = MARKER.search(line)
    if marker and marker.end() < len(line):
        line = line[marker.end() :]
    elif _HEADING.match(line) and text[at + 4 :].partition(line)[2].strip(" *\n"):
        return None
    candidate = answer_in(line)
    return Extraction((candidate,), "####", True, line) if candidate else None


def _line(text: str, start: int) -> str:
    """The rest of the line, or the next one that holds anything."""
    rest = text[start : start + 2000].lstrip(" \t\r\n*:")
    return rest.partition("\n")[0].strip()


def _statement(text: str, start: int) -> str:
    """From here to the end of the sentence or paragraph."""
    before, rest = text[max(0, start - 20) : start], text[start : start + 3000]
    on_next_line = "\n" in before[len(before.rstrip()) :] or "\n" in rest[: len(rest) - len(rest.lstrip(" \t\r\n*:_"))]
    rest = rest.lstrip(" \t\r\n*:_")
    rest = _BULLET.sub("", rest) if on_next_line else rest
    formula = FORMULA.match(rest)
    end = SENTENCE_END.search(rest, formula.end() if formula else 0)
    statement = (rest[: end.start()] if end else rest).partition("</")[0].strip().rstrip("\\").rstrip()
    bracketed = _ANGLED.fullmatch(statement)
    return bracketed[1].strip() if bracketed else statement


def _from_json(field: str) -> str:
    try:
        value = json.loads(field)
    except ValueError:
        return field.strip('"')
    if isinstance(value, dict) and len(value) == 1:
        (value,) = value.values()
    return value if isinstance(value, str) else json.dumps(value)
