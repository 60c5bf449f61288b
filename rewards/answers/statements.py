"""What one sentence states as its answer, without the remarks, fillers, denials and second thoughts around it."""

import re
from fractions import Fraction

from holdfast.rewards.answers.numerals.digits import CURRENCIES
from holdfast.rewards.answers.numerals.spelled import spelled_number
from holdfast.rewards.answers.words.hedges import CHANGED, DOUBT, NEGATIVE, bounded, denied, denied_behind
from holdfast.rewards.answers.words.names import (
    CONSTANTS,
    FUNCTIONS,
    NUMBER_WORDS,
    PERCENT_WORDS,
    SEPARATING_WORDS,
    UNITS,
)
from holdfast.rewards.answers.words.reasons import REASON, UNLESS, without_foreign_remark

SHORT = 400
FORMULA = re.compile(
    r"\$\$(.{1,2000}?)\$\$|(?<!\\)\$(?!\d[^$]{0,1000}\s\$)((?:[^$\\]|\\.){1,2000}?)(?<!\\)\$(?!\d)|\\\((.{1,2000}?)\\\)|\\\[(.{1,2000}?)\\\]",
    re.DOTALL,
)
NUMBER = re.compile(
    rf"(?:(?<![\w)\]}}.])[-−–]\s?)?(?:\\?[{CURRENCIES}]\s?[-−]?)?"
    r"(?:\d{1,3}(?:,\d{3})+(?!\d)|(?<![\d.,])\d{1,3}(?: \d{3})+(?![\d.,]\d|\d)|\d+)(?:\.\d+)?"
    r"(?:[eE][+-]?\d{1,3}(?!\w))?(?:\s\d{1,3}/[1-9]\d{0,2}(?![\d/.])|\s?[½⅓⅔¼¾]|\s?/\s?\d+(?![\d/.]))?"
    r"(?:\s(?:hundred|thousand|million|billion|trillion)\b)?(?:\s?\\?%|\s(?:percent|pct)\b|\s?°)?|[-−]?\.\d+"
)
"""`$104, so they cost $104` holds no formula: there a dollar stands before a digit."""
SENTENCE_END = re.compile(
    r"(?<!\b[ap])(?<!\b[ap]\.m)\.(?=\s+(?!(?:Or|Maybe|Perhaps|Possibly|Alternatively)\b)[A-Z\[(<]|\s*$|\s+I\b)|\.?\n\s*\n|[。！？।](?!\d)|\.(?=\s+[^\x00-\x7f\W])"
)
SUBSTANCE = re.compile(r"[\d$\\^+√π]")
_CODE = re.compile(r"__|\w\(|[{}\[\];<>\\|`@=]|[\"']\w+[\"']|\bif\b")
_WORD = re.compile(
    r"(?<![\\a-zA-Z])(?:[a-zA-Z\u00c0-\u024f\u0300-\u036f\u1e00-\u1eff]{2,}|[α-ωά-ώΑ-Ω]{4,}"
    r"|[^\W\d_a-zA-Zα-ωΑ-Ω](?:[^\W\d_a-zA-Zα-ωΑ-Ω]|[\u0300-\u036f\u0900-\u0dff\u0e00-\u0e7f])+)"
)
"""A word: of Latin letters, of Greek ones (short they are names), of any other script with its vowel signs."""
_TEXT_GROUP = re.compile(r"\\(?:text|mathrm|mbox|textbf|operatorname)[a-z]*\s*\{[^{}]*\}|\\(?:begin|end)\s*\{[^{}]*\}")
_COPULA = re.compile(
    r"(?:\b(?:is|are|be|was|equals|get|gives(?: us)?|obtain|have|has)\b|(?<!\d):|:(?!\d)|(?<![!<>~])=)\s*",
    re.IGNORECASE,
)
_MEASURE = re.compile(
    r"(?:an?|the) (?!(?:[a-z]+ ){0,2}(?:square|cube|root|half|"
    r"third|quarter|factorial|reciprocal|inverse|negative|opposite"
    r"|absolute value|log|logarithm|multiples?|factors?|powers?) )(?:[a-z]+ ){1,3}of (?=[$\\(\d])"
)
_MATHEMATICAL = (
    FUNCTIONS.keys() | CONSTANTS.keys() | UNITS.keys() | SEPARATING_WORDS.keys() | PERCENT_WORDS | NUMBER_WORDS.keys()
    | {"in", "mod", "degrees", "degree", "th", "st", "nd", "rd", "am", "pm"}
)  # fmt: skip

