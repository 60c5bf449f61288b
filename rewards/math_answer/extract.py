"""The final answer out of prose, in linear time.

Order: boxes; `#### x`; an "answer" field of JSON; a line `A: x`; "the answer is …"; a text without prose as a whole;
bold; the last formula or number. Text after `</think>` decides, an unclosed `<think>` has no answer, and nothing after
an end-of-turn token counts.
"""

import json
import re
from collections import deque
from typing import NamedTuple

from holdfast.rewards.math_answer.names import (
    CONSTANTS,
    FUNCTIONS,
    NUMBER_WORDS,
    PERCENT_WORDS,
    SEPARATING_WORDS,
    UNITS,
)

_TURN_ENDS = ("<|im_end|>", "<|im_start|>", "<|endoftext|>", "<|eot_id|>", "<|end|>", "</s>", "<|eom_id|>")
_TAIL = 60_000
_SHORT = 400
_MOST_BOXES = 64
_BRACES = re.compile(r"(\\{1,2}(?:boxed|fbox|framebox)\s{0,20}\{)|\\[^a-zA-Z]|[{}]")
_FIRST_BOX = re.compile(r"\\{1,2}(?:boxed|fbox|framebox)")
_BARE_BOX = re.compile(r"\\(?:boxed|fbox)\s+([^\s{}$\\]{1,60})")
_FINAL = re.compile(r"(?i)final\s+answer")
_MARKER = re.compile(
    r"(?i)\b(?:answers?|ans|result)\b\s{0,20}(?:\*\*|__|\")?\s{0,20}(?:is|are|:|=|should be|would be|must be|equals)"
    r"\s{0,20}(?:\*\*|__)?\s{0,20}:?(?![a-z])"
)
_JSON_ANSWER = re.compile(r'"(?:final_)?answer"\s{0,20}:\s{0,20}("(?:[^"\\]|\\.)*"|\[[^\[\]]*\]|[^\s,}\]]+)')
_FENCED = re.compile(r"\$\$?[^$]*\$\$?|\\\[.*\\\]|\\begin.*", re.DOTALL)
_CODE = re.compile(r"__|\w\(|[{}\[\];<>\\|`@=]|[\"']\w+[\"']|\bif\b")
_SUBSTANCE = re.compile(r"[\d$\\^+√π]")
_GSM = re.compile(r"^A: ([^\n]{1,200})$", re.MULTILINE)
_BOLD = re.compile(r"\*\*([^*\n]{1,300})\*\*")
_FORMULA = re.compile(
    r"\$\$(.{1,2000}?)\$\$|(?<!\\)\$((?:[^$\\]|\\.){1,2000}?)(?<!\\)\$|\\\((.{1,2000}?)\\\)|\\\[(.{1,2000}?)\\\]",
    re.DOTALL,
)
_NUMBER = re.compile(
    r"(?:(?<![\w)\]}.])[-−–]\s?)?(?:\\?[$€£¥]\s?)?[-−]?"
    r"(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d+)?(?:[eE][+-]?\d{1,3}(?!\w))?(?:\s?/\s?\d+(?![\d/.]))?"
    r"(?:\s?\\?%|\s(?:percent|pct)\b|\s?°)?|[-−]?\.\d+"
)
_SENTENCE_END = re.compile(r"(?<!\b[ap])(?<!\b[ap]\.m)\.(?=\s+[A-Z\[(<]|\s*$|\s+I\b)|\.?\n\s*\n")
_WORD = re.compile(r"(?<![\\a-zA-Z])[a-zA-Z]{2,}")
_TEXT_GROUP = re.compile(r"\\(?:text|mathrm|mbox|textbf|operatorname)[a-z]*\s*\{[^{}]*\}|\\(?:begin|end)\s*\{[^{}]*\}")
_REMARK = re.compile(
    r"\s\((?:since|because|as|not|i\.e\.|that is|which|rounded|after|assuming)\s[^()]*(?:\([^()]*\)[^()]*)*\)[.!]*$",
    re.IGNORECASE,
)
_COPULA = re.compile(r"(?:\b(?:is|are|be|was|equals|get|gives|obtain|have)\b|(?<!\d):|:(?!\d)|=)\s*", re.IGNORECASE)
_MATHEMATICAL = (
    FUNCTIONS.keys() | CONSTANTS.keys() | UNITS.keys() | SEPARATING_WORDS.keys() | PERCENT_WORDS | NUMBER_WORDS.keys()
    | {"in", "mod", "degrees", "degree", "th", "st", "nd", "rd", "am", "pm"}
)  # fmt: skip


class Extraction(NamedTuple):
    """What was found: one candidate, or several boxes."""

    parts: tuple[str, ...]
    how: str


NOTHING = Extraction((), "no answer found")


def extract(text: str, mode: str = "auto") -> Extraction:
    """The final answer's text. `mode`: auto; marked (boxes, ####, "the answer is"); boxed (boxes only)."""
    text = final_part(text)
    if "box" in text:
        found = boxes(text)
        if found:
            return Extraction(found, "box" if len(found) == 1 else "boxes")
    if mode == "boxed" or not text.strip():
        return NOTHING
    marked = _marked(text)
    if marked is not None:
        return marked
    return NOTHING if mode == "marked" else _unmarked(text)


def final_part(text: str) -> str:
    """The text that counts: after `</think>`, before an end-of-turn token; empty while still thinking."""
    _, closed, after = text.rpartition("</think>")
    if closed:
        text = after
    elif "<think>" in text:
        return ""
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


