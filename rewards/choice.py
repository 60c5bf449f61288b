"""Multiple choice: which option letter a completion settles on.

A row of MMLU as the harness sees it (choices come in `info`, the reference is a letter or an index):

    {"prompt": "… Answer with the letter.", "choices": ["Rome", "Oslo", "Paris", "Bern"], "answer": 2}

What models write: `C`, `(C)`, `C.`, `**C. Paris**`, `The answer is (C)`, `\\boxed{\\text{C}}`, `Answer: Paris`,
and hedges: `A or C`, `A, B, C, D`.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Any, Literal

from holdfast.registry import register
from holdfast.rewards.answers.text import answer_text, tagged
from holdfast.sample import Sample, Score

LETTERS = "ABCDEFGHIJ"
_SHORT = 300

_OPEN = r"[\s(\[{\"'“‘*_$`:（]{0,10}(?:\\(?:text|mathrm|mathbf|textbf|mathbb|rm|bf)[\s{]{1,3})?[\s(\[*（]{0,3}"
_CLOSE = r"[)\]}\"'”’*_$`）.]{0,6}"
# A bare letter: not part of a word or a contraction; a bare I is the pronoun when a word follows it.
_EDGE, _END = r"(?<![A-Za-z0-9_À-ɏ\\])", r"(?![A-Za-z0-9_À-ɏ]|['’]\w|[+#]|\s?=)"
_LETTER = rf"{_EDGE}(?:[A-HJ]|I(?!\s{{1,2}}[a-z])){_END}"
_ANY_CASE = rf"{_EDGE}[A-Ja-j]{_END}" + r"(?=[\s)\]}\"”*_$`）.,;:!]{0,4}(?:$|\n|[.,;:!)\]}*]))"
_DOUBT = r"(?i:or|and|maybe|perhaps|possibly|alternatively)"
_AND = (
    rf"{_CLOSE}[\s,;?]{{0,3}}\(?(?:[,;/&|?]|\b{_DOUBT}\b)(?:\s?\b(?:{_DOUBT}|(?i:else|even|either|option|choice))\b){{0,3}}{_OPEN}"
    r"(?:option\s)?(?:either\s)?"
)
_BEFORE = re.compile(rf"({_LETTER}){_AND}[(\[*]{{0,3}}\Z")
_ITEM = rf"({_LETTER})(?!{_CLOSE}\s{{1,2}}(?:is|isn't|was|are|can|cannot|does|has|would)\b)"
_MORE = re.compile(_AND + _ITEM)
_STATED = re.compile(
    r"(?i:\b(?:answer|choice|option|solution)s?\b[^\n.:]{0,30}?(?:\bis\b|\bare\b|:|=|\bwould be\b|\bmust be\b)"
    r"|\b(?:choose|pick|select|go(?:ing)? with)\b|\b(?:answer|option|choice)\b(?=[\s*]{1,3}[(A-J])|答案(?:是|为)?)"
    rf"(?i:\s(?:either|both|option|choice|letter|answer|the|most|likely|probably|definitely|clearly)\b){{0,4}}"
    rf"{_OPEN}(?i:option\s|choice\s)?{_OPEN}((?:{_LETTER})|(?:{_ANY_CASE}))",
    re.MULTILINE,
)
_DENIED = re.compile(
    r"(?:\b(?:not|never|cannot|except|(?:all|anything|everything) but)\b|n['’]t\b)\W{1,4}(?:be\s)?"
    r"(?:option\s|choice\s)?\W{0,4}\Z",
    re.IGNORECASE,
)
_REJECTED = re.compile(
    rf"{_CLOSE}\s(?:is|was|are|seems)\s(?:not\b|wrong|incorrect|false|out\b)|{_CLOSE}\s(?:isn|wasn|can)['’n]", re.I
)
_CORRECT = re.compile(rf"({_LETTER}){_CLOSE}\s{{1,2}}(?:is|are|seems?|must be)\s(?:the\s)?(?:only\s)?"
                      r"(?:correct|right|best|true|the answer|answer)")  # fmt: skip
_BOXED = re.compile(r"\\boxed\s?\{(?=([^\n]{0,200}))")
_BOX_LETTER = re.compile(rf"{_OPEN}([A-Ja-j])(?![\w'’])")
_OR_NONE = re.compile(rf"{_CLOSE}\s{{0,3}},?\s?or\s(?:none|neither|another|something)\b")
_WHOLE = re.compile(
    rf"^{_OPEN}([A-Ja-j])(?:[)\]}}\"'*_$`）.:,]{{1,6}}(?:\s(?!is|are|was|can|does|has).{{0,400}})?|)$", re.DOTALL
)
_ONLY_LETTERS = re.compile(r"(?:[(\[*]{0,3}[A-J][)\]*.,;/&\s]{1,4})+[(\[*]{0,3}[A-J][)\]*.]{0,4}")
_LEADING = re.compile(rf"^{_OPEN}([A-J])[)\].:*]{{1,4}}(?:\s|$)", re.MULTILINE)
_MARKED = re.compile(r"\*\*\(?([A-J])[).:]{0,2}(?:\s[^*\n]{0,200})?\*\*|[(（\[]([A-J])[)）\]]")
_NOT = re.compile(r"(?:\b(?:not|never|neither|nor|except|cannot)\b|n['’]t\b)\W{0,3}(?:\w+\W+){0,2}\Z", re.IGNORECASE)
_BARE = re.compile(_LETTER)


@register("choice", version="3")
def choice(sample: Sample, *, index_base: Literal[0, 1] = 0) -> Score:
    """Does the completion settle on the right option letter (A to J)?

    The reference is a letter (`"C"`, `"(C)"`), an index counted from `index_base`, or, when `info["choices"]` is
    there, an option's text. The last stated letter counts; two letters in one statement ("A or C"), or boxes that
    disagree, are a hedge and wrong, and "not B" chooses nothing. With `info["choices"]` the option's text is read
    where no letter is stated.
    Text after `</think>` decides. Unjudgeable when the reference names no option.
    Follows MMLU-Pro's letter extraction (arXiv 2406.01574), made strict about hedges.
    """
    choices = _choices(sample)
    wanted = _reference_letter(sample.reference, choices, index_base)
    if wanted is None:
        return Score.unjudgeable(f"reference {sample.reference!r:.80} names no option letter, index or choice")
    found = _letters(tagged(answer_text(sample.text)), choices)
    if len(found) > 1:
        return Score.of(False, f"hedge: {' and '.join(found)} in one answer", ",".join(found))
    if not found:
        return Score.of(False, "no option letter is stated")
    return Score.of(found[0] == wanted, f"chose {found[0]}, expected {wanted}", found[0])


def _choices(sample: Sample) -> Sequence[str]:
    listed = sample.info.get("choices", ())
    if isinstance(listed, dict):  # ARC: {"label": […], "text": […]}
        listed = listed.get("text", ())
    return [str(text) for text in listed] if isinstance(listed, list | tuple) else ()


def _reference_letter(reference: Any, choices: Sequence[str], base: int) -> str | None:
    if isinstance(reference, int) and not isinstance(reference, bool):
        index = reference - base
        return LETTERS[index] if 0 <= index < (len(choices) or len(LETTERS)) <= len(LETTERS) else None
    if not isinstance(reference, str):
        return None
    letter = reference.strip().strip("().").upper()
    if len(letter) == 1 and letter in LETTERS:
        return letter
    return _only([LETTERS[i] for i, text in enumerate(choices[:10]) if _same(text, reference)])


def _letters(text: str, choices: Sequence[str]) -> list[str]:
    """The distinct letters of the completion's last answer: one, several for a hedge, none."""
    for read in (_boxed, _stated, _list, _whole, _options, _marked):
        if found := read(text):
            return found
    by_text = _by_text(text, choices)
    if by_text:
        return [by_text]
    return _last_bare(text)


