"""What stands behind an answer out of courtesy: `I hope this helps! Let me know if you have any questions.`"""

import re

from holdfast.rewards.answers.words.looks import ascii_words, looked_for

_REST = r"[^.!?。！？\n\d\\$]"
_COURTESIES = (
    rf"(?:i )?hope (?:this|that|it|these|my)\b{_REST}{{0,60}}(?:help|clear|clarif|sense|correct|useful|answer)"
    rf"{_REST}{{0,40}}",
    rf"(?:please |just )?(?:let me know|feel free|do(?: not|n['’]t) hesitate|reach out){_REST}{{0,120}}",
    rf"if you (?:have|need|want|would like|['’]d like){_REST}{{0,120}}",
    rf"(?:is there|do you have|would you like|do you (?:need|want)|can i help|does (?:this|that)){_REST}{{0,100}}\?",
    r"(?:have a (?:great|nice|good)|good luck|happy to help|thank you|thanks|cheers|glad to)"
    rf"{_REST}{{0,60}}",
    r"(?:¡?espero que|ich hoffe|lass mich wissen|j['’]espère|n['’]hésitez|spero che|espero ter|надеюсь|希望|如有"
    rf"|如果您|お役に立|ご質問|도움이 되|궁금한|أتمنى|आशा है|semoga|hy vọng|umarım|mam nadzieję){_REST}{{0,80}}",
)
_SMILES = r"(?:\s*[\u2600-\u27bf\U0001f300-\U0001faff\ufe0f:)-]+)?"
_CLOSING = re.compile(
    rf"(?:\s|(?<=[.!?。！？*)}}\]$]))(?:{'|'.join(_COURTESIES)})[.!?。！？]*{_SMILES}\s*\Z", re.IGNORECASE
)
_HINTS = looked_for("hope me feel hesitate reach you have good happy thank glad espero ich lass spero")
_BEGINNINGS = ("thanks", "cheers", "semoga")
"""Without any of these words or beginnings behind the last sentence's last digit or formula an ASCII text has no
courtesy."""
_LAST_BREAK = re.compile(r".*[.!?\n\d\\$]", re.DOTALL)
_AROUND = " \t\r\n.!?:)-"
_TAIL, _NEAR, _MOST = 400, 240, 3


def _may_close(text: str) -> bool:
    tail = text.rstrip()[-_NEAR:].lower()
    bare = tail.rstrip(_AROUND)
    if not tail.isascii() or "?" in tail[len(bare) :]:
        return True
    found = _LAST_BREAK.match(bare)
    last = bare[found.end() :] if found else bare
    return not _HINTS.isdisjoint(ascii_words(last)) or any(word in last for word in _BEGINNINGS)


def without_closing(text: str) -> str:
    """The text without the courtesies at its end; a text of nothing else stays as it is."""
    for _ in range(_MOST):
        found = _CLOSING.search(text, max(0, len(text) - _TAIL)) if _may_close(text) else None
        if found is None or not text[: found.start()].strip():
            break
        text = text[: found.start()].rstrip()
    return text
