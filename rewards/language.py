"""Which language the completion is written in."""

from holdfast.errors import UsageError, suggestion
from holdfast.registry import register
from holdfast.rewards.answers.text import answer_text
from holdfast.rewards.instructions.language import detect, known, matches
from holdfast.sample import Sample, Score


def _check(*, language: str) -> None:
    if language and language not in known():
        raise UsageError(f"reward 'language' does not know the code {language!r}{suggestion(language, known())}")


@register("language", version="1", needs_reference=False, check=_check, safe_options=("language",))
def language(sample: Sample, *, language: str = "") -> Score:
    """Is the answer written in the language asked for?

    The language is the option or else the reference, an ISO 639-1 code ("en", "de", "zh" for either Chinese script).
    Text after `</think>` decides; a text without a detectable language is wrong. Detection (langdetect, seeded, 55
    languages) is a matter of luck below some 20 letters. Unjudgeable for a code the detector does not know.
    Source: Nakatani Shuyo's language-detection, as in IFEval.
    """
    expected = language or sample.reference
    if not isinstance(expected, str) or expected not in known():
        return Score.unjudgeable(f"not a known language code: {expected!r:.40}")
    text = answer_text(sample.text)
    found = detect(text)
    if found is None:
        return Score.of(False, "no language can be detected")
    return Score.of(matches(text, expected), f"written in {found}, {expected} asked", found)


EXAMPLES = {
    "language": [
        (Sample("Die Hauptstadt von Frankreich ist Paris, eine sehr schöne Stadt.", "de"), 1.0),
        (Sample("The capital of France is Paris, a very beautiful city.", "de"), 0.0),
    ]
}
