"""`Retry-After` in each of its forms."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from holdfast.retry import retry_after


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("7", 7.0),
        (" 7 ", 7.0),
        ("0", 0.0),
        ("0.05", 0.05),
        ("9999999", 9999999.0),
        ("-3", 0.0),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0.0),
        ("soon", None),
        ("", None),
        ("nan", None),
        ("inf", None),
        ("1e9", None),
        ("٣", None),
    ],
)
def test_seconds_and_what_is_none(value: str, seconds: float | None) -> None:
    assert retry_after({"retry-after": value}) == seconds
    assert retry_after({"Retry-After": value}) == seconds


def test_a_date_to_come_is_waited_for() -> None:
    moment = format_datetime(datetime.now(UTC) + timedelta(seconds=100), usegmt=True)
    wait = retry_after({"Retry-After": moment})
    assert wait is not None and 90 < wait <= 100


def test_a_reply_without_one_asks_for_nothing() -> None:
    assert retry_after({"content-type": "text/plain"}) is None
