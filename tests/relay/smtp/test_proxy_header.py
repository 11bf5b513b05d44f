"""The PROXY header: whole, octet by octet, with what follows it, and in every wrong form."""

from __future__ import annotations

import socket
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.smtp.proxy_header import (
    LONGEST,
    LONGEST_BLOCK,
    LONGEST_LINE,
    SIGNATURE,
    Malformed,
    ProxyHeader,
    read_proxy_header,
)

BEHIND = b"EHLO client.example\r\nPROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n"
LONGEST_V1 = (
    b"PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff "
    b"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n"
)
NOWHERE = (None, None)


def binary(command: int, family: int, block: bytes, *, length: int | None = None) -> bytes:
    """A version 2 header; `length` announces other than what stands there."""
    announced = len(block) if length is None else length
    return SIGNATURE + struct.pack("!BBH", command, family, announced) + block


def v4(source: str, destination: str, *ports: int) -> bytes:
    return socket.inet_aton(source) + socket.inet_aton(destination) + struct.pack("!HH", *ports)


def v6(source: str, destination: str, *ports: int) -> bytes:
    packed = [socket.inet_pton(socket.AF_INET6, one) for one in (source, destination)]
    return b"".join(packed) + struct.pack("!HH", *ports)


TLV = b"\x04\x00\x03abc" + b"\x20\x00\x05\x01\0\0\0\0"
FOUR = v4("192.0.2.7", "10.1.5.2", 40123, 25)
SIX = v6("2001:db8::7", "2001:db8:5::2", 40123, 2525)
FOUR_FOUND = (("192.0.2.7", 40123), ("10.1.5.2", 25))
SIX_FOUND = (("2001:db8::7", 40123), ("2001:db8:5::2", 2525))

GOOD = [
    (b"PROXY TCP4 192.0.2.7 10.1.5.2 40123 25\r\n", FOUR_FOUND),
    (
        b"PROXY TCP4 0.0.0.0 255.255.255.255 0 65535\r\n",
        (("0.0.0.0", 0), ("255.255.255.255", 65535)),
    ),
    (b"PROXY TCP6 2001:db8::7 2001:DB8:5::2 40123 2525\r\n", SIX_FOUND),
    (b"PROXY TCP6 ::ffff:192.0.2.7 ::ffff:a01:502 40123 25\r\n", FOUR_FOUND),
    (LONGEST_V1, (("ffff" + ":ffff" * 7, 65535),) * 2),
    (b"PROXY UNKNOWN\r\n", NOWHERE),
    (b"PROXY UNKNOWN ffff::1 ffff::2 1 2\r\n", NOWHERE),
    (b"PROXY UNKNOWN \0\xff whatever\r\n", NOWHERE),
    (binary(0x21, 0x11, FOUR), FOUR_FOUND),
    (binary(0x21, 0x11, FOUR + TLV), FOUR_FOUND),
    (binary(0x21, 0x21, SIX), SIX_FOUND),
    (binary(0x21, 0x21, v6("::ffff:192.0.2.7", "::ffff:10.1.5.2", 40123, 25)), FOUR_FOUND),
    (binary(0x21, 0x21, SIX + b"x" * (LONGEST_BLOCK - len(SIX))), SIX_FOUND),
    # LOCAL: whatever stands there, the connection speaks for itself.
    (binary(0x20, 0x00, b""), NOWHERE),
    (binary(0x20, 0x11, FOUR), NOWHERE),
    (binary(0x20, 0x11, b""), NOWHERE),
    (binary(0x20, 0xFF, TLV), NOWHERE),
    # Valid, and of no use to SMTP over TCP: unspecified, UDP, Unix.
    (binary(0x21, 0x00, b""), NOWHERE),
    (binary(0x21, 0x00, TLV), NOWHERE),
    (binary(0x21, 0x01, FOUR), NOWHERE),
    (binary(0x21, 0x10, FOUR), NOWHERE),
    (binary(0x21, 0x12, FOUR), NOWHERE),
    (binary(0x21, 0x22, SIX), NOWHERE),
    (binary(0x21, 0x31, b"\0" * 216), NOWHERE),
    (binary(0x21, 0x32, b""), NOWHERE),
]


@pytest.mark.parametrize(("data", "found"), GOOD)
@pytest.mark.parametrize("behind", [b"", BEHIND])
def test_whole(data: bytes, found: tuple[object, object], behind: bytes) -> None:
    assert read_proxy_header(data + behind) == ProxyHeader(len(data), *found)  # type: ignore[arg-type]
    assert len(data) <= LONGEST


@pytest.mark.parametrize(("data", "found"), GOOD)
def test_octet_by_octet_it_is_whole_at_its_end_and_not_before(
    data: bytes, found: tuple[object, object]
) -> None:
    assert [read_proxy_header(data[:end]) for end in range(len(data))] == [None] * len(data)
    assert isinstance(read_proxy_header(data), ProxyHeader)


