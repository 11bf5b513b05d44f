"""`[scanner.NAME]`: an antivirus scanner that resources may name.

A message names its scanner by address alone (AV_IPADDR, AV_PORT), as the chapter's files do;
the table says what is spoken there.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass

from relay.config import kinds
from relay.config.kinds import Wrong
from relay.config.tables import TableKind, entry
from spooltool.spool.hosts import HostPort

PROTOCOLS = ("clamd", "icap")

_NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}\Z")
_SERVICE = re.compile(r"[A-Za-z0-9_.~/-]{0,200}\Z")
_ADDRESS = "a.b.c.d:PORT"


def address(value: object) -> HostPort:
    """An IPv4 address with its port: AV_IPADDR and AV_PORT can hold nothing else."""
    text = kinds.as_text(value, _ADDRESS)
    host, _, port = text.rpartition(":")
    try:
        found = ipaddress.IPv4Address(host)
    except ValueError:
        raise Wrong(f"wants {_ADDRESS}, as AV_IPADDR and AV_PORT name it, not {text!r}") from None
    if found.is_unspecified or not port.isdecimal() or not 0 < int(port) < 65536:
        raise Wrong(f"wants an address and a port of a scanner, not {text!r}")
    return HostPort(str(found), int(port))


def service(value: object) -> str:
    """The path of an ICAP service, without the slash before it."""
    text = kinds.as_text(value, "the path of a service").removeprefix("/")
    if not _SERVICE.match(text):
        raise Wrong(f"wants the path of a service like virus_scan, not {kinds.shown(text)}")
    return text


def read_name(text: str) -> str:
    """A name of a scanner."""
    if not _NAME.match(text):
        raise Wrong(f"{kinds.shown(text)} is no name: letters, digits, - _ . and at most 64")
    return text


_NOWHERE = HostPort("0.0.0.0", 0)


@dataclass(frozen=True, slots=True)
class ScannerTable:
    """One scanner; `max_size` in KB."""

    name: str
    protocol: str = entry(
        "clamd", "|".join(PROTOCOLS), kinds.one_of(*PROTOCOLS), "what it speaks", wanted=True
    )
    address: HostPort = entry(
        _NOWHERE,
        _ADDRESS,
        address,
        "how AV_IPADDR and AV_PORT name it, and where it listens unless socket is set",
        wanted=True,
    )
    socket: str = entry(
        "", "absolute path", kinds.path, "Unix socket on which it listens instead (clamd)"
    )
    service: str = entry("", "path", service, "its service, as virus_scan or avscan (icap)")
    max_size: int = entry(
        25_600,
        "1 to 4194304 KB",
        kinds.whole(1, 1 << 22, "KB"),
        "what is larger is not scanned, which is not clean",
    )
    comment: str = entry("", "text", kinds.line, "for people")


SCANNER: TableKind[ScannerTable] = TableKind(
    "scanner",
    "scanners",
    "Scanners",
    "a scanner",
    "[scanner.NAME]",
    ScannerTable,
    read_name=read_name,
)
