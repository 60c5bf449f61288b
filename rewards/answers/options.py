"""The option letters that a text settles on: one, several for a hedge, none.

A letter counts with a cue ("the answer is (C)", `Antwort: C`, a box), as the whole answer or its last line, or in
brackets or alone at the end of a short text; a letter in passing never does, and a formula in a box is no option.
"""

import re
from collections.abc import Iterator, Sequence

from holdfast.rewards.answers.boxes import boxes
from holdfast.rewards.answers.places import Require, Which, extract, not_own
from holdfast.rewards.answers.words.hedges import denied, denied_behind
from holdfast.rewards.answers.words.languages import (
    AND,
    IS,
    MAYBE,
    NOT,
    NOT_BEHIND,
    OPTION_WORD,
    OR,
    RIGHT,
    WRONG,
    cues,
    letter_words,
    option_cues,
)
from holdfast.rewards.answers.words.reasons import AS, REASON, SO

LETTERS = "ABCDEFGHIJ"
_PLACES = frozenset({"the answer field", "####"})
_SHORT, _LONG = 300, 4000

_OPEN = r"[\s(\[{\"'“‘*_$`:（【「『]{0,10}(?:\\(?:text|mathrm|mathbf|textbf|mathbb|rm|bf)[\s{]{1,3})?[\s(\[*（]{0,3}"
_CLOSE = r"[)\]}\"'”’*_$`）】」』.]{0,6}"
# A bare letter: not part of a word or a contraction; a bare I is the pronoun when a word follows it.
_RELATION = r"(?:[=<>≤≥∈]|\\(?:in|leq?|geq?|subset|to|neq?)(?![a-z]))"
_EDGE = r"(?<![A-Za-z0-9À-ɏ\\°])(?<![A-Za-z0-9À-ɏ)}\]]_)"
_END = rf"(?![A-Za-z0-9À-ɏ]|_[A-Za-z0-9{{\\]|['’]\w|[+#][\w+#]|-\d|\s?{_RELATION})"
_LETTER = rf"{_EDGE}(?:[A-HJ]|I(?!\s{{1,2}}[a-z])){_END}"
_ANY_CASE = rf"{_EDGE}[A-Ja-j]{_END}" + r"(?=[\s)\]}\"”*_$`）.,;:!]{0,4}(?:$|\n|[.,;:!)\]}*_]))"
_DOUBT = (
    r"(?:(?i:or|and|but\s(?:maybe|perhaps|possibly)|maybe|perhaps|possibly|alternatively|less likely|more likely)\b"
    rf"|{OR}|{MAYBE}|{AND}|[eiouyоиو](?=\s))"
)
_SPACE = r"(?:\\(?:q?quad|[ ,;:!])|\\text\w{0,2}\s?\{)"
_AND = (
    rf"{_CLOSE}(?:\s|[,;?]|{_SPACE}){{0,4}}\(?(?:[,;/&|?+]|{_SPACE}|(?:\b|(?=[^\x00-\x7f])){_DOUBT})"
    rf"(?:[\s,]{{0,2}}\b(?:{_DOUBT}|(?i:else|even|either|also|option|choice)\b)){{0,3}}[\s,}}]{{0,3}}{_OPEN}(?:option\s)?(?:either\s)?"
)
_BEFORE = re.compile(rf"({_LETTER}){_AND}[(\[*]{{0,3}}\Z")
_ITEM = rf"({_LETTER})(?!{_CLOSE}\s{{1,2}}(?:is|isn't|was|are|can|cannot|does|has|would)\b)"
_MORE = re.compile(_AND + _ITEM)
_SIDE_BY_SIDE = re.compile(rf"{_CLOSE}\s{{0,2}}[(\[*]{{0,3}}({_LETTER}){_CLOSE}(?=[\s.)]*(?:$|\n|[(\[*A-J]))")
_STATED = re.compile(
    r"(?i:\b(?:answer|choice|option|solution)s?\b[^\n.:]{0,30}?(?:\bis\b|\bare\b|:|=|\bwould be\b|\bmust be\b)"
    r"|(?<!\\)\b(?:choose|pick|select|go(?:ing)? with)\b|\banswer\b(?=[\s*]{1,3}[(A-J]))"
    rf"(?i:\s(?:either|both|option|choice|letter|answer|the|most|likely|probably|definitely|clearly)\b){{0,4}}"
    rf"{_OPEN}(?i:option\s|choice\s)?{_OPEN}((?:{_LETTER})|(?:{_ANY_CASE}))",
    re.MULTILINE,
)
_OPTION = re.compile(
    rf"\b(?i:option|choice)\b[\s*]{{1,3}}{_OPEN}({_LETTER}){_CLOSE}(?=(?:\s\([^()\n]{{1,80}}\))?\s{{0,2}}(?:$|\n|[.,;!]\s|(?:is|are)\s(?:the\s)?"
    r"(?:only\s|most\s)?(?:correct|right|best|answer|true)|(?:best\s)?(?:fits|matches|works|applies)\b))",
    re.MULTILINE,
)
_ELSEWHERE = re.compile(
    rf"\s{{0,2}}(?:(?:la|a|die|der|das|het|the|o|el|il|lo)\s)?(?:{OPTION_WORD}\s{{0,2}}:?)?{_OPEN}((?:[A-J])(?![A-Za-z0-9_À-ɏ]|['’](?![dt][iıuü]r)\w)|(?:{_ANY_CASE})|[أبجدกขคง](?!\w))"
)
_NATIVE = dict(zip("أبجدกขคง", "ABCDABCD", strict=True))
_REJECTED = re.compile(
    rf"{_CLOSE}\s(?:is|was|are|seems)\s(?:not\b|wrong|incorrect|false|out\b)|{_CLOSE}\s(?:isn|wasn|can)['’n]"
    rf"|{_CLOSE}\s{{0,2}}[^\W\d_]{{0,3}}\s?{NOT_BEHIND}",
    re.IGNORECASE,
)
_CORRECT = re.compile(
    rf"({_LETTER}){_CLOSE}\s{{1,2}}(?:is|are|seems?|must be)\s(?:the\s)?(?:only\s)?"
    r"(?:correct|right|best|better|the answer|answer)"
    rf"|[(\[]({_LETTER})[)\]*]{{1,3}}\s(?:is|are)\s(?:the\s)?(?:only\s)?true"
)
"""A bare letter that "is true" is a proposition."""
_REVISED = re.compile(
    r"\b(?i:no|wait|actually|correction|rather|instead)\b[,:!.–—-]{0,2}\s(?i:(?:no|wait|actually|rather)\b[,:!]?\s){0,2}"
    rf"(?i:it(?:['’]s|\sis|\smust\sbe|\sshould\sbe)\s)?{_OPEN}({_LETTER})(?={_CLOSE}\s*(?:$|\n|[.!]))"
)
_IT_IS = r"[Ii]t(?:['’]s|\sis|\smust\sbe)"
_CONCLUDED = re.compile(
    rf"(?:(?:^|[.!?\n]\s{{0,9}})(?i:(?:so|thus|hence|therefore),?\s)?{_IT_IS}"
    rf"|[.,;]\s(?i:so|thus|hence|therefore|leaving|which leaves)(?:\sonly|\s{_IT_IS})?)"
    rf"\s{_OPEN}({_LETTER})(?={_CLOSE}\s*\Z)"
    rf"|(?:^|[.!?\n]\s{{0,9}})(?:(?i:(?:so|thus|hence|therefore),?\s)?{_IT_IS}\s)?"
    rf"{_OPEN}({_LETTER}){_CLOSE},?\s(?:because|since)\b"
)
"""`It is C`, `A and B are wrong, so C`, `C because it is red`."""
_RIGHT_BEHIND = re.compile(rf"({_LETTER}){_CLOSE}\s?[^.!?\n,;A-J]{{0,20}}?{RIGHT}")
_VERDICT = re.compile(
    rf"({_LETTER})[)\].:*\s–—-]{{1,6}}(?:((?i:right|correct|true|yes)\b|[✓✔✅☑])|(?:(?i:wrong|incorrect|false|no|not\s\w+)\b|[✗✘❌]))"
)
_LINE_VERDICT = re.compile(
    r"^\W{0,6}([A-J])[).:\]*]{1,4}\s[^\n]{1,200}?[-–—:→(]\s*\**(?:((?i:correct|right|true)\b|[✓✔✅☑])"
    r"|(?:(?i:incorrect|wrong|false|not (?:correct|right|true))\b|[✗✘❌]))[^\n]{0,200}$",
    re.MULTILINE,
)
_ALSO = re.compile(
    rf"\b(?:could|might|may)(?:\s(?:also|even|well))?\sbe\s{_OPEN}({_LETTER})"
    rf"|({_LETTER}){_CLOSE}\s(?:is|could be|might be|may be|seems)\s(?:also|equally|just as)\s?\w*"
    rf"|({_LETTER}){_CLOSE}\s(?:could|might|may|can)\s(?:also|equally|just as well)\sbe"
    rf"|\b(?:or|though)\s(?:maybe|perhaps|possibly)\s{_OPEN}({_LETTER})"
)
_ASKED = re.compile(rf"(?i:choose|pick|select|answer)\s{_OPEN}({_LETTER}){_CLOSE}\?")
_BOX_HEAD = re.compile(
    rf"{_OPEN}(?i:option\s|choice\s|answer:?\s)?{_OPEN}([A-Ja-j])(?![\w'’])"
    rf"(?!\s{{0,3}}(?:[=+*^_<>≤≥∈]|[-/]\s?[\d\\]|\(\w{{1,2}}[,)]|\\(?!text|quad|qquad|[ ,;:!}})])))"
)
_OR_NONE = re.compile(rf"{_CLOSE}\s{{0,3}},?\s?or\s(?:none|neither|another|something|not\b)")
_OR_NOTHING = re.compile(rf"({_LETTER}){_OR_NONE.pattern}")
_OTHER = re.compile(rf"{_LETTER}(?!(?<=[AI])\s[a-z])")
_SO = re.compile(
    r"\b(?:so|thus|hence|therefore|hmm|ergo|final(?:ly)?|conclu\w+|means|leaves|→|⇒)\b[^.!?\n]{0,60}\Z", re.IGNORECASE
)
_ENDS_LETTER = r"(?:[)\]}>\"'*_$`）】」』.:,。、\\]{1,6}|\s?[-–—]+(?=\s|$)|\s?[✓✔✅☑]|(?=\n))"
_WHOLE = re.compile(
    rf"^<?{_OPEN}(?:([A-J]){_ENDS_LETTER}|([a-j])(?!\n){_ENDS_LETTER})"
    r"(?:(?:\s(?!is|are|was|can|does|has)|(?=[^\x00-\x7f])|(?<=[)、])(?=\S)|(?<=[.,])(?=[A-Z])).{0,400})?$"
    rf"|^<?{_OPEN}([A-Ja-j])$|^{_OPEN}([A-J])\s\((?=[^\W\d_]{{2}})[^()\n]{{1,80}}\)[.!]?$",
    re.DOTALL,
)
_ONLY_LETTERS = re.compile(r"(?:[(\[*]{0,3}[A-J][)\]*.,;/&+\s]{1,4})+[(\[*]{0,3}[A-J][)\]*.]{0,4}|[A-J]{2,10}")
_RUN = re.compile(r"[A-J]{2,10}(?![A-Za-z])")
_LEADING = re.compile(rf"^{_OPEN}([A-J])[)\].:*]{{1,4}}(?:\s|$)", re.MULTILINE)
_MARKED = re.compile(
    r"(?:\*\*\(?([A-J])[).:]{0,2}(?:\s[^*\n]{0,200})?\*\*|(?<![A-Za-z])[(（\[]([A-J])[)）\]])(?=[\s.!*)]*(?:$|\Z))",
    re.MULTILINE,
)
_BARE = re.compile(rf"({_LETTER})(?=[\s.!*)\]\"'。]*\Z)")
_LEADS_TO_BARE = re.compile(
    r"(?:^|[^\w\s+*/^∪∩∨∧~¬]|[^\x00-\x7f°]|\b(?:is|be|are|option|choice|letter|answer|choose|chose|pick|select|with|"
    r"for|guess|say|think|so|hence|thus|therefore|then|leaves|leaving|only|to|as|or|and|but|maybe|perhaps|possibly|definitely|clearly|certainly|es|la|ist|est|è|é|é\sa|ni|adalah|là)|['’]s)"
    r"[\s(\[*_\"'`$]*\Z",
    re.IGNORECASE,
)
"""Before a letter that ends a text: it is said to be the answer, and is no `vitamin C`."""
_APPLIED = re.compile(r"(?<![A-Za-z])[A-Za-z]\(\Z")
_UNSURE = re.compile(
    rf"(?:\b(?:could|might|may)\s(?:also\s|well\s)?be\b|\b(?:maybe|perhaps|possibly)\b|{MAYBE})[^.!?\n]{{0,12}}\Z",
    re.IGNORECASE,
)


