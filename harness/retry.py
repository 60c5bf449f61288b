"""How long a busy server asks to be left alone."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

_SECONDS = re.compile(r"\s*([+-]?\d+(?:\.\d+)?)\s*", re.ASCII)


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait by a reply's `Retry-After`, at least 0; None without one, or with one that cannot be read.

    Both forms of RFC 9110 section 10.2.3: seconds (a fraction too, as some servers send) and a date.
    """
    value = next((text for name, text in headers.items() if name.lower() == "retry-after"), "")
    if number := _SECONDS.fullmatch(value):
        return max(0.0, float(number[1]))
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    return max(0.0, (moment.astimezone(UTC) - datetime.now(UTC)).total_seconds())
