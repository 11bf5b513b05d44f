"""A domain to hosts, with a name server beside it: what is ourselves, what is no host."""

from __future__ import annotations

import asyncio

import pytest

from relay.delivery.dns.exchange import Exchanges, Ours
from relay.delivery.dns.lookup import Lookup
from relay.delivery.dns.servers import Servers
from relay.policy.mx import Limits, NoMail, NoWay, Route
from spooltool.spool.hosts import HostPort
from tests.harness.dns_server import DnsServer, Fault, Zone

ZONE: Zone = {
    "example.org": {"MX": ["10 mx1.example.org.", "20 mx2.example.org."]},
    "mx1.example.org": {"A": ["192.0.2.1"], "AAAA": ["2001:db8::1"]},
    "mx2.example.org": {"A": ["127.0.0.5"]},
    "plain.example.org": {"A": ["192.0.2.7"]},
    "half.example.org": {"MX": ["10 alias.example.org."]},
    "alias.example.org": {"CNAME": ["mx1.example.org."]},
    "nobody.example.org": {"MX": ["10 zero.example.org."]},
    "zero.example.org": {"A": ["0.0.0.0", "224.0.0.1"], "AAAA": ["::"]},
    "empty.example.org": {},
    "partly.example.org": {"MX": ["10 broken.example.org.", "20 mx1.example.org."]},
}


def find(domain: str, ours: Ours | None = None, port: int = 25) -> Route | NoMail | NoWay:
    with DnsServer(ZONE, {"broken.example.org": Fault.SERVFAIL}) as server:
        exchanges = Exchanges(
            Lookup(Servers((server.place,), 1.0)),
            ours=ours or Ours(),
            limits=Limits(),
            port=port,
        )
        return asyncio.run(exchanges.of(domain))


def hosts(found: object) -> list[str]:
    assert isinstance(found, Route), found
    return [stop.host for stop in found.stops]


def test_hosts_with_the_addresses_of_both_families() -> None:
    found = find("example.org")
    assert hosts(found) == ["mx1.example.org", "mx2.example.org"]
    assert isinstance(found, Route)
    assert found.stops[0].addresses == ("2001:db8::1", "192.0.2.1")
    assert hosts(find("half.example.org")) == ["alias.example.org"]
    assert hosts(find("plain.example.org")) == ["plain.example.org"]
    assert hosts(find("partly.example.org")) == ["mx1.example.org"]


@pytest.mark.parametrize(
    "ours",
    [
        Ours("MX2.example.org."),
        Ours("gw", (HostPort("127.0.0.5", 25),)),
        Ours("gw", (HostPort("0.0.0.0", 25),)),
        Ours("gw", (HostPort("::", 25),)),
        Ours("gw", (HostPort("localhost", 25),)),
    ],
)
def test_where_this_relay_listens_it_is_itself(ours: Ours) -> None:
    assert hosts(find("example.org", ours)) == ["mx1.example.org"]


@pytest.mark.parametrize(
    "ours",
    [
        Ours("gw", (HostPort("127.0.0.5", 2525),)),
        Ours("gw", (HostPort("127.0.0.6", 25),)),
        Ours(""),
    ],
)
def test_elsewhere_it_is_not(ours: Ours) -> None:
    assert hosts(find("example.org", ours)) == ["mx1.example.org", "mx2.example.org"]


def test_at_the_port_that_is_asked() -> None:
    ours = Ours("gw", (HostPort("127.0.0.5", 2525),))
    assert hosts(find("example.org", ours, port=2525)) == ["mx1.example.org"]


def test_what_is_certain_and_what_is_not() -> None:
    gone = find("gone.example.org")
    assert isinstance(gone, NoMail)
    assert gone.status == "5.1.2"
    for domain in ("empty.example.org", "nobody.example.org", "broken.example.org"):
        assert isinstance(find(domain), NoWay), domain
