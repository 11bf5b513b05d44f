"""Networks as the configuration writes them, and the question whether an address is in one."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

_MAPPED = 0xFFFF << 32
_Span = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Networks:
    """A set of IPv4 and IPv6 networks.

    `spans` holds one (version, lowest, highest) for each, addresses as whole numbers.
    Build it with `parse_networks`.
    """

    spans: tuple[_Span, ...] = ()

    def __contains__(self, address: str) -> bool:
        """Whether an IP address lies in one of them; False for what is no address.

        A zone (`fe80::1%eth0`) counts for nothing, and an IPv4 address in IPv6 clothes
        (`::ffff:192.0.2.1`) is the IPv4 address.
        """
        found = read_address(address)
        if found is None:
            return False
        version, value = found
        return any(version == v and low <= value <= high for v, low, high in self.spans)


@lru_cache(maxsize=1024)
def read_address(text: str) -> tuple[int, int] | None:
    """An IP address as (version, value), mapped IPv4 as IPv4; None when it is none."""
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    value = int(address)
    if address.version == 6 and value >> 32 == _MAPPED >> 32:
        return 4, value & 0xFFFFFFFF
    return address.version, value


def parse_networks(texts: Iterable[str]) -> tuple[Networks, tuple[str, ...]]:
    """Networks from `10.0.0.0/8`, `2001:db8::/32` or single addresses, and every mistake.

    A network with bits beyond its length (`10.0.0.5/8`) is a mistake: it is as likely a
    slip in the length as in the address, and the two admit very different hosts.
    """
    spans: list[_Span] = []
    problems: list[str] = []
    for text in texts:
        span = _parse(text.strip())
        if isinstance(span, str):
            problems.append(span)
        else:
            spans.append(span)
    return Networks(tuple(spans)), tuple(problems)


def _parse(text: str) -> _Span | str:
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError:
        return f"{text!r} is not an address or a network like 10.0.0.0/8"
    address = text.partition("/")[0]
    if ipaddress.ip_address(address) != network.network_address:
        return f"{text!r} has bits beyond its length; the network is {network}"
    low, high = int(network.network_address), int(network.broadcast_address)
    if network.version == 6 and network.prefixlen >= 96 and low >> 32 == _MAPPED >> 32:
        return 4, low & 0xFFFFFFFF, high & 0xFFFFFFFF
    return network.version, low, high


LOOPBACK = parse_networks(("127.0.0.0/8", "::1"))[0]
"""This host itself."""
