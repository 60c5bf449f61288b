"""The answer of a text that announces none: the whole of it, what its last sentence says, its last formula or number.

A number in code, in a subscript or in a name is none, and neither is the last one of a text that breaks off.
"""

import re
from collections import deque
from typing import NamedTuple

from holdfast.rewards.answers.numerals.digits import written_out
from holdfast.rewards.answers.numerals.spelled import spelled_number
from holdfast.rewards.answers.statements import (
    ASIDE,
    FORMULA,
    NUMBER,
    SENTENCE_END,
    SHORT,
    SUBSTANCE,
    after_verb,
    extreme_value,
    is_prose,
    settled,
    trimmed,
    undecorated,
    without_remark,
)
from holdfast.rewards.answers.words.hedges import only_a_label, unknown
from holdfast.rewards.answers.words.languages import NOT, YES_WORD

_TAIL = 60_000
_NEAR = 4000
_LINE = 80
_COUNTED_LIST = re.compile(r"(\d+) [a-z]+(?: [a-z]+)?(?:,| and|, and| plus) (\d+) [a-z]+(?: [a-z]+)?\W*")
_VALUE_BY_NAME = r"[^\W\d_][\w ]{0,19}[:=]\s?[$€£]?(-?\d(?:[\d.,/]*\d)?)"
_UNIT_OF_ONE = r"(?:\s?(?!(?:so|then|thus|hence|gives?|makes?|and|or)\b)[a-zA-Z%°]{1,12})?"
_BY_NAME = re.compile(
    rf"\W*(?:{_VALUE_BY_NAME}{_UNIT_OF_ONE}\W+(?:(?:and|or)\s)?){{1,8}}(?P<last>{_VALUE_BY_NAME}){_UNIT_OF_ONE}\W*"
)
_CANDIDATE = re.compile(
    r"\W*(?:option|choice|guess|possibility|case|alternative|candidate|attempt)\s*\d+\s*[:.)]", re.IGNORECASE
)
"""`Guess 2: 8`."""
_GROUP = re.compile(r"(?<![\w.])(\{\s*-?\d[\d./]*(?:\s*,\s*-?\d[\d./]*)+\s*\})[\s.]*\Z")
_AFFIRMED = re.compile(
    rf"(?:\b(?:is|was)\s(?:it|that|this|the answer)\s)?(-?\$?\d[\d.,]*)\?\s*(?:{YES_WORD})[\s.!]*\Z", re.IGNORECASE
)
"""`Is it 32? Yes.`"""
_EXPLAINED = re.compile(
    r"\s*([^\n]{1,80})\n\s{0,9}\W{0,9}(?:(?:Short |Brief )?Explanation|Reasoning|Reason|Justification|Erklärung|"
    r"Begründung|Explicación|Explication|Spiegazione|Explicação|Uitleg|Wyjaśnienie|Объяснение|Пояснение|解释|解析|解説|説明|설명|풀이|الشرح|"
    r"व्याख्या|Penjelasan|Giải thích|Açıklama)\W{0,3}[:：]"
)
"""A first line with an explanation below it."""
_LONG_NAME = re.compile(r"[^\W\d_]{2}\s?[:=]")
_SUMMED = re.compile(r"total|sum|altogether|overall|result|final", re.IGNORECASE)
_NOT_THIS = re.compile(
    rf",\s(?:{NOT}|not|no|non|nie|niet|pas|não|nicht)\s[^\d\n.,]{{0,12}}\d[\d.,]*[^\d\n]{{0,20}}\Z", re.IGNORECASE
)
"""`32 dólares, no 33`."""
_BREAKDOWN = re.compile(r"(\d[^\d.!?\n()]{1,40}) \([^()=\n\d]{0,20}\d[^()=\n]{1,60}\d[^()=\n\d]{0,20}\)[.!]?\Z")
"""`32 students (16 boys and 16 girls)`."""
_FENCED = re.compile(r"\$\$?[^$]*\$\$?|\\\[.*\\\]|\\begin.*", re.DOTALL)
_ALIGNED = re.compile(
    r"(?:\\\[|\$\$)?\s*\\begin\{(?:align|aligned|eqnarray|gather|gathered)\*?\}(.*)\\end\{[a-z]+\*?\}\s*(?:\\\]|\$\$)?\.?",
    re.DOTALL,
)
_BOLD = re.compile(r"\*\*([^*\n]{1,300})\*\*")
_CODE = re.compile(r"^[ \t]*(```|~~~)[^\n]*\n(.*?)(?:^[ \t]*\1[ \t]*$|\Z)", re.DOTALL | re.MULTILINE)
_NAME_BEFORE = re.compile(r"(?:[A-Za-z_]|(?<=[A-Za-z])\s?\^\s?\{?|_\{|[A-Za-z_]\.|[A-Za-z_]\()\Z")
_NAME_BEHIND = re.compile(r"\.[a-z]{1,4}\b|_\w")
_BROKEN_OFF = re.compile(
    r"(?:[-+*/=<(\[{,\\^]|\b(?:and|or|then|to|of|the|an?|is|are|was|were|be|by|so|that|which|who|we|i|he|she|they|it|for|with|"
    r"from|in|on|at|if|but|because|since|as|than|next|let|get|gets|have|has|need|needs|must|can|will|would|should|first|"
    r"compute|calculate|add|subtract|multiply|divide))\s*$",
    re.IGNORECASE,
)
_ITEM = re.compile(r"(?:\d{1,3}[.)]|[-*•–]|\([a-z\d]\)|#)\s")
_WORDS = re.compile(r"[a-z]{3}")
_ABOUT = re.compile(r"\b(?:approximately|approx|about|around|roughly|exactly|only|just)\b|(?<=\d)\s?[a-z]+\W*$")
"""What may stand around the value of a line, its unit too."""
_FORMULAS_END = re.compile(r"\\(?:end|begin|\\)|&|^\s*(?:\\[\])]|\])|^\W*$")
_NOT = re.compile(r"\b(?:not|never)\b|n['’]t\b", re.IGNORECASE)
_COUNTED = re.compile(r"(\d{1,3})[.)]?")
_BARE_END = re.compile(r"(?<![.\d])-?\$?\d[\d,]*(?:\.\d+)?\s*$")
_LINKED = re.compile(
    r"[=:≈$]|\bit['’]s\b|\b(?:think|guess|is|are|was|were|be|equals?|gives?|gets?|makes?|made|totals?|costs?|have|has|had|to|of|by|sum|answer|result|"
    r"only|exactly|just|about|leaves?|left|remains?)\b|[^\x00-\x7f]",
    re.IGNORECASE,
)
_SENTENCES = re.compile(r"[.!?](?=\s)|\n")


