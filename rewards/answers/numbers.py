"""The final number of a text, and why it may be no answer: denied, changed, or one of several to choose from."""

import re
from collections import deque
from fractions import Fraction
from typing import NamedTuple

from holdfast.rewards.answers.numerals.digits import CURRENCIES
from holdfast.rewards.answers.numerals.plain_numbers import plain
from holdfast.rewards.answers.numerals.spelled import spelled_number
from holdfast.rewards.answers.places import Extraction, Require, Which, extract
from holdfast.rewards.answers.statements import CORRECTED, extreme_value, joined_by_a_word, without_remark
from holdfast.rewards.answers.unmarked import by_name, is_named, without_aside, without_code
from holdfast.rewards.answers.words.hedges import (
    CHANGED,
    DOUBT,
    NEGATIVE,
    bounded,
    denied,
    denied_behind,
)
from holdfast.rewards.answers.words.languages import MAYBE, OR
from holdfast.rewards.answers.words.reasons import UNLESS

DIGITS_CAP = 400  # no answer is longer; a model's endless decimal is refused before it becomes a big integer
_TAIL = 100_000  # an answer is near the end: this bounds the work on a runaway completion
_SIGN_BEFORE = re.compile(
    r"(?:(?<![-=])>|<|[≥≤±√≠]|(?:\^|(?<=[\w)\]}])\s?\*\*)\s?[{(]?\s?[-−]?|\\(?:geq?|leq?|gt|lt|pm|mp|sqrt|log|ln|sin|cos|tan)(?![a-z])\s?[{(]?"
    r"|(?<![a-z])(?:log|ln|sqrt)\s?\(?)\s?\Z"
)
_SYMBOL_BEHIND = re.compile(
    r"[xyzniπ√](?![A-Za-z0-9.])|\s?\\(?:pi|sqrt|sin|cos|ln|log|alpha|beta|theta)(?![a-z])|\s?√|\s?π|:(?!00(?!\d))\d"
)
_BOXED_BEHIND = re.compile(r"!|[a-fj-ln-rt-z](?![A-Za-z])|\s?[<>≤≥]|\s?\\(?:leq?|geq?|lt|gt|pm)(?![a-z])")
_CALCULATED = re.compile(
    r"(?:(?P<result>-?[\d.,]*\d)\s?=\s?)?(?<![\w.])"
    r"(?:\$?\d[\d.,]*\s?(?:[-+*×÷·]|/|times|plus|minus|divided by|multiplied by)\s?[$(]?)+\Z"
)
_RANGE = re.compile(
    r"(?:^|[.!?\n]\s*)\W*(?:between |from )?\$?[\d.,]+\s?[a-z%]{0,12}\s?(?:[-–—]|\.{2,3}|…|to|and)\s?\$?\Z"
)
_COMPOUND = re.compile(
    r"\d\s?(?:hours?|hrs?|h|minutes?|mins?|feet|foot|ft|pounds?|lbs?|days?|weeks?|years?|months?|kg|km|meters?)"
    r"\.?,?(?: and)?\s\Z"
)
_WHOLE = r"(?:\d{1,3}(?:,\d{3})+(?![\d])|\d+)"
NUMBER = re.compile(
    rf"(?:(?<![\w)\]}}.])(?P<minus>[-−–]\s?))?(?P<currency>\\?[{CURRENCIES}])?\s?(?P<late>(?<=[{CURRENCIES}])[-−])?"
    rf"(?P<whole>{_WHOLE}(?:\.\d+)?|\.\d+)"
    r"(?:[eE](?P<exponent>[+-]?\d{1,3})(?![\w]))?"
    r"(?:\s(?P<top>\d{1,4})/(?P<bottom>[1-9]\d{0,3})(?![\d/]|\.\d)|\s?/\s?(?P<below>[1-9]\d*)(?!\d|\.\d|/))?"
)
_POWER = re.compile(
    r"\s?(?:\^|\*\*)\s?[{(]?\s?[-+]?\d|\s(?:squared|cubed|factorial|and (?:a|one) (?:half|third|quarter))\b"
)
_STEP = re.compile(
    r"[\s$*_]{0,4}(?:[-+*/x×÷·−±][-+]?|\\pm|\\times|\\cdot|\\div|times|plus|minus|divided by|multiplied by)"
    r"[\s$\\*_(]{0,4}(?=[\d.$])"
)
_EQUALS = re.compile(r"\s{0,3}[$)]?\s{0,2}=\s{0,3}[${]{0,2}\s?(?=[-\d.$])")
_SCALE = re.compile(r"\s(hundred|thousand|million|billion|trillion)\b", re.IGNORECASE)
_SCALES = {"hundred": 100, "thousand": 1000, "million": 10**6, "billion": 10**9, "trillion": 10**12}
_WORD = r"(?!(?i:or|and|maybe|perhaps|possibly|alternatively|to)\b)[a-zA-Z%]{1,15}"
_UNIT = rf"(?P<unit>(?:\s?{_WORD}){{0,2}})"
_JOINED = re.compile(
    rf"{_UNIT}[$*_)}}\s.?]{{0,4}}[,;]?\s{{0,3}}\(?"
    r"(?:\\text\{|\\lor|\b(?i:or|maybe|perhaps|possibly|alternatively|but|it (?:could|might)(?: also)? be|even|else)\b"
    r"|[\s*_(,}?/])*"
)
_LISTED = re.compile(
    r"[$*_]{0,3}(?:(?:\s?[a-zA-Z%]{1,15}){0,2}(?:,\s|\sand\s|\splus\s)|,\s{1,2}(?:or\s)?|\s?\\?[;|&]\s?|,?\s(?:and|to)\s|\s?\\text\s?\{\s?(?:and|to)?\s?\}\s?|\s|[-–])"
    r"[$*_]{0,3}(?=[\d.$])"
)
_FOREIGN_DOUBT = re.compile(rf"{OR}|{MAYBE}|{UNLESS}|\belse\b", re.IGNORECASE)
_POSSIBLE = re.compile(r"\s(?:is|seems|would be)\s(?:also\s)?(?:possible|plausible)\b|\s(?:could|might|may)\b")
_BETWEEN_NUMBERS = re.compile(r"\s{0,2}(?:o|ou|u|e|y|et|of|au|na|ve|va|dan|i|en|und|oder)\s{0,2}", re.IGNORECASE)
_STRUCTURED = re.compile(
    r"\\begin\{|\\\{[^}]*,|[≤≥→∪∨]|\\(?:quad|le|leq|ge|geq|to|cup|lor)(?![a-z])|\d\.{2,}\d|\d\\[,;]\s?\d{1,2}(?!\d)|\\\\\s?\d|"
    r"\{\s?(?:or|and)\s?\}|\bif\b|\bnot sure\b|\bor so\b|\b(?:could|might|may) be\b"
)
_STRUCK = re.compile(r"\\(?:[bx]?cancel|sout|st|not)\b")
_SIDE = re.compile(r"[\s$]*(-?\d{1,30}(?:\.\d{1,30})?)[\s$.]*")
_TIGHT_LIST = re.compile(r",(?=-?\d)")
_BARE_NO = re.compile(r"\s*(?:no|non|não|nie|ne)\s*")
"""`Respuesta: no 7`."""
_BUT = re.compile(r"[$*_]{0,3},?\s(?:but|rather)\s(?:rather\s)?[$*_]{0,3}(?=[-\d.$])", re.IGNORECASE)
_MONEY = frozenset({"cents", "cent", "dollars", "dollar", "euros", "pounds"})
_END = re.compile(r"(?:\s?[a-zA-Z%]{1,15}){0,2}[\s$*_.!?)\]}]*(?:\n|$)")
_UNIT_AFTER = re.compile(_UNIT)
_NEAR, _SHORT, _TOGETHER = 60, 200, 12
_SEEN_IN_THE_TEXT = frozenset({"the whole text", "the last sentence", "the last number", "the last formula"})
"""Where what stands around an unmarked number decides about it, the text is read on, not what was cut out of it."""


