"""IFTrain's 29 constraints, which IF-RLVR's training rows use beside IFEval's 25 (allenai/IF_multi_constraints_upto5).

One real row: `ground_truth = "[{'instruction_id': ['letters:letter_counting2'], 'kwargs': [{'letter': 'a',
'let_relation': 'at least', 'let_frequency': 3}]}]"`. Paper: arXiv 2507.02833. Grader followed: IFEvalG of
allenai/open-instruct at e6c3044 (Apache-2.0), written anew, its verdicts kept; a keyword is a literal text here, where
upstream reads it as a regular expression.
"""

import re
from itertools import pairwise

from holdfast.rewards.answers.text import quoted
from holdfast.rewards.instructions import words
from holdfast.rewards.instructions.check import Arguments, Checker, Finding, compare, exactly, number_of, text_of
from holdfast.rewards.instructions.ifeval_upstream import letter_frequency
from holdfast.rewards.instructions.sentences import split

_NO_WORD = re.compile(r"[^\w\s]")
_DIVIDER = "***"


def repeat_phrase(text: str, args: Arguments) -> Finding:
    """The phrase so many times, one word of it replaced each time; first and last word stay."""
    phrase, expected = text_of(args, "phrase").split(), number_of(args, "small_n")
    found = _spans(text, phrase[0], phrase[-1])
    if len(found) != expected:
        return exactly(len(found), expected, "repetitions")
    changed = [len(f) == len(phrase) and sum(a != b for a, b in zip(f, phrase, strict=True)) == 1 for f in found]
    return Finding(all(changed), "a repetition with more or less than one word replaced")


def _spans(text: str, first: str, last: str) -> list[list[str]]:
    """Runs from a first word to the next last word, with at least a word between."""
    found, start = [], 0
    while (at := text.find(f"{first} ", start)) >= 0:
        end = text.find(f" {last}", at + len(first) + 1)
        line = text.find("\n", at)
        if end < 0:
            break
        if 0 <= line < end:
            start = at + 1
            continue
        found.append(text[at : end + 1 + len(last)].split())
        start = end + 1 + len(last)
    return found


def copy(text: str, args: Arguments) -> Finding:
    """The request and nothing else, case ignored."""
    return Finding(text.strip().lower() == text_of(args, "prompt_to_repeat").strip().lower(), "not the request alone")


def copy_span(text: str, args: Arguments) -> Finding:
    """The characters n_start to n_end (not included) of the request, case ignored."""
    span = text_of(args, "prompt_to_repeat")[number_of(args, "n_start") : number_of(args, "n_end")]
    return Finding(text.strip().lower() == span.strip().lower(), f"not {quoted(span)}")


def copy_multiple(text: str, args: Arguments) -> Finding:
    """The request N times, six asterisks between."""
    expected, found = text_of(args, "prompt_to_repeat").strip().lower(), text.split("******")
    if len(found) != number_of(args, "N"):
        return exactly(len(found), number_of(args, "N"), "copies")
    return Finding(all(part.strip().lower() == expected for part in found), "a copy that differs")


def sentence_hyphens(text: str, args: Arguments) -> Finding:
    """Sentences joined by hyphens, without spaces between."""
    parts, sentences = text.split("-"), split(text.replace("-", " "))
    good = all(p.strip() == p and p == s for p, s in zip(parts, sentences, strict=False))
    return Finding(good, "sentences that are not joined by hyphens alone")


def no_adjacent(text: str, args: Arguments) -> Finding:
    """No two neighbours start with consecutive letters of the alphabet."""
    firsts = [word[0].lower() for word in text.split()]
    bad = [a + b for a, b in pairwise(firsts) if len(a) != 1 or len(b) != 1 or ord(b) - ord(a) == 1]
    return Finding(not bad, f"words that start with {bad[0] if bad else ''} in a row")


def square_brackets(text: str, args: Arguments) -> Finding:
    """Every word in square brackets."""
    bare = [word for word in text.split() if not (word.startswith("[") and word.endswith("]"))]
    return Finding(not bare, f"{len(bare)} words without brackets")


def bigram_wrapping(text: str, args: Arguments) -> Finding:
    """Every pair of words in double angular brackets."""
    found = text.split()
    pairs = [(found[i], found[i + 1]) for i in range(0, len(found) - 1, 2)]
    return Finding(all(a.startswith("<<") and b.endswith(">>") for a, b in pairs), "a pair without << >>")


def _times(text: str, keyword: str) -> int:
    return text.lower().count(keyword.lower())


def word_once(text: str, args: Arguments) -> Finding:
    """The keyword exactly once, inside other words too."""
    return exactly(_times(text, text_of(args, "keyword")), 1, "times the keyword")


def word_count(text: str, args: Arguments) -> Finding:
    """The keyword often or rarely enough."""
    return compare(_times(text, text_of(args, "keyword")), args, "frequency", "relation", "times the keyword")


def exclude_word(text: str, args: Arguments) -> Finding:
    """The keyword nowhere between two spaces."""
    keyword = text_of(args, "keyword")
    return Finding(f" {keyword} " not in text, f"uses {quoted(keyword)}")


def increment_word(text: str, args: Arguments) -> Finding:
    """The first keyword once, the second twice."""
    found = _times(text, text_of(args, "keyword1")), _times(text, text_of(args, "keyword2"))
    return Finding(found == (1, 2), f"{found[0]} and {found[1]} times, 1 and 2 asked")


def palindrome(text: str, args: Arguments) -> Finding:
    """A word that reads the same backwards (of any length, as upstream)."""
    return Finding(any(word == word[::-1] for word in text.split()), "no palindrome")


