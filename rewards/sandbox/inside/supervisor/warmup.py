"""Warm-up: the forkserver plays both parts of a small test before it forks any process.

A forked process copies every page that it writes to. What has been played once writes less: the interpreter has
specialised the code, resolved attributes and symbols. The piece is fixed, so nothing of any job is in it.
"""

import os
import sys

from ..candidate import candidate
from ..judge import judge

_PIECE = {
    "style": "asserts",
    "program": "import math\n\ndef rehearse(items):\n    total = 0\n    for item in items:\n        total += item\n"
    "    return total\n",
    "tests": ["assert rehearse([1, 2]) == 3", "assert rehearse((4,)) == 4, 'never'"],
    "prompt": "",
}
_ROUNDS = 12
"""Python 3.11 specialises code after 8 uses."""


def warm_up() -> None:
    """Play the candidate's part, then the judge's, each against a forked partner."""
    arguments = list(sys.argv)
    for as_judge in (False, True):
        _play(as_judge)
    sys.argv = arguments
    sys.modules.pop(candidate.MODULE, None)


def _play(as_judge: bool) -> None:
    ask_read, ask_write = os.pipe()
    answer_read, answer_write = os.pipe()
    report = os.open("/dev/null", os.O_WRONLY)
    partner = os.fork()
    try:
        if as_judge == (partner != 0):
            for fd in (ask_read, answer_write):
                os.close(fd)
            for _ in range(_ROUNDS):
                judge.judge(_PIECE, answer_read, ask_write, report, "rehearsal")
        else:
            for fd in (ask_write, answer_read):
                os.close(fd)
            candidate.Candidate(ask_read, answer_write).run()
    finally:
        if partner == 0:
            os._exit(0)
    for fd in (answer_read, ask_write) if as_judge else (ask_read, answer_write):
        os.close(fd)
    os.close(report)
    os.waitpid(partner, 0)