ASIDE = re.compile(
    r"\s\((?:since|because|as|not|i\.e\.|that is|which|rounded|after|assuming)\s[^()]*(?:\([^()]*\)[^()]*)*\)[.!]*$",
    re.IGNORECASE,
)
_FOREIGN_ASIDE = re.compile(r"(?<=[^\W\d_a-zA-Z])\s?\([^()$\\]{1,20}\)[.!]?$")
"""`36 ドル(4日分)`."""
_REPEATED_IN_WORDS = re.compile(r"(?<=[\d$)}%])\s+\((?!mod\b)[a-zA-Z]{3,}(?:[ -][a-zA-Z]+){0,6}\)$")
_TURKISH_IS = re.compile(r"(?<=\d)['’](?:[dt][iıuü]r)(?=\W*(?:[,;]|$))")
"""`7'dir`."""
_WORDS_FIRST = re.compile(r"([a-zA-Z][a-zA-Z -]{2,60}) \((\d[\d,]{0,18})\)\.?")
_REMARK = re.compile(
    r"(?<=[\w$)}%°*])(?:\s*[,;]\s*|\s+)(?:(?:and|but)\s+)?(?:not(?! sure| certain)|rather than|instead of|"
    r"because|since|i\.e\.|"
    r"which (?:occurs|happens|is (?:more|less|greater|smaller|larger|the|an?|not|also|what|attained))|"
    r"(?:obviously|clearly|indeed|of course)(?=\W*$)|as (?:required|desired|needed|expected|claimed|stated|shown)|"
    r"given that|in total|altogether)(?!\w).*$",
    re.IGNORECASE | re.DOTALL,
)
_REASON = re.compile(rf"(?<=[\w$)}}%°*])\s*[,;]\s*(?:{REASON}).*$", re.IGNORECASE | re.DOTALL)
_COMMENT = re.compile(
    r"(?<=[\w$)}%°])\s*(?:[,;]|\s[—–-])\s+(?:so|and (?:we|that|it)|but|as|hence|thus|therefore|given|after|using|"
    r"matching|consistent|in (?:agreement|line|accordance)|by|it|that|this|I|we|exactly|precisely|just)\b"
    r"(?!.*\b(?:or|if|when|where|unless|only|except|without|not|no|never|wrong|incorrect|false|mistaken?|impossible|"
    r"wait|actually|rather|could|should|might|may|would|must|can|cannot|least|most|about|more|less|than|bound|guess|"
    r"doubt|sure|maybe|perhaps|possibly|depends?|else|other|another|also|both|either|for|per)\b)"
    r"(?!.*n['’]t\b)(?!.*(?<!['’])\b(?![aI]\b)[a-zA-Z]\b)(?:[\s,'’-]+[a-zA-Z]+)*\s*[.!]?$"
)
"""`7, as I expected` and `7, so we are done` say 7: words behind a value that neither bound, doubt nor change it."""
_WHERE = re.compile(r"(?<=[$)\]])\s*,?\s(?:where|for (?:all|any|every|each|some))\s", re.IGNORECASE)
"""Behind the formula of an answer: what its letters stand for."""
_NOT_BUT = re.compile(r"^not\b.{1,80}?\bbut\s+(?:rather\s+)?", re.IGNORECASE)
CORRECTED = re.compile(
    r"^[^$\\]{1,40}?\s?[,.;:–—-]+\s(?:no|wait|rather|sorry|i mean|make that|actually)\b[,:]?\s+"
    r"(?:it(?:['’]s| is)\s+)?(?=[-$\d\\])",
    re.IGNORECASE,
)
"""`7, no, 8` says 8."""
_EXTREME = re.compile(
    r"[^\d$]{0,60}\b(?:max|min)(?:im(?:um|a))?\b(?! at\b)[^\d$\\.!?\n+-]{0,40}?"
    r"(?:=|\bis\b|\bare\b|\bof\b|:|value\b|\\text\s?\{[a-z =]+\}|(?<=[xnm]))[\s}]*"
    r"(?P<value>\$[^$\n]{1,60}\$|[-+]?(?:\d[\d.,/]*|\\[dt]?frac\{[^{}]{1,30}\}\{[^{}]{1,30}\}|\\sqrt\{[^{}]{1,30}\})"
    r"[\^\w\\{}]{0,20}),?[\s\\]{1,3}(?:text\s?\{\s?)?(?:(?:which|that|and|it)\s){0,2}(?:(?:is|are)\s)?"
    r"(?:(?:attained|reached|achieved|taken|assumed|occurs?|occurring|happens)\s)?"
    r"(?:at(?!\s(?:most|least)\b)|when|where|for)\b\s?\}?[\s$\\(]*(?:[a-zA-Z\d(]|point).{0,80}",
    re.IGNORECASE,
)
"""`The maximum value is 5 at x = 2` says 5; `the maximum is at x = 2` says no value."""
_EXTREMES = re.compile(r"\b(?:max|min)(?:im(?:um|a))?\b", re.IGNORECASE)
_GOES_ON = re.compile(
    r"\s*(?:times|plus|minus|divided by|multiplied by|squared|cubed|factorial|to the)\b", re.IGNORECASE
)
_LISTED = re.compile(r"(?:\s?[a-zA-Z]{1,15}){0,2}(?:,\s?|\s(?:and|plus|by)\s)", re.IGNORECASE)
_UNLESS = re.compile(UNLESS, re.IGNORECASE)
_AND = re.compile(r"\s*,?\s*and\s*", re.IGNORECASE)
_ONE_WORD = re.compile(
    r"[\s$*]{0,3}(?!of\b|base\b|mod\b|per\b|in\b|for\b|from\b|x\b|is\b|\\times|\\cdot)"
    r"[^\d\s.,;:()=+*/×÷·%$€£^²³-]{1,9}\.?[\s$*]{0,3}"
)
_NOTHING_MORE = re.compile(r"[\s$*.!)\]}]*(?:$|\n)")
_UNIT_WORD = re.compile(r"\s*([a-zA-Z]+)")
_MOST_BETWEEN = 40
_MOST_FILLED = 60
_QUOTES = "\"'`“”‘’"
_DECORATION = "[\u2600-\u27bf\U0001f300-\U0001faff\ufe0f]"
_CHEER = re.compile(rf"{_DECORATION}|[?\s]")
_LINES_END = re.compile(r"[\s.]*(?:\\end\{[a-z]+\*?\}[\s.]*)+$")
_ENDLESS = re.compile(r"(-?\$?\d[\d,]*)\s*(?:…|\.\.\.+)")
_LEADING = re.compile(rf"(?:(?:{_DECORATION}|[∴•▪►]|\*(?=\s))\s*)+")
_LABEL = re.compile(r"^(?:Q\s?\d{1,3}[.:)]|\([a-e]\))\s+(?=[-$\d\\])")
"""`Q3: 32`, `(c) 32`."""
_FILLER = re.compile(
    r"^(?:(?:so|thus|hence|therefore|ok|okay|well)[,:]?\s+)?"
    r"(?:(?:(?:i['’]d|i would) say(?: it['’]s| it is| that it is)?|it['’]s|it is|"
    r"that['’]s|that is|this is|we get|i get|(?:that|this|which) (?:gives|makes)(?: us)?"
    r"|ans(?:\.|:| [-–—:]))\s+)?",
    re.IGNORECASE,
)
_AFFIRMED = re.compile(
    r"\s+(?:it is|is\s+(?:(?:the|my|our)\s+)?(?:(?:final|correct|right)\s+)?"
    r"(?:answer|result|solution|correct|right))[.!]?$",
    re.IGNORECASE,
)


