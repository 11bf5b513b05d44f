"""Tables of relay.toml about single destinations: `[destination."mx.example.org:25"]`.

A table's name is HOST, HOST:PORT, or `*.example.org` (with or without :PORT) for every
host below that domain, as DST and ERR_SERVER name it.  What a table leaves out is as for
all destinations, or as the next wider table says (`relay.policy.hops`).
"""

from __future__ import annotations

from dataclasses import dataclass

from relay.config import kinds
from relay.config.kinds import Wrong
from relay.config.tables import TableKind, entry
from spooltool.spool.hosts import HostPort, parse_host

TLS_WORDS = ("off", "may", "require", "verify")


@dataclass(frozen=True, slots=True)
class HostPattern:
    """Hosts that a table is about; `below` means every host of the domain `host`."""

    host: str
    port: int | None = None
    below: bool = False

    def __str__(self) -> str:
        return ("*." if self.below else "") + str(HostPort(self.host, self.port))

    def matches(self, host: str, port: int) -> bool:
        """Whether a host at a port is meant."""
        if self.port is not None and self.port != port:
            return False
        return host.endswith("." + self.host) if self.below else host == self.host

    @property
    def narrowness(self) -> tuple[bool, int, bool]:
        """Sorts patterns: one host before a domain, a long domain before a short one."""
        return (not self.below, len(self.host), self.port is not None)


def parse_pattern(text: str) -> HostPattern | None:
    """Read the name of a table; None when it names no host."""
    below = text.startswith("*.")
    host = parse_host(text[2:] if below else text)
    if host is None or (below and ":" in host.host):
        return None
    return HostPattern(host.host.rstrip("."), host.port, below)


def read_name(text: str) -> HostPattern:
    """The same, for a table; Wrong when it names no host."""
    found = parse_pattern(text)
    if found is None:
        raise Wrong(f"{kinds.shown(text)} is not HOST, HOST:PORT or *.DOMAIN")
    return found


@dataclass(frozen=True, slots=True)
class DestinationTable:
    """What one table says; None where it says nothing."""

    pattern: HostPattern
    tls: str | None = entry(
        None, "|".join(TLS_WORDS), kinds.one_of(*TLS_WORDS), "encryption, as for all by `tls`"
    )
    tls_name: str | None = entry(
        None,
        "host name",
        kinds.hostname,
        "name that the certificate must bear; without it: the host as DST has it",
    )
    tls_ca: str | None = entry(
        None, "absolute path", kinds.path, "authorities, as for all by `tls_ca`"
    )
    soft_bounce: bool | None = entry(None, "true|false", kinds.flag, "as for all by `soft_bounce`")


DESTINATION: TableKind[DestinationTable] = TableKind(
    "destination",
    "destinations",
    "Destinations",
    "a destination",
    '[destination."HOST:PORT"]',
    DestinationTable,
    read_name=read_name,
    calls="host",
    quoted=True,
)
