"""The 25 instructions of IFEval as its official checker judges them, faults included.

One real row: `{"key": 1000, "prompt": "Write a 300+ word summary … Do not use any commas …", "instruction_id_list":
["punctuation:no_comma", "detectable_format:number_highlighted_sections", "length_constraints:number_words"],
"kwargs": [{}, {"num_highlights": 3}, {"relation": "at least", "num_words": 300}]}`.
Paper: arXiv 2311.07911. Grader followed: google-research/instruction_following_eval (Apache-2.0), written anew.
Differences on purpose: a letter that is no letter ('#', '!') is counted where the official checker draws a random
one; language detection is seeded; a missing argument is unjudgeable where the official checker draws one.
"""

import json
import re

from holdfast.rewards.answers.text import quoted
from holdfast.rewards.instructions import language, sentences, words
from holdfast.rewards.instructions.check import (
    Arguments,
    BadReferenceError,
    Checker,
    Finding,
    at_least,
    compare,
    exactly,
    number_of,
    text_of,
    texts_of,
)
from holdfast.rewards.pattern import compiled, pattern_fault

OPTIONS = ("My answer is yes.", "My answer is no.", "My answer is maybe.")
_SECONDS = 2.0


def keywords_existence(text: str, args: Arguments) -> Finding:
    """Each keyword, read as a regular expression, occurs somewhere (inside other words too)."""
    missing = [word for word in texts_of(args, "keywords") if count_pattern(word, text) == 0]
    return Finding(not missing, f"missing {', '.join(map(quoted, missing))}")


def keywords_frequency(text: str, args: Arguments) -> Finding:
    """The keyword, read as a regular expression, occurs often or rarely enough."""
    found = count_pattern(text_of(args, "keyword").strip(), text)
    return compare(found, args, "frequency", "relation", f"times {quoted(args['keyword'])}")


def forbidden_words(text: str, args: Arguments) -> Finding:
    """No forbidden word, read as a regular expression between word boundaries, occurs."""
    used = [word for word in texts_of(args, "forbidden_words") if count_pattern(rf"\b{word}\b", text)]
    return Finding(not used, f"uses {', '.join(map(quoted, used))}")


def letter_frequency(text: str, args: Arguments) -> Finding:
    """A letter (or any other character) occurs often or rarely enough, case ignored."""
    letter = text_of(args, "letter").lower()
    return compare(text.lower().count(letter), args, "let_frequency", "let_relation", f"times {quoted(letter)}")


def response_language(text: str, args: Arguments) -> Finding:
    """The detected language is the asked one; a text without features passes."""
    expected, found = text_of(args, "language"), language.detect(text)
    return Finding(found is None or found == expected, f"in {found}, {expected} asked")


def number_sentences(text: str, args: Arguments) -> Finding:
    """Sentences, split as Punkt does."""
    return compare(len(sentences.split(text)), args, "num_sentences", "relation", "sentences")


def number_paragraphs(text: str, args: Arguments) -> Finding:
    """Parts between `***`: exactly as many as asked, none empty but the first and the last."""
    parts = re.split(r"\s?\*\*\*\s?", text)
    expected = number_of(args, "num_paragraphs")
    if any(not part.strip() for part in parts[1:-1]):
        return Finding(False, "an empty paragraph between dividers")
    return exactly(sum(1 for part in parts if part.strip()), expected, "paragraphs")


def number_words(text: str, args: Arguments) -> Finding:
    """Runs of word characters."""
    return compare(words.count(text), args, "num_words", "relation", "words")


def nth_paragraph_first_word(text: str, args: Arguments) -> Finding:
    """As many non-blank paragraphs as asked; the n-th (blank ones counted) starts with the word."""
    expected, nth, first = number_of(args, "num_paragraphs"), number_of(args, "nth_paragraph"), first_word_of(args)
    paragraphs = text.split("\n\n")
    filled = sum(1 for paragraph in paragraphs if paragraph.strip())
    if not 1 <= nth <= filled or not paragraphs[nth - 1].strip():
        return Finding(False, f"no paragraph {nth}")
    word = paragraphs[nth - 1].split()[0].lstrip("'").lstrip('"')
    start = re.split("[.,?!'\"]", word, maxsplit=1)[0].lower()
    if filled != expected:
        return exactly(filled, expected, "paragraphs")
    return Finding(start == first, f"paragraph {nth} starts with {quoted(start)}, {quoted(first)} asked")