class UnmarkedAnswer(NamedTuple):
    """An answer's text and how it was found."""

    text: str
    origin: str


def unmarked(text: str) -> UnmarkedAnswer | None:
    """The answer; None where the text breaks off, or says that it knows none."""
    whole = text[-_TAIL:].strip()
    tail = written_out(undecorated(whole))
    lines = _ALIGNED.fullmatch(tail)
    last_line = lines[1].rstrip("\\ .\n").rpartition(r"\\")[2].replace("&", " ").strip() if lines else ""
    if last_line.startswith("="):
        return UnmarkedAnswer(last_line[1:].strip(), "the last line")
    if _CANDIDATE.match(own_line(tail)) or unknown(tail) or unknown(text[-_NEAR:]) or only_a_label(tail):
        return None
    if (explained := _EXPLAINED.match(text)) and (line := _stated_value(explained[1].strip())):
        return UnmarkedAnswer(line, "the first line")
    if value := last_extreme(text):
        return UnmarkedAnswer(value, "the greatest or smallest value")
    if spelled := said_in_words(tail):
        return UnmarkedAnswer(spelled, "the number in words")
    if ("\n" not in tail or _FENCED.fullmatch(tail)) and not is_prose(tail):
        return UnmarkedAnswer(without_remark(tail), "the whole text")
    tail = without_aside(without_code(tail))
    if line := _value_line(tail):
        return UnmarkedAnswer(line, "the last line")
    line = own_line(tail) or tail
    if len(line) <= _LINE and (listed := _COUNTED_LIST.fullmatch(line)):
        return UnmarkedAnswer(f"{listed[1]}, {listed[2]}", "the whole text")
    if _LONG_NAME.search(line) and (values := by_name(line)):
        return UnmarkedAnswer(", ".join(values), "the last line")
    if breaks_off(without_code(whole)):
        return None
    return _in_prose(tail)


def last_extreme(text: str) -> str:
    """The value that the last sentence says is greatest or smallest at a place (`The maximum is 5 at x = 2.`)."""
    return extreme_value(_last_sentence(text[-SHORT:]).rpartition("\n")[2])


def by_name(line: str) -> list[str]:
    """The values of a line that gives several by name and sums up none (`x = 7, y = 8`, `Ann: 7, Ben: 8`)."""
    listed = _BY_NAME.fullmatch(line) if len(line) <= _LINE else None
    values = list(dict.fromkeys(re.findall(_VALUE_BY_NAME, line))) if listed else []
    return values if listed and len(values) > 1 and not _SUMMED.search(listed["last"]) else []


def own_line(text: str) -> str:
    """The last line of several, where it is no item of a list, nor the number of one that was cut off."""
    before, several, line = text.rstrip().rpartition("\n")
    line = line.strip()
    if not several or len(line) > _LINE or _ITEM.match(line):
        return ""
    counted = _COUNTED.fullmatch(line)
    cut_off = counted and re.search(rf"^\W{{0,4}}{int(counted[1]) - 1}[.)]\s", before, re.MULTILINE)
    return "" if cut_off else line


def _value_line(text: str) -> str:
    """What the last line says where it is nothing but a value (`… \n\n42`)."""
    return _stated_value(own_line(text))


