"""The OpenAPI document is kept: whatever schemathesis makes of it, every answer is one that it declares."""

import contextlib
from collections import Counter
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable

from holdfast.serve.app import make_app
from holdfast.serve.settings import Settings

pytestmark = pytest.mark.slow
REWARDS = ("numeric", "math", "choice", "ifeval")


def test_every_answer_is_declared() -> None:
    schemathesis = pytest.importorskip("schemathesis")
    _lines(schemathesis)
    app = make_app(Settings(rewards={name: name for name in REWARDS}, deadline=20.0))
    schema = schemathesis.openapi.from_asgi("/openapi.json", app)
    statuses: Counter[int] = Counter()
    operations = [found.ok() for found in schema.get_all_operations()]
    for operation in operations:
        _try(schemathesis, operation, statuses)
    assert len(operations) == 12  # all but the document itself
    assert statuses[200] > 50
    assert statuses[400] > 10


def _lines(schemathesis: Any) -> None:
    """How a stream's body is sent: as it is."""

    @schemathesis.serializer("application/x-ndjson")
    def as_it_is(context: Any, value: Any) -> bytes:
        return value if isinstance(value, bytes) else str(value).encode("utf-8", "replace")


def _try(schemathesis: Any, operation: Any, statuses: "Counter[int]") -> None:
    declared = set(operation.definition.raw["responses"])
    modes = schemathesis.GenerationMode
    strategies = [operation.as_strategy(generation_mode=mode) for mode in (modes.POSITIVE, modes.NEGATIVE)]

    for strategy in strategies:

        @settings(max_examples=30, deadline=None, derandomize=True, phases=[Phase.generate], suppress_health_check=ALL)
        @given(case=strategy)
        def check(case: Any) -> None:
            response = case.call()
            statuses[response.status_code] += 1
            assert str(response.status_code) in declared, f"{operation.label}: {response.status_code} {case.body!r}"
            case.operation.validate_response(response)

        with contextlib.suppress(Unsatisfiable):  # some operations take anything: nothing there is wrong
            check()


ALL = list(HealthCheck)
