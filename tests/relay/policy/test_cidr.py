"""Networks: what is in them, and which texts are none."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.policy.cidr import LOOPBACK, Networks, parse_networks, read_address


def networks(*texts: str) -> Networks:
    found, problems = parse_networks(texts)
    assert problems == ()
    return found


@pytest.mark.parametrize(
    ("network", "address", "inside"),
    [
        ("10.0.0.0/8", "10.255.255.255", True),
        ("10.0.0.0/8", "11.0.0.0", False),
        ("10.0.0.0/8", "9.255.255.255", False),
        ("192.0.2.7", "192.0.2.7", True),
        ("192.0.2.7", "192.0.2.8", False),
        (" 192.0.2.0/255.255.255.0 ", "192.0.2.200", True),
        ("0.0.0.0/0", "203.0.113.9", True),
        ("0.0.0.0/0", "::1", False),
        ("::/0", "203.0.113.9", False),
        ("2001:db8::/32", "2001:db8:ffff::1", True),
        ("2001:db8::/32", "2001:db9::1", False),
        ("fe80::/10", "fe80::1%eth0", True),
        ("10.0.0.0/8", "::ffff:10.1.2.3", True),
        ("::ffff:10.0.0.0/104", "10.1.2.3", True),
        ("::ffff:10.0.0.0/104", "11.1.2.3", False),
        ("10.0.0.0/8", "10.1.2", False),
        ("10.0.0.0/8", "", False),
        ("10.0.0.0/8", "mail.example.org", False),
    ],
)
def test_membership(network: str, address: str, inside: bool) -> None:
    assert (address in networks(network)) is inside


@pytest.mark.parametrize("address", ["127.0.0.1", "127.255.0.9", "::1", "::ffff:127.0.0.1"])
def test_loopback(address: str) -> None:
    assert address in LOOPBACK


@pytest.mark.parametrize("address", ["128.0.0.1", "0.0.0.0", "::", "::2"])
def test_not_loopback(address: str) -> None:
    assert address not in LOOPBACK


def test_nothing_is_in_no_network() -> None:
    assert "127.0.0.1" not in Networks()


def test_every_mistake_is_named_and_the_rest_is_read() -> None:
    found, problems = parse_networks(["10.0.0.5/8", "x", "192.0.2.0/24", "10.0.0.0/33", ""])
    assert problems == (
        "'10.0.0.5/8' has bits beyond its length; the network is 10.0.0.0/8",
        "'x' is not an address or a network like 10.0.0.0/8",
        "'10.0.0.0/33' is not an address or a network like 10.0.0.0/8",
        "'' is not an address or a network like 10.0.0.0/8",
    )
    assert found == networks("192.0.2.0/24")


@given(st.ip_addresses(v=4), st.integers(0, 32), st.ip_addresses(v=4))
def test_as_the_standard_library_has_it(
    base: ipaddress.IPv4Address, length: int, address: ipaddress.IPv4Address
) -> None:
    network = ipaddress.ip_network((base, length), strict=False)
    ours = networks(str(network))
    assert (str(address) in ours) == (address in network)
    assert str(network.network_address) in ours
    assert str(network.broadcast_address) in ours


@given(st.ip_addresses(v=6))
def test_addresses_read_as_whole_numbers(address: ipaddress.IPv6Address) -> None:
    mapped = address.ipv4_mapped
    expected = (6, int(address)) if mapped is None else (4, int(mapped))
    assert read_address(str(address)) == expected