_LOOK_ALIKE = str.maketrans("АВСЕНΑΒΕΗΙΓΔ", "ABCEHABEHICD")
_ALONE = re.compile(r"(?<!\w)[АВСЕНΑΒΕΗΙΓΔ](?!\w)")
"""Cyrillic and Greek capitals that look like the option letters, and Greek's third and fourth."""
_AS_A_WORD = re.compile(
    rf"\s+(?!(?:{OR}|{AND}|{MAYBE}|{RIGHT}|{WRONG}|{NOT}|является|это|подходит|потому|так|поскольку|ибо|оскільки|тому|защото"
    r"|је|είναι|επειδή|διότι|γιατί)(?!\w))[«„*]{0,3}[^\W\d_a-zA-Z]",
    re.IGNORECASE,
)
_NO_LATIN_WORD = re.compile(
    rf"\s+(?:(?:{OR}|{AND}|{RIGHT}|{WRONG}|{NOT}|{REASON}|{AS}|{SO}|{IS})"
    r"|(?:o|ou|u|y|e|et|i|of|en|por|con|com|para|pour|per|de|em|in|dans|avec|selon|lub"
    r"|is|are|was|were|will|would|can|seems?|has|because|since|as|if|and|or|but|which|for|from|with|on|at|by|not|due|per"
    r"|based|after|given|when|while|that|so|thus|hence|therefore|according|only|to|being|here|instead|over|rather|than)"
    r"(?!\w))",
    re.IGNORECASE,
)
"""What follows an option's letter in a sentence; any other word makes A, E and I words themselves (`A veces`)."""
_NOT_THAT = re.compile(r",\s(?:(?:and|but)\s)?(?:not|rather than)\s[(\[*]{0,3}[A-J][)\]*]{0,3}[\s.!]*\Z")
"""`Definitely C, not B.`"""
_WORD_BEHIND = re.compile(r"\s+[«„“\"*]{0,3}([^\W\d_]{2}|[^\W\d_A-J])")
_OPTION_BEFORE = re.compile(rf"{OPTION_WORD}[\s:]{{1,3}}\Z", re.IGNORECASE)