def keyword_position(text: str, args: Arguments) -> Finding:
    """The keyword as m-th word of the n-th sentence."""
    n, m, keyword = number_of(args, "n"), number_of(args, "m"), text_of(args, "keyword")
    sentences = split(text)
    found = words.tokens(sentences[n - 1]) if 0 < n <= len(sentences) else []
    return Finding(0 < m <= len(found) and found[m - 1] == keyword, f"not {quoted(keyword)} there")


def start_end(text: str, args: Arguments) -> Finding:
    """The same word first and last, with nothing behind it."""
    found = words.tokens(text)
    return Finding(len(found) > 1 and found[0].lower() == found[-1].lower(), "another word at the end")


def _parts(text: str, divider: str) -> list[str] | None:
    """What the divider separates; None where something between two dividers is empty."""
    found = text.split(divider)
    inner = [part for i, part in enumerate(found) if part.strip() or 0 < i < len(found) - 1]
    return None if any(not part.strip() for part in inner) else inner


def paragraphs(text: str, args: Arguments) -> Finding:
    """Two paragraphs, `***` between."""
    found = _parts(text, _DIVIDER)
    return exactly(len(found or ()), 2, "paragraphs")


def paragraphs2(text: str, args: Arguments) -> Finding:
    """Two paragraphs, an empty line between."""
    found = _parts(text, "\n\n")
    return exactly(len(found or ()), 2, "paragraphs")


def counting_composition(text: str, args: Arguments) -> Finding:
    """Three paragraphs of so many sentences of so many words, punctuation counted."""
    found = _parts(text, _DIVIDER) or []
    if len(found) != 3:
        return exactly(len(found), 3, "paragraphs")
    for paragraph in found:
        sentences = split(paragraph)
        if len(sentences) != number_of(args, "n_sent"):
            return exactly(len(sentences), number_of(args, "n_sent"), "sentences in a paragraph")
        counts = [len(words.tokens(sentence)) for sentence in sentences]
        if any(count != number_of(args, "n_words") for count in counts):
            return Finding(False, "a sentence of another length")
    return Finding(True, "as asked")


def first_word_of_sentences(text: str, args: Arguments) -> Finding:
    """Every sentence begins with the word."""
    expected = text_of(args, "first_word").lower()
    bad = [s for s in split(text) if not s.strip() or s.split()[0].lower() != expected]
    return Finding(not bad, f"{len(bad)} sentences begin otherwise")


def first_word(text: str, args: Arguments) -> Finding:
    """The response begins with the word."""
    found = text.split()[:1]
    return Finding([word.lower() for word in found] == [text_of(args, "first_word").lower()], "another first word")


def last_word_of_sentences(text: str, args: Arguments) -> Finding:
    """Every sentence ends with the word, punctuation aside."""
    expected = text_of(args, "last_word").lower()
    bad = [s for s in split(text) if not s.strip() or _NO_WORD.sub("", s.split()[-1]).lower() != expected]
    return Finding(not bad, f"{len(bad)} sentences end otherwise")


def last_word(text: str, args: Arguments) -> Finding:
    """The response ends with the word, punctuation aside."""
    found = [_NO_WORD.sub("", word).lower() for word in text.split()[-1:]]
    return Finding(found == [text_of(args, "last_word").lower()], "another last word")


def no_dot(text: str, args: Arguments) -> Finding:
    """No dot."""
    return Finding("." not in text, "a dot")


def no_exclamation(text: str, args: Arguments) -> Finding:
    """No exclamation mark."""
    return Finding("!" not in text, "an exclamation mark")


def lowercase_counting(text: str, args: Arguments) -> Finding:
    """At most N words in lower case."""
    count, most = len(re.findall(r"\b[a-z]+\b", text)), number_of(args, "N")
    return Finding(count <= most, f"{count} words in lower case, at most {most} asked")


def letter_counting(text: str, args: Arguments) -> Finding:
    """So many letters, or fewer."""
    return compare(len(re.findall(r"[a-zA-Z]", text)), args, "N", "relation", "letters")


def count_unique(text: str, args: Arguments) -> Finding:
    """No word twice, punctuation counted as words."""
    found = words.tokens(text)
    return Finding(len(found) == len(set(found)), "a word occurs twice")


CHECKERS: dict[str, Checker] = {
    "copy:repeat_phrase": repeat_phrase,
    "copy:copy": copy,
    "copy:copying_simple": copy,
    "copy:copying_multiple": copy_multiple,
    "copy:copy_span_idx": copy_span,
    "new:copy_span_idx": copy_span,
    "detectable_format:sentence_hyphens": sentence_hyphens,
    "detectable_format:square_brackets": square_brackets,
    "detectable_format:bigram_wrapping": bigram_wrapping,
    "keywords:no_adjacent_consecutive": no_adjacent,
    "keywords:word_once": word_once,
    "keywords:word_count_different_numbers": word_count,
    "keywords:exclude_word_harder": exclude_word,
    "keywords:palindrome": palindrome,
    "keywords:keyword_specific_position": keyword_position,
    "keywords:start_end": start_end,
    "paragraphs:paragraphs": paragraphs,
    "paragraphs:paragraphs2": paragraphs2,
    "first_word:first_word_sent": first_word_of_sentences,
    "first_word:first_word_answer": first_word,
    "last_word:last_word_sent": last_word_of_sentences,
    "last_word:last_word_answer": last_word,
    "punctuation:punctuation_dot": no_dot,
    "punctuation:punctuation_exclamation": no_exclamation,
    "count:lowercase_counting": lowercase_counting,
    "count:counting_composition": counting_composition,
    "count:count_unique": count_unique,
    "count:count_increment_word": increment_word,
    "letters:letter_counting": letter_counting,
    "letters:letter_counting2": letter_frequency,
}
