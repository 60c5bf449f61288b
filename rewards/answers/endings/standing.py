"""Whether what a text states at its end stands: not taken back behind it, not denied, not only said by others.

`The answer is 7. Just kidding.`, `7 is not the answer`, `You said 7.` hold the number 7 and answer nothing.
"""

import re

from holdfast.rewards.answers.endings.disowned import SIGNS, disowned
from holdfast.rewards.answers.words.languages import ANSWER_WORD, NO_WORD, NOT, NOT_BEHIND, RIGHT, RIGHT_WORDS, WRONG
from holdfast.rewards.answers.words.looks import ascii_words, looked_for

_TAIL, _LONG = 240, 20_000
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
    rf"(?:\d|\b[A-J]\b|[$\\}}]).{{0,60}}?(?:[.!?…,;—–)\n]|\s-)\s*{_FILLER}\(?(?:(?P<that>{_THAT_IS_WRONG})|{_NEVER_MIND})\)?"
    r"[\s.!*]*\Z"
    rf"|(?P<value>{_VALUE})[.…,;:—–(\s-]{{0,6}}(?:(?<=[.…;:—–(])|(?<=[.,:—–-]\s))"
    rf"(?:not(?: really)?|nope|(?<=[—–-]\s)no|wrong|incorrect|but (?:no|it (?:is|was)(?: not|n['’]t)))\)?[\s.!*]*\Z",
    re.IGNORECASE | re.DOTALL,
)
"""What `that` stands for, or the value before the denial."""
_REPLIED = re.compile(
    rf"(?P<value>{_VALUE})\s?\?\s*(?:no|nope|not really|not quite|never|{NO_WORD})[\s.!。]*\Z", re.IGNORECASE
)
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
    rf"(?P<value>{_VALUE})[\s—–:-]{{0,3}}(?:{_WRONG_ENGLISH}"
    rf"|{_WORDS}{_NEGATED}{_WORDS}{_RIGHTS}|{_WORDS}{_RIGHTS}{_WORDS}{_NEGATED}|{_WORDS}{WRONG}[^\W\d_]{{0,4}}\W*\Z)"
    r"(?!.*(?:\d|\b[A-J]\b))",
    re.IGNORECASE,
)
_SOURCE = r"(?:question|problem|prompt|hint|task|statement|instructions?|example|book|answer key)"
_PERSON = r"(?:user|friend|teacher|colleague|student)s?"
_SOMEONE = (
    r"(?:someone|somebody|everyone|everybody|people|others|(?:some|many|most)(?: people| students)?|"
    rf"(?:a|an|another|one) (?:\w+ )?{_PERSON})"
)
_THEY = rf"(?:they|(?:the|this|your|my) (?:\w+ )?{_PERSON})"
_MAY = r"(?:(?:would|might|may|could|also|all|just|already)\s)?"
_SAY = (
    r"(?:sa(?:id|ys?)|claim(?:s|ed)?|thinks?|thought|believes?|believed|guess(?:es|ed)?|told (?:me|us)|"
    r"suggests?|suggested|assumes?)"
)
_CHOSE = "(?:chose|picked|selected|answered|wrote)"
_SAID_BY_OTHERS = (
    rf"(?:(?:you|{_THEY}|{_SOMEONE}|(?:the|this|your|my|a|an|another|one) (?:\w+ )?{_SOURCE})\s{_MAY}{_SAY}"
    rf"|{_SOMEONE}\s{_MAY}(?:answer(?:s|ed)?|wrote)|you (?:answered|wrote))(?:\sthat)?"
)
"""Who does something (`They picked 12`) may be whom the question is about; only `someone` and `you` answer it."""
_LETTER_ALONE = r"[\s(*\"']{0,4}(?-i:[A-J])(?![\w'’])[)*\"']{0,4}"
_IT_IS = r"(?:(?:it|the answer)(?:['’]s| is| was| seems)\s)?"
_HERE = rf"(?:\s(?:here|there|above|in (?:the|your|this) (?:{_SOURCE}|text|conversation)))?"
MENTIONED = (
    rf"{_SAID_BY_OTHERS}:?\s{_IT_IS}{_VALUE}",
    rf"(?:(?:you|{_THEY})\s{_MAY}{_CHOSE}|{_SOMEONE}\s{_MAY}(?:{_CHOSE}|choose|picks?|selects?))\s{_LETTER_ALONE}",
    rf"(?:the|this|your) (?:question|prompt|hint)\s(?:has|contains?|gives?|uses?|includes?)\s{_VALUE}",
    rf"(?:the|this|your) {_SOURCE}\smentions?\s{_VALUE}",
    rf"according to (?:you|them|him|her|others|{_THEY}|{_SOMEONE}),?\s{_IT_IS}{_VALUE}",
    rf"(?:the|your|my) (?:previous|earlier|old) (?:answer|guess) (?:is|was)\s{_VALUE}",
    rf"(?:the|your) given (?:answer|guess) (?:is|was)\s{_VALUE}",
    rf"one (?:might|may|could|would) (?:think|say|guess|believe)(?: that)?\s{_IT_IS}{_VALUE}",
    rf"one (?:might|may) (?:pick|choose|select|answer)\s{_VALUE}",
    rf"at first (?:glance|sight),?\s{_IT_IS}{_VALUE}",
    r"(?:let me|let us|let['’]s|i(?:['’]ll| will| need to|"
    r" have to)) (?:think (?:about|of)|consider|look at|start with|try)\s"
    rf"{_VALUE}",
    rf"(?:assume|suppose|imagine|pretend|consider|say)(?: that)?\s{_IT_IS}{_VALUE}(?: for (?:example|instance))?",
    rf"i (?:refuse|decline|hate|(?:do not|don['’]t) want) to say\s(?:that )?{_IT_IS}{_VALUE}",
    rf"i(?:['’]d| would| will|['’]ll) (?:never|not) say\s(?:that )?{_IT_IS}{_VALUE}",
    rf"(?:the )?(?:number|value|letter|option)\s{_VALUE}\s?(?:appears|occurs|comes up|"
    rf"is (?:mentioned|given|used|there)){_HERE}",
    rf"{_VALUE}\s(?:is|was|are) (?:one of|among|mentioned|a number|a letter|an option|"
    rf"(?:given |used )?in the {_SOURCE})\b[^.!?\d]{{0,40}}",
)
"""Who says no more than this answers nothing. Each is a whole sentence: one with a cue of its own (`According to the
table, the answer is 7`) is an answer, and so is what a question may be about (`The given number is 5`)."""
_SENTENCE_DENIES = (
    rf"[^.!?\n\d]{{0,30}}(?P<value>{_VALUE}),? but (?:no|(?:it|that) (?:is|was)(?:\s?not|n['’]t)"
    r"(?: (?:right|correct|true|it|so|the (?:right |correct )?answer))?)",
    rf"the answer (?:differs|is different) from\s(?P<value>{_VALUE})",
)
_END = r"[\s.!?*”\"')]*"
_ATTRIBUTED = re.compile(rf"(?:{'|'.join(MENTIONED)}){_END}", re.IGNORECASE)
_TURNED = [re.compile(f"{sentence}{_END}", re.IGNORECASE) for sentence in _SENTENCE_DENIES]
_BEFORE = re.compile(
    rf"(?:\b{_SAID_BY_OTHERS}|\b(?:pretend|imagine)(?: that)?)\s(?:the\s|that\s){{0,2}}\Z", re.IGNORECASE
)
_STRUCK = re.compile(r"\s*(?P<value>~~.{1,40}~~|[✗✘❌]\s?\S{1,20}|\S{1,20}\s?[✗✘❌])\s*")
_NUMBER = r"-?\d[\d,]*(?:\.\d+)?(?:/\d+)?"
_NUMBERS, _LETTERS = (
    re.compile(rf"(?<![\w.]){_NUMBER}"),
    re.compile(r"(?<!\w)(?:[B-HJ]|[AI](?!\s[a-z]))(?![\w'’])"),
)
_MARKED = re.compile(
    r"boxed\s?\{(?P<box>(?:[^{}]|\{[^{}]{0,200}\}){0,200})\}|(?:####|"
    rf"(?i:\b(?:answer|option|choice|result|solution)s?\b[^.!?\n\d]{{0,30}}?(?:\b(?:is|are|be)\b|[:=])|{ANSWER_WORD}[^.!?\n\d]{{0,20}}?))"
    rf"[\s$*_\"'({{:\[\\-]{{0,6}}(?P<value>{_NUMBER}|[A-J](?!\w))"
)
_PLAIN = re.compile(
    rf"[\s$({{]*(?:\\\w+\s?\{{)?[\s(]*(?:[^=]{{1,40}}=)?[\s$]*({_NUMBER}|[A-J])(?:[)}}\s.$a-z]|\\?%)*(?:\\text\W.*)?",
    re.DOTALL,
)
_LAST_BREAK = re.compile(r".*(?:[.!?。！？।]\s+|\n)", re.DOTALL)
_BACK = tuple(
    "wrong incorrect false mistaken right correct true it answer lie joke mistake joking kidding know back that mind "
    "not n't n’t really nope no".split()
)
_CLOSED = " \t\r\n.!*)"
_STARTS = re.compile(_VALUE)
_AT_END = re.compile(r"[.!?。！？}$\n]\s*\Z|^####.*\s*\Z", re.MULTILINE)
_LATE = (_TAKEN_BACK, _REPLIED)
"""They find the end of a text, of which the value is a part; the others find a whole sentence."""
_SUSPECTS = looked_for(
    "no not never nope cannot wrong incorrect false mistaken lie joke mistake joking kidding know back that mind "
    "but might may could would said say says claim claims claimed think thinks thought believe believes believed "
    "guess guesses guessed told suggest suggests suggested assume assumes chose picked selected answered wrote "
    "choose pick picks select selects question problem prompt hint task statement instruction instructions "
    "example book key someone somebody everyone everybody people others some many most user users friend friends "
    "teacher teachers colleague colleagues student students mention mentions mentioned according previous earlier "
    "given old glance sight consider look start try suppose imagine pretend number value letter option differs "
    "different among one t "
    f"{' '.join(word for word in SIGNS | RIGHT_WORDS if word.isascii())}"
)
"""Words without one of which no pattern here finds anything in a sentence of plain ASCII text (`t` of `isn't`)."""


