"""IFBench's constraints on words, counts, ratios and sentences, as its official checker judges them.

Paper: arXiv 2507.02833. Grader followed: allenai/IFBench at db69a6f (Apache-2.0), written anew.
"""

import re
import string
from collections import Counter
from itertools import pairwise

from holdfast.rewards.answers.text import quoted
from holdfast.rewards.instructions import vocabulary, words
from holdfast.rewards.instructions.check import (
    Arguments,
    BadReferenceError,
    Checker,
    Finding,
    at_least,
    exactly,
    number_of,
    text_of,
)
from holdfast.rewards.instructions.sentences import split

_EDGES = string.punctuation + " "
_JAPANESE = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]")
_PRIMES = frozenset(n for n in range(2, 100) if all(n % d for d in range(2, n)))
_CLUSTER = re.compile(r"[bcdfghjklmnpqrstvwxyz]{2}")


def word_count_range(text: str, args: Arguments) -> Finding:
    """Between min_words and max_words runs of word characters."""
    low, high, found = number_of(args, "min_words"), number_of(args, "max_words"), words.count(text)
    return Finding(low <= found <= high, f"{found} words, {low} to {high} asked")


def unique_word_count(text: str, args: Arguments) -> Finding:
    """At least N different white-space words, case and outer punctuation ignored."""
    found = {word.strip(_EDGES) for word in text.lower().split()}
    return at_least(len(found), number_of(args, "N"), "different words")


def stop_words(text: str, args: Arguments) -> Finding:
    """At most `percentage` % of the words are stop words."""
    maximum, runs = number_of(args, "percentage"), words.runs(text)
    if not runs:
        return Finding(False, "no words")
    share = 100 * sum(word.lower() in vocabulary.STOP_WORDS for word in runs) / len(runs)
    return Finding(share <= maximum, f"{share:.1f} % stop words, at most {maximum} % asked")


def sentence_type(text: str, args: Arguments) -> Finding:
    """Twice as many sentences end in a period as in a question mark."""
    periods, questions, _ = _endings(text)
    return Finding(periods == 2 * questions, f"{periods} statements, {questions} questions, 2:1 asked")


def sentence_balance(text: str, args: Arguments) -> Finding:
    """As many sentences end in a period as in a question mark and in an exclamation mark."""
    periods, questions, calls = _endings(text)
    return Finding(periods == questions == calls, f"{periods} statements, {questions} questions, {calls} exclamations")


def _endings(text: str) -> tuple[int, int, int]:
    last = Counter(sentence[-1] for sentence in split(text))
    return last["."], last["?"], last["!"]


def conjunctions(text: str, args: Arguments) -> Finding:
    """At least small_n different spellings of coordinating conjunctions (case and punctuation tell them apart)."""
    found = {word for word in text.split() if word.strip(_EDGES).lower() in vocabulary.CONJUNCTIONS}
    return at_least(len(found), number_of(args, "small_n"), "conjunctions")


def person_names(text: str, args: Arguments) -> Finding:
    """At least N of the fifty listed names."""
    runs = set(words.runs(text))
    return at_least(sum(name in runs for name in vocabulary.NAMES), number_of(args, "N"), "names")


def overlap(text: str, args: Arguments) -> Finding:
    """The share of the text's distinct character trigrams that the reference text has, within 2 points."""
    expected = number_of(args, "percentage")
    own, other = _trigrams(text), _trigrams(text_of(args, "reference_text"))
    if not own:
        return Finding(False, "too short for a trigram")
    share = 100 * len(own & other) / len(own)
    return Finding(expected - 2 <= share <= expected + 2, f"{share:.1f} % trigram overlap, {expected} % asked")


def _trigrams(text: str) -> set[str]:
    return {text[i : i + 3] for i in range(len(text) - 2)}


def numbers(text: str, args: Arguments) -> Finding:
    """Exactly N runs of digits once the punctuation is removed."""
    return exactly(len(re.findall(r"\d+", words.bare(text))), number_of(args, "N"), "numbers")


def alphabet(text: str, args: Arguments) -> Finding:
    """Each word starts with the next letter of the alphabet."""
    firsts = [word[0].lower() for word in words.bare(text).split()]
    if not firsts or firsts[0] not in string.ascii_lowercase:
        return Finding(False, "does not start with a letter")
    start = ord(firsts[0]) - ord("a")
    for index, first in enumerate(firsts):
        if first != string.ascii_lowercase[(start + index) % 26]:
            return Finding(False, f"word {index + 1} starts with {quoted(first)}")
    return Finding(True, "in the order of the alphabet")


def vowel(text: str, args: Arguments) -> Finding:
    """One paragraph with at most three different vowels."""
    bare = text.strip()
    if "\n" in bare:
        return Finding(False, "more than one paragraph")
    found = sorted(set("aeiou") & set(bare.lower()))
    return Finding(len(found) <= 3, f"vowels {' '.join(found)}")


