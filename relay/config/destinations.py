"""Tables of relay.toml about single destinations: `[destination."mx.example.org:25"]`.

A table's name is HOST, HOST:PORT, or `*.example.org` (with or without :PORT) for every
host below that domain, as DST and ERR_SERVER name it.  What a table leaves out is as for
all destinations, or as the next wider table says (`relay.policy.hops`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from relay.config import kinds
from relay.config.kinds import Read, Wrong
from relay.config.statements import Statement
from spooltool.spool.hosts import HostPort, parse_host

TABLE = "destination"
"""The first word of a table's name."""

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


@dataclass(frozen=True, slots=True)
class DestinationTable:
    """What one table says; None where it says nothing."""

    pattern: HostPattern
    tls: str | None = None
    tls_name: str | None = None
    tls_ca: str | None = None
    soft_bounce: bool | None = None


@dataclass(frozen=True, slots=True)
class TableParameter:
    """One parameter of a table: `kind` words its values, `read` is as for `Parameter`."""

    name: str
    kind: str
    read: Read
    meaning: str


TABLE_PARAMETERS: tuple[TableParameter, ...] = (
    TableParameter(
        "tls", "|".join(TLS_WORDS), kinds.one_of(*TLS_WORDS), "encryption, as for all by `tls`"
    ),
    TableParameter(
        "tls_name",
        "host name",
        kinds.hostname,
        "name that the certificate must bear; without it: the host as DST has it",
    ),
    TableParameter("tls_ca", "absolute path", kinds.path, "authorities, as for all by `tls_ca`"),
    TableParameter("soft_bounce", "true|false", kinds.flag, "as for all by `soft_bounce`"),
)
"""Every parameter of a table, in the order in which they are shown."""

TABLE_PARAMETER: Mapping[str, TableParameter] = {one.name: one for one in TABLE_PARAMETERS}

Wronged = Callable[[int, str, str], None]


class DestinationReader:
    """Reads these tables statement by statement; `wrong(line, name, text)` hears of mistakes."""

    def __init__(self, wrong: Wronged) -> None:
        self._wrong = wrong
        self._values: dict[HostPattern, dict[str, object]] = {}
        self._lines: dict[tuple[HostPattern, str], int] = {}
        self._open: HostPattern | None = None

    def open(self, statement: Statement, value: object) -> None:
        """A table's header; `value` is what stands below its first word."""
        self._open = None
        name, inner = next(iter(value.items())) if isinstance(value, dict) and value else ("", {})
        if not name:
            self._wrong(statement.line, "", f'[{TABLE}] wants a host: [{TABLE}."HOST:PORT"]')
        elif isinstance(inner, list):
            self._wrong(statement.line, "", f'one pair of brackets: [{TABLE}."{name}"]')
        elif inner != {}:
            self._wrong(statement.line, "", f'quotes belong around the host: [{TABLE}."…"]')
        elif (pattern := parse_pattern(name)) is None:
            self._wrong(
                statement.line, "", f"{kinds.shown(name)} is not HOST, HOST:PORT or *.DOMAIN"
            )
        elif (before := self._lines.get((pattern, ""))) is not None:
            again = f'[{TABLE}."{pattern}"] stands in line {before} already'
            self._wrong(statement.line, "", again)
        else:
            self._open = pattern
            self._values[pattern] = {}
            self._lines[pattern, ""] = statement.line

    def take(self, statement: Statement, name: str, value: object, elsewhere: bool) -> None:
        """A parameter below the header; `elsewhere` tells that the relay has one of its name."""
        parameter = TABLE_PARAMETER.get(name)
        if parameter is None:
            self._wrong(statement.line, "", _unknown(name, elsewhere))
            return
        if self._open is None:
            return  # below a header that was wrong
        if (before := self._lines.get((self._open, name))) is not None:
            self._wrong(statement.line, name, f"stands in line {before} already")
            return
        self._lines[self._open, name] = statement.line
        try:
            self._values[self._open][name] = parameter.read(value)
        except Wrong as wrong:
            self._wrong(statement.line, name, wrong.text)

    def tables(self) -> tuple[DestinationTable, ...]:
        """What was read, in the order of the file."""
        return tuple(
            DestinationTable(pattern, **values)  # type: ignore[arg-type]  # read by kind
            for pattern, values in self._values.items()
        )


def _unknown(name: str, elsewhere: bool) -> str:
    if elsewhere:
        return f"{name} is no parameter of a destination: it stands above the first [table]"
    from difflib import get_close_matches  # only a mistake pays for it

    near = get_close_matches(name.lower().replace("-", "_"), TABLE_PARAMETER, 1, 0.6)
    of = ", ".join(TABLE_PARAMETER)
    return f"no parameter of a destination is called {name!r}; " + (
        f"{near[0]}?" if near else f"there are {of}"
    )
