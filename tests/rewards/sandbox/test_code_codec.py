"""The codec: exact round trips, and nothing but plain values from hostile data."""

import json
from collections import Counter, OrderedDict, deque
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.rewards.sandbox.inside.protocol.codec import TYPES, CodecError, assign, decode, encode

scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary()
scalars |= st.complex_numbers(allow_nan=False) | st.decimals(allow_nan=False) | st.fractions() | st.dates()
hashable = st.recursive(scalars, lambda inner: st.tuples(inner, inner) | st.frozensets(inner, max_size=3), max_leaves=5)
values = st.recursive(
    hashable,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(hashable, inner, max_size=4)
        | st.sets(hashable, max_size=4)
        | st.builds(deque, st.lists(inner, max_size=3), st.none() | st.integers(3, 9))
        | st.builds(bytearray, st.binary())
        | st.builds(Counter, st.lists(hashable, max_size=4))
        | st.builds(OrderedDict, st.dictionaries(hashable, inner, max_size=3))
    ),
    max_leaves=15,
)
junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6) | st.sampled_from(sorted(TYPES)),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(max_size=3), inner, max_size=2)
        | st.builds(
            lambda tag, rest: [tag, *rest],
            st.sampled_from(list("iltszdOCfqbBcreTDQ") + ["dx", "dt", "dd", "o", "j"]),
            st.lists(inner, max_size=4),
        )
    ),
    max_leaves=12,
)


@given(values)
@settings(max_examples=300, deadline=None)
def test_values_cross_exactly(value: Any) -> None:
    back = decode(json.loads(json.dumps(encode(value))))
    assert back == value and _types(back) == _types(value)


@given(junk)
@settings(max_examples=500, deadline=None)
def test_hostile_data_gives_plain_values_or_an_error(data: Any) -> None:
    try:
        value = decode(data)
    except CodecError:
        return
    assert _plain(value)


@pytest.mark.parametrize("value", [object(), len, json, type("A", (int,), {})(3), iter([]), lambda: 0, Exception()])
def test_other_types_are_refused(value: Any) -> None:
    with pytest.raises(CodecError):
        encode(value)


def test_depth_is_bounded_both_ways() -> None:
    deep: list[Any] = []
    data: list[Any] = ["l", []]
    for _ in range(5000):
        deep = [deep]
        data = ["l", [data]]
    with pytest.raises(CodecError):
        encode(deep)
    with pytest.raises(CodecError):
        decode(data)


@given(values, values)
@settings(max_examples=200, deadline=None)
def test_assign_gives_the_new_content_in_place(old: Any, new: Any) -> None:
    keep = old
    result = assign(old, new)
    assert result == new
    if type(old) is type(new) and type(old) in (list, dict, set, bytearray):
        assert result is keep


def _types(value: Any) -> Any:
    if isinstance(value, list | tuple | deque):
        return type(value), [_types(item) for item in value]
    if isinstance(value, dict):
        return type(value), [(_types(k), _types(v)) for k, v in value.items()]
    return type(value)


def _plain(value: Any) -> bool:
    if isinstance(value, type):
        return value in TYPES.values()
    return type(value).__module__ in ("builtins", "collections", "decimal", "fractions", "datetime")
