"""The final answer out of prose, in linear time.

Order: boxes; `#### x`; an "answer" field of JSON; a line `A: x`; "the answer is …"; a text without prose as a whole;
bold; the last formula or number. Text after `</think>` decides, an unclosed `<think>` has no answer, and nothing after
an end-of-turn token counts.
"""

import json
import re
from collections import deque
from typing import NamedTuple

from holdfast.rewards.answers.statements import (
    FORMULA,
    NUMBER,
    SHORT,
    SUBSTANCE,
    after_verb,
    answer_in,
    is_prose,
    settled,
    trimmed,
    undecorated,
    without_remark,
)
from holdfast.rewards.answers.text import tagged
from holdfast.rewards.answers.thinking import strip_thinking

_TURN_ENDS = ("<|im_end|>", "<|im_start|>", "<|endoftext|>", "<|eot_id|>", "<|end|>", "</s>", "<|eom_id|>")
_TAIL = 60_000
_MOST_BOXES = 64
_BRACES = re.compile(r"(\\{1,2}(?:boxed|fbox|framebox)\s{0,20}\{)|\\[^a-zA-Z]|[{}]")
_FIRST_BOX = re.compile(r"\\{1,2}(?:boxed|fbox|framebox)")
_BARE_BOX = re.compile(r"\\(?:boxed|fbox)\s+([^\s{}$\\]{1,60})")
_FINAL = re.compile(r"(?i)final\s+answer")
_MARKER = re.compile(
    r"(?i)\b(?:answers?|ans|result)\b\s{0,20}(?:\*\*|__|\")?\s{0,20}(?:is|are|:|=|should be|would be|must be|equals"
    r"|[-–—](?=\s+[\d$*]))\s{0,20}(?:\*\*|__)?\s{0,20}:?(?![a-z])"
)
_HEADING = re.compile(
    r"(?:step|part|case|section|method|option|phase)\s+[\w(]|\d+[.):]\s+[A-Za-z*]|(?:[A-Z][a-z]+[\s:]*){1,8}$",
    re.IGNORECASE,
)
_ALTERNATIVE = re.compile(r"\}[\s$.,)\]\\]{0,6}\(?or\s+(?:maybe|perhaps|possibly|else)?\s*\$?")
_JSON_ANSWER = re.compile(r'"(?:final_)?answer"\s{0,20}:\s{0,20}("(?:[^"\\]|\\.)*"|\[[^\[\]]*\]|[^\s,}\]]+)')
_FENCED = re.compile(r"\$\$?[^$]*\$\$?|\\\[.*\\\]|\\begin.*", re.DOTALL)
_ALIGNED = re.compile(
    r"(?:\\\[|\$\$)?\s*\\begin\{(?:align|aligned|eqnarray|gather|gathered)\*?\}(.*)\\end\{[a-z]+\*?\}\s*(?:\\\]|\$\$)?\.?",
    re.DOTALL,
)
_GSM = re.compile(r"^A: ([^\n]{1,200})$", re.MULTILINE)
_BOLD = re.compile(r"\*\*([^*\n]{1,300})\*\*")
_SENTENCE_END = re.compile(r"(?<!\b[ap])(?<!\b[ap]\.m)\.(?=\s+[A-Z\[(<]|\s*$|\s+I\b)|\.?\n\s*\n")


class Extraction(NamedTuple):
    """What was found: one candidate, or several boxes."""

    parts: tuple[str, ...]
    how: str


UNMARKED = frozenset({"the last line", "the whole text", "the last bold text", "the last sentence", "the last formula",
                      "the last number"})  # fmt: skip
"""How an answer was found that nothing announces."""
NOTHING = Extraction((), "no answer found")


def extract(text: str, mode: str = "auto") -> Extraction:
    """The final answer's text. `mode`: auto; marked (boxes, ####, "the answer is"); boxed (boxes only)."""
    text = final_part(text)
    if "box" in text:
        found = boxes(text)
        if len(found) == 1:
            found = (found[0] + _alternative(text, found[0]),)
        if found:
            return Extraction(found, "box" if len(found) == 1 else "boxes")
    if mode == "boxed" or not text.strip():
        return NOTHING
    marked = _marked(text)
    if marked is not None:
        return marked
    return NOTHING if mode == "marked" else _unmarked(text)


def stated(text: str) -> tuple[str, ...]:
    """What the last statement of a worked solution says its answer is; nothing without one."""
    found = _marked(text)
    return found.parts if found is not None and found.how != "####" else ()


def final_part(text: str) -> str:
    """The text that counts: after `</think>`, before an end-of-turn token; empty while still thinking."""
    text = tagged(strip_thinking(text) or "")
    if "<|" in text or "</s>" in text:
        for mark in _TURN_ENDS:
            at = text.find(mark)
            if at > 0 and text[:at].strip():
                text = text[:at]
    return text


def boxes(text: str) -> tuple[str, ...]:
    """The contents of the outermost boxes, in one pass; those after the last "final answer" if there are any."""
    found: list[tuple[int, str]] = []
    opened: list[int] = []
    starts: list[int] = []
    first = _FIRST_BOX.search(text)
    if first is None:
        return ()
    for mark in _BRACES.finditer(text, first.start()):
        if mark[1]:
            starts.append(len(opened))
            opened.append(mark.end())
        elif mark[0] == "{" and starts:
            opened.append(mark.end())
        elif mark[0] == "}" and opened:
            begin = opened.pop()
            if starts and starts[-1] == len(opened):
                starts.pop()
                if not starts:
                    found.append((begin, text[begin : mark.start()]))
    found += [(bare.start(), bare[1]) for bare in _BARE_BOX.finditer(text)] if not found else []
    return _decisive(text, found[-_MOST_BOXES:])