def _look_alike(letter: re.Match[str]) -> str:
    """The Latin letter; the same where it is a word before another (`В Париже`, `С водой`, `Η Αθήνα`)."""
    text, start = letter.string, letter.start()
    a_word = _AS_A_WORD.match(text, letter.end()) and not _OPTION_BEFORE.search(text, max(0, start - 30), start)
    return letter[0] if a_word else letter[0].translate(_LOOK_ALIKE)


def _is_word(text: str, end: int, words: str, *, lower: bool = False) -> bool:
    """Is the capital that ends at `end` one of these one-letter words before another (`A veces`, `I gatti`)?"""
    behind = _WORD_BEHIND.match(text, end) if text[end - 1] in words else None
    return behind is not None and not (lower and behind[1].istitle()) and not _NO_LATIN_WORD.match(text, end)


def letters(text: str, require: Require = "any", which: Which = "last") -> list[str] | None:
    """The distinct letters of the answer; [] for an answer that names none, None where no answer is stated."""
    if not text.isascii():
        text = _ALONE.sub(_look_alike, text)
    text = _NOT_THAT.sub("", text)
    stated = _boxed(text, which)
    if stated is None:
        stated = _placed(text, which)
    if stated is None:
        stated = _stated(text, which)
    if stated is not None or require != "any":
        return stated
    for read in (_list, _verdicts, _whole, _options, _marked, _bare):
        if found := read(text):
            return found
    return None


