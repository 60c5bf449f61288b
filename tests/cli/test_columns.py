"""One spelling of columns in every verb that reads them: `columns.<ours>=<theirs>`."""

import pytest

from holdfast.cli import compare, data, sample, score
from holdfast.cli.grammar import bind
from holdfast.errors import UsageError


def test_every_verb_reads_it() -> None:
    for prefix in ("", "data."):
        made = bind(data.Options, {f"{prefix}columns.prompt": "question", f"{prefix}columns.reference": "a.0"}, "data")
        assert made.columns == ["prompt:question", "reference:a.0"]
        assert bind(sample.Options, {"model": "m", f"{prefix}columns.prompt": "q"}, "sample").prompt == "q"
        assert bind(score.Options, {"reward": "math", f"{prefix}columns.completion": "c"}, "score").completion == "c"
        assert bind(compare.Options, {f"{prefix}columns.score": "s"}, "compare").score == "s"
    both = bind(data.Options, {"columns": "[prompt:q]", "columns.completion": "c"}, "data")
    assert both.columns == ["prompt:q", "completion:c"]


def test_an_unknown_one_is_named() -> None:
    with pytest.raises(UsageError, match="did you mean 'prompt'"):
        bind(sample.Options, {"model": "m", "columns.promt": "q"}, "sample")


def test_training_reads_it_too() -> None:
    from holdfast.cli.train import _split

    assert _split(["columns.prompt=q", "trainer=sft"])[0] == ["data.columns.prompt=q", "trainer=sft"]