def first_word_of(args: Arguments) -> str:
    """The first word asked for, in lower case."""
    return text_of(args, "first_word").lower()


def number_placeholders(text: str, args: Arguments) -> Finding:
    """Square brackets on one line, whatever is in them."""
    return at_least(count_brackets(text), number_of(args, "num_placeholders"), "placeholders")


def count_brackets(text: str) -> int:
    """Non-overlapping `[…]` within a line, shortest first, in linear time."""
    found = 0
    for line in text.split("\n"):
        position = line.find("[")
        while position >= 0 and (end := line.find("]", position)) >= 0:
            found += 1
            position = line.find("[", end + 1)
    return found


def postscript(text: str, args: Arguments) -> Finding:
    """The postscript's marker occurs anywhere, case ignored."""
    marker = text_of(args, "postscript_marker").strip()
    known = {"P.P.S": r"p\.\s?p\.\s?s", "P.S.": r"p\.\s?s\."}
    found = count_pattern(known.get(marker, marker.lower()), text.lower()) > 0
    return Finding(found, f"no {quoted(marker)}")


def number_bullet_lists(text: str, args: Arguments) -> Finding:
    """Lines that start with one `*`, and lines that start with `-`, dividers and negative numbers too."""
    lines = [line.lstrip() for line in text.split("\n")]
    found = sum(line[:1] == "-" for line in lines)
    swallowed = False
    for index, line in enumerate(lines):
        if swallowed or line[:1] != "*" or line[1:2] == "*":
            swallowed = False
            continue
        # The official pattern lets a lone asterisk take the next line as its text.
        swallowed = line == "*"
        found += not swallowed or index + 1 < len(lines)
    return exactly(found, number_of(args, "num_bullets"), "bullets")


def constrained_response(text: str, args: Arguments) -> Finding:
    """One of the three fixed answers occurs anywhere."""
    return Finding(any(option in text for option in OPTIONS), "none of the fixed answers")


def number_highlighted_sections(text: str, args: Arguments) -> Finding:
    """Non-empty `*…*` and `**…**` on one line; asterisks of bullets pair up as well."""
    single = re.findall(r"\*[^\n*]*\*", text)
    double = re.findall(r"\*\*[^\n*]*\*\*", text)
    found = sum(bool(span.strip("*").strip()) for span in single)
    found += sum(bool(span.removeprefix("**").removesuffix("**").strip()) for span in double)
    return at_least(found, number_of(args, "num_highlights"), "highlighted sections")


def multiple_sections(text: str, args: Arguments) -> Finding:
    """The section word followed by a number, anywhere."""
    splitter = text_of(args, "section_spliter").strip()
    found = count_pattern(rf"{splitter}\s?\d+", text, ignore_case=False)
    return at_least(found, number_of(args, "num_sections"), "sections")


def json_format(text: str, args: Arguments) -> Finding:
    """The text, a code fence around it removed, parses as JSON (NaN and bare numbers too)."""
    inner = text.strip()
    for fence in ("```json", "```Json", "```JSON", "```"):
        inner = inner.removeprefix(fence)
    try:
        json.loads(inner.removesuffix("```").strip())
    except (ValueError, RecursionError) as error:
        return Finding(False, f"not JSON: {type(error).__name__}")
    return Finding(True, "JSON")


def title(text: str, args: Arguments) -> Finding:
    """`<<…>>` with something inside, on one line."""
    found = any(span.lstrip("<").rstrip(">").strip() for span in _titles(text))
    return Finding(found, "no <<title>>")


def _titles(text: str) -> list[str]:
    spans = []
    for line in text.split("\n"):
        start, end = line.find("<<"), line.rfind(">>")
        if 0 <= start < end - 2:
            spans.append(line[start : end + 2])
    return spans