def standing_part(text: str) -> str:
    """What of a text stands: nothing where its end takes the answer back, denies it, or only reports it; else all,
    less a last sentence about another value than the stated one (`\\boxed{5}. 3 is not a solution.`)."""
    bare = text.strip()
    tail = bare[-_TAIL:].strip()
    last = _last_sentence(tail)
    back = tail[-20:].rstrip(_CLOSED).lower().endswith(_BACK)
    if not (back or "?" in tail or "~~" in tail or _suspect(last) or _STARTS.match(last)):
        return text
    if _ATTRIBUTED.fullmatch(last):
        before = bare[: len(bare) - len(last)]
        return "" if _stated(before) is None else before
    if (at := disowned(last)) is not None and re.search(r"\d|\b[A-J]\b", before := bare[: len(bare) - len(last) + at]):
        return text if _of_another_sentence(before) else ""
    found = _STRUCK.fullmatch(tail) or _STRUCK.fullmatch(last) or _turned(last) or _DENIED.match(last)
    found = found or (_TAKEN_BACK.search(tail) if back else None)
    found = found or (_REPLIED.search(tail) if "?" in tail else None)
    return text if found is None else _less(found, text, bare)


def _last_sentence(text: str) -> str:
    found = _LAST_BREAK.match(text)
    last = text[found.end() :] if found else text
    return last.lstrip() if last[:1].isspace() and found and found.group().rstrip()[-1:] in ".!?。！？।" else last


