"""IFBench's constraints with faults of the official checker mended: above all those that hold of nothing.

Each function says which fault it mends. What is not here is judged as upstream does.
"""

import re
import string
from itertools import pairwise

from holdfast.rewards.answers.text import quoted
from holdfast.rewards.instructions import ifbench_formats, ifbench_tasks, ifbench_words, vocabulary, words
from holdfast.rewards.instructions.check import Arguments, Checker, Finding, at_least, exactly, number_of, text_of
from holdfast.rewards.instructions.ifeval_corrected import count_word
from holdfast.rewards.instructions.sentences import split

_EDGES = string.punctuation + "“”‘’… "
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_QUOTED = re.compile(r"[\"“][^\"“”\n]{1,5000}[\"”]")
_MINOR = frozenset("a an the and but for nor or so yet as at by in of off on per to up via with from into".split(" "))
_TEMPLATE = ("My Answer:", "My Conclusion:", "Future Outlook:")
_STRAIGHT = str.maketrans("“”‘’", "\"\"''")


def conjunctions(text: str, args: Arguments) -> Finding:
    """Mended: "And", "and" and "and," are one conjunction."""
    found = {word.strip(_EDGES).lower() for word in text.split()} & vocabulary.CONJUNCTIONS
    return at_least(len(found), number_of(args, "small_n"), "conjunctions")


def numbers(text: str, args: Arguments) -> Finding:
    """Mended: 1990-2000 is two numbers; 3.5 and 1,000 stay one."""
    return exactly(len(_NUMBER.findall(text)), number_of(args, "N"), "numbers")


def keywords_multiple(text: str, args: Arguments) -> Finding:
    """Mended: keywords inside other words are not counted."""
    for index, count in enumerate((1, 2, 3, 5, 7), start=1):
        keyword = text_of(args, f"keyword{index}").strip()
        if (found := count_word(keyword, text)) != count:
            return exactly(found, count, f"times {quoted(keyword)}")
    return Finding(True, "as often as asked")


def words_japanese(text: str, args: Arguments) -> Finding:
    """Mended: a text of fewer than N words fails."""
    count = len(text.split())
    if count < number_of(args, "N"):
        return at_least(count, number_of(args, "N"), "words")
    return ifbench_words.words_japanese(text, args)


def sentence_type(text: str, args: Arguments) -> Finding:
    """Mended: closing quotation marks are looked behind, and a text without a question fails."""
    periods, questions, _ = _endings(text)
    return Finding(periods == 2 * questions > 0, f"{periods} statements, {questions} questions, 2:1 asked")


def sentence_balance(text: str, args: Arguments) -> Finding:
    """Mended: closing quotation marks are looked behind, and a text without any of the three fails."""
    periods, questions, calls = _endings(text)
    return Finding(periods == questions == calls > 0, f"{periods} statements, {questions} questions, {calls} calls")


def _endings(text: str) -> tuple[int, int, int]:
    last = [sentence.rstrip("\"'”’)]* ")[-1:] for sentence in split(text)]
    return last.count("."), last.count("?"), last.count("!")


def overlap(text: str, args: Arguments) -> Finding:
    """Mended: trigrams are of words, as the constraint says, not of characters."""
    expected = number_of(args, "percentage")
    own, other = _trigrams(text), _trigrams(text_of(args, "reference_text"))
    if not own:
        return Finding(False, "too short for a trigram")
    share = 100 * len(own & other) / len(own)
    return Finding(expected - 2 <= share <= expected + 2, f"{share:.1f} % trigram overlap, {expected} % asked")


def _trigrams(text: str) -> set[tuple[str, ...]]:
    found = words.runs(text.lower())
    return {tuple(found[i : i + 3]) for i in range(len(found) - 2)}


def repeat_span(text: str, args: Arguments) -> Finding:
    """Mended: the constraint speaks of words and then of characters: the span of either is right."""
    upstream = ifbench_tasks.repeat_span(text, args)
    prompt = text_of(args, "prompt_to_repeat").lower().split()
    start, end = number_of(args, "n_start"), number_of(args, "n_end")
    spans = [prompt[start:end], prompt[start : end + 1]]
    return (
        upstream if upstream.followed or text.lower().split() not in spans else Finding(True, "the words of the span")
    )


def sentence_alphabet(text: str, args: Arguments) -> Finding:
    """Mended: a quotation mark or bracket in front of a sentence is none of its letters."""
    found = split(text)
    if len(found) != 26:
        return exactly(len(found), 26, "sentences")
    firsts = "".join(sentence.lstrip(_EDGES)[:1].lower() for sentence in found)
    wrong = next((i for i, (a, b) in enumerate(zip(firsts, string.ascii_lowercase, strict=False)) if a != b), None)
    return Finding(firsts == string.ascii_lowercase, f"sentence {(wrong or 0) + 1} starts with another letter")


def sentence_words(text: str, args: Arguments) -> Finding:
    """Mended: the three sentences share no word, as the constraint says."""
    upstream = ifbench_words.sentence_words(text, args)
    found = [word for sentence in split(text) for word in {*words.runs(sentence.lower())}]
    if upstream.followed and len(found) != len({*found}):
        return Finding(False, "a word occurs in two sentences")
    return upstream


def several_sentences(checker: Checker) -> Checker:
    """Mended: a single sentence, of which the constraint holds trivially, fails."""

    def check(text: str, args: Arguments) -> Finding:
        count = len(split(text))
        return checker(text, args) if count > 1 else at_least(count, 2, "sentences")

    return check