def distinct(found: Sequence[str]) -> list[str]:
    """Without repetitions, in order."""
    return list(dict.fromkeys(found))


def _boxed(text: str, which: Which) -> list[str] | None:
    """The letters of all boxes; a box with words beside one with a letter makes a hedge, a formula does not."""
    inside = boxes(text) if "box" in text or "Box" in text else None
    if not inside:
        return None if inside is None else []
    found: list[str] = []
    for part in inside[:1] if which == "first" else inside:
        head = _BOX_HEAD.match(part)
        run = _RUN.fullmatch(part.strip())
        if head is not None:
            found += [head[1].upper(), *_following(part, head.end(1))]
        elif run:
            found += list(run[0])
        elif not re.search(r"[=\\\d]", part):
            found.append("another box")
    end = text.rfind(inside[-1]) + len(inside[-1])
    found += _following(text, end) if found and found[-1] in LETTERS else []
    named = [letter for letter in found if len(letter) == 1]
    return distinct(found) if named else None


def _placed(text: str, which: Which) -> list[str] | None:
    """The letter of a JSON field or behind `####`."""
    if "####" not in text and 'answer"' not in text:
        return None
    found = extract(text, "marked", which)
    return (_list(found.statement) or _whole(found.statement) or None) if found.origin in _PLACES else None