def _boxed(text: str) -> list[str]:
    """The letters of all boxes; a box with something else beside one with a letter makes a hedge."""
    found: list[str] = []
    other = ""
    for match in _BOXED.finditer(text):
        head = _BOX_LETTER.match(match[1])
        if head:
            found += [head[1].upper(), *_following(match[1], head.end(1))]
        elif match[1].partition("}")[0].strip():
            other = "another box"
    return _distinct([*found, other] if found and other else found)


def _stated(text: str) -> list[str]:
    last = _last(_STATED.finditer(text))
    said = _last(_CORRECT.finditer(text))
    if said and (last is None or said.start() > last.start()):
        return _distinct([said[1], *_before(text, said.start())])
    if last is None:
        return []
    return _distinct([last[1].upper(), *_following(text, last.end(1)), *_before(text, last.start(1))])


def _list(text: str) -> list[str]:
    """A text of nothing but letters ("A B C D", "A, C")."""
    short = text.strip() if len(text) <= 200 else ""
    return _distinct(re.findall("[A-J]", short)) if _ONLY_LETTERS.fullmatch(short) else []


def _whole(text: str) -> list[str]:
    """A text that opens with its letter ("C", "C. Paris"), or whose last line is nothing but a letter."""
    stripped = text.strip()
    match = _WHOLE.match(stripped)
    if match is None or len(_distinct(_LEADING.findall(stripped))) > 1:
        match = _WHOLE.match(stripped := stripped.rpartition("\n")[2][:20])
        if match is None or len(stripped) > match.end(1) + 6:
            return []
    return _distinct([match[1].upper(), *_following(stripped, match.end(1))])