def _decisive(text: str, found: list[tuple[int, str]]) -> tuple[str, ...]:
    filled = [(at, inside) for at, inside in found if inside.strip()]
    if len(filled) > 1:
        marks = list(_FINAL.finditer(text))
        after = [pair for pair in filled if marks and pair[0] > marks[-1].end()]
        filled = after or filled
    return tuple(inside for _, inside in filled)


def _alternative(text: str, inside: str) -> str:
    """`\\boxed{4} or maybe 3` hedges as much as a list in the box does."""
    joined = _ALTERNATIVE.match(text, text.rfind(inside) + len(inside))
    number = NUMBER.match(text, joined.end()) if joined else None
    return rf" \text{{ or }} {number.group()}" if number else ""


def _marked(text: str) -> Extraction | None:
    hashed = _hashed(text)
    if hashed:
        return Extraction((hashed,), "####")
    tail = text[-_TAIL:]
    if '"answer"' in tail or '"final_answer"' in tail:
        fields = _JSON_ANSWER.findall(tail)
        if fields:
            return Extraction((_from_json(fields[-1]),), "the answer field")
    gsm = _GSM.findall(tail[-3000:]) if "\n" in tail else []
    if gsm:
        return Extraction((gsm[-1].strip(),), "the line A:")
    markers = list(_MARKER.finditer(tail))
    denied = None
    for marker in reversed(markers[-3:]):
        candidate = answer_in(_statement(tail, marker.end()))
        if candidate.startswith("not "):
            denied = denied or Extraction((candidate,), "the stated answer")
        elif candidate:
            return Extraction((candidate,), "the stated answer")
    return denied


def _hashed(text: str) -> str:
    """The answer on the line of the last `####`; nothing where that is a heading (`#### Step 4: the sum`)."""
    at = text.rfind("####")
    if at < 0:
        return ""
    line = _line(text, at + 4).removesuffix("**").strip()
    marker = _MARKER.search(line)
    if marker and marker.end() < len(line):
        return answer_in(line[marker.end() :])
    if _HEADING.match(line) and text[at + 4 :].partition(line)[2].strip(" *\n"):
        return ""
    return answer_in(line)


def _unmarked(text: str) -> Extraction:
    tail = undecorated(text[-_TAIL:].strip())
    lines = _ALIGNED.fullmatch(tail)
    last_line = lines[1].rstrip("\\ .\n").rpartition(r"\\")[2].replace("&", " ").strip() if lines else ""
    if last_line.startswith("="):
        return Extraction((last_line[1:].strip(),), "the last line")
    if ("\n" not in tail or _FENCED.fullmatch(tail)) and not is_prose(tail):
        return Extraction((without_remark(tail),), "the whole text")
    bold = _BOLD.findall(tail[-3000:])
    if bold and not is_prose(bold[-1]) and any(character.isdigit() or character == "$" for character in bold[-1]):
        return Extraction((bold[-1],), "the last bold text")
    stated = _concluded(tail[-3000:])
    if stated:
        return Extraction((stated,), "the last sentence")
    last = _last_expression(tail)
    return Extraction((last[0],), last[1]) if last else Extraction((tail[:SHORT],), "the whole text")


def _concluded(text: str) -> str:
    """What the last sentence says something is: `… the solutions are 1 and 2.`"""
    sentences = [part for part in _SENTENCE_END.split(text.rstrip(" .*\n") + ".") if part and part.strip(" .*\n")]
    after = trimmed(without_remark(after_verb(sentences[-1].strip()))) if sentences else ""
    return after if SUBSTANCE.search(after) and not is_prose(after) else ""


def _line(text: str, start: int) -> str:
    """The rest of the line, or the next one that holds anything."""
    rest = text[start : start + 2000].lstrip(" \t\r\n*:")
    return rest.partition("\n")[0].strip()


def _statement(text: str, start: int) -> str:
    """From here to the end of the sentence or paragraph."""
    rest = text[start : start + 3000].lstrip(" \t\r\n*:_")
    formula = FORMULA.match(rest)
    end = _SENTENCE_END.search(rest, formula.end() if formula else 0)
    return (rest[: end.start()] if end else rest).partition("</")[0].strip()


def _from_json(field: str) -> str:
    try:
        value = json.loads(field)
    except ValueError:
        return field.strip('"')
    return value if isinstance(value, str) else json.dumps(value)


def _last_expression(text: str) -> tuple[str, str] | None:
    """The later of the last formula and the last number outside formulas."""
    tail = text[-4000:]
    formulas = deque(FORMULA.finditer(tail), maxlen=1)
    formula = formulas[0] if formulas else None
    start = formula.end() if formula else 0
    numbers = list(NUMBER.finditer(tail, start))
    if formula is not None:
        inside = next(group for group in formula.groups() if group)
        sign = re.match(r"\s*(?:\\?%|percent\b|°)", tail[start:])
        after = numbers[-1] if numbers else None
        if sign or after is None or _aside(tail, start, after.start()):
            return inside + (sign.group() if sign else ""), "the last formula"
    if numbers:
        return settled(tail, numbers, len(numbers) - 1), "the last number"
    return None


def _aside(text: str, start: int, number: int) -> bool:
    """A number far behind a formula belongs to something else than the answer only if no verb leads to it."""
    return not re.search(r"\b(?:is|are|equals|of|by|to|be|get)\b|[:=]", text[start:number])
