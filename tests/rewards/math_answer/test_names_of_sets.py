"""Names that an answer may choose for what a set runs over, and one value that several names share."""

import pytest

from holdfast.reward import Reward
from holdfast.sample import Sample

PAIRS = [
    (r"\{2^n : n \in \mathbb{N}\}", r"\{2^k \mid k \in \mathbb{N}\}", 1.0),
    (r"\{2n : n \in \mathbb{N}\}", r"\{2m : m \in \mathbb{N}\}", 1.0),
    (r"\{2n : n \in \mathbb{N}\}", r"\{2m : m \in \mathbb{Z}\}", 0.0),
    (r"\{2^n : n \in \mathbb{N}\}", r"\{3^k \mid k \in \mathbb{N}\}", 0.0),
    (r"\{an : n \in \mathbb{N}\}", r"\{bn : n \in \mathbb{N}\}", 0.0),
    ("a=b=c=1", "(1,1,1)", 1.0),
    ("a=b=c=1", "a=1, b=1, c=1", 1.0),
    ("(1,1,1)", "x=y=z=1", 1.0),
    ("x=y=2", "(2,2)", 1.0),
    ("a=b=c=1", "(1,1)", 0.0),
    ("a=b=c=1", "a=b=1, c=2", 0.0),
    ("a=b=c=1", "(1,1,2)", 0.0),
    (r"f(x) = x \text{ for all } x", "f(x)=x", 1.0),
    (r"f(x)=x \text{ for all real } x", "f(t)=t", 1.0),
    ("f(x) = 0 for every x", "f(x)=1", 0.0),
]


@pytest.mark.parametrize(("reference", "answer", "value"), PAIRS)
def test_names(reference: str, answer: str, value: float) -> None:
    assert Reward("math").score(Sample(rf"\boxed{{{answer}}}", reference)).value == value