def _options(text: str) -> list[str]:
    """The letters of a text that lists options line by line and settles on none: a hedge."""
    leading = _distinct(_LEADING.findall(text))
    return leading if len(leading) > 1 else []


def _marked(text: str) -> list[str]:
    """The last letter in bold or brackets near the end of the text."""
    text = text[-_SHORT:]
    last = _last(_MARKED.finditer(text))
    if last is None:
        return []
    letter, end = last[1] or last[2], last.end()
    if _denied(text, last.start()) or _REJECTED.match(text, end):
        return [f"not {letter}"]
    return _distinct([letter, *_following(text, end), *_before(text, last.start())])


def _last_bare(text: str) -> list[str]:
    """The last capital letter standing alone; a sentence's first A and the pronoun I do not count.

    Read in short texts only: in a long one, letters name variables and reasoning that was cut off settles on none.
    """
    if len(text) > _SHORT:
        return []
    found = ""
    end = 0
    for match in _BARE.finditer(text):
        if match[0] in "AI" and re.match(r"\s(?!or\b|and\b)[a-z]", text[match.end() : match.end() + 5]):
            continue
        found, end = match[0], match.end()
    if found and (_denied(text, end - 1) or _REJECTED.match(text, end)):
        return [f"not {found}"]
    return _distinct([found, *_following(text, end), *_before(text, end - 1)]) if found else []


def _denied(text: str, position: int) -> bool:
    """Is the letter at `position` named as what the answer is not?"""
    return _DENIED.search(text[max(0, position - 30) : position]) is not None


def _following(text: str, position: int) -> list[str]:
    """Further letters joined to the one that ends at `position` by a comma, a slash, "or" or "and"."""
    found: list[str] = []
    while len(found) < len(LETTERS) and (match := _MORE.match(text, position)):
        found.append(match[1])
        position = match.end(1)
    return [*found, "none"] if _OR_NONE.match(text, position) else found


def _before(text: str, position: int) -> list[str]:
    """The letter joined by "or" / "and" to the one that starts at `position`."""
    start = max(0, position - 40)
    joined = _BEFORE.search(text, start, position)
    return [joined[1]] if joined else []


def _by_text(text: str, choices: Sequence[str]) -> str | None:
    """The option whose text is the answer: the whole of it, what follows "answer is", or alone in the last line."""
    stripped = text.strip()
    if not choices or not stripped:
        return None
    last_line = stripped.rpartition("\n")[2][-2000:]
    stated = re.split(r"(?i)\banswer(?:\sis|:)", last_line)[-1]
    for piece in (stripped[:2000], last_line, stated):
        if equal := _only([LETTERS[i] for i, option in enumerate(choices[:10]) if _same(option, piece)]):
            return equal
    inside = [i for i, option in enumerate(choices[:10]) if _phrase(option, last_line)]
    if any(_NOT.search(_plain(last_line).partition(_plain(choices[i]))[0]) for i in inside):
        return None
    # "New York City" also holds "New York": the longest option that contains the others is meant.
    inside = [i for i in inside if not any(i != j and _phrase(choices[i], choices[j]) for j in inside)]
    return LETTERS[inside[0]] if len(inside) == 1 else None


def _phrase(phrase: str, text: str) -> bool:
    plain = _plain(phrase)
    return bool(plain) and re.search(rf"(?<!\w){re.escape(plain)}(?!\w)", _plain(text)) is not None


def _same(left: str, right: str) -> bool:
    return _plain(left) == _plain(right) != ""


def _plain(text: str) -> str:
    return " ".join(text.split()).strip(" .,:;!*_`\"'$()").casefold()


def _only(found: Sequence[str]) -> str | None:
    return found[0] if len(found) == 1 else None


def _last(matches: Iterator[re.Match[str]]) -> re.Match[str] | None:
    match = None
    for match in matches:  # noqa: B007 - the last one is wanted
        pass
    return match


def _distinct(letters: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(letters))


EXAMPLES = {
    "choice": [
        (Sample("Paris is the capital, so the answer is (C).", "C"), 1.0),
        (Sample("It is either A or C.", "C"), 0.0),
        (Sample("**B. Oslo**", 1), 1.0),
        (Sample("Oslo", "B", info={"choices": ["Rome", "Oslo", "Paris", "Bern"]}), 1.0),
        (Sample("The answer is A. Wait, no. The answer is D.", "A"), 0.0),
    ]
}
