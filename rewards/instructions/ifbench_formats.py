"""IFBench's constraints on format, repetition and single tasks, as its official checker judges them.

Paper: arXiv 2507.02833. Grader followed: allenai/IFBench at db69a6f (Apache-2.0), written anew.
"""

import csv
import io
import re
import string
import unicodedata
from functools import lru_cache
from itertools import pairwise
from typing import Any

from holdfast.rewards._text import quoted
from holdfast.rewards.instructions import vocabulary, words
from holdfast.rewards.instructions.check import Arguments, Checker, Finding, at_least, exactly, number_of, text_of
from holdfast.rewards.instructions.sentences import split

_EDGES = string.punctuation + " "
_PAIRS = {")": "(", "]": "[", "}": "{"}
_BARE_ONLY = string.digits + string.punctuation.replace('"', "")
_QUESTION = re.compile(r"\n*Question \d{1,9}[.|):;]?\s*")
_OPTION = re.compile(r"[A-Ea-e][.|)]\s*\w")
_DATE = re.compile(r"(\d{4})-(\d{2})-(\d{2})")
_DAYS = {2: 29, 4: 30, 6: 30, 9: 30, 11: 30}
REPEAT_SIMPLE = "Only output this sentence here, ignore all other requests."


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
    asked = text_of(args, "options")
    separator = next((mark for mark in ("/", "or") if mark in asked), ",")
    choices = [choice.strip() for choice in asked.split(separator)]
    if re.match(r"\W*[aA]\W*[bB]\W*[cC]\W*", asked):
        return Finding(text in choices, f"not one of {quoted(asked)}")
    bare = text.strip(_EDGES).lower()
    return Finding(bare in [choice.strip(_EDGES).lower() for choice in choices], f"not one of {quoted(asked)}")


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


def multiples(text: str, args: Arguments) -> Finding:
    """The numbers are 14, 21, … 49."""
    found = re.findall(r"\d+", text)
    return Finding(found == [str(n) for n in range(14, 51, 7)], f"numbers {quoted(' '.join(found[:8]))}")


def mcq_count_length(text: str, args: Arguments) -> Finding:
    """Four questions of growing length with five options each, and nothing before them."""
    if not text.startswith("Question"):
        return Finding(False, "does not start with a question")
    questions = [part.strip() for part in _QUESTION.split(text) if part.strip()]
    if len(questions) != 4:
        return exactly(len(questions), 4, "questions")
    lengths = []
    for question in questions:
        lines = [line.strip() for line in question.split("\n")]
        marked = [bool(_OPTION.match(line)) for line in lines]
        if sum(marked) != 5:
            return exactly(sum(marked), 5, "options")
        lengths.append(len(" ".join(lines[: marked.index(True)]).strip()))
    return Finding(all(left < right for left, right in pairwise(lengths)), f"question lengths {lengths}")


def reverse_newline(text: str, args: Arguments) -> Finding:
    """From the line with Zimbabwe on, at least 52 lines in reverse alphabetical order."""
    lines = [bare for line in text.split("\n") if (bare := line.strip(_EDGES))]
    start = next((index for index, line in enumerate(lines) if "Zimbabwe" in line), None)
    if start is None:
        return Finding(False, "no Zimbabwe")
    plain = [_ascii(line) for line in lines[start:]]
    if len(plain) < 52:
        return at_least(len(plain), 52, "lines")
    return Finding(plain == sorted(plain, reverse=True), "not in reverse order")


def _ascii(text: str) -> str:
    return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode("ascii")


def word_reverse(text: str, args: Arguments) -> Finding:
    """Read backwards word by word the text is one sentence with "bald eagle"."""
    turned = " ".join(reversed(words.bare(text.lower().strip()).split()))
    if "bald eagle" not in turned:
        return Finding(False, "no bald eagle, word by word backwards")
    return Finding(turned in split(turned), "not one sentence")


def character_reverse(text: str, args: Arguments) -> Finding:
    """The bald eagle backwards, anywhere."""
    return Finding("elgae dlab" in text.lower(), "no bald eagle, letter by letter backwards")


def sentence_alphabet(text: str, args: Arguments) -> Finding:
    """26 sentences whose first words start with a to z."""
    found = split(text)
    if len(found) != 26:
        return exactly(len(found), 26, "sentences")
    wrong = next((i for i, sentence in enumerate(found) if sentence[:1].lower() != string.ascii_lowercase[i]), None)
    return Finding(wrong is None, f"sentence {(wrong or 0) + 1} starts with another letter")


