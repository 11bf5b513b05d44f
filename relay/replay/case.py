"""One message that is to be replayed."""

from __future__ import annotations

from dataclasses import dataclass, field

from relay.message.line_view import Content
from spooltool.spool.checks import Check
from spooltool.spool.hosts import HostPort


@dataclass(frozen=True, slots=True)
class Address:
    """An address as a client gives it, with the ESMTP parameters behind it."""

    text: str
    params: str = ""


@dataclass(frozen=True, slots=True)
class Case:
    """A message as it came: `content` is original headers, empty line, body, with LF line ends.

    `source` is the client's address.  `meant` is the server that it is said to have been
    going to, `known` the one that its spool file names, which a relay that learns servers from
    the wire takes for it.  `arrived` is in unix seconds.  `passed` are checks that an operator
    waived.  `notes` say what was assumed.
    """

    name: str
    content: Content
    source: str
    sender: Address
    recipients: tuple[Address, ...]
    meant: HostPort | None = None
    known: HostPort | None = None
    helo: str = ""
    protocol: str = "ESMTP"
    number: str = "00000000"
    arrived: float = 0.0
    passed: frozenset[Check] = frozenset()
    notes: tuple[str, ...] = field(default=())
