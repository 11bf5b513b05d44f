"""fwauthd.conf: whether the SMTP security server runs, where, and how many of it.

    25   fwssd   in.asmtpd   wait   0

A line has the port that is served, the binary, the server's name, `wait` or `respawn`, and
a number: from 0 on the port to listen on (0: any), below 0 that many instances.  More
fields may follow; `#` begins a comment.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from relay.config.parameters import Config
from spooltool.spool.hosts import HostPort

SERVER = "in.asmtpd"
MODES = ("wait", "respawn")
MOST_INSTANCES = 64

_NUMBER = re.compile(r"-?[0-9]{1,9}\Z")


@dataclass(frozen=True, slots=True)
class ServerLine:
    """A line that starts a server; `line` counts from 1.

    Its mode is of no consequence here: the relay starts anew whatever dies.
    """

    line: int
    port: int
    binary: str
    server: str
    mode: str
    number: int
    more: tuple[str, ...] = ()

    @property
    def listening_port(self) -> int:
        """The port to listen on; 0 leaves it open."""
        return max(0, self.number)

    @property
    def instances(self) -> int:
        """How many processes are asked for; 0 leaves it open."""
        return max(0, -self.number)


@dataclass(frozen=True, slots=True)
class NotStarted:
    """Why a file starts no SMTP security server; line 0 where no line is to blame."""

    line: int
    text: str


def smtp_server(text: str) -> ServerLine | NotStarted:
    """The line that starts in.asmtpd, or why none does."""
    found: ServerLine | None = None
    commented = 0
    for number, line in enumerate(text.splitlines(), 1):
        fields = line.partition("#")[0].split()
        if SERVER not in fields:
            if SERVER in line.split("#", 1)[-1].split() and "#" in line:
                commented = commented or number
            continue
        read = _line(number, fields)
        if isinstance(read, NotStarted):
            return read
        if found is not None:
            return NotStarted(number, f"{SERVER} stands in line {found.line} already")
        found = read
    if found is not None:
        return found
    if commented:
        return NotStarted(commented, f"the line of {SERVER} is commented out: no mail is taken")
    return NotStarted(0, f"no line starts {SERVER}: no mail is taken")


def served(config: Config, line: ServerLine, *, listening: bool = False) -> Config:
    """A configuration with what the line says of instances and of the port to listen on.

    `listening` tells that the command line names the listeners, which beats the port.
    """
    if line.instances:
        config = replace(config, intake_workers=line.instances)
    if line.listening_port and not listening:
        hosts = dict.fromkeys(one.host for one in config.listen)
        config = replace(config, listen=tuple(HostPort(h, line.listening_port) for h in hosts))
    return config


def _line(number: int, fields: list[str]) -> ServerLine | NotStarted:
    if len(fields) < 5:
        return NotStarted(number, f"a line wants PORT BINARY {SERVER} wait|respawn NUMBER")
    port, binary, server, mode, last = fields[:5]
    if server != SERVER:
        return NotStarted(number, f"{SERVER} belongs into the third field")
    if not (port.isascii() and port.isdecimal() and int(port) < 65536):
        return NotStarted(number, f"{port!r} is no port")
    if mode not in MODES:
        return NotStarted(number, f"wants wait or respawn, not {mode!r}")
    if not _NUMBER.match(last) or not -MOST_INSTANCES <= int(last) < 65536:
        return NotStarted(
            number, f"wants a port, or instances as -1 to -{MOST_INSTANCES}, not {last!r}"
        )
    return ServerLine(number, int(port), binary, server, mode, int(last), tuple(fields[5:]))
