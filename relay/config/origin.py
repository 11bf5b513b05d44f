"""Contradictions about proxies and original destinations: above all, no open relay.

A client whose connection was turned towards us chose the server by itself.  So who may
send, and which servers may be meant, cannot both be left open: the server would take mail
of anybody, for anybody, as coming from this machine, which it may well trust.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator

from relay.config.parameters import Config

_Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_SHORTEST = {4: 8, 6: 16}
"""Bits below which a network of public addresses is no network of one's own."""

_UNIQUE_LOCAL = ipaddress.IPv6Network("fc00::/7")


def from_the_wire(config: Config) -> Iterator[tuple[str, str]]:
    """Every contradiction: the parameter that a person should look at, and the text."""
    way = config.original_destination
    if wide := wide_list(config.proxy_from):
        yield "proxy_from", f"{wide} is no network of proxies: anybody could claim any address"
    wide = wide_list(config.accept_from)
    if wide and "mx" in (config.dst, config.default_server):
        by = "dst" if config.dst == "mx" else "default_server"
        yield "accept_from", f"{wide} with {by} = mx relays for anybody to anywhere: narrow it"
    if way == "off":
        if config.original_networks:
            yield "original_networks", "would have no effect: original_destination is off"
        return
    if config.dst:
        yield (
            "original_destination",
            f"{way} would have no effect: dst is set, and all mail goes there; default_server "
            "is for connections that were not redirected",
        )
    if way == "proxy" and not config.proxy_from:
        yield "original_destination", "proxy: proxy_from names no proxy to learn it from"
    if wide and (not config.original_networks or wide_list(config.original_networks)):
        yield (
            "accept_from",
            f"{wide} with original_destination = {way} relays for anybody to anywhere: narrow "
            "it, or name your servers' networks in original_networks",
        )


def wide_list(texts: Iterable[str]) -> str:
    """The widest network of a list that is nobody's own, "" without one.

    Neighbours count as one: 0.0.0.0/1 and 128.0.0.0/1 are everybody, too.
    """
    networks = [_unmapped(ipaddress.ip_network(text, strict=False)) for text in texts]
    v4 = [n for n in networks if isinstance(n, ipaddress.IPv4Network)]
    v6 = [n for n in networks if isinstance(n, ipaddress.IPv6Network)]
    merged: list[_Network] = [
        *ipaddress.collapse_addresses(v4),
        # The one wide block that is private.
        *(n for n in ipaddress.collapse_addresses(v6) if not n.subnet_of(_UNIQUE_LOCAL)),
    ]
    wide = [n for n in merged if n.prefixlen < _SHORTEST[n.version]]
    return str(min(wide, key=lambda n: n.prefixlen)) if wide else ""


def _unmapped(network: _Network) -> _Network:
    """IPv4 in IPv6 clothes as IPv4: `::ffff:0:0/96` is all of it."""
    mapped = network.version == 6 and network.prefixlen >= 96
    inner = network.network_address.ipv4_mapped if mapped else None  # type: ignore[union-attr]  # 6
    return ipaddress.IPv4Network((inner, network.prefixlen - 96)) if inner else network
