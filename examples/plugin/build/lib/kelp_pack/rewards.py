"""A reward: 1 when the answer holds the reference as a word."""

from holdfast import Sample, Score
from holdfast.registry import register


@register("kelp_word", version="1")
def kelp_word(sample: Sample, *, ignore_case: bool = True) -> Score:
    """1 when the reference is a word of the answer."""
    said, wanted = sample.text, str(sample.reference)
    if ignore_case:
        said, wanted = said.lower(), wanted.lower()
    return Score.of(wanted in said.split(), f"wanted the word {wanted!r}")
