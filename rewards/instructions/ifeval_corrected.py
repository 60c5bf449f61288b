"""The instructions of IFEval with the official checker's known faults mended.

Each function says which fault it mends; docs/ifeval.md lists the recorded rows whose verdict changes. What is not
here is judged as upstream does.
"""

import json
import re
from typing import Any

from holdfast.rewards.answers.text import quoted
from holdfast.rewards.instructions import ifeval_upstream as upstream
from holdfast.rewards.instructions import language, sentences, words
from holdfast.rewards.instructions.check import (
    Arguments,
    Checker,
    Finding,
    at_least,
    compare,
    exactly,
    number_of,
    text_of,
    texts_of,
)

_MARKUP = " \t*_`#>"
_QUOTES = "\"'“”‘’"
_SHORT = 60
_BULLET = re.compile(r"[ \t]*(?:[*+\-]|•)[ \t]+\S")
_ORDINAL = re.compile(r"[ \t]{0,20}(?:\(?(?:\d{1,3}|[A-Za-z]|[ivxIVX]{1,5})[.)]|[*+\-•])[ \t]{1,20}")
_PLACEHOLDER = re.compile(r"\[([^\[\]\n]{1,200})\](?!\()")
_EMPHASIS = re.compile(r"(?<![*\w\\])(\*{1,3})(?![\s*])([^*\n]{1,2000})(?<!\s)\1(?![*\w])")
_DIVIDER = re.compile(r"(?<!\S)\*\*\*(?!\S)")
_TITLE = re.compile(r"<<([^<>\n]{1,500})>>")
_LINE = re.compile(r"[^\n]+")


def keywords_existence(text: str, args: Arguments) -> Finding:
    """Mended: a keyword inside another word ("cat" in "concatenate") does not count; no pattern is read into it."""
    missing = [word for word in texts_of(args, "keywords") if count_word(word, text) == 0]
    return Finding(not missing, f"missing {', '.join(map(quoted, missing))}")


def keywords_frequency(text: str, args: Arguments) -> Finding:
    """Mended: occurrences inside other words are not counted; no pattern is read into the keyword."""
    keyword = text_of(args, "keyword").strip()
    return compare(count_word(keyword, text), args, "frequency", "relation", f"times {quoted(keyword)}")


def forbidden_words(text: str, args: Arguments) -> Finding:
    """Mended: words are taken literally, also those that start or end with a sign ("C++")."""
    used = [word for word in texts_of(args, "forbidden_words") if count_word(word, text)]
    return Finding(not used, f"uses {', '.join(map(quoted, used))}")


def response_language(text: str, args: Arguments) -> Finding:
    """Mended: a text without a detectable language fails; `zh` means either Chinese script."""
    expected = text_of(args, "language")
    return Finding(language.matches(text, expected), f"in {language.detect(text)}, {expected} asked")


def number_sentences(text: str, args: Arguments) -> Finding:
    """Mended: list numbers and markers are no sentences, and a line break after a list item or heading ends one."""
    return compare(_sentences(text), args, "num_sentences", "relation", "sentences")


def number_paragraphs(text: str, args: Arguments) -> Finding:
    """Mended: the divider stands alone; bold italics (`***so***`) divide nothing."""
    parts = _DIVIDER.split(text)
    if any(not part.strip() for part in parts[1:-1]):
        return Finding(False, "an empty paragraph between dividers")
    found = sum(1 for part in parts if part.strip())
    return exactly(found, number_of(args, "num_paragraphs"), "paragraphs")


def number_words(text: str, args: Arguments) -> Finding:
    """Mended: "don't", "3.5" and "well-known" are one word each."""
    found = sum(1 for word in text.split() if any(c.isalnum() for c in word))
    return compare(found, args, "num_words", "relation", "words")


def nth_paragraph_first_word(text: str, args: Arguments) -> Finding:
    """Mended: surplus blank lines do not shift the count; markup and signs around the first word are ignored."""
    expected, nth = number_of(args, "num_paragraphs"), number_of(args, "nth_paragraph")
    first = upstream.first_word_of(args)
    paragraphs = [part for part in re.split(r"\n[ \t]*\n", text) if part.strip()]
    if len(paragraphs) != expected or not 1 <= nth <= expected:
        return exactly(len(paragraphs), expected, "paragraphs")
    start = paragraphs[nth - 1].split()[0].strip(_MARKUP + _QUOTES + ".,;:!?()").lower()
    return Finding(start == first, f"paragraph {nth} starts with {quoted(start)}, {quoted(first)} asked")


