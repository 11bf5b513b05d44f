"""Which scanner, and what is asked of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from relay.antivirus.wire.icap_request import MESSAGE, OCTETS, Piece, Service
from relay.config.scanners import ScannerTable
from relay.policy.scan_outcome import Mode
from spooltool.spool.hosts import HostPort

CONNECTIONS = 8
"""Scans at once with one scanner, of one process, unless said otherwise."""


class Protocol(StrEnum):
    """How a scanner is spoken to."""

    CLAMD = "clamd"
    ICAP = "icap"


@dataclass(frozen=True, slots=True)
class Scanner:
    """One scanner, as a table `[scanner.NAME]` tells of it.

    `address` is how AV_IPADDR and AV_PORT name it, and where it is connected to unless
    `socket` names a Unix socket (clamd only).  `service` is the path of an ICAP service.
    `max_size` are KB: larger content is not sent and counts as not scanned; 0 for no limit.
    `connections` is how many scans one process has going at once.
    """

    name: str
    protocol: Protocol
    address: HostPort
    socket: str = ""
    service: str = ""
    max_size: int = 0
    connections: int = CONNECTIONS

    def __str__(self) -> str:
        """Its name, if it has one, and where it is: for people."""
        what = f"{self.protocol} at {self.place}"
        return f"{self.name} ({what})" if self.name else what

    @property
    def place(self) -> str:
        """Where it is connected to."""
        return self.socket or str(self.address)

    @property
    def icap(self) -> Service:
        """The ICAP service."""
        return Service(str(self.address), self.service)

    def too_large(self, octets: int) -> bool:
        """Whether it is not to be sent so much."""
        return bool(self.max_size) and octets > self.max_size * 1024


def scanner_of(table: ScannerTable) -> Scanner:
    """A scanner as its table of relay.toml tells of it."""
    return Scanner(
        table.name,
        Protocol(table.protocol),
        table.address,
        table.socket,
        table.service,
        table.max_size,
    )


@dataclass(frozen=True, slots=True)
class ScanTask:
    """What is asked: `mode`, and whether the content is a mail with its `headers` or a part.

    `name` is the part's file name or "", `length` its octets if they are known.
    """

    mode: Mode = Mode.CHECK
    headers: bool = False
    name: str = ""
    length: int | None = field(default=None)

    @property
    def piece(self) -> Piece:
        """What an ICAP service is told of it."""
        return Piece(self.name, MESSAGE if self.headers else OCTETS, self.length)
