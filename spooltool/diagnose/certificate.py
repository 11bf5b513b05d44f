"""What a certificate says: whose it is, who issued it, for which names and how long.

Python's ssl tells this of a certificate that it could verify only, and those that it could
not are the ones that a person wants to see.  So the few fields are read from the DER bytes
here (RFC 5280 4.1).  Nothing is verified: that is OpenSSL's work.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

_SEQUENCE, _SET, _OCTETS = 0x30, 0x31, 0x04
_UTC_TIME, _TIME = 0x17, 0x18
_VERSION, _EXTENSIONS = 0xA0, 0xA3
_DNS, _ADDRESS = 0x82, 0x87
_SUBJECT_ALT_NAME = "2.5.29.17"
_ATTRIBUTES = {
    "2.5.4.3": "CN",
    "2.5.4.5": "serialNumber",
    "2.5.4.6": "C",
    "2.5.4.7": "L",
    "2.5.4.8": "ST",
    "2.5.4.10": "O",
    "2.5.4.11": "OU",
    "1.2.840.113549.1.9.1": "emailAddress",
}
_ENCODINGS = {0x0C: "utf-8", 0x13: "ascii", 0x16: "ascii", 0x14: "latin-1", 0x1E: "utf-16-be"}


class Certificate(NamedTuple):
    """The fields of a certificate.  Times are unix seconds; `names` are hosts and addresses."""

    subject: str
    issuer: str
    names: tuple[str, ...]
    begins: float
    ends: float


class _Malformed(ValueError):
    """No DER, or none of a certificate."""


def read_certificate(der: bytes) -> Certificate | None:
    """The fields of a certificate in DER; None when it cannot be read."""
    try:
        return _read(der)
    except (_Malformed, ValueError, IndexError, OverflowError):
        return None


def _read(der: bytes) -> Certificate:
    body = list(_inside(_only(_only(der, _SEQUENCE, first=True), _SEQUENCE, first=True)))
    if body and body[0][0] == _VERSION:
        body = body[1:]
    _serial, _algorithm, issuer, validity, subject, _key, *rest = body
    begins, ends = (_time(tag, value) for tag, value in _inside(validity[1]))
    names: tuple[str, ...] = ()
    for tag, value in rest:
        if tag == _EXTENSIONS:
            names = _alternative_names(_only(value, _SEQUENCE))
    return Certificate(_name(subject[1]), _name(issuer[1]), names, begins, ends)


def _only(data: bytes, tag: int, *, first: bool = False) -> bytes:
    """The content of the one element in `data`, or of the first; raises _Malformed."""
    elements = _inside(data)
    found = next(elements, None)
    if found is None or found[0] != tag or (not first and next(elements, None) is not None):
        raise _Malformed
    return found[1]


def _inside(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Tag and content of each element (X.690 8.1: definite lengths, tags of one byte)."""
    at = 0
    while at < len(data):
        tag, length = data[at], data[at + 1]
        at += 2
        if length & 0x80:
            size = length & 0x7F
            if not 0 < size <= 4:
                raise _Malformed
            length = int.from_bytes(data[at : at + size], "big")
            at += size
        if at + length > len(data):
            raise _Malformed
        yield tag, data[at : at + length]
        at += length


def _name(data: bytes) -> str:
    """`CN=mx.example.org, O=Example`: the most particular part first (RFC 4514)."""
    parts = []
    for tag, relative in _inside(data):
        if tag != _SET:
            raise _Malformed
        for _, pair in _inside(relative):
            (_, oid), (kind, value) = _inside(pair)
            word = _ATTRIBUTES.get(_oid(oid)) or _oid(oid)
            parts.append(f"{word}={value.decode(_ENCODINGS.get(kind, 'latin-1'), 'replace')}")
    return ", ".join(reversed(parts))


def _oid(data: bytes) -> str:
    numbers: list[int] = []
    value = 0
    for byte in data:
        value = value << 7 | byte & 0x7F
        if not byte & 0x80:
            numbers.append(value)
            value = 0
    first = min(numbers[0] // 40, 2)
    return ".".join(map(str, (first, numbers[0] - 40 * first, *numbers[1:])))


def _time(tag: int, value: bytes) -> float:
    """UTCTime and GeneralizedTime as RFC 5280 4.1.2.5 has them: with seconds, in Z."""
    text = value.decode("ascii")
    if tag == _UTC_TIME:
        text = ("19" if text[:2] >= "50" else "20") + text
    elif tag != _TIME:
        raise _Malformed
    if len(text) != 15 or not text.endswith("Z") or not text[:-1].isdigit():
        raise _Malformed
    digits = (text[:4], *(text[at : at + 2] for at in range(4, 14, 2)))
    year, month, day, hour, minute, second = map(int, digits)
    since = datetime(year, month, day, hour, minute, min(second, 59), tzinfo=UTC)
    return (since - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(seconds=1)


def _alternative_names(extensions: bytes) -> tuple[str, ...]:
    for _, extension in _inside(extensions):
        fields = list(_inside(extension))
        if _oid(fields[0][1]) == _SUBJECT_ALT_NAME and fields[-1][0] == _OCTETS:
            found = _inside(_only(fields[-1][1], _SEQUENCE))
            return tuple(filter(None, (_alternative(tag, value) for tag, value in found)))
    return ()


def _alternative(tag: int, value: bytes) -> str:
    if tag == _DNS:
        return value.decode("ascii", "replace")
    if tag == _ADDRESS and len(value) in (4, 16):
        return str(ipaddress.ip_address(value))
    return ""