def two_responses(text: str, args: Arguments) -> Finding:
    """Two different texts around `******`, nothing empty between dividers."""
    parts = text.split("******")
    if any(not part.strip() for part in parts[1:-1]):
        return Finding(False, "an empty response between dividers")
    filled = [part.strip() for part in parts if part.strip()]
    if len(filled) != 2:
        return exactly(len(filled), 2, "responses")
    return Finding(filled[0] != filled[1], "both responses are the same")


def repeat_prompt(text: str, args: Arguments) -> Finding:
    """The text starts with the prompt, case ignored."""
    prompt = text_of(args, "prompt_to_repeat").strip().lower()
    return Finding(text.strip().lower().startswith(prompt), "does not start with the request")


def end_checker(text: str, args: Arguments) -> Finding:
    """The text ends with the phrase, case and closing quotation marks ignored."""
    phrase = text_of(args, "end_phrase").strip().lower()
    ending = text.strip().strip('"').lower()
    return Finding(ending.endswith(phrase), f"ends with {quoted(ending[-40:])}")


def capital_word_frequency(text: str, args: Arguments) -> Finding:
    """Tokens in capitals, single letters too."""
    found = sum(1 for token in words.tokens(text) if token.isupper())
    return compare(found, args, "capital_frequency", "capital_relation", "words in capitals")


def english_capital(text: str, args: Arguments) -> Finding:
    """All capitals, and detected as English or as nothing."""
    if not text.isupper():
        return Finding(False, "not all in capitals")
    return Finding(language.detect(text) in ("en", None), f"detected as {language.detect(text)}")


def english_lowercase(text: str, args: Arguments) -> Finding:
    """All lower case, and detected as English or as nothing."""
    if not text.islower():
        return Finding(False, "not all in lower case")
    return Finding(language.detect(text) in ("en", None), f"detected as {language.detect(text)}")


def no_comma(text: str, args: Arguments) -> Finding:
    """No ASCII comma."""
    return Finding("," not in text, f"{text.count(',')} commas")


def quotation(text: str, args: Arguments) -> Finding:
    """The first and the last character are straight double quotation marks."""
    bare = text.strip()
    return Finding(len(bare) > 1 and bare[0] == bare[-1] == '"', "not in double quotation marks")


def count_pattern(pattern: str, text: str, ignore_case: bool = True) -> int:
    """Matches of a data set's pattern, in bounded time; a plain word is counted without the pattern engine.

    Raises BadReferenceError for a pattern that does not compile. Time out counts as no match.
    """
    if pattern.isalnum() and pattern.isascii():
        return text.lower().count(pattern.lower()) if ignore_case else text.count(pattern)
    if pattern_fault(pattern):
        raise BadReferenceError(f"not a regular expression: {pattern!r:.60}")
    try:
        return sum(1 for _ in compiled(pattern, ignore_case).finditer(text, timeout=_SECONDS, concurrent=True))
    except TimeoutError:
        return 0


CHECKERS: dict[str, Checker] = {
    "keywords:existence": keywords_existence,
    "keywords:frequency": keywords_frequency,
    "keywords:forbidden_words": forbidden_words,
    "keywords:letter_frequency": letter_frequency,
    "language:response_language": response_language,
    "length_constraints:number_sentences": number_sentences,
    "length_constraints:number_paragraphs": number_paragraphs,
    "length_constraints:number_words": number_words,
    "length_constraints:nth_paragraph_first_word": nth_paragraph_first_word,
    "detectable_content:number_placeholders": number_placeholders,
    "detectable_content:postscript": postscript,
    "detectable_format:number_bullet_lists": number_bullet_lists,
    "detectable_format:constrained_response": constrained_response,
    "detectable_format:number_highlighted_sections": number_highlighted_sections,
    "detectable_format:multiple_sections": multiple_sections,
    "detectable_format:json_format": json_format,
    "detectable_format:title": title,
    "combination:two_responses": two_responses,
    "combination:repeat_prompt": repeat_prompt,
    "startend:end_checker": end_checker,
    "change_case:capital_word_frequency": capital_word_frequency,
    "change_case:english_capital": english_capital,
    "change_case:english_lowercase": english_lowercase,
    "punctuation:no_comma": no_comma,
    "startend:quotation": quotation,
}
