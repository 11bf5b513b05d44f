"""Where mail goes: which port of which host."""

from __future__ import annotations

import pytest

from relay.dequeue.destination import legs, of_envelope, of_head
from spooltool.spool.codec import parse


@pytest.mark.parametrize(
    ("letter", "lines", "hosts"),
    [
        ("R", b"DST:\tmx\n", "mx:25"),
        ("R", b"DST:\tmx\nDPORT:\t26\n", "mx:26"),
        ("R", b"DST:\tmx:27\nDPORT:\t26\n", "mx:27"),
        ("R", b"DST:\t{a,b:27}\nDPORT:\t26\n", "{a:26,b:27}"),
        ("R", b"DST:\t[2001:db8::1]:27\nDPORT:\t26\n", "[2001:db8::1]:27"),
        ("R", b"DST:\t[2001:db8::1]\nDPORT:\tjunk\n", "[2001:db8::1]:25"),
        # DPORT is the port of DST: notices go to 25 unless ERR_SERVER says otherwise.
        ("E", b"DST:\tmx\nDPORT:\t26\nERR_SERVER:\tnotices\n", "notices:25"),
        ("E", b"DST:\tmx\nDPORT:\t26\nERR_SERVER:\tnotices:28\n", "notices:28"),
        ("E", b"DST:\tmx\nDPORT:\t26\n", "nowhere"),
        ("R", b"ERR_SERVER:\tnotices\n", "nowhere"),
    ],
)
def test_the_port_of_each_host(letter: str, lines: bytes, hosts: str) -> None:
    assert str(of_envelope(letter, parse(lines + b"\n"))) == hosts
    assert str(of_head(letter, lines + b"\n")) == hosts


ENVELOPE = (
    b"DST:\th\nERR_SERVER:\tnotices\nROUTE:\t%b\nERR_ROUTE:\t%b\nFROM:\t<billing@Example.COM>\n"
    b"RCPT:\t<a@one.example>\nRCPT:\t<b@[192.0.2.1]>\nRCPT:\t<c@ONE.example>\nRCPT:\t<root>\n"
    b"RCPT:\t<d@[IPv6:2001:DB8::1]>\n\n"
)


@pytest.mark.parametrize(
    ("letter", "route", "err_route", "names"),
    [
        ("R", b"dst", b"mx", ["h"]),
        ("R", b"mx", b"dst", ["mx one.example", "mx 192.0.2.1", "mx of no domain",
                              "mx 2001:db8::1"]),
        ("E", b"mx", b"dst", ["notices"]),
        ("E", b"dst", b"mx", ["mx example.com"]),
    ],
)  # fmt: skip
def test_by_mx_each_domain_is_a_destination(
    letter: str, route: bytes, err_route: bytes, names: list[str]
) -> None:
    text = ENVELOPE % (route, err_route)
    found = legs(letter, parse(text))
    assert [place.name for place in found] == names
    assert of_head(letter, text) is None, "the whole envelope must be read"
    if letter == "R" and route == b"mx":
        assert [one.address for one in next(iter(found.values()))] == [
            "a@one.example", "c@ONE.example",
        ]  # fmt: skip
        assert [place.part("7") for place in found] == [
            "7 one.example", "7 192.0.2.1", "7 -", "7 2001:db8::1",
        ]  # fmt: skip
