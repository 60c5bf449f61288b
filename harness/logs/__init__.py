"""Where messages go: what concerns a run to the screen, above its line of progress; everything to the run's `run.log`.

The libraries below say errors alone on the screen; their warnings are in run.log. `-q` leaves warnings and results,
`-v` shows the libraries' notices too.
"""

from holdfast.logs.libraries import LIBRARIES
from holdfast.logs.quiet import quiet_libraries
from holdfast.logs.run_log import FILE, kept_in
from holdfast.logs.screen import RUN, Masked, ScreenHandler, Verbosity, configure, is_set_up, notice, verbosity

__all__ = [
    "FILE",
    "LIBRARIES",
    "RUN",
    "Masked",
    "ScreenHandler",
    "Verbosity",
    "configure",
    "is_set_up",
    "kept_in",
    "notice",
    "quiet_libraries",
    "verbosity",
]