def number_placeholders(text: str, args: Arguments) -> Finding:
    """Mended: Markdown links, check boxes and empty brackets are no placeholders."""
    found = sum(m[1].strip().lower() not in ("", "x") for m in _PLACEHOLDER.finditer(text))
    return at_least(found, number_of(args, "num_placeholders"), "placeholders")


def postscript(text: str, args: Arguments) -> Finding:
    """Mended: the marker starts a line, text stands before it and after it."""
    marker = "".join(text_of(args, "postscript_marker").lower().split())
    lines = [line.lstrip(_MARKUP + _QUOTES + "-[(") for line in _LINE.findall(text.strip())]
    for index, line in enumerate(lines[1:], start=1):
        start = re.sub(r"(?<=\.)\s(?=[ps]\b)", "", line[:40].lower())
        rest = start.removeprefix(marker) + line[40:] + "".join(lines[index + 1 : index + 4])
        if start.startswith(marker) and any(c.isalnum() for c in rest):
            return Finding(True, quoted(line))
    return Finding(False, f"no line of its own starts with {quoted(marker)}")


def number_bullet_lists(text: str, args: Arguments) -> Finding:
    """Mended: dividers (`---`) and negative numbers are no bullets; `+` and `•` are, and bold items are."""
    found = sum(_BULLET.match(line) is not None for line in text.split("\n"))
    return exactly(found, number_of(args, "num_bullets"), "bullets")


def constrained_response(text: str, args: Arguments) -> Finding:
    """Mended: the response is one of the three answers and nothing else; quoting all of them does not pass."""
    bare = text.strip().strip(_MARKUP + _QUOTES + "\n").rstrip(".").casefold()
    options = [option.rstrip(".").casefold() for option in upstream.OPTIONS]
    return Finding(bare in options, "is not exactly one of the fixed answers")


def number_highlighted_sections(text: str, args: Arguments) -> Finding:
    """Mended: emphasis as Markdown renders it; a bullet's asterisk opens none."""
    found = sum(1 for _ in _EMPHASIS.finditer(text))
    return at_least(found, number_of(args, "num_highlights"), "highlighted sections")


def multiple_sections(text: str, args: Arguments) -> Finding:
    """Mended: a section's mark starts a line ("as Section 2 says" is none), and each number counts once."""
    splitter = text_of(args, "section_spliter").strip()
    found = set()
    for line in _LINE.findall(text):
        rest = line[:200].strip(_MARKUP + _QUOTES)
        number = re.match(r"[\s*_]{0,4}(\d{1,4}|[IVXLC]{1,6})\b", rest.removeprefix(splitter))
        if rest.startswith(splitter) and number:
            found.add(number[1])
    return at_least(len(found), number_of(args, "num_sections"), "sections")