def consonants(text: str, args: Arguments) -> Finding:
    """Each white-space word holds two consonants in a row."""
    lacking = next((word for word in text.lower().split() if not _CLUSTER.search(word)), None)
    return Finding(lacking is None, f"{quoted(lacking or '')} has no consonant cluster")


def alliteration_increment(text: str, args: Arguments) -> Finding:
    """Each sentence has more alliterating words than the one before."""
    before = -1
    for index, sentence in enumerate(split(text)):
        firsts = [word.lstrip(_EDGES)[:1] for word in sentence.lower().split() if word.lstrip(_EDGES)]
        same = [left == right for left, right in pairwise(firsts)]
        count = sum(1 + (not joined) for joined, is_same in zip([False, *same], same, strict=False) if is_same)
        if count <= before:
            return Finding(False, f"sentence {index + 1} has {count} alliterating words after {before}")
        before = count
    return Finding(True, "increasing alliteration")


def palindrome(text: str, args: Arguments) -> Finding:
    """At least 10 palindromes of 5 characters or more."""
    found = [word for word in words.bare(text).lower().split() if len(word) >= 5 and word == word[::-1]]
    return at_least(len(found), 10, "palindromes")


def punctuation(text: str, args: Arguments) -> Finding:
    """Every standard mark and an interrobang, whose own two characters do not count for the others."""
    if not any(mark in text for mark in ("?!", "!?", "‽")):
        return Finding(False, "no interrobang")
    rest = text.replace("?!", "", 1) if "?!" in text else text.replace("!?", "", 1)
    missing = [mark for mark in ".,!?;:" if mark not in rest]
    return Finding(not missing, f"missing {' '.join(missing)}")


def prime_lengths(text: str, args: Arguments) -> Finding:
    """Each word's length, punctuation removed, is a prime number."""
    odd = next((word for word in words.bare(text).split() if len(word) not in _PRIMES), None)
    return Finding(odd is None, f"{quoted(odd or '')} has {len(odd or '')} characters")


def sentence_words(text: str, args: Arguments) -> Finding:
    """Three sentences of the same number of characters (different words are not checked)."""
    lengths = [len(sentence) for sentence in split(text)]
    return Finding(len(lengths) == 3 and len(set(lengths)) == 1, f"sentence lengths {lengths[:5]}")


def words_japanese(text: str, args: Arguments) -> Finding:
    """Every N-th white-space word is Japanese, a number, or nothing but punctuation."""
    step = _positive(args, "N")
    for position, word in enumerate(text.split()[step - 1 :: step], start=1):
        bare = word.strip(_EDGES)
        if bare and not bare.isdigit() and not _JAPANESE.search(bare):
            return Finding(False, f"word {position * step}, {quoted(bare)}, is not Japanese")
    return Finding(True, "Japanese where asked")


def start_verb(text: str, args: Arguments) -> Finding:
    """The first token is a verb by its form (the official checker asks NLTK's tagger, which errs on capitals)."""
    first = next(iter(words.tokens(text[:2000])), "")
    return Finding(vocabulary.is_verb(first), f"starts with {quoted(first)}")


def repeats(text: str, args: Arguments) -> Finding:
    """No word occurs more than small_n times."""
    found = Counter(words.bare(text.lower()).split()).most_common(1)
    maximum = number_of(args, "small_n")
    word, count = found[0] if found else ("", 0)
    return Finding(count <= maximum, f"{quoted(word)} {count} times, at most {maximum} asked")


def sentence_keyword(text: str, args: Arguments) -> Finding:
    """The N-th sentence holds the keyword as a whole word; N = 0 is the last one, as in the official checker."""
    keyword, position, found = text_of(args, "word"), number_of(args, "N"), split(text)
    if len(found) < position or not found:
        return Finding(False, f"{len(found)} sentences")
    sentence = found[position - 1]
    contained = re.search(rf"\b{re.escape(keyword)}\b", sentence, re.IGNORECASE) is not None
    return Finding(contained, f"sentence {position} lacks {quoted(keyword)}")


def pronouns(text: str, args: Arguments) -> Finding:
    """At least N pronoun tokens."""
    found = sum(token in vocabulary.PRONOUNS for token in words.tokens(text.lower().replace("/", " ")))
    return at_least(found, number_of(args, "N"), "pronouns")


def odd_even_syllables(text: str, args: Arguments) -> Finding:
    """Words alternate between odd and even numbers of syllables (estimated)."""
    parity = [vocabulary.syllables(word) % 2 for word in words.bare(text).lower().split()]
    broken = next((i for i, (left, right) in enumerate(pairwise(parity)) if left == right), None)
    return Finding(broken is None, f"words {(broken or 0) + 1} and {(broken or 0) + 2} do not alternate")


