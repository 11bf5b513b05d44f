"""Where entries go beside the files: `journald`, `unix:PATH`, `udp:HOST:PORT`, `tcp:HOST:PORT`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from spooltool.spool.hosts import HostPort, parse_host

JOURNAL = "/run/systemd/journal/socket"
SHAPES = "journald, unix:PATH, udp:HOST:PORT or tcp:HOST:PORT"


class Way(Enum):
    """How an entry gets there."""

    JOURNALD = "journald"
    """systemd-journald, its native protocol."""
    UNIX = "unix"
    """Syslog over a Unix datagram socket such as /dev/log."""
    UDP = "udp"
    """Syslog, one datagram a message (RFC 5426)."""
    TCP = "tcp"
    """Syslog, octet-counted (RFC 6587 3.4.1)."""


@dataclass(frozen=True, slots=True)
class LogTarget:
    """One target; `path` of a socket or `peer`, by its way."""

    way: Way
    path: str = ""
    peer: HostPort | None = None

    def __str__(self) -> str:
        if self.way is Way.JOURNALD and self.path == JOURNAL:
            return "journald"
        return f"{self.way.value}:{self.peer or self.path}"


def parse_target(text: str) -> LogTarget | None:
    """Read a target; None where it is none.  `journald:PATH` names another socket."""
    word, colon, rest = text.partition(":")
    if word not in {way.value for way in Way}:
        return None
    way = Way(word)
    if way is Way.JOURNALD and not colon:
        return LogTarget(way, JOURNAL)
    if way in (Way.JOURNALD, Way.UNIX):
        short = len(rest.encode("utf-8", "surrogateescape")) <= 107  # sun_path, unix(7)
        return LogTarget(way, rest) if rest.startswith("/") and short and "\0" not in rest else None
    peer = parse_host(rest)
    return LogTarget(way, peer=peer) if peer is not None and peer.port is not None else None
