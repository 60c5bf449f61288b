"""Whether what a text states at its end stands: not taken back behind it, not denied, not only said by others.

`The answer is 7. Just kidding.`, `7 is not the answer`, `You said 7.` hold the number 7 and answer nothing.
"""

import re

from holdfast.rewards.answers.languages import ANSWER_WORD, NO_WORD, NOT, NOT_BEHIND, RIGHT, WRONG

_TAIL = 240
_VALUE = (
    r"[\s$*_\\(\[{“\"'~]{0,8}(?:boxed\{)?-?(?:\d[\d,./^{}]{0,20}|\(?[A-J]\)?(?![\w'’]))"
    r"(?:\s?\\?%|[^\w\s.!?,;:—–-]{0,6})"
)
_FILLER = r"(?:(?:no|wait|but|actually|sorry|oops|hmm|or|and|i think)\b[,.!\s]*){0,4}"
_THAT_IS_WRONG = (
    r"(?:which|that|this|it|the (?:answer|result|above|value))"
    r"(?:(?:['’]s| is| was| seems| must be)\s(?:(?:all|obviously|clearly|actually|just|probably)\s)?"
    r"(?:wrong|incorrect|false|mistaken|not (?:right|correct|true|"
    r"it|the (?:right |correct )?answer)|a (?:lie|joke|mistake))"
    r"|\s(?:cannot|can['’]t|could not|couldn['’]t) be (?:right|correct|true|it))"
)
_NEVER_MIND = (
    r"(?:(?:just |i(?:['’]m| am) (?:just )?)?(?:kidding|joking)|i (?:do not|don['’]t) (?:actually |really )?know"
    r"|i take (?:it|that) back|scratch that|never ?mind)"
)
_TAKEN_BACK = re.compile(
    rf"(?:\d|\b[A-J]\b|[$\\}}]).{{0,60}}?(?:[.!?…,;—–)\n]|\s-)\s*{_FILLER}\(?(?:{_THAT_IS_WRONG}|{_NEVER_MIND})\)?[\s.!*]*\Z"
    rf"|{_VALUE}[.…,;:—–(\s-]{{0,6}}(?:(?<=[.…;:—–(])|(?<=[.,:—–-]\s))"
    rf"(?:not(?: really)?|nope|(?<=[—–-]\s)no|wrong|incorrect|but (?:no|it (?:is|was)(?: not|n['’]t)))\)?[\s.!*]*\Z",
    re.IGNORECASE | re.DOTALL,
)
_REPLIED = re.compile(rf"{_VALUE}\s?\?\s*(?:no|nope|not really|not quite|never|{NO_WORD})[\s.!。]*\Z", re.IGNORECASE)
_WRONG_ENGLISH = (
    r"(?:(?:is|was|are|would be|will be|can|could|must|may|might|does|should)(?:\s\w+ly)?\s?(?:not|n['’]t|never)|cannot"
    r"|can['’]t|never)(?:\s(?:possibly|really|actually|be|"
    r"have been)){0,3}\s(?:equal to )?(?:(?:the|an?|my|our|its?)\s)?"
    r"(?:(?:final|actual|true)\s)?(?:right|correct|true|answer|solution|result|it|possible|valid)\b"
    r"|(?:is|was|would be|seems|must be)\s(?:\w+ly\s)?(?:wrong|incorrect|false|mistaken)\b"
)
_WORDS = r"[^\d.!?。！？\n]{0,40}?"
_NEGATED = rf"(?:{NOT}|{NOT_BEHIND}|(?<![^\W\d_])(?:inte|ikke|nije|nie|ni|não|non|לא|si)(?![^\W\d_])|ไม่)"
_RIGHTS = rf"(?:{ANSWER_WORD}|{RIGHT})"
_DENIED = re.compile(
    rf"{_VALUE}[\s—–:-]{{0,3}}(?:{_WRONG_ENGLISH}"
    rf"|{_WORDS}{_NEGATED}{_WORDS}{_RIGHTS}|{_WORDS}{_RIGHTS}{_WORDS}{_NEGATED}|{_WORDS}{WRONG}[^\W\d_]{{0,4}}\W*\Z)"
    r"(?!.*(?:\d|\b[A-J]\b))",
    re.IGNORECASE,
)
_SOURCE = r"(?:question|problem|prompt|hint|task|statement|instructions?|example|book|answer key)"
_OTHERS = (
    r"(?:you|they|someone|somebody|everyone|everybody|people|others|(?:some|many|most)(?: people| students)?|"
    rf"(?:the|this|your|my|a|an|another|one) (?:\w+ )?(?:user|friend|teacher|colleague|student|{_SOURCE}))"
)
_SAY = (
    r"(?:sa(?:id|ys?)|claim(?:s|ed)?|thinks?|thought|believes?|believed|answer(?:s|ed)?|guess(?:es|ed)?|told (?:me|us)|"
    r"suggests?|suggested|wrote|assumes?|choose|chose|picks?|picked|selects?|selected)"
)
_SAID_BY_OTHERS = rf"{_OTHERS}\s(?:(?:would|might|may|could|also|all|just|already)\s)?{_SAY}(?:\sthat)?"
_IT_IS = r"(?:(?:it|the answer)(?:['’]s| is| was| seems)\s)?"
_REPORTED = (
    rf"{_SAID_BY_OTHERS}:?\s{_IT_IS}{_VALUE}",
    rf"(?:the|this|your) {_SOURCE}\s(?:mentions?|has|contains?|gives?|uses?|includes?)\s{_VALUE}",
    rf"according to (?:you|them|(?:the|your|my) \w+),?\s{_IT_IS}{_VALUE}",
    rf"(?:the|your|my) (?:previous|earlier|given|old) (?:answer|guess|number|value) (?:is|was)\s{_VALUE}",
    rf"one (?:might|may|could|would) (?:think|say|guess|believe)(?: that)?\s{_IT_IS}{_VALUE}",
    rf"one (?:might|may|could|would) (?:pick|choose|select|answer)\s{_VALUE}",
    rf"at first (?:glance|sight),?\s{_IT_IS}{_VALUE}",
    r"(?:let me|let us|let['’]s|i(?:['’]ll| will| need to|"
    r" have to)) (?:think (?:about|of)|consider|look at|start with|try)\s"
    rf"{_VALUE}",
    rf"(?:assume|suppose|imagine|pretend|consider|say)(?: that)?\s{_IT_IS}{_VALUE}(?: for (?:example|instance))?",
    rf"i (?:refuse|decline|hate|(?:do not|don['’]t) want) to say\s(?:that )?{_IT_IS}{_VALUE}",
    rf"i(?:['’]d| would| will|['’]ll) (?:never|not) say\s(?:that )?{_IT_IS}{_VALUE}",
    rf"(?:the )?(?:number|value|letter|option)\s{_VALUE}\s?(?:appears|"
    rf"occurs|comes up|is (?:mentioned|given|used|there))\b"
    r"[^.!?]{0,40}",
    rf"{_VALUE}\s(?:is|was|are) (?:one of|among|mentioned|a number|"
    rf"a letter|an option|(?:given |used )?in the {_SOURCE})\b"
    r"[^.!?\d]{0,40}",
    rf"[^.!?\n\d]{{0,30}}{_VALUE},? but (?:no\b|(?:it|that) (?:is|was)(?:\s?not|n['’]t)\b)[^.!?\d]{{0,20}}",
    rf"the answer (?:differs|is different) from\s{_VALUE}",
)
_ATTRIBUTED = re.compile(rf"(?:{'|'.join(_REPORTED)})[\s.!?*”\"')]*", re.IGNORECASE)
_BEFORE = re.compile(
    rf"(?:\b{_SAID_BY_OTHERS}|\b(?:pretend|imagine)(?: that)?)\s(?:the\s|that\s){{0,2}}\Z", re.IGNORECASE
)
_STRUCK = re.compile(r"\s*(?:~~.{1,40}~~|[✗✘❌]\s?\S{1,20}|\S{1,20}\s?[✗✘❌])\s*")
_LETTER = re.compile(r"\W{0,8}[A-J](?![\w'’])")
_LETTERS = re.compile(r"(?<!\w)[A-J](?![\w'’])")
_SENTENCE = re.compile(r"(?<=[.!?。！？।])\s+|\n+")
_BACK = re.compile(
    r"(?:wrong|incorrect|false|mistaken|right|correct|true|it|answer|lie|joke|mistake|joking|kidding|know|back|that|mind|"
    r"not|n['’]t|really|nope|no)\)?[\s.!*]*\Z",
    re.IGNORECASE,
)
_STARTS = re.compile(_VALUE)
_SUSPECT = re.compile(
    rf"[^\x00-\x7f]|[?~]|n['’]t\b|\b(?:not?|never|nope|cannot|wrong|incorrect|false|mistaken|lie|joke|mistake|joking|kidding|know|"
    rf"back|that|mind|but|might|may|could|would|{_SAY}|{_SOURCE}|mentions?|according|previous|earlier|given|old|glance|sight|"
    r"think|consider|look|start|try|assume|suppose|imagine|pretend|say|number|value|letter|option|differs|different)\b",
    re.IGNORECASE,
)