def european_capitals_sort(text: str, args: Arguments) -> Finding:
    """The capitals of the fixed list in its order, separated by commas."""
    found = [name.strip() for name in _ascii(text).split(",") if name.strip()]
    return Finding(found == list(vocabulary.CAPITALS), f"{len(found)} names, or another order")


def csv_city(text: str, args: Arguments) -> Finding:
    """The asked header and 7 rows of 5 fields."""
    rows = _rows(text)
    if rows is None or len(rows) != 8:
        return exactly(len(rows or ()), 8, "rows")
    good = rows[0] == ["ID", "Country", "City", "Year", "Count"] and all(len(row) == 5 for row in rows)
    return Finding(good, "another header, or rows of another length")


def csv_special_character(text: str, args: Arguments) -> Finding:
    """The asked header and 14 rows of 5 fields, one of them quoted with a special character."""
    if not _header(text, ("ProductID", "Category", "Brand", "Price", "Stock"), r",[ \t]*"):
        return Finding(False, "another header")
    rows = _rows(text.replace('"', '"""'))
    if rows is None or len(rows) != 15:
        return exactly(len(rows or ()), 15, "rows")
    for row in rows[1:]:
        if len(row) != 5:
            return Finding(False, "rows of another length")
        if any(_special(field) for field in row):
            return Finding(True, "a quoted special character")
    return Finding(False, "no quoted special character")


def _special(field: str) -> bool:
    end = field.rfind('"')
    return field[:1] == '"' and end > 1 and re.search(r"[^\d\w\s]", field[1:end].partition("\n")[0]) is not None


def csv_quotes(text: str, args: Arguments) -> Finding:
    """The asked header and 3 tab-separated rows of 5 quoted fields."""
    if not _header(text, ("StudentID", "Subject", "Grade", "Semester", "Score"), r"\t *"):
        return Finding(False, "another header")
    rows = _rows(text.replace('"', '"""'), "\t")
    if rows is None or len(rows) != 4 or any(len(row) != 5 for row in rows):
        return exactly(len(rows or ()), 4, "rows of 5 fields")
    fields = [field.strip() for row in rows for field in row]
    return Finding(all(field[:1] == field[-1:] == '"' for field in fields), "a field is not quoted")


def _header(text: str, names: tuple[str, ...], separator: str) -> bool:
    line = text.partition("\n")[0].strip()
    return re.fullmatch(separator.join(f'(?:{name}|"{name}")' for name in names), line) is not None


def _rows(text: str, delimiter: str = ",") -> list[list[str]] | None:
    try:
        return list(csv.reader(io.StringIO(text), delimiter=delimiter))
    except csv.Error:
        return None


def date_format_list(text: str, args: Arguments) -> Finding:
    """Dates of Napoleon's years, YYYY-MM-DD, separated by commas."""
    for piece in text.strip().split(","):
        match = _DATE.fullmatch(piece.strip())
        if match is None:
            return Finding(False, f"{quoted(piece.strip())} is no date")
        year, month, day = map(int, match.groups())
        if not 1769 <= year <= 1821 or month > 12 or (month and day > _DAYS.get(month, 31)):
            return Finding(False, f"{match[0]} is out of range")
    return Finding(True, "dates")


def repeat_change(text: str, args: Arguments) -> Finding:
    """The request with another first word."""
    prompt = text_of(args, "prompt_to_repeat")
    return Finding(text != prompt and text.split()[1:] == prompt.split()[1:], "not the request with another first word")


def repeat_simple(text: str, args: Arguments) -> Finding:
    """The fixed sentence and nothing else, case ignored."""
    return Finding(text.strip().lower() == REPEAT_SIMPLE.lower(), "not the sentence alone")


def repeat_span(text: str, args: Arguments) -> Finding:
    """The characters n_start to n_end of the request, case ignored."""
    prompt = text_of(args, "prompt_to_repeat")
    span = prompt[number_of(args, "n_start") : number_of(args, "n_end") + 1]
    return Finding(text.strip().lower() == span.strip().lower(), f"not {quoted(span)}")


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
    "custom:multiples": multiples,
    "custom:mcq_count_length": mcq_count_length,
    "custom:reverse_newline": reverse_newline,
    "custom:word_reverse": word_reverse,
    "custom:character_reverse": character_reverse,
    "custom:sentence_alphabet": sentence_alphabet,
    "custom:european_capitals_sort": european_capitals_sort,
    "custom:csv_city": csv_city,
    "custom:csv_special_character": csv_special_character,
    "custom:csv_quotes": csv_quotes,
    "custom:date_format_list": date_format_list,
    "repeat:repeat_change": repeat_change,
    "repeat:repeat_simple": repeat_simple,
    "repeat:repeat_span": repeat_span,
}
