"""Where mail goes: which port of which host."""

from __future__ import annotations

import pytest

from relay.dequeue.destination import of_envelope, of_head
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
