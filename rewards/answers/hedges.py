"""The words that take an answer back: denied, changed, doubted, not known."""

import re

from holdfast.rewards.answers.languages import AND, MAYBE, NOT, NOT_BEHIND, OR, refuses

_DENIED = re.compile(
    r"(?:\b(?:not|never|cannot|neither|(?:anything|all|everything) but|except(?: for)?)\b|n['’]t\b|≠|\s!=|\\neq?\b)"
    r"(?:\s(?!but\b)\w+){0,2}[\s*_:$\\({]{0,6}$",
    re.IGNORECASE,
)
_DENIED_ELSEWHERE = re.compile(rf"{NOT}(?:\s[^\W\d_]+){{0,2}}[\s*_:：$\\({{]{{0,6}}$", re.IGNORECASE)
_DIRECTLY = re.compile(
    r"(?:\b(?:not|never|cannot be|neither|nor|(?:anything|all|everything) but|except(?: for)?)\b|n['’]t\b|≠|\\neq?\b"
    rf"|{NOT})\s*(?:(?:be|equal(?:s| to)?|exactly|simply|just|the answer|gleich|igual a|égal à|равно)\s*:?)?"
    r"[\s*_:：$\\({]{0,6}$",
    re.IGNORECASE,
)
_REJECTED = re.compile(
    rf"[}}\s$.,)\]*_]{{0,6}}(?:\b(?:is|was|would be|seems)\s(?:not\b|n['’]t\b|wrong|incorrect|false|never)|isn['’]t\b"
    rf"|(?<![,.])[^\W\d_]{{0,3}}\s?(?:{NOT_BEHIND}))",
    re.IGNORECASE,
)
_VALUE_DENIED = re.compile(
    rf"[\s$*(]{{0,4}}-?[\d.,]+[)$*]{{0,3}}\s?[^\d\s.,;，。]{{0,4}}\s?{NOT_BEHIND}", re.IGNORECASE
)
CHANGED = re.compile(
    r"\b(?:(?:more|less|fewer|greater|larger|smaller|bigger|higher|lower) than|above|below|over|under|twice|double|"
    r"triple|half(?: of)?|(?:square|cube) root of|square of|cube of|between)[\s$\\(*]*$",
    re.IGNORECASE,
)
"""At the end of a text: the number that follows is not the answer but what the answer is made from."""
NEGATIVE = re.compile(r"\b(?:minus|negative)[\s$\\(*]*$", re.IGNORECASE)
DOUBT = re.compile(
    rf"\b(?:or|maybe|perhaps|possibly|alternatively|could|might|unless)\b|\?|\\lor|{OR}|{MAYBE}", re.IGNORECASE
)
JOINED = re.compile(rf"\band\b|{AND}", re.IGNORECASE)
_SENTENCE = re.compile(r"(?:[.!?](?=\s|$)|[。！？\n])+")


def denied(before: str) -> bool:
    """Do the words that end here deny what follows (`is not`, `ist nicht`, `不是`)?"""
    return _DENIED.search(before) is not None or _DENIED_ELSEWHERE.search(before) is not None


def denied_directly(before: str) -> bool:
    """Do the very last words deny what follows? "those not used are" does not."""
    return _DIRECTLY.search(before) is not None


def denied_behind(after: str) -> bool:
    """Do the words that begin here deny what stands before them (`is wrong`, `ではない`)?"""
    return _REJECTED.match(after) is not None


def taken_back(said: str) -> bool:
    """Does a statement deny the value that it begins with (`7ではない`, `7 नहीं है`)?"""
    return _VALUE_DENIED.match(said) is not None


def unknown(text: str) -> bool:
    """Does the last sentence say that the answer is not known?"""
    sentences = [part for part in _SENTENCE.split(text[-2000:]) if part.strip()]
    return bool(sentences) and refuses(sentences[-1])