class Final(NamedTuple):
    """The final number as found."""

    text: str
    value: Fraction | None
    """None when it is too long to be read."""
    fault: str = ""
    """Why it is no answer."""
    marked: bool = False


def final(text: str, require: Require = "any", which: Which = "last") -> Final | None:
    """The number of the answer that a text states, or its last one; None without one.

    The text is one whose thought, tags and run-ons are off (`answers.text.final_part`).
    """
    text = text[-_TAIL:]
    answer = extract(text, require, which)
    if answer.marked:
        return _of_statement(answer)
    if not answer.parts:
        return None
    said = answer.parts[0]
    if answer.origin == "the last group":
        return Final(said[:60], None, "several numbers to choose from")
    tail = plain(without_aside(without_code(text)) if answer.origin in _SEEN_IN_THE_TEXT else said)
    number = _last(NUMBER, tail)
    if number is None:
        return _in_words(said)
    return None if contradicts(tail) else _concluded(number)


def _of_statement(answer: Extraction) -> Final | None:
    """The number that a marker announces; several statements must agree."""
    if not answer.parts:
        return Final("", None, answer.origin, True)
    found = [
        _of_place(plain(statement), answer.origin)
        for statement in ((answer.statement,) if answer.statement else answer.parts)
    ]
    others = [_of_place(plain(part), answer.origin) for part in answer.parts if len(answer.parts) > 1]
    values = {other.value for other in others}
    if len(values) > 1:
        return others[-1]._replace(fault="several statements that disagree")
    return found[0]


