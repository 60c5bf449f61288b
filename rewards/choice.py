"""Multiple choice: which option letter a completion settles on.

A row of MMLU as the harness sees it (choices come in `info`, the reference is a letter or an index):

    {"prompt": "… Answer with the letter.", "choices": ["Rome", "Oslo", "Paris", "Bern"], "answer": 2}

What models write: `C`, `(C)`, `C.`, `**C. Paris**`, `The answer is (C)`, `\\boxed{\\text{C}}`, `Answer: Paris`,
and hedges: `A or C`, `A, B, C, D`.
"""

import re
from collections.abc import Sequence
from typing import Any, Literal

from holdfast.registry import register
from holdfast.rewards.answers.options import LETTERS, letters
from holdfast.rewards.answers.places import MARKER, Which, extract
from holdfast.rewards.answers.text import Stop, final_part
from holdfast.rewards.answers.unmarked import breaks_off
from holdfast.rewards.answers.words.hedges import denied, unknown
from holdfast.rewards.answers.words.languages import cues
from holdfast.sample import Sample, Score

_LONGEST = 2000
_REMARK = re.compile(r",?\s(?:not|rather than|instead of)\s.*$", re.IGNORECASE | re.DOTALL)
_WRAPPED = re.compile(r"\\(?:text|textbf|mathrm|mathbf)\s?\{([^{}]*)\}")
_SUBJECT = re.compile(r"(?:it|this|that|they|(?:i (?:think|believe|guess|say)(?: it is| it['’]s)?))\s", re.IGNORECASE)
"""Before an option's text that is the whole answer: `It increases`, `I think glycolysis`."""
_ARTICLE = re.compile(r"^(?:the|an?)\s(?=\w{2})")
_LONE = re.compile(r"[A-J][.)]?\s+\w{2}")
_SENTENCES = re.compile(r"[.!?]\s+|\n")
_IS = re.compile(
    r"(?:(?:\b(?:it|that)['’]s|\b(?:is|are|was|were|be))\s+(?:(?:the|an?|called|named)\s+)?|[:=]\s*)\Z", re.IGNORECASE
)
_OPEN_QUESTION = re.compile(r"\b(?:could|might|may|maybe|perhaps|possibly|or|either|if|whether)\b|\?", re.IGNORECASE)


@register("choice", version="8", safe_options=("index_base", "require", "which", "stop"))
def choice(
    sample: Sample,
    *,
    index_base: Literal[0, 1] = 0,
    require: Literal["any", "marked"] = "any",
    which: Which = "last",
    stop: Stop = "question",
) -> Score:
    """Does the completion settle on the right option letter (A to J)?

    The reference is a letter (`"C"`, `"(C)"`), an index counted from `index_base`, or, when `info["choices"]` is
    there, an option's text. A letter counts with a cue in any language ("the answer is (C)", `Antwort: C`, a box) or as
    the whole answer (`require="marked"` demands the cue); of several statements the last counts (`which`: last, first,
    agreeing); two letters in one statement ("A or C"), or boxes that disagree, are a hedge and wrong, and "not B"
    chooses nothing. With `info["choices"]` the option's text is read where no letter is stated. A run-on into a next
    question ends the answer (`stop`), a thought does not count. Unjudgeable when the reference names no option.
    Follows MMLU-Pro's letter extraction (arXiv 2406.01574), made strict about hedges.
    """
    choices = _choices(sample)
    expected = _reference_letter(sample.reference, choices, index_base)
    if expected is None:
        return Score.unjudgeable(f"reference {sample.reference!r:.80} names no option letter, index or choice")
    text = final_part(sample.text, stop)
    found = None if _named_first(text, choices, require) else letters(text, require, which)
    if found is None and (by_text := _by_text(text, choices, require)):
        found = [by_text]
    if found and len(found) > 1:
        return Score.of(False, f"hedge: {' and '.join(found)} in one answer", ",".join(found))
    if not found:
        return Score.of(False, "no option letter is stated")
    return Score.of(found[0] == expected, f"chose {found[0]}, expected {expected}", found[0])


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


