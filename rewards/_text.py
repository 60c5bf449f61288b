"""What several rewards read out of a completion before they judge it."""

THINK_OPEN, THINK_CLOSE = "<think>", "</think>"


def answer_text(text: str) -> str:
    """The part of a completion that answers: what follows the last `</think>`, nothing while it still thinks."""
    _, closed, after = text.rpartition(THINK_CLOSE)
    if closed:
        return after
    return "" if text.lstrip().startswith(THINK_OPEN) else text


def quoted(text: str, limit: int = 60) -> str:
    """A short, printable quotation of the model's text for a reason: control characters and surrogates escaped."""
    return ascii(text if len(text) <= limit else text[:limit] + "…") if not _plain(text) else repr(text[:limit])


def _plain(text: str) -> bool:
    return text.isprintable() and len(text) <= 1000
