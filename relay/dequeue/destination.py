"""Where a message goes next: the key under which its mail is scheduled.

For an R file that is DST (with DPORT), for an E file ERR_SERVER, whose default port is
25.  Two messages with the same list of hosts share a destination.  Where ROUTE (ERR_ROUTE
of an E file) is mx it is the domain of each recipient (of the sender): a message has a
destination, and a part, for each domain that waits.  What is left to tell when the sender
has his notice, the postmaster's copy, goes by ERR_SERVER.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from relay.queue.notice_owed import sender_waits
from relay.queue.parts import part_of
from spooltool.spool.codec import Envelope
from spooltool.spool.hosts import HostPort, format_hosts, parse_hosts
from spooltool.spool.mailbox import mail_domain
from spooltool.spool.recipient import Recipient

SMTP_PORT = 25


@dataclass(frozen=True, slots=True)
class Destination:
    """Hosts with their ports, tried in order.  Without hosts nothing can be delivered.

    With `mx` the one host is a mail domain in A-label form, or the address of an address
    literal, and who takes its mail is looked up; none stands for addresses that name no
    domain.  Its port is the usual one whatever MX are asked at, so that a person who means
    the domain names it alone.
    """

    hosts: tuple[HostPort, ...]
    mx: bool = False

    def __str__(self) -> str:
        if self.mx:
            return self.name
        return format_hosts(self.hosts) if self.hosts else "nowhere"

    @property
    def domain(self) -> str:
        """The mail domain of mail by MX; "" for other mail and where there is none."""
        return self.hosts[0].host if self.mx and self.hosts else ""

    def part(self, number: str) -> str:
        """What the part of a message that goes here is called."""
        return part_of(number, self.domain or "-") if self.mx else number

    @property
    def name(self) -> str:
        """The hosts without the usual port, for logs and lists."""
        if self.mx:
            return f"mx {self.domain or 'of no domain'}"
        return ",".join(h.host if h.port == SMTP_PORT else str(h) for h in self.hosts) or "nowhere"


@lru_cache(maxsize=4096)
def destination(value: str, port: str) -> Destination:
    """The destination that a value of DST or ERR_SERVER names."""
    default = (
        int(port) if port.isascii() and port.isdigit() and 0 < int(port) < 65536 else SMTP_PORT
    )
    hosts = parse_hosts(value)
    return Destination(tuple(HostPort(h.host, h.port or default) for h in hosts))


@lru_cache(maxsize=4096)
def by_mx(domain: str) -> Destination:
    """The destination that a mail domain is; "" for none."""
    return Destination((HostPort(domain, SMTP_PORT),) if domain else (), mx=True)


Legs = dict[Destination, tuple[Recipient, ...]]
"""Destinations of a message, in order, each with the pending recipients that it is for."""


def legs(letter: str, envelope: Envelope) -> Legs:
    """Every destination of a message, from its whole envelope.

    One without MX stands there even where nobody is pending any more: a notice is due
    then, or a move that a crash has kept from being made.
    """
    pending = tuple(one for one in envelope.recipients if one.pending)
    if letter == "E":
        if envelope.get("ERR_ROUTE") == MX and _sender_waits(envelope):
            sender = envelope.sender
            return {by_mx(mail_domain(sender.address) if sender else ""): pending}
        return {destination(envelope.get("ERR_SERVER") or "", str(SMTP_PORT)): pending}
    if envelope.get("ROUTE") == MX and pending:
        return _by_domain(pending)
    port = envelope.get("DPORT") or str(SMTP_PORT)
    return {destination(envelope.get("DST") or "", port): pending}


def _sender_waits(envelope: Envelope) -> bool:
    """Whether a notice goes to the sender; else the postmaster's copy goes by ERR_SERVER."""
    sender, state = envelope.sender, envelope.state
    return sender_waits(
        sender.address if sender else "",
        state.reason if state else "",
        errmail=envelope.get("ERRMAIL") != "0",
    )


def _by_domain(pending: Sequence[Recipient]) -> Legs:
    found: dict[str, list[Recipient]] = {}
    for one in pending:
        found.setdefault(mail_domain(one.address), []).append(one)
    return {by_mx(domain): tuple(those) for domain, those in found.items()}


def of_envelope(letter: str, envelope: Envelope) -> Destination:
    """The first destination of a message."""
    return next(iter(legs(letter, envelope)))


MX = "mx"
"""The value of ROUTE and ERR_ROUTE that means the MX of a domain."""

_MX = re.compile(rb"^(?:ERR_)?ROUTE:[ \t]*mx[ \t]*\r?$", re.MULTILINE)
_DST = re.compile(rb"^DST:[ \t]*([^\r\n]*?)[ \t]*\r?$", re.MULTILINE)
_DPORT = re.compile(rb"^DPORT:[ \t]*([^\r\n]*?)[ \t]*\r?$", re.MULTILINE)
_ERR = re.compile(rb"^ERR_SERVER:[ \t]*([^\r\n]*?)[ \t]*\r?$", re.MULTILINE)


def of_head(letter: str, head: bytes) -> Destination | None:
    """The destination by a quick look at a file's first bytes: a hint for the schedule.

    The attempt reads the envelope under the lock and obeys what stands there.  None where
    the whole envelope must be read: for mail by MX.
    """
    if b"mx" in head and _MX.search(head):
        return None
    if letter == "E":
        return destination(_first(_ERR, head), str(SMTP_PORT))
    return destination(_first(_DST, head), _first(_DPORT, head))


def _first(pattern: re.Pattern[bytes], head: bytes) -> str:
    match = pattern.search(head)
    return match[1].decode("utf-8", "surrogateescape") if match else ""
