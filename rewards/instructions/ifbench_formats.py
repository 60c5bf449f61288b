"""IFBench's constraints on format, as its official checker judges them.

Paper: arXiv 2507.02833. Grader followed: allenai/IFBench at db69a6f (Apache-2.0), written anew.
"""

import re
import string
from functools import lru_cache
from itertools import pairwise
from typing import Any

from holdfast.rewards.answers.text import quoted
from holdfast.rewards.instructions import words
from holdfast.rewards.instructions.check import Arguments, Checker, Finding, at_least, text_of
from holdfast.rewards.instructions.sentences import split

_EDGES = string.punctuation + " "
_PAIRS = {")": "(", "]": "[", "}": "{"}
_BARE_ONLY = string.digits + string.punctuation.replace('"', "")


def parentheses(text: str, args: Arguments) -> Finding:
    """Brackets nested five deep, properly closed at the deepest; a mismatch starts over."""
    open_: list[str] = []
    deepest = 0
    for mark in text:
        if mark in "([{":
            open_.append(mark)
            deepest = max(deepest, len(open_))
        elif mark in _PAIRS:
            if open_ and open_[-1] == _PAIRS[mark]:
                open_.pop()
                if deepest >= 5:
                    return Finding(True, "nested five deep")
            else:
                open_, deepest = [], 0
    return Finding(False, "not nested five deep")


def quotes(text: str, args: Arguments) -> Finding:
    """Straight quotation marks nested three deep, double and single in turn (apostrophes count as marks)."""
    open_: list[str] = []
    deepest = 0
    for mark in text:
        if mark not in "\"'":
            continue
        if open_ and open_[-1] == mark:
            open_.pop()
            if deepest - len(open_) >= 3:
                return Finding(True, "nested three deep")
        else:
            open_.append(mark)
            deepest = max(deepest, len(open_))
    return Finding(False, "not nested three deep")


def options(text: str, args: Arguments) -> Finding:
    """The text is one of the options; letters exactly, words without regard to case and outer punctuation."""
    listed = text_of(args, "options")
    separator = next((mark for mark in ("/", "or") if mark in listed), ",")
    choices = [choice.strip() for choice in listed.split(separator)]
    if re.match(r"\W*[aA]\W*[bB]\W*[cC]\W*", listed):
        return Finding(text in choices, f"not one of {quoted(listed)}")
    bare = text.strip(_EDGES).lower()
    return Finding(bare in [choice.strip(_EDGES).lower() for choice in choices], f"not one of {quoted(listed)}")


def newline(text: str, args: Arguments) -> Finding:
    """As many non-empty lines as words."""
    bare = words.bare(text).strip()
    lines, found = sum(1 for line in bare.split("\n") if line), len(bare.split())
    return Finding(lines == found, f"{found} words in {lines} lines")


def emoji(text: str, args: Arguments) -> Finding:
    """Each sentence ends with an emoji, or the next one starts with it."""
    found = [words.bare(sentence).strip() for sentence in split(text)]
    for index, sentence in enumerate(found):
        following = found[index + 1] if index + 1 < len(found) else ""
        if not sentence:
            return Finding(False, f"sentence {index + 1} has no words")
        if not any(map(_is_emoji, sentence[-2:])) and not _is_emoji(following[:1]):
            return Finding(False, f"sentence {index + 1} ends without an emoji")
    return Finding(True, "an emoji after each sentence")


@lru_cache(maxsize=1)
def _emoji_rule() -> Any:
    import regex

    return regex.compile(r"\p{Extended_Pictographic}|\p{Emoji_Presentation}")


def _is_emoji(character: str) -> bool:
    return bool(character) and _emoji_rule().fullmatch(character) is not None


def line_indent(text: str, args: Arguments) -> Finding:
    """Each line is indented further than the one before (of two blank lines in a row one counts)."""
    lines: list[str] = text.split("\n")
    kept = _drop_blank(lines)
    indents = [len(line) - len(line.lstrip(" ")) for line in kept]
    return Finding(all(left < right for left, right in pairwise(indents)), f"indents {indents[:6]}")


