"""Sentences as IFEval and IFBench count them: Punkt's decisions without its 300 kB model or a download.

The official checkers call NLTK's Punkt model for English. The decision procedure here is the published one (Kiss
and Strunk 2006, Unsupervised Multilingual Sentence Boundary Detection, section 4); what Punkt learned from a
newspaper corpus (abbreviations, words that start sentences) is replaced by the short word lists below. How often
the two disagree is measured in docs/ifeval.md. Linear in the length of the text: NLTK's own scan is quadratic.
"""

import re
from collections.abc import Iterator
from functools import lru_cache

_ABBREVIATION_TEXT = """
    mr mrs ms dr prof rev hon gen col maj capt cmdr lt sgt cpl gov sen rep pres st sts jr sr esq mt ft
    inc ltd co corp cos bros vs al ed dept
    jan feb mar apr jun jul aug sep sept oct nov dec mon tue tues wed thu thurs fri
    ave blvd rd sq hwy e.g a.m p.m a.d b.c u.s u.k u.n u.s.a u.s.s.r d.c n.y l.a m.d ph.d b.a m.a
    b.s m.s ph.d.s j.d d.d.s r.n w.w s.a n.v a.g c.o.d r.i n.j n.h n.m n.c s.c n.d s.d w.va
    ala ariz ark calif colo conn del fla ga ill ind kan kans ky mass md mich minn miss mo mont neb nev okla ore
    pa penn tenn tex va vt wash wis wyo c d e f g h j k l m n p r s t u v w
"""
_ABBREVIATIONS = frozenset(_ABBREVIATION_TEXT.split())
"""Lower-case tokens whose final period usually does not end a sentence."""

_COMMON_TEXT = """
    a an the this that these those he she it we they you his her its our their your my i there here
    and but or nor so yet if when while as because since although though after before until unless once
    in on at by for from with without into of to over under about against between through during above below
    what which who whom whose where why how is are was were be been being am do does did have has had having
    can could will would shall should may might must not no yes some any all each every both many much more most
    few other another such only also however therefore then thus hence meanwhile moreover furthermore instead
    still even just now today first second third finally next later again often usually sometimes always never
    one two three another several please let let's one's it's that's he's she's we're they're don't
    according despite besides indeed perhaps maybe further overall additionally similarly consequently
"""
_COMMON = frozenset(_COMMON_TEXT.split())
"""Words that English writes in lower case inside a sentence: a capital on one says that a sentence starts."""

# A word ends where white space, a bracket, a quotation mark or a run of dots or dashes begins.
_CLOSING = r")\";}\]\*:@'\({\[!?"
_RUN = r"(?:-{2,}|\.{2,}|(?:\.\s){2,}\.)"
_WORD = re.compile(
    rf"{_RUN}|(?=[^(\"`{{\[:;&#*@)}}\]\-,])\S+?(?=\s|$|[{_CLOSING}]|{_RUN}|,(?=$|\s|[{_CLOSING}]|{_RUN}))|\S"
)
_LAST_STOP = re.compile(rf"[.?!](?=[{_CLOSING}])")
_CHUNK = re.compile(r"\S+")
_TAIL = re.compile(r"\s*[\"')\]}]+")
_NUMBER = re.compile(r"-?[.,]?\d[\d,.\-]*\.?")
_ELLIPSIS = re.compile(r"\.\.+")
_INITIAL = re.compile(r"[^\W\d]\.")
_STOPS = (".", "?", "!")


@lru_cache(maxsize=16)
def split(text: str) -> tuple[str, ...]:
    """The sentences of a text, in order, without the white space between them; none for a blank text.

    A few texts are remembered: several instructions of one prompt ask for the sentences of the same response.
    """
    sentences = []
    start = 0
    for end in _boundaries(text):
        tail = _TAIL.match(text, end)
        if tail and (tail.end() == len(text) or text[tail.end()].isspace() or text.startswith("--", tail.end())):
            end = tail.end()
        if end > start and (sentence := text[start:end].strip()):
            sentences.append(sentence)
            start = end
    if rest := text[start:].strip():
        sentences.append(rest)
    return tuple(sentences)


def _boundaries(text: str) -> Iterator[int]:
    """Where sentences end: behind the last stop of each white-space chunk that Punkt takes for a boundary."""
    chunks = list(_CHUNK.finditer(text))
    for index, chunk in enumerate(chunks):
        following = chunks[index + 1][0] if index + 1 < len(chunks) else ""
        end = _candidate(chunk[0], bool(following))
        if end == 0:
            continue
        after = f" {following}" if end == len(chunk[0]) else chunk[0][end]
        if _holds_break(chunk[0][:end] + after):
            yield chunk.start() + end


def _candidate(chunk: str, followed: bool) -> int:
    """Behind the chunk's last stop that white space and a word, or a closing mark, follow; 0 when there is none."""
    if followed and chunk.endswith(_STOPS):
        return len(chunk)
    if not any(stop in chunk for stop in _STOPS):
        return 0
    end = 0
    for match in _LAST_STOP.finditer(chunk):
        end = match.end()
    return end


def _holds_break(context: str) -> bool:
    """Does a token of the context, other than its last, end a sentence?"""
    tokens = _WORD.findall(context)
    return any(_ends(tokens[i], tokens[i + 1]) for i in range(len(tokens) - 1))


def _ends(token: str, following: str) -> bool:
    if token in _STOPS:
        return True
    if not token.endswith("."):
        return False
    ellipsis = _ELLIPSIS.search(token) is not None and token.endswith("..")
    kind = token[:-1].lower()
    abbreviation = not ellipsis and (kind in _ABBREVIATIONS or kind.rpartition("-")[2] in _ABBREVIATIONS)
    initial = _INITIAL.fullmatch(token) is not None
    starts = _starts_sentence(following)
    if (abbreviation or ellipsis) and not initial:
        return starts is True
    if initial or _NUMBER.fullmatch(token):
        return not abbreviation and starts is not False
    return not abbreviation


def _starts_sentence(token: str) -> bool | None:
    """Punkt's orthographic heuristic: True, False, or None when the word's case says nothing."""
    if token in (";", ":", ",", ".", "!", "?"):
        return False
    first = token[:1]
    if first.isupper():
        return True if token.lower().rstrip(".") in _COMMON else None
    return False if first.islower() else None