def _suspect(sentence: str) -> bool:
    """Is there a word by which an answer may be taken back? A cheap look, which may see more than there is."""
    return not (sentence.isascii() and _SUSPECTS.isdisjoint(ascii_words(sentence)))


def _less(denial: re.Match[str], text: str, bare: str) -> str:
    """The text less a denial at its end, all of it or none."""
    groups = denial.groupdict()
    name = "that" if groups.get("that") else "value"
    if not groups[name]:
        return ""
    before = bare[: len(bare) - len(denial.string) + (denial.start(name) if denial.re in _LATE else denial.start())]
    if name == "that":
        return text if _of_another_sentence(before) else ""
    if not _of_another(denial["value"], before):
        return ""
    if _AT_END.search(before):
        return before
    return "" if _stated(before) is None and _NUMBERS.search(denial["value"]) else text


def _turned(sentence: str) -> re.Match[str] | None:
    """A sentence that itself turns against the value it names (`It seems 7, but no.`)."""
    return next((found for pattern in _TURNED if (found := pattern.fullmatch(sentence))), None)


def _of_another(denied: str, before: str) -> bool:
    """Is the denied value another one than what the text before states (`\\boxed{5}`), or, where nothing there is
    marked as the answer, than the number named last or an option named there?"""
    values = _values(denied.upper())
    stated = _stated(before)
    if stated is not None:
        return bool(values) and stated not in values
    near = before[-_TAIL:]
    if values and _LETTERS.fullmatch(next(iter(values))):
        return bool(set(_LETTERS.findall(near)) - values)
    numbers = _NUMBERS.findall(near)
    return bool(values and numbers) and _plain_value(numbers[-1]) not in values


def _of_another_sentence(before: str) -> bool:
    """Does `that is wrong` speak of a sentence about other values than the stated (`For 13 we get 1 = 0, which …`)?"""
    head = before.rstrip(" .,;:!?…—–-(\n")
    sentence = _last_sentence(head[-_TAIL:])
    values = _values(sentence)
    stated = None if _MARKED.search(sentence) else _stated(head[: len(head) - len(sentence)])
    return bool(values) and stated is not None and stated not in values


def _stated(text: str) -> str | None:
    """The value behind the last mark of an answer; None without a mark, the whole box where it holds no plain value."""
    found = None
    for found in _MARKED.finditer(text[-_LONG:]):  # noqa: B007 - the last one is wanted
        pass
    if found is None:
        return None
    plain = None if found["box"] is None else _PLAIN.fullmatch(found["box"])
    return _plain_value(found["value"] or (plain[1] if plain else found["box"]))


def _values(text: str) -> set[str]:
    """The numbers of a text, or, where it has none, its option letters."""
    return {_plain_value(number) for number in _NUMBERS.findall(text)} or set(_LETTERS.findall(text))


def _plain_value(text: str) -> str:
    bare = text.replace(",", "")
    return bare.rstrip("0").rstrip(".") if "." in bare else bare


def said_by_others(before: str) -> bool:
    """Do the words before a statement put it into somebody else's mouth (`You said the`, `Pretend the`)?"""
    return _BEFORE.search(before) is not None
