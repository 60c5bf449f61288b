"""What a program said, fit for a reason: no control characters, whatever terminal or page shows it."""


def printable(text: str) -> str:
    """The text with control characters (but line ends) and lone surrogates escaped."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c == "\n" else c.encode("unicode_escape").decode() for c in text)