def _of_place(statement: str, origin: str) -> Final:
    """The number of one statement: the result of its calculation, or its first one."""
    statement = extreme_value(statement) or statement
    if _STRUCTURED.search(statement) and several(statement):
        return Final(statement[:60], None, "several numbers to choose from", True)
    if _STRUCK.search(statement) or contradicts(statement):
        return Final(statement[:60], None, "a number that is struck out, or said to equal another", True)
    statement = CORRECTED.sub("", without_remark(statement))
    start = _result(statement)
    number = NUMBER.search(statement, start)
    if number is None and (spelled := _in_words(statement)):
        return spelled._replace(marked=True)
    if number is None:
        return Final(statement[:60], None, "no number in the answer", True)
    found = _stated(number, statement[start : number.start()], origin.startswith("box"))
    return found._replace(marked=True)


def _in_words(statement: str) -> Final | None:
    """The number that is spelled out: `twenty-one apples`, `七`."""
    value = spelled_number(statement)
    return None if value is None else Final(statement[:60], Fraction(value))


def _result(statement: str) -> int:
    """Where the result stands: behind the last `=` that a number follows."""
    at = statement.rfind("=")
    return at + 1 if at >= 0 and NUMBER.search(statement, at + 1) else 0


def contradicts(text: str) -> bool:
    """`1 = 2 = 7`: different numbers that are said to be equal. A slip in a computation (`3 * 43 = 42`) is none."""
    sides = [_SIDE.fullmatch(part) for part in text.split("=")] if "=" in text and len(text) < _SHORT else []
    numbers = {Fraction(side[1]) for side in sides if side is not None}
    return len(numbers) > 1 and None not in sides


def several(text: str) -> bool:
    """Does a text hold different numbers?"""
    numbers = NUMBER.finditer(plain(text)) if len(text) <= _SHORT else ()
    return len({value_of(number) for number in numbers}) > 1


def value_of(number: re.Match[str]) -> Fraction | None:
    """The number read exactly, mixed ones too; None beyond the limit of digits."""
    whole, exponent, below = number["whole"].replace(",", ""), number["exponent"], number["below"]
    if len(whole) + len(below or "") > DIGITS_CAP:
        return None
    value = Fraction(f"{whole}e{exponent}" if exponent else whole)
    if below:
        value /= int(below)
    if number["top"]:
        if int(number["top"]) >= int(number["bottom"]) or not whole.isdigit():
            return None
        value += Fraction(int(number["top"]), int(number["bottom"]))
    return -value if number["minus"] or number["late"] else value


