"""Sets of IP addresses as sorted spans, so that they can be joined, turned round, compared."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator

Span = tuple[int, int, int]
"""IP version, lowest, highest address as whole numbers."""

Spans = tuple[Span, ...]

_TOP = {4: (1 << 32) - 1, 6: (1 << 128) - 1}
_MAPPED = 0xFFFF << 32

EVERYTHING: Spans = tuple((version, 0, top) for version, top in _TOP.items())


def read_span(text: str) -> Span | str:
    """An address, a network like 10.0.0.0/8, or a range a-b; else what is wrong with it.

    IPv4 in IPv6 clothes (`::ffff:192.0.2.0/120`) is IPv4.
    """
    low, dash, high = (part.strip() for part in text.partition("-"))
    if dash:
        first, last = _address(low), _address(high)
        if first is None or last is None or first[0] != last[0]:
            return f"{text!r} is no range like 192.0.2.1-192.0.2.9"
        if first[1] > last[1]:
            return f"{text!r} ends before it begins"
        return first[0], first[1], last[1]
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError:
        return f"{text!r} is not an address, a network like 10.0.0.0/8 or a range a-b"
    if ipaddress.ip_address(text.partition("/")[0]) != network.network_address:
        return f"{text!r} has bits beyond its length; the network is {network}"
    return _plain(network.version, int(network.network_address), int(network.broadcast_address))


def joined(spans: Iterable[Span]) -> Spans:
    """The same addresses, sorted, without overlaps and gaps of nothing."""
    out: list[Span] = []
    for version, low, high in sorted(spans):
        if out and out[-1][0] == version and low <= out[-1][2] + 1:
            out[-1] = version, out[-1][1], max(out[-1][2], high)
        else:
            out.append((version, low, high))
    return tuple(out)


def without(spans: Iterable[Span], taken: Iterable[Span]) -> Spans:
    """The addresses of the one that are not of the other."""
    left = list(joined(spans))
    for hole in joined(taken):
        left = [piece for span in left for piece in _cut(span, hole)]
    return tuple(left)


def covers(wide: Iterable[Span], narrow: Iterable[Span]) -> bool:
    """Whether every address of `narrow` is one of `wide`."""
    return not without(narrow, wide)


def _cut(span: Span, hole: Span) -> Iterator[Span]:
    version, low, high = span
    if hole[0] != version or hole[2] < low or hole[1] > high:
        yield span
        return
    if low < hole[1]:
        yield version, low, hole[1] - 1
    if hole[2] < high:
        yield version, hole[2] + 1, high


def _address(text: str) -> tuple[int, int] | None:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    version, low, _ = _plain(address.version, int(address), int(address))
    return version, low


def _plain(version: int, low: int, high: int) -> Span:
    if version == 6 and low >> 32 == high >> 32 == _MAPPED >> 32:
        return 4, low & 0xFFFFFFFF, high & 0xFFFFFFFF
    return version, low, high