def is_prose(text: str) -> bool:
    """Are there words in it that are no mathematics, other than after the quantity they count?"""
    bare = _TEXT_GROUP.sub(" ", text)
    first = re.match(r"[\s$\\(*-]*[\d.,]+", bare)
    if first is not None:
        rest = bare[first.end() :].strip(" $.*")
        if (
            re.fullmatch(r"[%°]?\s*[^\W\d_](?:[^\W\d_]|[ .\-\u0900-\u0dff\u0e00-\u0e7f]){0,40}", rest)
            and len(rest.split()) <= 4
        ):
            return False
    words = [word for word in _WORD.findall(bare) if word not in _MATHEMATICAL and word.casefold() not in _MATHEMATICAL]
    long = [word for word in words if len(word) > 3 or not word.isascii()]
    return len(words) > 2 or bool(long and re.search(r"\d|\$", text))


def extreme_value(statement: str) -> str:
    """The value of a greatest or smallest one whose place is named behind; "" for anything else."""
    if len(statement) > SHORT or len(_EXTREMES.findall(statement)) != 1:
        return ""
    found = _EXTREME.fullmatch(statement.strip())
    return found["value"].strip("$ ").rstrip(",.") if found else ""


def answer_in(statement: str) -> str:
    """The answer within one sentence: all of it, what follows its verb, its only formula or number.

    Several values joined by a doubt (`4 or maybe 3`) come back as a list; a denied value (`not 4`) with its denial.
    """
    statement = CORRECTED.sub("", without_remark(_NOT_BUT.sub("", trimmed(statement))))
    if value := extreme_value(statement):
        return value
    if _UNLESS.search(statement) and len(several := set(NUMBER.findall(statement))) > 1:
        return ", ".join(sorted(several))
    if not statement or not is_prose(statement):
        return statement
    after = after_verb(statement)
    if after and not is_prose(after):
        return after
    formulas = list(FORMULA.finditer(statement))
    where = _WHERE.search(statement)
    formulas = [one for one in formulas if where and one.end() <= where.start()] or formulas
    leading = NUMBER.match(statement)
    code = _CODE.search(statement) is not None
    if leading is not None and not code and not formulas:
        return _judged(statement, [leading, *NUMBER.finditer(statement, leading.end())], 0)
    if formulas:
        return _judged(statement, formulas, len(formulas) - 1)
    numbers = list(NUMBER.finditer(statement))
    if numbers and not code:
        values = [number.group() for number in numbers]
        return _judged(statement, numbers, 0) if len(set(values)) == 1 else ", ".join(values)
    return statement if len(statement) <= SHORT else ""


