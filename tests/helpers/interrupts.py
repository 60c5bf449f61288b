"""Ctrl-C in children of tests."""

import signal


def hear() -> None:
    """For `preexec_fn`: a shell's background job, as a test may be one, hands its children an ignored Ctrl-C."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
