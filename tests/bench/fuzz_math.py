"""Coverage-guided fuzzing of the `math` reward with atheris (install it by hand; it is no dependency).

    python tests/bench/fuzz_math.py CORPUS_DIRECTORY -max_total_time=600

Fails on any exception of the judge, on a verdict that takes longer than two seconds of CPU time, and on an answer that
is not equal to itself.
"""

import sys
import time

import atheris

with atheris.instrument_imports(include=["holdfast.rewards.math_answer"]):
    from holdfast.rewards.math_answer.judge import judge
    from holdfast.rewards.math_answer.references import BadReferenceError, reference_parts
    from holdfast.rewards.math_answer.settings import Settings

SETTINGS = Settings()
PIECES = (
    *"0123456789+-*/^_=<>(){}[]|,.;:!%&$ xyznieaC",
    *("\\frac", "\\sqrt", "\\boxed{", "\\pi", "\\text{", "\\{", "\\}", "\\left(", "\\right)", "\\begin{pmatrix}"),
    *("\\end{pmatrix}", "\\\\", "\\cup", "\\in", "\\le", "\\pm", "\\sum_{", "\\infty", "\\sin", "\\log_", "^\\circ"),
    *(" or ", "#### ", "</think>", "the answer is ", "\\int_", "\\lim_{", "\\mathbb{R}", "\\binom", "\\pmod", " cm"),
)


def text_of(data: bytes) -> str:
    """Half the inputs are bytes as text, half are pieces of mathematics."""
    if data[:1] > b"\x7f":
        return data[1:].decode("utf-8", "ignore")
    return "".join(PIECES[byte % len(PIECES)] for byte in data[1:])


def one(data: bytes) -> None:
    """Judge one pair."""
    middle = len(data) // 2
    text, reference = text_of(data[:middle]), text_of(data[middle:])
    start = time.process_time()
    try:
        judge(text, reference, SETTINGS)
        parts = reference_parts(reference)
        if len(parts) == 1 and parts[0] == reference and "box" not in reference and "\\" not in reference[-1:]:
            found = judge(f"\\boxed{{{reference}}}", reference, SETTINGS)
            balanced = reference.count("{") == reference.count("}")
            if found.extraction.parts == (reference,) and balanced:
                assert found.verdict.equal or found.pending, (reference, found)
    except BadReferenceError:
        pass
    assert time.process_time() - start < 2, (text, reference)


if __name__ == "__main__":
    atheris.Setup(sys.argv, one)
    atheris.Fuzz()