def trimmed(statement: str) -> str:
    """Without the quotes, cheers and unmatched brackets around it."""
    text = statement.strip().strip("*").strip()
    if "\\end" in text and "\\begin" not in text:
        text = _LINES_END.sub("", text)
    if not FORMULA.search(text):
        text = _without_cheers(text)
    endless = _ENDLESS.fullmatch(text)
    text = endless[1] if endless else text
    while len(text) > 2 and text[0] in _QUOTES and text[-1] in _QUOTES:
        text = text.strip(_QUOTES).strip(" .")
    while text[-1:] in (")", "]", ">") and not any(opening in text for opening in "([<"):
        text = text[:-1].rstrip(" .")
    return text


def _without_cheers(text: str) -> str:
    """`42!` at the end of a sentence is no factorial; `n!` is one."""
    text = text.removesuffix(":)").removesuffix(":-)")
    while text and _CHEER.match(text[-1]):
        text = text[:-1]
    bare = text.rstrip("!")
    return bare if bare[-1:].isdigit() or len(text) - len(bare) > 1 else text


def without_remark(statement: str) -> str:
    """`42, not 43`, `42 (forty-two)` and `forty-two (42)` say 42."""
    text = _REPEATED_IN_WORDS.sub("", _FOREIGN_ASIDE.sub("", ASIDE.sub("", statement)))
    if (both := _WORDS_FIRST.fullmatch(text)) and spelled_number(both[1]) == Fraction(both[2].replace(",", "")):
        return both[2]
    text = _TURKISH_IS.sub("", text)
    head = _without_comment(_REASON.sub("", _REMARK.sub("", text)))
    whole = SUBSTANCE.search(head) and not is_prose(head) and head.count("{") == head.count("}")
    return head if whole else text


def _without_comment(text: str) -> str:
    comment = _COMMENT.search(text)
    words = set(_WORD.findall(comment.group().lower())) - {"and"} if comment else set()
    return text[: comment.start()] if comment and words.isdisjoint(_MATHEMATICAL) else without_foreign_remark(text)


