"""XML output: well formed, with the elements asked for.

Traps: entity expansion ("billion laughs") and external entities: a document type is refused before it is read.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Any
from xml.parsers import expat

from holdfast.errors import UsageError
from holdfast.registry import register
from holdfast.rewards.answers.text import answer_text, quoted
from holdfast.sample import Sample, Score

_SIZE = 1_000_000
_DEPTH = 200


class _RefusedError(Exception):
    """The document does something that is not allowed here."""


def _check(*, elements: Sequence[str], **_: object) -> None:
    if isinstance(elements, str) or not all(isinstance(name, str) and name for name in elements):
        raise UsageError(f"option 'elements' of reward 'xml_format' must be a list of names, not {elements!r:.60}")


@register("xml_format", version="1", needs_reference=False, check=_check, safe_options=("root", "elements"))
def xml_format(sample: Sample, *, root: str = "", elements: Sequence[str] = ()) -> Score:
    """Is the completion one well-formed XML document with the elements asked for?

    `root` names the outermost element, `elements` (or the reference, a list of names) those that must occur. The
    whole answer (text after `</think>`) must be the document; a code fence around it is allowed. A document type,
    nesting deeper than 200 and texts of over a million characters are refused. Source: XML 1.0, read by expat.
    """
    names = elements or _names(sample.reference)
    if names is None:
        return Score.unjudgeable(f"the reference must be a list of element names, not {sample.reference!r:.60}")
    text = _unfenced(answer_text(sample.text).strip())
    fault, found, outer = _parse(text)
    if fault:
        return Score.of(False, fault, parses=0.0)
    parts = {name: float(found[name] > 0) for name in names}
    missing = [name for name in names if not found[name]]
    if root and outer != root:
        return Score.of(False, f"the root is <{quoted(outer)}>, not <{root}>", outer, parses=1.0, **parts)
    reason = f"missing {', '.join(f'<{name}>' for name in missing)}" if missing else "well formed"
    return Score.of(not missing, reason, outer, parses=1.0, **parts)


def _names(reference: Any) -> Sequence[str] | None:
    if reference is None or reference == "":
        return ()
    if isinstance(reference, list | tuple) and all(isinstance(name, str) for name in reference):
        return reference
    return None


def _unfenced(text: str) -> str:
    if text.startswith("```") and text.endswith("```") and "\n" in text:
        return text.partition("\n")[2].removesuffix("```").strip()
    return text


def _parse(text: str) -> tuple[str, Counter[str], str]:
    """What is wrong (or ""), how often each element occurs, and the root's name."""
    found: Counter[str] = Counter()
    path: list[str] = []
    if len(text) > _SIZE:
        return f"{len(text)} characters, at most {_SIZE} are read", found, ""

    def start(name: str, _: object) -> None:
        path.append(name)
        found[name] += 1
        if len(path) > _DEPTH:
            raise _RefusedError(f"nested deeper than {_DEPTH}")

    def refuse(*_: object) -> None:
        raise _RefusedError("a document type is not allowed")

    parser = expat.ParserCreate("utf-8")
    parser.StartElementHandler = start
    parser.EndElementHandler = lambda _: path.pop()
    parser.StartDoctypeDeclHandler = refuse
    try:
        parser.Parse(text.encode("utf-8"), True)
    except expat.ExpatError as error:
        return f"not XML: {expat.errors.messages.get(error.code, error)} in line {error.lineno}", found, ""
    except (_RefusedError, UnicodeEncodeError) as error:
        return f"not accepted: {quoted(str(error))}", found, ""
    return "", found, next(iter(found), "")


EXAMPLES = {
    "xml_format": [
        (Sample("<answer><city>Paris</city></answer>", ["city"]), 1.0),
        (Sample("<answer><city>Paris</answer>", ["city"]), 0.0),
    ]
}