def _stated_value(line: str) -> str:
    line = "" if _NOT.search(line) or _is_fragment(line) else without_remark(undecorated(line))
    stated = spelled_number(line) is not None or (SUBSTANCE.search(line) and ":" not in line and not is_prose(line))
    bare = FORMULA.sub("#", line)
    sentence = "#" in bare and (bare.count("#") > 1 or re.search(r"[a-z]{2}", bare) is not None)
    return line if stated and not sentence and not unknown(line) else ""


def _in_prose(tail: str) -> UnmarkedAnswer | None:
    bold = _BOLD.findall(tail[-3000:])
    if bold and not is_prose(bold[-1]) and any(character.isdigit() or character == "$" for character in bold[-1]):
        return UnmarkedAnswer(bold[-1], "the last bold text")
    if group := _GROUP.search(tail[-_LINE:]):
        return UnmarkedAnswer(group[1], "the last group")
    conclusion = _concluded(tail[-3000:])
    if conclusion:
        return UnmarkedAnswer(conclusion, "the last sentence")
    return _last_expression(tail) or (UnmarkedAnswer(tail, "the whole text") if len(tail) <= SHORT else None)


def _is_fragment(line: str) -> bool:
    """Is it the end of a formula that began on a line before?"""
    return (
        _FORMULAS_END.search(line) is not None
        or line.count("{") != line.count("}")
        or line.count("$") % 2 == 1
        or line.strip(" .") == "$$"
    )


def said_in_words(text: str) -> str:
    """The number in words that stands alone on the last line, or behind its verb (`The total is seven.`).

    In one paragraph with digits no word counts; `one` counts behind no digits at all (`The rest is one.`).
    """
    line = own_line(text)
    if spelled_number(line) is not None:
        return line
    digits = SUBSTANCE.search(text) is not None
    after = after_verb(_last_sentence(line if digits else text[-SHORT:])).strip(" .!*")
    said = spelled_number(after)
    return "" if said is None or (digits and (said == 1 or SUBSTANCE.search(line))) else after


def without_code(text: str) -> str:
    """The text without its blocks of code; a block that holds a mere value is no code."""
    if "```" not in text and "~~~" not in text:
        return text
    return _CODE.sub(lambda block: " " if re.search(r"[a-zA-Z_]\w*\s?[(=.]", block[2]) else block[2], text)


def without_aside(text: str) -> str:
    """The text without what its end says beside its number: what it is not, what it is made of, a yes to it."""
    end = text[-SHORT:]
    if end.rstrip(" .!").endswith(")"):
        end = _BREAKDOWN.sub(r"\1", ASIDE.sub("", end))
    return text[:-SHORT] + _AFFIRMED.sub(r"\1", _NOT_THIS.sub("", end))


def breaks_off(text: str) -> bool:
    """Does it end in the middle of a sentence, so that its last number is whatever came last?"""
    end = text[-300:].rstrip(" \n*_`\"'")
    if _BROKEN_OFF.search(end):
        return True
    number = _BARE_END.search(end)
    if number is None or len(text.split()) < 5 or not _WORDS.search(_ABOUT.sub("", own_line(end) or "none")):
        return False
    sentence = _SENTENCES.split(end[: number.start()])[-1]
    return not _LINKED.search(sentence[-40:] + number[0])


def is_named(text: str, start: int, end: int) -> bool:
    """Is the number from `start` to `end` part of a name, a subscript, a file, a call (`x_1`, `f.py`, `print(1)`)?"""
    return _NAME_BEFORE.search(text[max(0, start - 2) : start]) is not None or _NAME_BEHIND.match(text, end) is not None


def _concluded(text: str) -> str:
    """What the last sentence says something is: `… the solutions are 1 and 2.`"""
    after = trimmed(without_remark(after_verb(_last_sentence(text))))
    return after if SUBSTANCE.search(after) and not is_prose(after) else ""


def _last_sentence(text: str) -> str:
    sentences = [part for part in SENTENCE_END.split(text.rstrip(" .*\n") + ".") if part and part.strip(" .*\n")]
    return sentences[-1].strip() if sentences else ""


def _last_expression(text: str) -> UnmarkedAnswer | None:
    """The later of the last formula and the last number outside formulas."""
    tail = text[-_NEAR:]
    formulas = deque(FORMULA.finditer(tail), maxlen=1)
    formula = formulas[0] if formulas else None
    start = formula.end() if formula else 0
    numbers = [number for number in NUMBER.finditer(tail, start) if not is_named(tail, *number.span())]
    if formula is not None:
        inside = next(group for group in formula.groups() if group)
        sign = re.match(r"\s*(?:\\?%|percent\b|°)", tail[start:])
        after = numbers[-1] if numbers else None
        if sign or after is None or _is_aside(tail, start, after.start()):
            return UnmarkedAnswer(inside + (sign.group() if sign else ""), "the last formula")
    if numbers:
        return UnmarkedAnswer(settled(tail, numbers, len(numbers) - 1), "the last number")
    return None


def _is_aside(text: str, start: int, number: int) -> bool:
    """A number far behind a formula belongs to something else than the answer only if no verb leads to it."""
    return not re.search(r"\b(?:is|are|equals|of|by|to|be|get)\b|[:=]", text[start:number])
