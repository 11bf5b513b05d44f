"""Where a client was going: what is no server, what is ourselves, who is local."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from relay.policy.acceptance import Acceptance
from relay.policy.cidr import Networks, parse_networks
from relay.policy.implicit import ImplicitRule
from relay.policy.origin import (
    DIRECT,
    Origin,
    comes_back,
    destination_of,
    own_delivery,
    server,
    trusted_as_local,
)
from relay.smtp.reply import Reply
from spooltool.spool.hosts import HostPort, parse_hosts

OFFICE = parse_networks(["10.1.0.0/16"])[0]
ANYBODY = parse_networks(["0.0.0.0/0", "::/0"])[0]
SERVER = HostPort("10.9.5.2", 25)
MEANT = Origin(SERVER)


def local(*addresses: str) -> Callable[[str], bool]:
    return lambda address: address in addresses


def never(address: str) -> bool:
    raise AssertionError(address)


@pytest.mark.parametrize("host", ["10.9.5.2", "2001:db8::2", "192.0.2.1", "223.255.255.254"])
def test_a_server_elsewhere_is_a_destination(host: str) -> None:
    assert server(HostPort(host, 25), is_local=local()) == HostPort(host, 25)
    assert server(HostPort(host, 2525), is_local=local()) == HostPort(host, 2525)
    assert server(HostPort(host, 25), is_local=local(host)) is None
    assert server(HostPort(host, 0), is_local=never) is None


@pytest.mark.parametrize(
    "host",
    [
        *("0.0.0.0", "0.1.2.3", "127.0.0.1", "127.255.0.1", "169.254.1.1"),
        *("224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255"),
        *("::", "::1", "fe80::1", "febf::1", "fe80::1%eth0", "ff02::1", "::ffff:127.0.0.1"),
    ],
)
def test_what_is_no_server_is_no_destination(host: str) -> None:
    assert server(HostPort(host, 25), is_local=never) is None


def test_nothing_learnt_is_no_destination() -> None:
    assert server(None, is_local=never) is None


@pytest.mark.parametrize(
    ("source", "proxy", "trusted"),
    [
        ("127.0.0.1", None, True),
        ("127.0.0.1", HostPort("127.0.0.1", 9), True),
        ("::1", HostPort("127.0.0.1", 9), True),
        ("127.0.0.1", HostPort("10.0.0.5", 9), False),
        ("::1", HostPort("2001:db8::5", 9), False),
        ("10.0.0.5", None, False),
    ],
)
def test_a_proxys_loopback_is_not_ours(source: str, proxy: HostPort | None, trusted: bool) -> None:
    assert trusted_as_local(source, proxy) is trusted
    decision = ImplicitRule(Networks(), "10.9.5.2").decide(source, Origin(proxy=proxy))
    assert isinstance(decision, Acceptance) is trusted


@pytest.mark.parametrize(
    ("origin", "helo", "caught"),
    [
        (Origin(SERVER, from_here=True), "gate.example", True),
        (Origin(SERVER, from_here=True), "GATE.Example.", True),
        (Origin(SERVER, from_here=True), "pc.example", False),
        (Origin(SERVER), "gate.example", False),
        (Origin(from_here=True), "gate.example", False),
        (DIRECT, "gate.example", False),
    ],
)
def test_own_delivery(origin: Origin, helo: str, caught: bool) -> None:
    assert own_delivery(origin, helo, "gate.example") is caught


LISTENING = (HostPort("10.0.0.1", 25), HostPort("::", 26), HostPort("0.0.0.0", 27))
OURS = local("10.0.0.1", "10.0.0.2", "2001:db8::1", "127.0.0.1")


@pytest.mark.parametrize(
    ("dst", "port", "back"),
    [
        ("10.0.0.1", 25, "10.0.0.1"),
        ("10.0.0.2", 25, ""),  # ours, but that is another program's listener
        ("10.0.0.1:26", 25, ""),
        ("10.0.0.2:27", 25, "10.0.0.2:27"),
        ("10.0.0.2", 27, "10.0.0.2"),
        ("127.0.0.1", 27, "127.0.0.1"),
        ("10.0.0.3:27", 25, ""),
        ("[2001:db8::1]:26", 25, "[2001:db8::1]:26"),
        ("[2001:db8::1]:27", 25, ""),
        ("{10.0.0.3,10.0.0.1}", 25, "10.0.0.1"),
        ("gate.example:27", 25, ""),  # known at delivery only
    ],
)
def test_what_comes_back_to_our_listeners(dst: str, port: int, back: str) -> None:
    found = comes_back(parse_hosts(dst), port, LISTENING, OURS)
    assert ("" if found is None else str(found)) == back


@pytest.mark.parametrize(
    ("found", "dst", "err_server"),
    [
        (HostPort("10.9.5.2", 25), "10.9.5.2", "10.9.5.2"),
        (HostPort("10.9.5.2", 587), "10.9.5.2", "10.9.5.2:587"),
        (HostPort("2001:db8::2", 26), "[2001:db8::2]", "[2001:db8::2]:26"),
    ],
)
def test_the_envelope_of_a_redirected_client(found: HostPort, dst: str, err_server: str) -> None:
    assert tuple(map(str, destination_of(found))) == (dst, err_server)
    rule = ImplicitRule(OFFICE, default_server="hub.example", from_wire=True)
    assert rule.decide("10.1.0.7", Origin(found)) == Acceptance(dst, err_server, found.port or 0)
    named = ImplicitRule(OFFICE, error_server="err.example:26", from_wire=True)
    assert named.decide("10.1.0.7", Origin(found)) == Acceptance(
        dst, "err.example:26", found.port or 0
    )


def refused(decision: Acceptance | Reply) -> str:
    assert isinstance(decision, Reply)
    return str(decision)


def test_the_source_is_judged_before_the_destination() -> None:
    rule = ImplicitRule(OFFICE, from_wire=True)
    assert (
        refused(rule.decide("192.0.2.7", MEANT)) == "554 5.7.1 no mail is accepted from 192.0.2.7"
    )


def test_not_redirected_is_for_the_default_server_or_nobody() -> None:
    rule = ImplicitRule(OFFICE, default_server="hub.example:26", from_wire=True)
    assert rule.decide("10.1.0.7") == Acceptance("hub.example", "hub.example:26", 26)
    alone = ImplicitRule(OFFICE, from_wire=True)
    assert refused(alone.decide("10.1.0.7")) == (
        "554 5.7.1 no mail is accepted for this machine itself"
    )


def test_dst_beats_the_wire_and_without_from_wire_nothing_is_learnt() -> None:
    fixed = ImplicitRule(OFFICE, "10.9.9.9", from_wire=True)
    assert fixed.decide("10.1.0.7", MEANT) == fixed.acceptance
    off = ImplicitRule(OFFICE, default_server="10.9.9.9")
    assert off.decide("10.1.0.7", MEANT) == off.acceptance


def test_servers_outside_of_the_named_networks_are_refused() -> None:
    rule = ImplicitRule(
        ANYBODY,
        default_server="10.9.5.9",
        from_wire=True,
        servers=parse_networks(["10.9.5.0/24"])[0],
    )
    assert isinstance(rule.decide("192.0.2.7", MEANT), Acceptance)
    elsewhere = Origin(HostPort("198.51.100.1", 25))
    assert refused(rule.decide("192.0.2.7", elsewhere)) == (
        "554 5.7.1 no mail is accepted for 198.51.100.1"
    )


def test_a_server_that_is_ourselves_is_refused_for_now() -> None:
    rule = ImplicitRule(OFFICE, "10.9.5.2")
    assert refused(rule.decide("10.1.0.7", Origin(loop=SERVER))) == (
        "421 4.4.6 10.9.5.2:25 is this relay: mail would go in circles"
    )
    assert refused(rule.decide("192.0.2.7", Origin(loop=SERVER))).startswith("554 5.7.1")