def _stated(number: re.Match[str], before: str, boxed: bool) -> Final:
    """The number that a marker announces: what follows may go on calculating, doubt it or list another."""
    if denied(before) or _BARE_NO.fullmatch(before):
        instead = _BUT.match(number.string, number.end())
        other = NUMBER.match(number.string, instead.end()) if instead else None
        return _with_words(other or number, "", "" if other else "the number is denied")
    if CHANGED.search(before):
        return Final(number.group().strip(), value_of(number), "the words before the number change it")
    result, calculated = _computed(number)
    if symbol := _changed_by_signs(result, boxed):
        return Final(result.group().strip(), value_of(result), symbol)
    if bounded(before, result.string[result.end() : result.end() + 12]):
        return Final(result.group().strip(), value_of(result), "a bound is not the number")
    fault = _fault(result) or ("a calculation without its result" if calculated else "") or _listed(result, boxed)
    return _with_words(result, before if result is number else "", fault)


def _concluded(number: re.Match[str]) -> Final:
    """The last number of a text without a marker."""
    before = number.string[max(0, number.start() - _NEAR) : number.start()]
    before = re.split(r"[.!?;\n](?:\s|$)", before)[-1]
    if denied(before) or denied_behind(number.string[number.end() : number.end() + _NEAR]):
        return Final(number.group().strip(), value_of(number), "the number is denied")
    changed = "the words before the number change it" if CHANGED.search(before) else ""
    changed = changed or _changed_by_signs(number, boxed=False) or _part_of_more(number, before)
    if solved := _CALCULATED.search(number.string, max(0, number.start() - _NEAR), number.start("whole")):
        result = NUMBER.search(solved["result"]) if solved["result"] else None
        return _with_words(result or number, "", "" if result else "a calculation without its result")
    return _with_words(number, before, changed or _fault(number) or _only_numbers(number) or _second_choice(number))


def _changed_by_signs(number: re.Match[str], boxed: bool) -> str:
    """`≥ 5`, `±5`, `√7`, `2^7`, `5x`, `5:7`: the number is part of something else."""
    text, start, end = number.string, number.start(), number.end()
    if _SIGN_BEFORE.search(text, max(0, start - 12), start):
        return "the sign before the number changes it"
    if _SYMBOL_BEHIND.match(text, end) or (boxed and _BOXED_BEHIND.match(text, end)):
        return "the number is a factor of something else"
    return ""


def _part_of_more(number: re.Match[str], before: str) -> str:
    """One end of a range, part of a compound quantity, one of several assigned values."""
    text = number.string
    near = text[max(0, number.start() - _NEAR) : number.start("whole")]
    if bounded(before, text[number.end() : number.end() + 12]) or _RANGE.search(text[: number.start("whole")][-_NEAR:]):
        return "a bound is not the number"
    if _COMPOUND.search(near):
        return "a quantity of several units"
    return "several numbers to choose from" if by_name(text.strip().rpartition("\n")[2]) else ""


def _with_words(number: re.Match[str], before: str, fault: str) -> Final:
    """With the words that belong to it: minus, million."""
    value = value_of(number)
    scale = _SCALE.match(number.string, number.end())
    if value is not None and scale:
        value *= _SCALES[scale[1].lower()]
    if value is not None and NEGATIVE.search(before):
        value = -value
    return Final(number.group().strip(), value, fault)


def _computed(number: re.Match[str]) -> tuple[re.Match[str], bool]:
    """`6 * 7 = 42` states 42; the flag tells of a calculation that has no result."""
    text, calculated = number.string, False
    for _ in range(30):
        step = _STEP.match(text, number.end())
        equals = _EQUALS.match(text, number.end())
        found = NUMBER.match(text, (equals or step).end()) if equals or step else None  # type: ignore[union-attr]
        if found is None:
            break
        number, calculated = found, equals is None
    return number, calculated


def _fault(number: re.Match[str]) -> str:
    """Why a number is not one answer: a power, or one of several different numbers to choose from."""
    text = number.string
    if _POWER.match(text, number.end()):
        return "a power is not read as a number"
    joined = _JOINED.match(text, number.end())
    if joined and (other := NUMBER.match(text, joined.end())) and DOUBT.search(text, number.end(), joined.end()):
        return _choice(number, other, joined["unit"])
    other = NUMBER.search(text, number.end(), number.end() + 20)
    if other and joined_by_a_word(text, number.end(), other) and value_of(other) != value_of(number):
        return f"a choice of numbers: {number.group().strip()} or {other.group().strip()}"
    if hedge := _hedged_elsewhere(number):
        return hedge
    start = max(0, number.start() - _NEAR)
    if DOUBT.search(text, start, number.start()):
        for other in NUMBER.finditer(text, start, number.start()):
            joined = _JOINED.match(text, other.end(), number.end())
            reached = joined is not None and number.start() <= joined.end() <= number.start("whole")
            if joined and reached and DOUBT.search(text, other.end(), joined.end()):
                return _choice(other, number, joined["unit"])
    return ""


