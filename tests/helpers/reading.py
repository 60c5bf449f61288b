"""What keeps a reader from a page: headers without text, labels that are cut, pale text, regions no key reaches."""

from pathlib import Path
from typing import Any

_FOUND = Path(__file__).with_suffix(".js")


def hindrances(page: Any, within: str = "body") -> list[str]:
    """What a page as it is now keeps from its readers, one line each, in the element of a selector. The contrast is
    WCAG's, 4.5, or 3 for large text; labels that end in … must have their whole text as a title."""
    return list(page.evaluate(_FOUND.read_text(encoding="utf-8"), within))
