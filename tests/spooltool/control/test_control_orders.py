"""Orders: which hosts a pattern names, and the relay's file of them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spooltool.control.orders import (
    MAX_ORDERS,
    Order,
    blocking,
    decode_orders,
    encode_orders,
    read_pattern,
)
from spooltool.spool.hosts import HostPort

NOW = 1795543999.0


@pytest.mark.parametrize(
    ("text", "usual"),
    [
        ("10.1.5.2", "10.1.5.2"),
        ("MX1.Example.NET:2525", "mx1.example.net:2525"),
        ("[2001:DB8::1]:25", "[2001:db8::1]:25"),
        ("2001:db8::1", "[2001:db8::1]"),
        ("*.Example.DE", "*.example.de"),
        (".example.de", "*.example.de"),
        (".example.de:25", "*.example.de:25"),
        ("mx*.example.de", "mx*.example.de"),
        ("**", "*"),
        ("*", "*"),
    ],
)
def test_a_pattern_has_one_spelling(text: str, usual: str) -> None:
    pattern = read_pattern(text)
    assert str(pattern) == usual
    assert read_pattern(usual) == pattern


@pytest.mark.parametrize(
    "text", ["", ".", "a b", "@example.de", "host:", "host:0", "*:70000", "{a,b}", "a/24", "*..de"]
)
def test_what_is_no_pattern(text: str) -> None:
    assert read_pattern(text) is None


@pytest.mark.parametrize(
    ("pattern", "host", "port", "covered"),
    [
        ("a.example", "a.example", 25, True),
        ("a.example", "a.example", 2525, True),
        ("a.example:25", "a.example", 25, True),
        ("a.example:25", "a.example", 2525, False),
        ("a.example", "b.a.example", 25, False),
        ("*.example.de", "mx.example.de", 25, True),
        ("*.example.de", "a.b.example.de", 25, True),
        ("*.example.de", "example.de", 25, False),
        ("*.example.de", "xexample.de", 25, False),
        ("*.example.de", "mx.example.de.evil", 25, False),
        ("*.example.de:26", "mx.example.de", 25, False),
        ("*", "10.1.5.2", 25, True),
        ("*", "2001:db8::1", 25, True),
    ],
)
def test_what_a_pattern_covers(pattern: str, host: str, port: int, covered: bool) -> None:
    read = read_pattern(pattern)
    assert read is not None
    assert read.covers(HostPort(host, port)) is covered


def order(host: str, until: float | None = None) -> Order:
    return Order(host, NOW, until)


def test_a_list_of_hosts_waits_only_when_all_are_suspended() -> None:
    a, b = HostPort("a", 25), HostPort("b", 25)
    assert blocking([order("a")], (a, b)) is None
    assert blocking([order("a")], (a,)) == order("a")
    assert blocking([], (a,)) is None
    assert blocking([order("*")], ()) is None


def test_the_order_told_is_the_one_whose_end_opens_a_host() -> None:
    a, b = HostPort("a", 25), HostPort("b", 25)
    short, long, ever = order("a", NOW + 10), order("a:25", NOW + 60), order("b")
    assert blocking([short, long, ever], (a, b)) == long
    assert blocking([ever, order("*", NOW + 5)], (b,)) == ever


ORDERS = st.builds(
    Order,
    st.sampled_from(["a.example", "*.example.de", "10.1.5.2:25", "[2001:db8::1]", "*"]),
    st.floats(0, 2e9),
    st.none() | st.floats(0, 2e9),
    st.text(max_size=64),
    st.text(max_size=200),
    st.integers(0, 10**6),
)


@given(st.lists(ORDERS, unique_by=lambda one: one.host))
def test_the_file_reads_back(orders: list[Order]) -> None:
    data = encode_orders(orders)
    assert data.isascii() and data.count(b"\n") == len(orders)
    assert decode_orders(data) == (tuple(orders), ())


@given(st.binary(max_size=300))
def test_no_file_makes_it_fail(data: bytes) -> None:
    decode_orders(data)


def test_a_bad_line_loses_itself_alone() -> None:
    lines = encode_orders([order("a"), order("b")]).splitlines()
    orders, wrong = decode_orders(b"\n".join([lines[0], b"{", b'{"host":"a b"}', lines[1]]))
    assert [one.host for one in orders] == ["a", "b"]
    assert [text.partition(":")[0] for text in wrong] == ["line 2", "line 3"]
    many = encode_orders([order(f"h{n}") for n in range(MAX_ORDERS + 1)])
    orders, wrong = decode_orders(many)
    assert len(orders) == MAX_ORDERS and len(wrong) == 1