def _hedged_elsewhere(number: re.Match[str]) -> str:
    """`7 ou 8`, `7 или 8`, `7または8`: another number behind a doubt in another language."""
    other = NUMBER.search(number.string, number.end(), number.end() + _NEAR)
    between = number.string[number.end() : other.start()] if other else ""
    if other is None or value_of(other) == value_of(number) or re.search(r"[.;!。]\s|\n", between):
        return ""
    doubted = _FOREIGN_DOUBT.search(between) or _BETWEEN_NUMBERS.fullmatch(between)
    doubted = doubted or _POSSIBLE.match(number.string, other.end())
    return f"a choice of numbers: {number.group().strip()} or {other.group().strip()}" if doubted else ""


def _second_choice(number: re.Match[str]) -> str:
    """`7 ou 8`: is the last number the second of two to choose from?"""
    near = number.string, max(0, number.start() - _NEAR), number.start()
    first = next(iter(deque(NUMBER.finditer(*near), maxlen=1)), None)
    together = first is not None and number.start("whole") - first.end() <= _TOGETHER
    if first is None or not together:
        return ""
    alone = not number.string[: first.start()].strip() and joined_by_a_word(number.string, first.end(), number)
    if alone and value_of(first) != value_of(number):
        return f"a choice of numbers: {first.group().strip()} or {number.group().strip()}"
    return _hedged_elsewhere(first)


def _choice(first: re.Match[str], second: re.Match[str], unit: str) -> str:
    """A hedge, unless the second says the same number, or the same in another unit ("2 hours or 120 minutes")."""
    after = _UNIT_AFTER.match(second.string, second.end())
    units = unit.strip(), after["unit"].strip() if after else ""
    money = bool((first["currency"] and units[1] in _MONEY) or (second["currency"] and units[0] in _MONEY))
    percent = second.string[second.end() : second.end() + 1] == "%"
    if value_of(first) == value_of(second) or money or percent or (all(units) and units[0] != units[1]):
        return ""
    return f"a choice of numbers: {first.group().strip()} or {second.group().strip()}"


def _listed(number: re.Match[str], boxed: bool | None) -> str:
    """`42, 43` or `42 and 43`, and nothing else."""
    text, values, last = number.string, {value_of(number)}, number
    if boxed is not None and _TIGHT_LIST.match(text, number.end()):
        return "several numbers to choose from"
    for _ in range(3):
        comma = _LISTED.match(text, last.end())
        other = NUMBER.match(text, comma.end()) if comma else None
        if other is None:
            break
        values.add(value_of(other))
        last = other
    ended = _END.match(text, last.end()) or (boxed and text[last.end() : last.end() + 1] in ("}", "\\"))
    return "several numbers to choose from" if len(values) > 2 or (len(values) > 1 and ended) else ""


def _only_numbers(number: re.Match[str]) -> str:
    """A last line of nothing but different numbers."""
    start = number.string.rfind("\n", 0, number.start()) + 1
    first = NUMBER.match(number.string, start)
    if first is not None and number.string[first.end() : first.end() + 1] == "-":
        return ""  # `10-3`
    return _listed(first, None) if first is not None and first.start() < number.start() else ""


def _stands_alone(number: re.Match[str]) -> bool:
    return not is_named(number.string, number.start("whole"), number.end())


def _last(pattern: re.Pattern[str], text: str) -> re.Match[str] | None:
    """The last match: a short tail is tried first, since the answer is nearly always there."""
    for start in (max(0, text.rfind("\n", 0, max(0, len(text) - 200))), 0):
        found = deque((match for match in pattern.finditer(text, start) if _stands_alone(match)), maxlen=1)
        if found:
            return found[0]
    return None
