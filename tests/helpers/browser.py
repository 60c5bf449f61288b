"""Waiting for a page in Chromium."""

from typing import Any

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
_TRIES, _PAUSE_MS = 1500, 20


def until(page: Any, expression: str, *given: Any) -> None:
    """Wait until a JavaScript expression holds, half a minute at most. The page is asked from outside each time:
    Playwright's own waiting evaluates the text inside it, which the page's content security policy forbids."""
    for _ in range(_TRIES):
        if page.evaluate(expression, *given):
            return
        page.wait_for_timeout(_PAUSE_MS)
    raise AssertionError(f"the page never came to {expression}")