def test_the_longest_line_of_the_specification_is_taken() -> None:
    assert len(LONGEST_V1) == 104
    line = b"PROXY UNKNOWN ".ljust(LONGEST_LINE - 2, b"x") + b"\r\n"
    assert read_proxy_header(line) == ProxyHeader(LONGEST_LINE)


@pytest.mark.parametrize(
    "data",
    [
        b"EHLO client.example\r\n",
        b"proxy TCP4 192.0.2.7 10.1.5.2 1 2\r\n",
        b"PROXYTCP4",
        b"PROXY\r\n",
        b"PROXY \r\n",
        b"PROXY TCP4\r\n",
        b"PROXY TCP4 192.0.2.7 10.1.5.2 1\r\n",
        b"PROXY TCP4 192.0.2.7 10.1.5.2 1 2 \r\n",
        b"PROXY TCP4 192.0.2.7 10.1.5.2 1 2 3\r\n",
        b"PROXY TCP4  192.0.2.7 10.1.5.2 1 2\r\n",
        b"PROXY TCP4\t192.0.2.7 10.1.5.2 1 2\r\n",
        b"PROXY TCP4 192.0.2 10.1.5.2 1 2\r\n",
        b"PROXY TCP4 192.0.2.256 10.1.5.2 1 2\r\n",
        b"PROXY TCP4 192.0.2.07 10.1.5.2 1 2\r\n",
        b"PROXY TCP4 2001:db8::7 10.1.5.2 1 2\r\n",
        b"PROXY TCP6 192.0.2.7 10.1.5.2 1 2\r\n",
        b"PROXY TCP6 2001:db8::7 2001:db8:::2 1 2\r\n",
        b"PROXY TCP6 fe80::1%eth0 2001:db8::2 1 2\r\n",
        b"PROXY TCP6 [::1] [::2] 1 2\r\n",
        b"PROXY TCP4 192.0.2.7 10.1.5.2 65536 25\r\n",
        b"PROXY TCP4 192.0.2.7 10.1.5.2 1 99999\r\n",
        b"PROXY TCP4 192.0.2.7 10.1.5.2 01 25\r\n",
        b"PROXY TCP4 192.0.2.7 10.1.5.2 -1 25\r\n",
        b"PROXY TCP4 192.0.2.7 10.1.5.2 1 \xb2\r\n",
        b"PROXY TCP4 mail.example 10.1.5.2 1 2\r\n",
        b"PROXY TCP5 192.0.2.7 10.1.5.2 1 2\r\n",
        b"PROXY UDP4 192.0.2.7 10.1.5.2 1 2\r\n",
        b"PROXY UNKNOWNS\r\n",
        b"PROXY UNKNOWN\n",
        b"PROXY UNKNOWN x\ry\r\n",
        b"PROXY UNKNOWN x\r\r\n",
        b"PROXY TCP4 192.0.2.7 10.1.5.2 1 2\n",
        b"PROXY TCP4 192.0.2.7 10.1.5.2 1 2\rEHLO",
        b"PROXY UNKNOWN ".ljust(LONGEST_LINE - 1, b"x") + b"\r\n",
        b"PROXY UNKNOWN ".ljust(LONGEST_LINE, b"x"),
        b"\r\n\r\n\0\r\nQUIT\r\n",
        SIGNATURE[:11] + b"\r",
        binary(0x11, 0x11, FOUR),
        binary(0x31, 0x11, FOUR),
        binary(0x22, 0x11, FOUR),
        binary(0x2F, 0x11, FOUR),
        binary(0x21, 0x41, FOUR),
        binary(0x21, 0xF0, b""),
        binary(0x21, 0x13, FOUR),
        binary(0x21, 0x0F, b""),
        binary(0x21, 0x11, FOUR[:-1]),
        binary(0x21, 0x11, b""),
        binary(0x21, 0x21, SIX[:-1]),
        binary(0x21, 0x21, FOUR),
        binary(0x21, 0x11, FOUR, length=LONGEST_BLOCK + 1),
        binary(0x20, 0x00, b"", length=0xFFFF),
    ],
)
def test_malformed(data: bytes) -> None:
    found = read_proxy_header(data)
    assert isinstance(found, Malformed)
    assert found.why
    assert isinstance(read_proxy_header(data + BEHIND), Malformed)


@given(st.binary(max_size=300), st.sampled_from([b"", b"PROXY ", b"PROXY TCP4 ", SIGNATURE]))
def test_any_octets_give_an_answer(data: bytes, start: bytes) -> None:
    found = read_proxy_header(start + data)
    if isinstance(found, ProxyHeader):
        assert found.length <= len(start + data)


@given(st.binary(max_size=300), st.sampled_from([b"PROXY ", b"PROXY UNKNOWN ", SIGNATURE]))
def test_what_was_wrong_stays_wrong(data: bytes, start: bytes) -> None:
    whole = start + data
    answers = [read_proxy_header(whole[:end]) for end in range(len(whole) + 1)]
    settled = next((n for n, one in enumerate(answers) if one is not None), len(answers))
    kinds = {type(one) for one in answers[settled:]}
    assert len(kinds) <= 1
    if kinds == {ProxyHeader}:
        assert set(answers[settled:]) == {answers[settled]}
