"""IFBench's single tasks and repetitions, as its official checker judges them.

Each `custom` constraint is one fixed prompt ("List the countries of Africa in reverse …") with its own answer.
Paper: arXiv 2507.02833. Grader followed: allenai/IFBench at db69a6f (Apache-2.0), written anew.
"""

import csv
import io
import re
import string
import unicodedata
from itertools import pairwise

from holdfast.rewards.answers.text import quoted
from holdfast.rewards.instructions import vocabulary, words
from holdfast.rewards.instructions.check import Arguments, Checker, Finding, at_least, exactly, number_of, text_of
from holdfast.rewards.instructions.sentences import split

_EDGES = string.punctuation + " "
_QUESTION = re.compile(r"Question \d{1,9}[.|):;]?\s*")
_OPTION = re.compile(r"[A-Ea-e][.|)]\s*\w")
_DATE = re.compile(r"(\d{4})-(\d{2})-(\d{2})")
_DAYS = {2: 29, 4: 30, 6: 30, 9: 30, 11: 30}
REPEAT_SIMPLE = "Only output this sentence here, ignore all other requests."


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


CHECKERS: dict[str, Checker] = {
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
