"""Numbers in words (`twenty-one`, `one half`) and in Chinese numerals (`四十二`)."""

import re
from fractions import Fraction

from holdfast.rewards.answers.words.names import FRACTION_WORDS, NUMBER_WORDS, SCALE_WORDS

_PLAIN_WORDS = re.compile(r"[a-z][a-z ,.'\-]*")
_LONGEST = 80
_WORDED = "|".join(sorted({*NUMBER_WORDS, *SCALE_WORDS, *FRACTION_WORDS, "hundred", "and", "a"}, key=len, reverse=True))
_LEADING = re.compile(
    rf"(?:\\text\w*\s?\{{)?\s*((?:(?:minus|negative) )?(?:{_WORDED})(?:[ -](?:{_WORDED}))*)"
    rf"(?: (?!(?:or|and|to|but|maybe|perhaps|possibly|{_WORDED})\b)[a-z]+){{0,3}}[\s.!}}]*",
    re.IGNORECASE,
)
_CHINESE_DIGITS = {character: value for value, character in enumerate("零一二三四五六七八九")} | {
    "〇": 0,
    "两": 2,
    "兩": 2,
}
_CHINESE_SCALES = {"十": 10, "百": 100, "千": 1000}
_CHINESE = re.compile(
    r"([零〇一二两兩三四五六七八九十百千万]{1,16})(?:です|[个個元円人只本つ枚岁歳天年米块名分次斤条件位頭匹冊回台杯])?[。.]?"
)


def in_words(words: str) -> Fraction | None:
    """The value of `seventy-two`, `one half`, `two hundred and five`; None for anything else."""
    if not _PLAIN_WORDS.fullmatch(words) or len(words) > _LONGEST:
        return None
    if words.startswith(("minus ", "negative ")):
        value = in_words(words.partition(" ")[2])
        return None if value is None else -value
    whole_part, _, fraction = words.partition(" and ")
    if fraction.split(" ")[-1] in FRACTION_WORDS:
        one, other = in_words(whole_part), in_words(re.sub(r"^a ", "one ", fraction))
        return None if one is None or other is None or one.denominator != 1 else one + other
    parts = [part for part in re.split(r"[ \-]+", words) if part not in ("and", "a")]
    if not parts:
        return None
    if len(parts) > 1 and parts[-1] in FRACTION_WORDS:
        above = _whole(parts[:-1])
        return None if above is None else Fraction(above, FRACTION_WORDS[parts[-1]])
    if parts == ["half"]:
        return Fraction(1, 2)
    whole = _whole(parts)
    return None if whole is None else Fraction(whole)


def spelled_number(text: str) -> Fraction | None:
    """The number that a short statement says in words, with what it counts (`twenty-one apples`, `七个`)."""
    text = text.strip().strip("*$.! ")
    if (chinese := _CHINESE.fullmatch(text)) is not None:
        return _chinese(chinese[1])
    leading = _LEADING.fullmatch(text)
    return in_words(leading[1].casefold()) if leading is not None and len(text) <= _LONGEST else None


def _whole(parts: list[str]) -> int | None:
    total = current = 0
    for part in parts:
        if part in NUMBER_WORDS:
            current += NUMBER_WORDS[part]
        elif part == "hundred":
            current = max(current, 1) * 100
        elif part in SCALE_WORDS:
            total, current = total + max(current, 1) * SCALE_WORDS[part], 0
        else:
            return None
    return total + current


def _chinese(text: str) -> Fraction | None:
    """`四十二` is 42, `三万五千` 35,000."""
    total = section = digit = 0
    for character in text:
        if character in _CHINESE_DIGITS:
            digit = _CHINESE_DIGITS[character]
        elif character == "万":
            total, section, digit = total + (section + digit) * 10_000, 0, 0
        else:
            section, digit = section + max(digit, 1) * _CHINESE_SCALES[character], 0
    return Fraction(total + section + digit)
