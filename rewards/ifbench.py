"""IFBench: does the response follow every constraint of its prompt? 58 constraints, IFEval's 25 and IFTrain's 30."""

from typing import Literal

from holdfast.registry import register
from holdfast.rewards.answers.text import answer_text
from holdfast.rewards.instructions import (
    ifbench_corrected,
    ifbench_formats,
    ifbench_tasks,
    ifbench_words,
    ifeval_corrected,
    ifeval_upstream,
    iftrain,
)
from holdfast.rewards.instructions.check import BadReferenceError, judge, read_reference
from holdfast.sample import Sample, Score

_UPSTREAM = {**ifbench_words.CHECKERS, **ifbench_formats.CHECKERS, **ifbench_tasks.CHECKERS}
_CHECKERS = {
    "upstream": {**iftrain.CHECKERS, **ifeval_upstream.CHECKERS, **_UPSTREAM},
    "corrected": {**iftrain.CHECKERS, **ifeval_corrected.CHECKERS, **_UPSTREAM, **ifbench_corrected.CHECKERS},
}


@register("ifbench", version="2", safe_options=("mode", "strict", "graded"))
def ifbench(
    sample: Sample,
    *,
    mode: Literal["upstream", "corrected"] = "upstream",
    strict: bool = True,
    graded: bool = False,
) -> Score:
    """Does the response follow every constraint of its prompt (IFBench's 58, IFEval's 25 and IFTrain's 30)?

    The reference is `{"instruction_id_list": […], "kwargs": […]}`, or IF-RLVR's `[{"instruction_id": […], "kwargs":
    […]}, …]`, or the text of either; for training write constraints with arguments of your own, of all families
    together. Only what follows the thought is judged. 1.0 when all are followed; with `graded` the share that is.
    Each one is in `parts`. `mode="upstream"` gives the official checker's verdicts; `"corrected"` mends those that an
    empty shell of an answer passes (docs/ifeval.md). `strict=False` also tries the text without its first line, last
    line and asterisks. An unknown constraint or a bad argument is unjudgeable.
    Source: arXiv 2507.02833, allenai/IFBench at db69a6f.
    """
    try:
        return judge(answer_text(sample.text), read_reference(sample.reference), _CHECKERS[mode], strict, graded)
    except BadReferenceError as error:
        return Score.unjudgeable(str(error))


_REFERENCE = {
    "instruction_id_list": ["count:numbers", "words:no_consecutive"],
    "kwargs": [{"N": 1}, {}],
}
EXAMPLES = {
    "ifbench": [
        (Sample("Paris was made capital in 987.", _REFERENCE), 1.0),
        (Sample("Paris became capital city in 987 or 988.", _REFERENCE), 0.0),
    ]
}