def may_fall(text: str, start: int) -> bool:
    """Could what stands behind `start` take back what was stated before? A cheap look, for who reads only numbers."""
    return _SUSPECT.search(text, max(start, len(text) - _TAIL)) is not None


def withdrawn(text: str) -> bool:
    """Does the end of a text take its answer back, deny it, or only report it?"""
    tail = text[-_TAIL:].strip()
    last = _SENTENCE.split(tail)[-1] if tail else ""
    if not (_STARTS.match(last) or _SUSPECT.search(tail)):
        return False
    if _STRUCK.fullmatch(tail) or _STRUCK.fullmatch(last) or _ATTRIBUTED.fullmatch(last):
        return True
    back = _TAKEN_BACK.search(tail) if _BACK.search(tail[-16:]) else None
    found = back or (_REPLIED.search(tail) if "?" in tail else None) or _DENIED.match(last)
    return found is not None and not _of_another(found[0], tail)


def _of_another(denied: str, tail: str) -> bool:
    """Is an option denied beside another one (`C) Paris. A is wrong.`)?"""
    return _LETTER.match(denied) is not None and len(set(_LETTERS.findall(tail))) > 1


def said_by_others(before: str) -> bool:
    """Do the words before a statement put it into somebody else's mouth (`You said the`, `Pretend the`)?"""
    return _BEFORE.search(before) is not None
