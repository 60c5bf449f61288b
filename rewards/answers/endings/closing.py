"""What stands behind an answer out of courtesy: `I hope this helps! Let me know if you have any questions.`"""

import re

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
_HINT = re.compile(
    r"hope|hoff|espe|sper|semoga|know|free|hesitate|reach|you|is there|help|thank|luck|cheers|glad|does th|mich"
    r"|nadziej|[^\x00-\x7f]"
)
"""Without any of these in the lower-cased end of a text there is no courtesy."""
_TAIL, _MOST = 400, 3


def may_close(text: str) -> bool:
    """Could a courtesy stand at the end of a text?"""
    return _HINT.search(text[-_TAIL:].lower()) is not None


def without_closing(text: str) -> str:
    """The text without the courtesies at its end; a text of nothing else stays as it is."""
    for _ in range(_MOST):
        found = _CLOSING.search(text, max(0, len(text) - _TAIL)) if may_close(text) else None
        if found is None or not text[: found.start()].strip():
            break
        text = text[: found.start()].rstrip()
    return text