def json_format(text: str, args: Arguments) -> Finding:
    """Mended: JSON by the standard (no NaN), and an object or array, not a bare number or word."""
    inner = re.sub(r"\A```[A-Za-z]{0,10}", "", text.strip()).removesuffix("```").strip()
    try:
        value = json.loads(inner, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        return Finding(False, f"not JSON: {quoted(str(error))}")
    return Finding(isinstance(value, dict | list), f"JSON {type(value).__name__}")


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def title(text: str, args: Arguments) -> Finding:
    """Mended: a title holds a letter ("1 << 2 >> 1" has none)."""
    found = any(any(c.isalpha() for c in m[1]) for m in _TITLE.finditer(text))
    return Finding(found, "no <<title>>")


def two_responses(text: str, args: Arguments) -> Finding:
    """Mended: exactly six asterisks divide; responses that differ only in space or case are the same."""
    parts = [" ".join(part.split()).casefold() for part in re.split(r"(?<!\*)\*{6}(?!\*)", text)]
    if any(not part for part in parts[1:-1]):
        return Finding(False, "an empty response between dividers")
    filled = [part for part in parts if part]
    if len(filled) != 2:
        return exactly(len(filled), 2, "responses")
    return Finding(filled[0] != filled[1], "both responses are the same")


def repeat_prompt(text: str, args: Arguments) -> Finding:
    """Mended: an answer has to follow the repeated request."""
    prompt = text_of(args, "prompt_to_repeat").strip().lower()
    bare = text.strip().lower()
    if not bare.startswith(prompt):
        return Finding(False, "does not start with the request")
    return Finding(any(c.isalnum() for c in bare[len(prompt) :]), "no answer follows the request")


def end_checker(text: str, args: Arguments) -> Finding:
    """Mended: typographic quotation marks and Markdown around the ending are ignored, as straight ones are."""
    around = _MARKUP + _QUOTES + "\n"
    phrase, ending = text_of(args, "end_phrase").strip(around).lower(), text.strip(around).lower()
    return Finding(ending.endswith(phrase), f"ends with {quoted(ending[-40:])}")


def capital_word_frequency(text: str, args: Arguments) -> Finding:
    """Mended: a word in capitals has at least two letters ("I", "A" and initials are none)."""
    found = sum(1 for word in words.tokens(text) if word.isupper() and sum(c.isalpha() for c in word) > 1)
    return compare(found, args, "capital_frequency", "capital_relation", "words in capitals")


def english_capital(text: str, args: Arguments) -> Finding:
    """Mended: the language is read from the lower-cased text (the detector skips words in capitals)."""
    if not text.isupper():
        return Finding(False, "not all in capitals")
    return _english(text)


def english_lowercase(text: str, args: Arguments) -> Finding:
    """Mended: a text without a detectable language fails."""
    if not text.islower():
        return Finding(False, "not all in lower case")
    return _english(text)


def _english(text: str) -> Finding:
    """Detection is a coin toss on a few words: those pass when they are written in ASCII letters."""
    if sum(c.isalpha() for c in text) < _SHORT and any(c.isalpha() for c in text):
        return Finding(all(c.isascii() for c in text if c.isalpha()), "not in ASCII letters")
    found = language.detect(text.lower())
    return Finding(found == "en", f"detected as {found}")


def no_comma(text: str, args: Arguments) -> Finding:
    """Mended: full-width, ideographic and Arabic commas are commas too."""
    found = sum(text.count(comma) for comma in ",，、،﹐")
    return Finding(found == 0, f"{found} commas")


def quotation(text: str, args: Arguments) -> Finding:
    """Mended: typographic marks count, and something has to stand between the marks."""
    bare = text.strip()
    wrapped = (bare[:1], bare[-1:]) in {('"', '"'), ("“", "”"), ("„", "“"), ("«", "»")}
    return Finding(wrapped and any(c.isalnum() for c in bare), "not in double quotation marks")


def count_word(word: str, text: str) -> int:
    """Occurrences of a word or phrase as a whole, case ignored, overlapping ones too."""
    bare = word.strip().casefold()
    folded = text.casefold()
    found = 0
    position = folded.find(bare)
    while bare and position >= 0:
        end = position + len(bare)
        found += not _joined(folded, position - 1, bare[0]) and not _joined(folded, end, bare[-1])
        position = folded.find(bare, position + 1)
    return found


def _joined(text: str, position: int, edge: str) -> bool:
    """Does the character at `position` continue the word whose edge is `edge`?"""
    inside = 0 <= position < len(text)
    return inside and _is_word(edge) and _is_word(text[position])


def _is_word(character: str) -> bool:
    return character.isalnum() or character == "_"


def _sentences(text: str) -> int:
    found = 0
    running: list[str] = []
    for line in [*text.split("\n"), ""]:
        bare = _ORDINAL.sub("", line.strip(), count=1).strip(_MARKUP)
        ends = not bare or bare != line.strip()
        if ends and running:
            found += _with_words(" ".join(running))
            running = []
        if bare and ends:
            found += _with_words(bare)
        elif bare:
            running.append(bare)
    return found


def _with_words(text: str) -> int:
    return sum(any(c.isalnum() for c in sentence) for sentence in sentences.split(text))


CHECKERS: dict[str, Checker] = {
    name: globals().get(checker.__name__, checker) for name, checker in upstream.CHECKERS.items()
}
"""A function above stands in for upstream's of the same name."""