def _marked(text: str) -> Extraction | None:
    at = text.rfind("####")
    if at >= 0:
        return Extraction((_line(text, at + 4),), "####")
    tail = text[-_TAIL:]
    if '"answer"' in tail or '"final_answer"' in tail:
        fields = _JSON_ANSWER.findall(tail)
        if fields:
            return Extraction((_from_json(fields[-1]),), "the answer field")
    gsm = _GSM.findall(tail[-3000:]) if "\n" in tail else []
    if gsm:
        return Extraction((gsm[-1].strip(),), "the line A:")
    markers = list(_MARKER.finditer(tail))
    for marker in reversed(markers[-3:]):
        candidate = answer_in(_statement(tail, marker.end()))
        if candidate:
            return Extraction((candidate,), "the stated answer")
    return None


def _unmarked(text: str) -> Extraction:
    tail = text[-_TAIL:].strip()
    if ("\n" not in tail or _FENCED.fullmatch(tail)) and not is_prose(tail):
        return Extraction((tail,), "the whole text")
    bold = _BOLD.findall(tail[-3000:])
    if bold and not is_prose(bold[-1]) and any(character.isdigit() or character == "$" for character in bold[-1]):
        return Extraction((bold[-1],), "the last bold text")
    stated = _concluded(tail[-3000:])
    if stated:
        return Extraction((stated,), "the last sentence")
    last = _last_expression(tail)
    return Extraction((last[0],), last[1]) if last else Extraction((tail[:_SHORT],), "the whole text")


def _concluded(text: str) -> str:
    """What the last sentence says something is: `… the solutions are 1 and 2.`"""
    sentences = [part for part in _SENTENCE_END.split(text.rstrip(" .*\n") + ".") if part and part.strip(" .*\n")]
    after = _after_verb(sentences[-1].strip()) if sentences else ""
    return after if _SUBSTANCE.search(after) and not is_prose(after) else ""


def _line(text: str, start: int) -> str:
    """The rest of the line, or the next one that holds anything."""
    rest = text[start : start + 2000].lstrip(" \t\r\n*:")
    return rest.partition("\n")[0].strip()


def _statement(text: str, start: int) -> str:
    """From here to the end of the sentence or paragraph."""
    rest = text[start : start + 3000].lstrip(" \t\r\n*:_")
    formula = _FORMULA.match(rest)
    end = _SENTENCE_END.search(rest, formula.end() if formula else 0)
    return (rest[: end.start()] if end else rest).strip()


def _from_json(field: str) -> str:
    try:
        value = json.loads(field)
    except ValueError:
        return field.strip('"')
    return value if isinstance(value, str) else json.dumps(value)


def is_prose(text: str) -> bool:
    """Are there words in it that are no mathematics, other than after the quantity they count?"""
    bare = _TEXT_GROUP.sub(" ", text)
    first = re.match(r"[\s$\\(*-]*[\d.,]+", bare)
    if first is not None:
        rest = bare[first.end() :].strip(" $.*")
        if re.fullmatch(r"[%°]?\s*[a-zA-Z][a-zA-Z .\-]{0,40}", rest) and len(rest.split()) <= 4:
            return False
    words = [word for word in _WORD.findall(bare) if word not in _MATHEMATICAL and word.casefold() not in _MATHEMATICAL]
    long = [word for word in words if len(word) > 3]
    return len(words) > 2 or bool(long and re.search(r"\d|\$", text))


def answer_in(statement: str) -> str:
    """The answer within one sentence: all of it, what follows its verb, its only formula or number."""
    statement = _REMARK.sub("", statement.strip().strip("*").strip())
    if not statement or not is_prose(statement):
        return statement
    formulas = _formulas(statement)
    after = _after_verb(statement)
    if after and not is_prose(after):
        return after
    leading = _NUMBER.match(statement)
    code = _CODE.search(statement) is not None
    if leading is not None and not code and not _FORMULA.search(statement):
        return leading.group()
    if formulas:
        return formulas[-1]
    numbers = _NUMBER.findall(statement)
    if numbers and not code:
        return numbers[0] if len(set(numbers)) == 1 else ", ".join(numbers)
    return statement if len(statement) <= _SHORT else ""


def _formulas(text: str) -> list[str]:
    return [next(group for group in match.groups() if group) for match in _FORMULA.finditer(text)]


def _after_verb(statement: str) -> str:
    verbs = list(_COPULA.finditer(_masked(statement)))
    return statement[verbs[-1].end() :].strip() if verbs else ""


def _masked(text: str) -> str:
    """The text with its formulas blanked, positions kept."""
    return _FORMULA.sub(lambda match: "#" * len(match.group()), text)


def _last_expression(text: str) -> tuple[str, str] | None:
    """The later of the last formula and the last number outside formulas."""
    tail = text[-4000:]
    formulas = deque(_FORMULA.finditer(tail), maxlen=1)
    formula = formulas[0] if formulas else None
    start = formula.end() if formula else 0
    numbers = list(_NUMBER.finditer(tail, start))
    if formula is not None:
        inside = next(group for group in formula.groups() if group)
        sign = re.match(r"\s*(?:\\?%|percent\b|°)", tail[start:])
        after = numbers[-1] if numbers else None
        if sign or after is None or _aside(tail, start, after.start()):
            return inside + (sign.group() if sign else ""), "the last formula"
    if numbers:
        return numbers[-1].group(), "the last number"
    return None


def _aside(text: str, start: int, number: int) -> bool:
    """A number far behind a formula belongs to something else than the answer only if no verb leads to it."""
    return not re.search(r"\b(?:is|are|equals|of|by|to|be|get)\b|[:=]", text[start:number])
