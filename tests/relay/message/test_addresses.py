"""Addr-specs of address fields: where they stand, and what is none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.message.addresses import AddrSpec, Unreadable, addresses, joined, unquoted


def _found(value: bytes) -> list[str]:
    return [
        f"{one.local}@{one.domain}" if isinstance(one, AddrSpec) else "open"
        for one in addresses(value)
    ]


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (b" eva@example.org", ["eva@example.org"]),
        (b" Eva <eva@example.org>, Max <max@example.org>", ["eva@example.org", "max@example.org"]),
        (b" eva@a.org <max@b.org>", ["max@b.org"]),
        (b' "a@b, c@d" <eva@x.org>', ["eva@x.org"]),
        (b" (eva@no.org (deep) \\) still) max@x.org (x@y)", ["max@x.org"]),
        (b" Friends: eva@x.org,\n\tMax <m@x.org>;, o@x.org", ["eva@x.org", "m@x.org", "o@x.org"]),
        (b" undisclosed-recipients:;", []),
        (b" <>", []),
        (b" =?utf-8?Q?eva=40x?= <eva@x.org>", ["eva@x.org"]),
        (b" <@relay.org,@other.org:eva@x.org>", ["eva@x.org"]),
        (b" eva . maria @ x\n . org", ["eva.maria@x.org"]),
        (b' "eva m"@x.org, "e\\"v"."m"@x.org', ["eva m@x.org", 'e"v.m@x.org']),
        (b" e@[192.0.2.1], <e@[IPv6:2001:db8::1]>", ["e@[192.0.2.1]", "e@[IPv6:2001:db8::1]"]),
        (b" a@x.org; b@x.org", ["a@x.org", "b@x.org"]),
        (b" eva@@x.org, @x.org, eva@, eva x@y, a@b@c, e\\va@x", []),
        (b" Eva <eva@x.org", ["open"]),
        (b' a@x.org, "Eva <b@x.org>', ["a@x.org", "open"]),
        (b" a@x.org, (Eva <b@x.org>", ["a@x.org", "open"]),
        (b" a@x.org, b@[1.2", ["a@x.org", "open"]),
        ("€va@bücher.example".encode(), ["€va@bücher.example"]),
        (b"", []),
    ],
)  # fmt: skip
def test_addresses(value: bytes, found: list[str]) -> None:
    assert _found(value) == found


def test_the_range_is_the_addr_spec_alone_and_its_comments_are_told() -> None:
    value = b' "E" < eva (x) . m@ (y (z)) x.org > (end)'
    (spec,) = addresses(value)
    assert isinstance(spec, AddrSpec)
    assert value[spec.start : spec.end] == b"eva (x) . m@ (y (z)) x.org"
    assert (spec.local, spec.domain, spec.comments) == ("eva.m", "x.org", b"(x) (y (z))")


def test_bytes_that_are_no_utf8_come_back() -> None:
    (spec,) = addresses(b"\xe9va@x.org")
    assert isinstance(spec, AddrSpec)
    assert spec.local.encode("utf-8", "surrogateescape") == b"\xe9va"


@pytest.mark.parametrize("local", ["eva", "eva m", 'e"v', "e\\v", ".eva", "a..b", "", "€"])
def test_a_quoted_local_part_comes_back(local: str) -> None:
    assert unquoted(joined(local, "x").removesuffix("@x")) == local


@pytest.mark.parametrize("unit", [b",", b"(", b"()", b"<", b'"', b"[", b"\\", b"a@b", b"<>", b";:"])
def test_a_block_full_of_marks_is_read_in_one_pass(unit: bytes) -> None:
    value = unit * (256 * 1024 // len(unit))
    assert sum(1 for _ in addresses(value)) <= 1


@given(st.binary(max_size=60) | st.text('a@<>(),;:."[]\\ \n', max_size=60).map(str.encode))
def test_any_bytes_are_read_and_ranges_are_in_order(value: bytes) -> None:
    at = 0
    for found in addresses(value):
        assert at <= len(value)
        if isinstance(found, Unreadable):
            at = len(value) + 1
        else:
            assert at <= found.start < found.end <= len(value)
            assert found.local or b'""' in value
            assert found.domain
            at = found.end