def paragraph_last_first(text: str, args: Arguments) -> Finding:
    """Mended: a line of a single word fails."""
    short = any(len(line.split()) == 1 for line in text.split("\n"))
    return Finding(False, "a line of one word") if short else ifbench_words.paragraph_last_first(text, args)


def odd_even_syllables(text: str, args: Arguments) -> Finding:
    """Mended: a single word fails."""
    count = len(text.split())
    return ifbench_words.odd_even_syllables(text, args) if count > 1 else at_least(count, 2, "words")


def quotes(text: str, args: Arguments) -> Finding:
    """Mended: apostrophes inside words are no marks, typographic marks are."""
    return ifbench_formats.quotes(re.sub(r"(?<=\w)'(?=\w)", "", text.translate(_STRAIGHT)), args)


def line_indent(text: str, args: Arguments) -> Finding:
    """Mended: blank lines do not count, and one line is no stair."""
    lines = [line for line in text.split("\n") if line.strip()]
    indents = [len(line) - len(line.lstrip(" ")) for line in lines]
    good = len(lines) > 1 and all(left < right for left, right in pairwise(indents))
    return Finding(good, f"indents {indents[:6]}")


def quote_unquote(text: str, args: Arguments) -> Finding:
    """Mended: typographic marks count, and a text without a quotation fails."""
    if not _QUOTED.search(text):
        return Finding(False, "no quotation")
    return ifbench_formats.quote_unquote(text.translate(_STRAIGHT), args)


def special_list(text: str, args: Arguments) -> Finding:
    """Mended: the separator starts its line and an item follows."""
    sep = text_of(args, "sep")
    found = [line.strip().removeprefix(sep) for line in text.split("\n") if line.strip().startswith(sep)]
    return at_least(sum(any(c.isalnum() for c in item) for item in found), 2, f"lines that start with {quoted(sep)}")


def thesis(text: str, args: Arguments) -> Finding:
    """Mended: the italics start a line."""
    if not re.search(r"^[ \t]{0,20}(?:<p>)?<(?:i|em)>", text, re.MULTILINE):
        return Finding(False, "no line starts in italics")
    return ifbench_formats.thesis(text, args)


def sub_bullets(text: str, args: Arguments) -> Finding:
    """Mended: bullets and sub-bullets start their lines, and there is at least one."""
    waiting, bullets = False, 0
    for line in text.split("\n"):
        start = line.strip()[:2]
        if start == "* " and waiting:
            return Finding(False, f"bullet {bullets} has no sub-bullet")
        if start == "* ":
            bullets, waiting = bullets + 1, True
        elif start == "- ":
            waiting = False
    return Finding(bullets > 0 and not waiting, f"{bullets} bullets, the last without a sub-bullet")


def no_bullets_bullets(text: str, args: Arguments) -> Finding:
    """Mended: blank lines end nothing, and `**bold**` is no bullet."""
    kept = "\n".join(line.replace("**", "") for line in text.split("\n") if line.strip())
    return ifbench_formats.no_bullets_bullets(kept, args)


def title_case(text: str, args: Arguments) -> Finding:
    """Mended: minor words ("of", "the") may stay small, as the constraint says; the first word may not."""
    for index, word in enumerate(words.runs(text.replace("'", "").replace("’", ""))):
        if word[0].islower() and (index == 0 or word not in _MINOR):
            return Finding(False, f"{quoted(word)} is not in title case")
    return Finding(any(c.isalpha() for c in text), "no words")


def output_template(text: str, args: Arguments) -> Finding:
    """Mended: the three parts come in order, start the text, and none is empty."""
    rest = text.strip()
    parts: list[str] = []
    for mark in _TEMPLATE:
        before, found, rest = rest.partition(mark)
        parts.append(before if found else "")
    good = not parts[0].strip() and all(any(c.isalnum() for c in part) for part in (*parts[1:], rest))
    return Finding(good, "the template's parts are missing, empty or out of order")


def date_format_list(text: str, args: Arguments) -> Finding:
    """Mended: there is no month 00 and no day 00."""
    if re.search(r"-00\b", text):
        return Finding(False, "a month or day 00")
    return ifbench_tasks.date_format_list(text, args)


CHECKERS: dict[str, Checker] = {
    "count:conjunctions": conjunctions,
    "count:numbers": numbers,
    "count:keywords_multiple": keywords_multiple,
    "count:words_japanese": words_japanese,
    "ratio:sentence_type": sentence_type,
    "repeat:repeat_span": repeat_span,
    "custom:sentence_alphabet": sentence_alphabet,
    "ratio:sentence_balance": sentence_balance,
    "ratio:overlap": overlap,
    "ratio:sentence_words": sentence_words,
    "words:last_first": several_sentences(ifbench_words.last_first),
    "words:paragraph_last_first": paragraph_last_first,
    "words:odd_even_syllables": odd_even_syllables,
    "sentence:increment": several_sentences(ifbench_words.sentence_increment),
    "sentence:alliteration_increment": several_sentences(ifbench_words.alliteration_increment),
    "format:quotes": quotes,
    "format:line_indent": line_indent,
    "format:quote_unquote": quote_unquote,
    "format:list": special_list,
    "format:thesis": thesis,
    "format:sub-bullets": sub_bullets,
    "format:no_bullets_bullets": no_bullets_bullets,
    "format:title_case": title_case,
    "format:output_template": output_template,
    "custom:date_format_list": date_format_list,
}