def last_first(text: str, args: Arguments) -> Finding:
    """The last word of each sentence is the first of the next."""
    for number, (left, right) in enumerate(pairwise(split(text)), start=1):
        last, first = left.rstrip(_EDGES).split()[-1:], right.lstrip(_EDGES).split()[:1]
        if not last or not first or last[0].lower() != first[0].lower():
            return Finding(False, f"sentence {number} does not lead into the next")
    return Finding(True, "chained")


def paragraph_last_first(text: str, args: Arguments) -> Finding:
    """Each line ends with the word it started with."""
    for line in text.lower().split("\n"):
        found = line.strip().strip(_EDGES).split()
        if found and found[0] != found[-1]:
            return Finding(False, f"a line starts with {quoted(found[0])} and ends with {quoted(found[-1])}")
    return Finding(True, "lines end as they start")


def sentence_increment(text: str, args: Arguments) -> Finding:
    """Each sentence has exactly small_n words more than the one before."""
    step = number_of(args, "small_n")
    counts = [len(words.bare(sentence).split()) for sentence in split(text)]
    good = all(right == left + step for left, right in pairwise(counts))
    return Finding(good, f"sentences of {counts[:6]} words, steps of {step} asked")


def no_consecutive(text: str, args: Arguments) -> Finding:
    """No two neighbouring words share their first letter."""
    found = words.bare(text.lower()).split()
    twins = next((f"{left} {right}" for left, right in pairwise(found) if left[0] == right[0]), None)
    return Finding(twins is None, f"{quoted(twins or '')} share their first letter")


def keywords_multiple(text: str, args: Arguments) -> Finding:
    """Five keywords occur once, twice, 3, 5 and 7 times, inside other words too."""
    lowered = text.lower()
    for index, count in enumerate((1, 2, 3, 5, 7), start=1):
        keyword = text_of(args, f"keyword{index}").strip().lower()
        if lowered.count(keyword) != count:
            return exactly(lowered.count(keyword), count, f"times {quoted(keyword)}")
    return Finding(True, "as often as asked")


def keywords_specific_position(text: str, args: Arguments) -> Finding:
    """The m-th word of the n-th sentence is the keyword."""
    keyword, n, m = text_of(args, "keyword").strip(), _positive(args, "n"), _positive(args, "m")
    found = split(text)
    if len(found) < n:
        return at_least(len(found), n, "sentences")
    tokens = [token for token in words.tokens(found[n - 1]) if any(c.isalnum() for c in token)]
    if len(tokens) < m:
        return at_least(len(tokens), m, f"words in sentence {n}")
    return Finding(tokens[m - 1].lower() == keyword.lower(), f"word {m} is {quoted(tokens[m - 1])}")


def words_position(text: str, args: Arguments) -> Finding:
    """The second token and the second to last (final punctuation left out) are the keyword."""
    keyword, tokens = text_of(args, "keyword").strip().lower(), words.tokens(text)
    if tokens and tokens[-1] in string.punctuation:
        tokens.pop()
    if len(tokens) < 2:
        return Finding(False, "fewer than two words")
    return Finding(tokens[1].lower() == tokens[-2].lower() == keyword, f"{quoted(tokens[1])} and {quoted(tokens[-2])}")


def _positive(args: Arguments, name: str) -> int:
    value = number_of(args, name)
    if value == 0:
        raise BadReferenceError(f"the argument {name!r} must be at least 1")
    return value


CHECKERS: dict[str, Checker] = {
    "count:word_count_range": word_count_range,
    "count:unique_word_count": unique_word_count,
    "count:conjunctions": conjunctions,
    "count:person_names": person_names,
    "count:numbers": numbers,
    "count:punctuation": punctuation,
    "count:words_japanese": words_japanese,
    "count:pronouns": pronouns,
    "count:keywords_multiple": keywords_multiple,
    "ratio:stop_words": stop_words,
    "ratio:sentence_type": sentence_type,
    "ratio:sentence_balance": sentence_balance,
    "ratio:overlap": overlap,
    "ratio:sentence_words": sentence_words,
    "words:alphabet": alphabet,
    "words:vowel": vowel,
    "words:consonants": consonants,
    "words:palindrome": palindrome,
    "words:prime_lengths": prime_lengths,
    "words:start_verb": start_verb,
    "words:repeats": repeats,
    "words:odd_even_syllables": odd_even_syllables,
    "words:last_first": last_first,
    "words:paragraph_last_first": paragraph_last_first,
    "words:no_consecutive": no_consecutive,
    "words:keywords_specific_position": keywords_specific_position,
    "words:words_position": words_position,
    "sentence:alliteration_increment": alliteration_increment,
    "sentence:keyword": sentence_keyword,
    "sentence:increment": sentence_increment,
}