def _stated(text: str, which: Which) -> list[str] | None:
    statements = sorted(_statements(text), key=lambda pair: pair[0])
    if not statements:
        return None
    requested = distinct([match[1] for match in _ASKED.finditer(text)])
    if which == "first":
        return statements[0][1]
    if which == "agreeing" or len(requested) > 1:
        return distinct([letter for _, found in statements for letter in found] + requested)
    start, found = statements[-1]
    later = [next(group for group in match.groups() if group) for match in _ALSO.finditer(text, start)]
    return distinct([*found, *later])


def _statements(text: str) -> Iterator[tuple[int, list[str]]]:
    """Where each statement starts and the letters it names."""
    for pattern in (_STATED, _OPTION):
        for match in pattern.finditer(text):
            if (
                _lists_options(text, match)
                or _is_word(text, match.end(1), "AE", lower=True)
                or not_own(text[max(0, match.start() - 60) : match.start()])
            ):
                continue
            if denied(text[match.start() : match.start(1)]) or _REJECTED.match(text, match.end(1)):
                yield match.start(), []
            else:
                yield match.start(), _named(text, match.start(1), match.end(1))
    for match in _CORRECT.finditer(text):
        yield match.start(), distinct([match[1] or match[2], *_before(text, match.start())])
    for match in (*_REVISED.finditer(text), *_CONCLUDED.finditer(text)):
        yield match.start(), [match[match.lastindex or 1]]
    for right in () if text.isascii() else _RIGHT_BEHIND.finditer(text):
        if not denied_behind(right[0][1:]):
            yield right.start(), [right[1]]
    for cue in [*cues(text), *option_cues(text)]:
        letter = _ELSEWHERE.match(text, cue.end())
        if letter is None or _is_word(text, letter.end(1), letter_words(cue.group())):
            continue
        if denied(text[cue.start() : letter.start(1)]) or denied_behind(text[letter.end(1) : letter.end(1) + 40]):
            yield cue.start(), []
        else:
            yield cue.start(), distinct([_NATIVE.get(letter[1], letter[1]).upper(), *_following(text, letter.end(1))])


def _lists_options(text: str, cue: re.Match[str]) -> bool:
    """Does the letter open a list of options under the cue (`Options:\\nA. Rome\\nB. Oslo`)?"""
    if "\n" not in text[cue.start() : cue.start(1)]:
        return False
    line, _, rest = text[cue.start(1) : cue.start(1) + _SHORT].partition("\n")
    following = _LEADING.match(rest.lstrip())
    return bool(line) and following is not None and following[1] != cue[1].upper()


def _named(text: str, start: int, end: int) -> list[str]:
    return distinct([text[start:end].upper(), *_following(text, end), *_before(text, start)])


