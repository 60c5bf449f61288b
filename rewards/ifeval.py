"""IFEval: does the response follow every verifiable instruction of its prompt?"""

from typing import Literal

from holdfast.registry import register
from holdfast.rewards.answers.text import answer_text
from holdfast.rewards.instructions import ifeval_corrected, ifeval_upstream, iftrain
from holdfast.rewards.instructions.check import BadReferenceError, judge, read_reference
from holdfast.sample import Sample, Score

_CHECKERS = {
    "upstream": {**iftrain.CHECKERS, **ifeval_upstream.CHECKERS},
    "corrected": {**iftrain.CHECKERS, **ifeval_corrected.CHECKERS},
}


@register("ifeval", version="2", safe_options=("mode", "strict", "graded"))
def ifeval(
    sample: Sample,
    *,
    mode: Literal["upstream", "corrected"] = "upstream",
    strict: bool = True,
    graded: bool = False,
) -> Score:
    """Does the response follow every verifiable instruction of its prompt (IFEval's 25 types)?

    The reference is `{"instruction_id_list": […], "kwargs": […]}` as in the data set (or IF-RLVR's
    list of such rows, or the text of either). Only what follows the thought is judged. 1.0 when all are followed;
    with `graded` the share that is. Each instruction is in `parts`. `mode="upstream"` gives the official checker's
    verdicts, for scores that compare with published ones; `"corrected"` mends its known faults and is the better
    training reward (docs/ifeval.md lists each). `strict=False` also tries the text without its first line, last
    line and asterisks. An empty response follows nothing; an unknown instruction or a bad argument is unjudgeable.
    Source: arXiv 2311.07911, google-research/instruction_following_eval.
    """
    try:
        return judge(answer_text(sample.text), read_reference(sample.reference, "en:"), _CHECKERS[mode], strict, graded)
    except BadReferenceError as error:
        return Score.unjudgeable(str(error))


_REFERENCE = {
    "instruction_id_list": ["punctuation:no_comma", "length_constraints:number_words"],
    "kwargs": [{}, {"relation": "less than", "num_words": 10}],
}
EXAMPLES = {
    "ifeval": [
        (Sample("Paris is the capital of France.", _REFERENCE), 1.0),
        (Sample("Well, Paris is the capital of France.", _REFERENCE), 0.0),
    ]
}
