"""Lists of addresses: what they come to."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.config.networks import NetworkTable, addresses, circles, members
from relay.config.spans import EVERYTHING, Spans, covers, joined, read_span, without

TABLES = {
    name: NetworkTable(name, members(of))
    for name, of in {
        "internal": ["10.0.0.0/8", "fd00::/8", "!lab"],
        "lab": "10.9.0.0/16",
        "outside": ["!internal"],
    }.items()
}


@pytest.mark.parametrize(
    ("of", "inside", "outside"),
    [
        ("any", ["10.1.1.1", "::1"], []),
        ("Any", ["10.1.1.1", "::1"], []),
        ("internal", ["10.1.1.1", "fd00::1"], ["10.9.1.1", "11.0.0.0", "192.0.2.1"]),
        ("!internal", ["10.9.1.1", "192.0.2.1", "2001:db8::1"], ["10.1.1.1", "fd00::1"]),
        (["outside"], ["10.9.1.1", "192.0.2.1"], ["10.1.1.1"]),
        (["internal", "lab"], ["10.9.1.1"], ["192.0.2.1"]),
        (["any", "!192.0.2.0/24"], ["10.1.1.1"], ["192.0.2.7"]),
        ("192.0.2.7 - 192.0.2.9", ["192.0.2.7", "192.0.2.9"], ["192.0.2.6", "192.0.2.10"]),
        ("::ffff:192.0.2.0/120", ["192.0.2.9"], ["192.0.3.1", "::1"]),
        ("2001:db8::1-2001:db8::f", ["2001:db8::9"], ["2001:db8::10"]),
    ],
)
def test_what_a_list_comes_to(of: object, inside: list[str], outside: list[str]) -> None:
    spans = addresses(members(of), TABLES)
    assert [one for one in inside if not holds(spans, one)] == []
    assert [one for one in outside if holds(spans, one)] == []


def holds(spans: Spans, text: str) -> bool:
    address = ipaddress.ip_address(text)
    return any(v == address.version and low <= int(address) <= high for v, low, high in spans)


@pytest.mark.parametrize(
    "text", ["10.0.0.1-::1", "10.0.0.1-", "-", "10.0.0.300", "a/8", "1.2.3.4/33"]
)
def test_what_is_no_span(text: str) -> None:
    assert isinstance(read_span(text), str)


def test_each_circle_once() -> None:
    tables = {
        name: NetworkTable(name, members(of))
        for name, of in {"a": ["b"], "b": ["c"], "c": ["b", "!c"], "d": "nowhere"}.items()
    }
    assert list(circles(tables)) == [("b", "c", "b"), ("c", "c")]


SPAN = st.tuples(st.just(4), st.integers(0, 40), st.integers(0, 40)).map(
    lambda s: (s[0], min(s[1:]), max(s[1:]))
)
SPANS = st.lists(SPAN, max_size=5).map(tuple)


def values(spans: Spans) -> set[int]:
    return {value for _, low, high in spans for value in range(low, high + 1)}


@given(SPANS, SPANS)
def test_the_algebra_is_that_of_sets(one: Spans, other: Spans) -> None:
    assert values(joined(one)) == values(one)
    assert values(without(one, other)) == values(one) - values(other)
    assert covers(one, other) is (values(one) >= values(other))
    assert covers(EVERYTHING, one)
    assert all(a[2] + 1 < b[1] for a, b in zip(joined(one), joined(one)[1:], strict=False))