def _list(text: str) -> list[str]:
    """A text of nothing but letters ("A B C D", "A, C")."""
    short = text.strip() if len(text) <= 200 else ""
    return distinct(re.findall("[A-J]", short)) if _ONLY_LETTERS.fullmatch(short) else []


def _whole(text: str) -> list[str]:
    """A text that opens with its letter ("C", "C. Paris"), or whose last line is nothing but a letter."""
    stripped = text.strip()
    match = _WHOLE.match(stripped)
    leading = [one[1] for one in _LEADING.finditer(stripped) if not _REJECTED.match(stripped, one.end(1))]
    if match is None or len(distinct(leading)) > 1:
        line = stripped.rpartition("\n")[2]
        match, stripped = _WHOLE.match(line[:20]), line
        room = 6 if len(set(leading)) < 2 else 3  # a list's last option is no answer
        whole = match is not None and len(line) <= match.end(match.lastindex or 0) + room
        if not whole:
            match = _WHOLE.match(line) if len(set(leading)) == 1 and _LEADING.match(line) else None
        if match is None:
            return []
    group = match.lastindex or 0
    return distinct([match[group].upper(), *_following(stripped, match.end(group))])


def _verdicts(text: str) -> list[str]:
    """The letters that a list of verdicts calls right (`A: wrong, B: right`, `A. Rome - incorrect`)."""
    found = list(_VERDICT.finditer(text)) if len(text) <= _LONG else []
    found = found or (list(_LINE_VERDICT.finditer(text)) if len(text) <= _LONG else [])
    return distinct([one[1] for one in found if one[2]]) if len({one[1] for one in found}) > 1 else []


def _options(text: str) -> list[str]:
    """The letters of a text that lists options line by line and settles on none: a hedge."""
    leading = distinct(_LEADING.findall(text))
    return leading if len(leading) > 1 else []


def _marked(text: str) -> list[str]:
    """The last letter in bold or brackets that ends a line of a short text."""
    if len(text) > _SHORT:
        return []
    last = None
    for last in _MARKED.finditer(text):  # noqa: B007 - the last one is wanted
        pass
    return [] if last is None else _settled(text, last.start(), last.end(), last[1] or last[2])


def _bare(text: str) -> list[str]:
    """The capital letter that a short text ends with: in a long one it names a variable."""
    if len(text) <= _SHORT and (hedge := _OR_NOTHING.search(text)):
        return [hedge[1], "none"]
    match = _BARE.search(text) if len(text) <= _SHORT else None
    if match is None or not _is_said(text[: match.start(1)], match[1]):
        return []
    return _settled(text, match.start(1), match.end(1), match[1])


def _is_said(before: str, letter: str) -> bool:
    """Do the words lead to the letter, without "could be"?"""
    unsure = _UNSURE.search(before) and letter not in before
    return not unsure and not _APPLIED.search(before) and _LEADS_TO_BARE.search(before) is not None


def _settled(text: str, start: int, end: int, letter: str) -> list[str]:
    if denied(text[max(0, start - 30) : start]) or _REJECTED.match(text, end):
        return [f"not {letter}"]
    others = {other[0] for other in _OTHER.finditer(text, 0, start) if not _is_denied(text, other)} - {letter}
    if others and not _SO.search(text[:start]):
        return []  # one of several that the text goes through
    return distinct([letter, *_following(text, end), *_before(text, start)])


def _is_denied(text: str, letter: re.Match[str]) -> bool:
    before = text[max(0, letter.start() - 30) : letter.start()]
    return denied(before) or _REJECTED.match(text, letter.end()) is not None


def _following(text: str, position: int) -> list[str]:
    """Further letters joined to the one that ends at `position`: by a comma, a slash, "or", or nothing."""
    found: list[str] = []
    while len(found) < len(LETTERS):
        match = _MORE.match(text, position) or _SIDE_BY_SIDE.match(text, position)
        if match is None:
            break
        found.append(match[1])
        position = match.end(1)
    return [*found, "none"] if _OR_NONE.match(text, position) else found


def _before(text: str, position: int) -> list[str]:
    """The letter joined by "or" / "and" to the one that starts at `position`."""
    joined = _BEFORE.search(text, max(0, position - 40), position)
    return [joined[1]] if joined else []
