"""The header of the PROXY protocol, which a proxy puts before everything a client says.

haproxy's specification (proxy-protocol.txt), sections 2.1 (version 1, a line of text) and
2.2 (version 2, binary).  Of version 2 only TCP is of use here; every other valid family or
transport counts as unspecified, as the specification allows.  TLVs are skipped.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass

Endpoint = tuple[str, int]
"""An IP address, mapped IPv4 as IPv4, and a port, which may be 0."""

LONGEST_LINE = 107
"""Octets of the longest version 1 header, CRLF included (2.1)."""

LONGEST_BLOCK = 2048
"""Octets that may follow the 16 fixed ones of version 2: addresses and TLVs.

The field could announce 65535; addresses take 216 at most, and a TLV with a certificate's
name and a few others is far from this.
"""

LONGEST = 16 + LONGEST_BLOCK
"""Octets of the longest header of either version."""

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
_WORD = b"PROXY "
_FIXED = 16
_LOCAL, _PROXY = 0x20, 0x21
_TCP4, _TCP6 = 0x11, 0x21
_ADDRESS_OCTETS = {_TCP4: 4, _TCP6: 16}

_UNKNOWN = re.compile(rb"PROXY UNKNOWN(?: [^\r\n]*)?\Z")
_TCP = re.compile(
    rb"PROXY TCP(?:4 (?P<s4>[0-9.]{7,15}) (?P<d4>[0-9.]{7,15})"
    rb"|6 (?P<s6>[0-9A-Fa-f:.]{2,45}) (?P<d6>[0-9A-Fa-f:.]{2,45}))"
    rb" (?P<sp>0|[1-9][0-9]{0,4}) (?P<dp>0|[1-9][0-9]{0,4})\Z"
)


@dataclass(frozen=True, slots=True)
class ProxyHeader:
    """A whole header.

    `length` is in octets: the session begins behind them.  Without `source` and
    `destination` (LOCAL, UNKNOWN, unspecified) the connection speaks for itself.
    """

    length: int
    source: Endpoint | None = None
    destination: Endpoint | None = None


@dataclass(frozen=True, slots=True)
class Malformed:
    """No header, with what is wrong about it: the connection is to be closed."""

    why: str


def read_proxy_header(data: bytes) -> ProxyHeader | Malformed | None:
    """The header at the beginning of `data`; None while what there is may become one.

    Octets behind the header are not looked at.  As long as None is returned, all of
    `data` belongs to the header.
    """
    if data[:1] == SIGNATURE[:1]:
        return _binary(data)
    if data.startswith(_WORD[: len(data)]):
        return _line(data)
    return Malformed("neither version 1 nor version 2")


def _line(data: bytes) -> ProxyHeader | Malformed | None:
    """Version 1."""
    end = data.find(b"\n", 0, LONGEST_LINE)
    if end < 0:
        if len(data) >= LONGEST_LINE:
            return Malformed(f"no line end within {LONGEST_LINE} octets")
        return_at = data.find(b"\r")
        if 0 <= return_at < len(data) - 1:
            return Malformed("a CR that ends no line")
        return None
    if data[end - 1 : end] != b"\r":
        return Malformed("a LF that ends no line")
    line = data[: end - 1]
    if _UNKNOWN.match(line):
        return ProxyHeader(end + 1)
    found = _TCP.match(line)
    if found is None:
        return Malformed("not PROXY TCP4, TCP6 or UNKNOWN with its addresses and ports")
    source = _endpoint(found["s4"], found["s6"], found["sp"])
    destination = _endpoint(found["d4"], found["d6"], found["dp"])
    if source is None or destination is None:
        return Malformed("an address or port that cannot be")
    return ProxyHeader(end + 1, source, destination)


def _endpoint(v4: bytes | None, v6: bytes | None, port: bytes) -> Endpoint | None:
    if int(port) > 65535:
        return None
    try:
        address = (
            ipaddress.IPv4Address(v4.decode())
            if v4 is not None
            else ipaddress.IPv6Address((v6 or b"").decode())
        )
    except ValueError:
        return None
    return _plain(address), int(port)


def _binary(data: bytes) -> ProxyHeader | Malformed | None:
    """Version 2."""
    if not data.startswith(SIGNATURE[: len(data)]):
        return Malformed("not the signature of version 2")
    command, family = data[12:13], data[13:14]
    if command and command[0] >> 4 != 2:
        return Malformed(f"version {command[0] >> 4}")
    if command and command[0] not in (_LOCAL, _PROXY):
        return Malformed(f"command {command[0] & 15}")
    local = command == bytes([_LOCAL])
    # 2.2: a LOCAL connection's family is ignored, whatever stands there.
    if family and not local and (family[0] >> 4 > 3 or family[0] & 15 > 2):
        return Malformed(f"family and transport 0x{family[0]:02x}")
    if len(data) < _FIXED:
        return None
    block = int.from_bytes(data[14:16], "big")
    size = 0 if local else _ADDRESS_OCTETS.get(family[0], 0)
    if block > LONGEST_BLOCK:
        return Malformed(f"{block} octets announced, more than {LONGEST_BLOCK}")
    if size and block < 2 * size + 4:
        return Malformed(f"{block} octets are too few for the addresses")
    if len(data) < _FIXED + block:
        return None
    if not size:
        return ProxyHeader(_FIXED + block)
    return ProxyHeader(_FIXED + block, *_addresses(data[_FIXED : _FIXED + 2 * size + 4], size))


def _addresses(block: bytes, size: int) -> tuple[Endpoint, Endpoint]:
    hosts = [_plain(ipaddress.ip_address(block[at : at + size])) for at in (0, size)]
    ports = [int.from_bytes(block[at : at + 2], "big") for at in (2 * size, 2 * size + 2)]
    return (hosts[0], ports[0]), (hosts[1], ports[1])


def _plain(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> str:
    """An address as rules and files have it: mapped IPv4 as IPv4."""
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(address)
