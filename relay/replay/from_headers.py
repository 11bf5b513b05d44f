"""What a message file says of an envelope that nobody gave: its header fields."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Iterator

from relay.message.addresses import AddrSpec, addresses, joined
from relay.message.headers import fields, find

SENDER_FIELDS = ("return-path", "from")
RECIPIENT_FIELDS = ("to", "cc", "bcc")
_ADDRESS = re.compile(rb"\[(?:IPv6:)?([0-9A-Fa-f.:]{2,45})\]", re.IGNORECASE)


def sender(block: bytes) -> tuple[str, str]:
    """The sender and the field that names it; "" and "" where none does.

    A Return-Path of `<>` names the null sender.
    """
    returned = find(block, "Return-Path")
    if returned is not None and block[returned.value : returned.end].strip() == b"<>":
        return "", "Return-Path"
    for name in SENDER_FIELDS:
        for found in _addresses(block, (name,)):
            return found, name.title()
    return "", ""


def recipients(block: bytes) -> tuple[str, ...]:
    """The addresses of To, Cc and Bcc, each once, in order."""
    return tuple(dict.fromkeys(_addresses(block, RECIPIENT_FIELDS)))


def source(block: bytes) -> str:
    """The client's address in the newest Received line, "" where it names none."""
    for field in fields(block):
        if field.name.lower() != b"received":
            continue
        for match in _ADDRESS.finditer(block, field.value, field.end):
            try:
                return str(ipaddress.ip_address(match[1].decode("ascii")))
            except ValueError:
                continue
        return ""
    return ""


def _addresses(block: bytes, names: Iterable[str]) -> Iterator[str]:
    wanted = {name.encode() for name in names}
    for field in fields(block):
        if field.name.lower() in wanted:
            for one in addresses(block[field.value : field.end]):
                if isinstance(one, AddrSpec):
                    yield joined(one.local, one.domain)
