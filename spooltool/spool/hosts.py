"""Hosts as DST and ERR_SERVER hold them: `HOST`, `HOST:PORT`, `[v6]:PORT`, `{a,b}`.

A list is tried in order; blanks around its members are tolerated (the chapter writes
one after the brace).  A port on a host beats DPORT.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_NAME = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_.-]{0,253}[A-Za-z0-9_])?\.?\Z")
_PORT = re.compile(r"[0-9]{1,5}\Z")
_SCOPED = re.compile(r"[0-9A-Fa-f:.]{2,45}(%[0-9A-Za-z_.-]{1,32})?\Z")
MAX_HOSTS_BYTES = 1024
"""Longest DST or ERR_SERVER value: both together must leave STATE within 4 KiB."""


@dataclass(frozen=True, slots=True)
class HostPort:
    """One host to connect to; `port` None means the key's default."""

    host: str
    port: int | None = None

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}" if self.port is not None else host


def parse_host(text: str) -> HostPort | None:
    """Read one host; None when it is none."""
    text = text.strip()
    port: int | None = None
    if text.startswith("["):
        inner, closed, rest = text[1:].partition("]")
        if not closed or not _is_v6(inner):
            return None
        if rest and (not rest.startswith(":") or (port := _port(rest[1:])) is None):
            return None
        return HostPort(inner.lower(), port)
    if text.count(":") > 1:
        return HostPort(text.lower()) if _is_v6(text) else None
    host, colon, tail = text.partition(":")
    if colon and (port := _port(tail)) is None:
        return None
    if not _NAME.match(host) or ".." in host:
        return None
    return HostPort(host.lower(), port)


def parse_hosts(text: str) -> tuple[HostPort, ...]:
    """Read a value of DST or ERR_SERVER; empty when it names no usable host."""
    text = text.strip()
    if text.startswith("{") and text.endswith("}"):
        members = [parse_host(part) for part in text[1:-1].split(",")]
        hosts = tuple(member for member in members if member is not None)
        return hosts if len(hosts) == len(members) else ()
    one = parse_host(text)
    return (one,) if one else ()


def format_hosts(hosts: tuple[HostPort, ...]) -> str:
    """Write hosts as a value: one plainly, several as `{a,b}`."""
    if len(hosts) == 1:
        return str(hosts[0])
    return "{" + ",".join(map(str, hosts)) + "}"


def _port(text: str) -> int | None:
    return int(text) if _PORT.match(text) and 0 < int(text) < 65536 else None


def _is_v6(text: str) -> bool:
    if not _SCOPED.match(text):
        return False
    import ipaddress  # start-up: most spools hold no IPv6 literal

    try:
        ipaddress.IPv6Address(text)
    except ValueError:
        return False
    return True
