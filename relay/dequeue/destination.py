"""Where a message goes next: the key under which its mail is scheduled.

For an R file that is DST (with DPORT), for an E file ERR_SERVER, whose default port is
25.  Two messages with the same list of hosts share a destination.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from spooltool.spool.codec import Envelope
from spooltool.spool.hosts import HostPort, format_hosts, parse_hosts

SMTP_PORT = 25


@dataclass(frozen=True, slots=True)
class Destination:
    """Hosts with their ports, tried in order.  Without hosts nothing can be delivered."""

    hosts: tuple[HostPort, ...]

    def __str__(self) -> str:
        return format_hosts(self.hosts) if self.hosts else "nowhere"

    @property
    def name(self) -> str:
        """The hosts without the usual port, for logs and lists."""
        return ",".join(h.host if h.port == SMTP_PORT else str(h) for h in self.hosts) or "nowhere"


@lru_cache(maxsize=4096)
def destination(value: str, port: str) -> Destination:
    """The destination that a value of DST or ERR_SERVER names."""
    default = (
        int(port) if port.isascii() and port.isdigit() and 0 < int(port) < 65536 else SMTP_PORT
    )
    hosts = parse_hosts(value)
    return Destination(tuple(HostPort(h.host, h.port or default) for h in hosts))


def of_envelope(letter: str, envelope: Envelope) -> Destination:
    """The destination of a message, from its whole envelope."""
    if letter == "E":
        return destination(envelope.get("ERR_SERVER") or "", str(SMTP_PORT))
    return destination(envelope.get("DST") or "", envelope.get("DPORT") or str(SMTP_PORT))


_DST = re.compile(rb"^DST:[ \t]*([^\r\n]*?)[ \t]*\r?$", re.MULTILINE)
_DPORT = re.compile(rb"^DPORT:[ \t]*([^\r\n]*?)[ \t]*\r?$", re.MULTILINE)
_ERR = re.compile(rb"^ERR_SERVER:[ \t]*([^\r\n]*?)[ \t]*\r?$", re.MULTILINE)


def of_head(letter: str, head: bytes) -> Destination:
    """The destination by a quick look at a file's first bytes: a hint for the schedule.

    The attempt reads the envelope under the lock and obeys what stands there.
    """
    if letter == "E":
        return destination(_first(_ERR, head), str(SMTP_PORT))
    return destination(_first(_DST, head), _first(_DPORT, head))


def _first(pattern: re.Pattern[bytes], head: bytes) -> str:
    match = pattern.search(head)
    return match[1].decode("utf-8", "surrogateescape") if match else ""
