"""What is asked of each next hop."""

from __future__ import annotations

import pytest

from relay.config import Config, load
from relay.policy.hops import Hop, Hops, Step, Tls


def hops(text: str) -> Hops:
    found = load(text)
    assert isinstance(found, Config), found
    return Hops(found.destinations, tls=found.tls, ca=found.tls_ca, soft_bounce=found.soft_bounce)


def test_without_tables_all_hosts_are_alike() -> None:
    assert hops("").of("mx.example.org", 25) == Hop(Tls.MAY)
    assert hops("tls = 'off'\nsoft_bounce = true\n").of("10.0.0.1", 25) == Hop(
        Tls.OFF, soft_bounce=True
    )
    assert hops("tls = 'verify'\ntls_ca = '/ca.pem'\n").of("MX.example.org.", 25) == Hop(
        Tls.VERIFY, "mx.example.org", "/ca.pem"
    )


NESTED = """
[destination."mx.a.example.org:26"]
tls = "off"
[destination."*.example.org"]
tls = "verify"
tls_ca = "/wide.pem"
tls_name = "all.example.org"
[destination."mx.a.example.org"]
soft_bounce = true
[destination."*.a.example.org"]
tls_ca = "/near.pem"
[destination."*.a.example.org:26"]
tls_name = "port.example.org"
"""


@pytest.mark.parametrize(
    ("host", "port", "wanted"),
    [
        ("mx.example.org", 25, Hop(Tls.VERIFY, "all.example.org", "/wide.pem")),
        ("b.a.example.org", 25, Hop(Tls.VERIFY, "all.example.org", "/near.pem")),
        ("b.a.example.org", 26, Hop(Tls.VERIFY, "port.example.org", "/near.pem")),
        ("mx.a.example.org", 25, Hop(Tls.VERIFY, "all.example.org", "/near.pem", True)),
        ("mx.a.example.org", 26, Hop(Tls.OFF, soft_bounce=True)),
        ("example.org", 25, Hop(Tls.MAY)),
        ("10.0.0.1", 25, Hop(Tls.MAY)),
    ],
)
def test_the_narrowest_table_that_says_something(host: str, port: int, wanted: Hop) -> None:
    assert hops(NESTED).of(host, port) == wanted


@pytest.mark.parametrize(
    ("tls", "not_offered", "offered", "in_clear"),
    [
        (Tls.OFF, Step.PROCEED, Step.PROCEED, False),
        (Tls.MAY, Step.PROCEED, Step.STARTTLS, True),
        (Tls.REQUIRE, Step.GIVE_UP, Step.STARTTLS, False),
        (Tls.VERIFY, Step.GIVE_UP, Step.STARTTLS, False),
    ],
)
def test_what_follows_ehlo(tls: Tls, not_offered: Step, offered: Step, in_clear: bool) -> None:
    hop = Hop(tls)
    assert hop.after_ehlo(offered=False, secure=False) is not_offered
    assert hop.after_ehlo(offered=True, secure=False) is offered
    for again in (False, True):
        assert hop.after_ehlo(offered=again, secure=True) is Step.PROCEED
    assert hop.in_clear_if_it_fails is in_clear