def _named_first(text: str, choices: Sequence[str], require: str) -> bool:
    """Does the text name an option that itself begins like a letter (`E. coli`, `B cells`, `A dog`)?"""
    return any(_LONE.match(option) for option in choices) and _by_text(text, choices, require) is not None


def _by_text(text: str, choices: Sequence[str], require: str) -> str | None:
    """The option whose text is the answer: the whole of it, what a cue announces, or how its last sentence ends."""
    stripped = text.strip()
    if not choices or not stripped or len(choices) > len(LETTERS):
        return None
    extraction = extract(stripped, "marked")
    announced = [cue.end() for cue in [*MARKER.finditer(stripped), *cues(stripped)]]
    stated = stripped[max(announced) :] if announced else ""
    last_line = stripped.rpartition("\n")[2]
    pieces = [*extraction.parts, stated, *([stripped, last_line] if require == "any" else [])]
    for piece in pieces:
        if equal := _only(
            [LETTERS[i] for i, option in enumerate(choices) if _names(piece[:_LONGEST], option, LETTERS[i])]
        ):
            return equal
    if stated and not denied(stripped[: max(announced)]) and (begun := _begun(stated, choices)):
        return begun
    return _concluded(_SENTENCES.split(last_line.rstrip(" .!*"))[-1], choices) if require == "any" else None


def _begun(stated: str, choices: Sequence[str]) -> str | None:
    """The option that a statement begins with: `The answer is Paris, the capital.`"""
    sentence = _plain(_SENTENCES.split(stated[:_LONGEST])[0])
    if _OPEN_QUESTION.search(sentence):
        return None
    found = [
        i for i, option in enumerate(choices) if re.match(rf"(?:the |an? )?{re.escape(_plain(option))}(?!\w)", sentence)
    ]
    longest = [i for i in found if not any(i != j and _phrase(choices[i], choices[j]) for j in found)]
    return LETTERS[longest[0]] if len(longest) == 1 else None


def _concluded(sentence: str, choices: Sequence[str]) -> str | None:
    """The option that a finished sentence ends with, behind its verb: `The capital of France is Paris.`"""
    plain = " ".join(_REMARK.sub("", sentence).split()).strip(" .,:;!*_`\"'$").casefold()
    if len(plain) > _LONGEST or _OPEN_QUESTION.search(plain) or unknown(sentence) or breaks_off(sentence):
        return None
    found = []
    for i, option in enumerate(choices):
        before = plain.removesuffix(_plain(option))
        if _plain(option) and before != plain and _IS.search(before) and not denied(before):
            found.append(i)
    longest = [i for i in found if not any(i != j and _phrase(choices[i], choices[j]) for j in found)]
    return LETTERS[longest[0]] if len(longest) == 1 else None


def _phrase(phrase: str, text: str) -> bool:
    plain = _plain(phrase)
    return bool(plain) and re.search(rf"(?<!\w){re.escape(plain)}(?!\w)", _plain(text)) is not None


def _same(left: str, right: str) -> bool:
    return _plain(left) == _plain(right) != ""


def _names(text: str, option: str, letter: str) -> bool:
    """Is it the option's text, with its letter before it or without?"""
    answer = _SUBJECT.sub("", text.strip())
    return _same(option, text) or _same(f"{letter} {option}", text) or _same(option, answer)


def _plain(text: str) -> str:
    text = _WRAPPED.sub(r"\1", text) if "\\" in text else text
    return _ARTICLE.sub("", " ".join(text.split()).strip(" .,:;!*_`\"'$()").casefold())


def _only(found: Sequence[str]) -> str | None:
    return found[0] if len(found) == 1 else None


EXAMPLES = {
    "choice": [
        (Sample("Paris is the capital, so the answer is (C).", "C"), 1.0),
        (Sample("It is either A or C.", "C"), 0.0),
        (Sample("**B. Oslo**", 1), 1.0),
        (Sample("Oslo", "B", info={"choices": ["Rome", "Oslo", "Paris", "Bern"]}), 1.0),
        (Sample("The answer is A. Wait, no. The answer is D.", "A"), 0.0),
    ]
}