def undecorated(text: str) -> str:
    """A short text without its bullet, emphasis and filler words: `So it is 42.`, `` `42` ``, `42 is the answer.`"""
    if len(text) > _MOST_FILLED:
        return text
    text = _LABEL.sub("", _LEADING.sub("", text, count=1) if _LEADING.match(text) else text)
    while len(text) > 2 and text[0] == text[-1] and text[0] in "`*_":
        text = text[1:-1].strip()
    bare = _MEASURE.sub("", _AFFIRMED.sub("", _FILLER.sub("", text, count=1)), count=1)
    text = bare if SUBSTANCE.search(bare) else text
    return text[:-1].rstrip() if text.endswith("?") else text


def after_verb(statement: str) -> str:
    """What stands behind the last verb, unless that is denied."""
    masked = FORMULA.sub(lambda match: "#" * len(match.group()), statement)
    verb = None
    for verb in _COPULA.finditer(masked):  # noqa: B007 - the last one is wanted
        pass
    concluded = re.search(r"\b(?:so|hence|thus|therefore)\b\s*([^#]*#+[^#]*)$", masked, re.IGNORECASE)
    start = max(verb.end() if verb else 0, concluded.start(1) if concluded else 0)
    if not start:
        return ""
    taken_back = verb and start == verb.end() and denied(masked[max(0, verb.start() - 20) : verb.start()])
    return "" if taken_back else _MEASURE.sub("", statement[start:].lstrip(" ,").rstrip(), count=1)


def settled(text: str, values: list[re.Match[str]], chosen: int) -> str:
    """The chosen one of the values in a text, with its neighbour where a doubt joins them, with its denial."""
    start = max(0, values[chosen].start() - _MOST_BETWEEN)
    before = re.split(r"[.!?;\n](?:\s|$)", text[start : values[chosen].start()])[-1]
    if denied(before) or denied_behind(text[values[chosen].end() : values[chosen].end() + 60]):
        return f"not {_inside(values[chosen])}"
    if bounded(before, text[values[chosen].end() : values[chosen].end() + 12]):
        return f"{before.strip()} {_inside(values[chosen])} or other"
    if CHANGED.search(before):
        return f"{before.strip()} {_inside(values[chosen])}"
    for first, second in ((chosen - 1, chosen), (chosen, chosen + 1)):
        if first >= 0 and second < len(values) and _doubted(text, values[first], values[second]):
            return f"{_inside(values[first])} or {_inside(values[second])}"
    return f"{'-' if NEGATIVE.search(before) else ''}{_inside(values[chosen])}"


def _judged(statement: str, values: list[re.Match[str]], chosen: int) -> str:
    """`settled`, within a sentence that states the answer: what stands around the value may change it."""
    value = values[chosen]
    before = statement[: value.start()]
    earlier = values[chosen - 1] if chosen else None
    if earlier and _AND.fullmatch(statement, earlier.end(), value.start()):
        return f"{_inside(earlier)}, {_inside(value)}"
    if CHANGED.search(before) or _GOES_ON.match(statement, value.end()):
        return statement
    following = values[chosen + 1] if chosen + 1 < len(values) else None
    if following and joined_by_a_word(statement, value.end(), following):
        return f"{_inside(value)}, {_inside(following)}"
    if following and _LISTED.fullmatch(statement[value.end() : following.start()]):
        return f"{_inside(value)}, {_inside(following)}"
    return settled(statement, values, chosen)


def joined_by_a_word(text: str, start: int, second: re.Match[str]) -> bool:
    """Two numbers with one word or sign between them, and nothing behind (`7 vagy 8`, `7 vs 8`)?"""
    between = _ONE_WORD.fullmatch(text, start, second.start())
    return between is not None and _NOTHING_MORE.match(text, second.end()) is not None


def _doubted(text: str, first: re.Match[str], second: re.Match[str]) -> bool:
    """Does `or`, `maybe` … join two different values that are not the same in two units?"""
    between = text[first.end() : second.start()]
    if len(between) > _MOST_BETWEEN or not DOUBT.search(between) or _inside(first) == _inside(second):
        return False
    one, other = _UNIT_WORD.match(text, first.end()), _UNIT_WORD.match(text, second.end())
    units = [match[1] if match else "" for match in (one, other)]
    return not (units[1] and units[0] != units[1] and not DOUBT.fullmatch(units[0]))


def _inside(value: re.Match[str]) -> str:
    return next((group for group in value.groups() if group), value.group())