def _drop_blank(lines: list[str]) -> list[str]:
    """The official checker removes blank lines from the list it walks over, so it skips the line behind each."""
    kept: list[str] = []
    removable = 0
    skipping = False
    for line in lines:
        if skipping:
            skipping = False
        elif not line.strip():
            removable += 1
            skipping = True
    # `remove` takes the first equal line, which for blank lines may be an earlier one: count by equality.
    blanks = [line for line in lines if not line.strip()]
    if len({*blanks}) <= 1:
        for line in lines:
            if not line.strip() and removable:
                removable -= 1
            else:
                kept.append(line)
        return kept
    return _drop_mixed(list(lines))


def _drop_mixed(lines: list[str]) -> list[str]:
    """The same for blank lines of several kinds; quadratic, so long texts are cut first."""
    lines = lines[:2000]
    index = 0
    while index < len(lines):
        if not lines[index].strip():
            lines.remove(lines[index])
        index += 1
    return lines


def quote_unquote(text: str, args: Arguments) -> Finding:
    """No two straight double quotation marks follow each other, and the text does not end on one."""
    bare = "".join(text.replace("'\"'", "").split())
    if '""' in bare:
        return Finding(False, "a quotation follows a quotation")
    return Finding(not bare.strip(_BARE_ONLY).endswith('"'), "ends with a quotation")


def special_list(text: str, args: Arguments) -> Finding:
    """The separator occurs twice, anywhere."""
    sep = text_of(args, "sep")
    return at_least(text.count(sep), 2, f"times {quoted(sep)}")


def thesis(text: str, args: Arguments) -> Finding:
    """One HTML italic with text in it and after it, anywhere."""
    start = text.find("<i>")
    start = start if start >= 0 else text.find("<em>")
    rest = text[start:] if start >= 0 else ""
    end = rest.find("</i>")
    end = end if end >= 0 else rest.find("</em>")
    if end < 0:
        return Finding(False, "no italics in HTML")
    return Finding(bool(rest[3:end].strip() and rest[end + 4 :].strip()), "empty italics, or nothing after them")


def sub_bullets(text: str, args: Arguments) -> Finding:
    """Each asterisk is followed by a hyphen before the next asterisk."""
    lacking = sum("-" not in bullet for bullet in text.split("*")[1:])
    return Finding(lacking == 0, f"{lacking} bullets without a sub-bullet")


def no_bullets_bullets(text: str, args: Arguments) -> Finding:
    """Two sentences, then nothing but bullets, at least two."""
    count = bullets = 0
    listing = False
    for line in text.split("\n"):
        if line.strip().startswith("*"):
            listing = True
            bullets += 1
            if count < 2:
                return Finding(False, f"{count} sentences before the bullets")
        elif listing:
            return Finding(False, "text after the bullets")
        else:
            found = split(line)
            count += len(found)
            # In the official checker a line without a sentence already counts as the end of the text.
            listing = not found
    return at_least(bullets, 2, "bullets")


def title_case(text: str, args: Arguments) -> Finding:
    """No token starts in lower case and goes on in lower case."""
    for token in words.tokens(text):
        rest = token[1:]
        if token[0].isalpha() and token[0].islower() and (not rest or rest.islower() or rest.isupper()):
            return Finding(False, f"{quoted(token)} is not in title case")
    return Finding(True, "title case")


def output_template(text: str, args: Arguments) -> Finding:
    """The template's three marks occur, in any order."""
    missing = [mark for mark in ("My Answer:", "My Conclusion:", "Future Outlook:") if mark not in text]
    return Finding(not missing, f"missing {', '.join(missing)}")


def no_whitespace(text: str, args: Arguments) -> Finding:
    """No white space at all."""
    return Finding(len(text.split()) <= 1 and text == text.strip(), "white space")


CHECKERS: dict[str, Checker] = {
    "format:parentheses": parentheses,
    "format:quotes": quotes,
    "format:options": options,
    "format:newline": newline,
    "format:emoji": emoji,
    "format:line_indent": line_indent,
    "format:quote_unquote": quote_unquote,
    "format:list": special_list,
    "format:thesis": thesis,
    "format:sub-bullets": sub_bullets,
    "format:no_bullets_bullets": no_bullets_bullets,
    "format:title_case": title_case,
    "format:output_template": output_template,
    "format:no_whitespace": no_whitespace,
}
