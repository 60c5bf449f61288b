"""The words that take an answer back: denied, changed, doubted, not known."""

import re

from holdfast.rewards.answers.words import changes
from holdfast.rewards.answers.words.changes import BEFORE
from holdfast.rewards.answers.words.languages import AND, DENYING, MAYBE, NOT, NOT_BEHIND, OR, alternatives, refuses
from holdfast.rewards.answers.words.looks import ascii_words, looked_for

_DENIED = re.compile(
    r"(?:\b(?:not|never|cannot|neither|(?:anything|all|everything) but|except(?: for)?|nowhere near|"
    r"different from|other than|far from|opposite of|doubt(?: that)?(?: it is| it['’]s)?)\b|n['’]t\b|≠|\s!=|\\neq?\b)"
    r"(?:\s(?!but\b)\w+){0,2}[\s*_:$\\({}]{0,6}$",
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
    r"|(?:\?|,)\sno\b[.!]?\s*\Z"
    rf"|(?<![,.])[^\W\d_]{{0,3}}\s?(?:{NOT_BEHIND}))",
    re.IGNORECASE,
)
_VALUE_DENIED = re.compile(
    rf"[\s$*(]{{0,4}}-?[\d.,]+[)$*]{{0,3}}\s?[^\d\s.,;，。]{{0,4}}\s?{NOT_BEHIND}", re.IGNORECASE
)
_MAY_DENY = DENYING | looked_for("not never cannot neither nor except but t ne neq wrong incorrect false no")
CHANGED = re.compile(
    r"\b(?:(?:more|less|fewer|greater|larger|smaller|bigger|higher|lower) than|above|below|over|under|twice|double|"
    r"triple|half(?: of)?|(?:square|cube) root of|square of|cube of|between(?:\s\S{1,12}\sand)?|e\.g\.,?|for example,?|"
    rf"such as|{BEFORE})[\s$\\(*{{}}]*$",
    re.IGNORECASE,
)
"""At the end of a text: the number that follows is not the answer but what the answer is made from."""
_BOUND = (
    "at_least at_most up_to no_more_than no_less_than no_fewer_than not_more_than not_less_than "
    "a_minimum_of from between a_maximum_of mindestens höchstens mehr_als weniger_als más_de "
    "menos_de al_menos como_máximo plus_de moins_de au_moins au_plus più_di meno_di almeno mais_de "
    "pelo_menos больше меньше более менее не_менее не_более angalau zaidi_ya 超过 超過 至少 至多 最多 不到 少于 多于 "
    "大于 小于 少なくとも 最大 最小 적어도 최소 최대 أكثر_من أقل_من على_الأقل कम_से_कम ít_nhất nhiều_nhất lebih_dari "
    "setidaknya en_az en_fazla มากกว่า น้อยกว่า อย่างน้อย"
)
BOUND = alternatives(_BOUND)
_BOUND_BEFORE = re.compile(
    rf"\W*(?:{BOUND})[\s$\\(*]*(?:(?<=[mn]\s)[-\d.,$%]{{1,20}}(?:\s[a-z]{{1,12}})?\s(?:to|and)\s\W*)?",
    re.IGNORECASE,
)
_BOUND_BEHIND = re.compile(
    r"\s?(?:以上|以下|以内|未満|이상|이하|미만|초과|かもしれ|से (?:अधिक|कम|ज़्यादा)|"
    r"or (?:more|less|fewer|greater|higher|lower)\b|"
    r"and (?:above|below|up)\b|ish\b|\+(?!\s?[\d\\a-z(]))",
    re.IGNORECASE,
)
_LABELLED = re.compile(
    r"(?:^|\n)[\s*#]*(?:question|problem|exercise|step|page|chapter|section|part|example|task|figure|table|item|frage|"
    r"aufgabe|schritt|pregunta|problema|paso|étape|question|вопрос|задача|шаг|问题|問題|步骤|문제|단계|प्रश्न|سؤال)"
    r"\s*[:#.№]?\s*\d+\s*[.:)]*\s*$",
    re.IGNORECASE,
)
NEGATIVE = re.compile(rf"(?:\b(?:minus|negative)|{changes.NEGATIVE})[\s$\\(*]*$", re.IGNORECASE)
DOUBT = re.compile(
    rf"\b(?:or|maybe|perhaps|possibly|alternatively|could|might|unless)\b|\?|\\lor|{OR}|{MAYBE}", re.IGNORECASE
)
JOINED = re.compile(rf"\band\b|{AND}", re.IGNORECASE)
_SUPPOSED = re.compile(
    r"\b(?:(?:if|suppose|assume|assuming|hope|doubt|whether)\b[^.!?,\n]{0,20}|(?:wrong|incorrect|false)\s)\Z",
    re.IGNORECASE,
)
_ASKED = re.compile(r"(?:what|which|is|are|does|do|how many|how much)\b[^.!\n]{0,200}\?", re.IGNORECASE)
SENTENCE = re.compile(r"(?:[.!?](?=\s|$)|[。！？\n])+")


def may_deny(near: str) -> bool:
    """Could words stand here that deny what is beside them? A cheap look, which may see more than there is."""
    return not (near.isascii() and _MAY_DENY.isdisjoint(ascii_words(near)))


def denied(before: str) -> bool:
    """Do the words that end here deny what follows (`is not`, `ist nicht`, `不是`)?"""
    return _DENIED.search(before) is not None or _DENIED_ELSEWHERE.search(before) is not None


def denied_directly(before: str) -> bool:
    """Do the very last words deny what follows? "those not used are" does not."""
    return _DIRECTLY.search(before) is not None


def denied_behind(after: str) -> bool:
    """Do the words that begin here deny what stands before them (`is wrong`, `ではない`)?"""
    return _REJECTED.match(after) is not None


def taken_back(statement: str) -> bool:
    """Does a statement deny the value that it begins with (`7ではない`, `7 नहीं है`)?"""
    return _VALUE_DENIED.match(statement) is not None


def supposed(before: str) -> bool:
    """Do the words before a statement only suppose it, or call it wrong (`If the answer is`, `The wrong answer is`)?"""
    return _SUPPOSED.search(before) is not None


def bounded(before: str, after: str) -> bool:
    """Is the number between only a bound (`at least 7`, `7以上`)? `before` begins with the statement."""
    return _BOUND_BEFORE.fullmatch(before) is not None or _BOUND_BEHIND.match(after) is not None


def only_a_label(text: str) -> bool:
    """Does a text end with the number of a step or a question (`Step 7:`)?"""
    return _LABELLED.search(text[-80:]) is not None


def unknown(text: str) -> bool:
    """Does the last sentence say that the answer is not known?"""
    if len(text) < 200 and _ASKED.fullmatch(text.strip()):
        return True
    sentences = [part for part in SENTENCE.split(text[-2000:]) if part.strip()]
    return bool(sentences) and refuses(sentences[-1])
