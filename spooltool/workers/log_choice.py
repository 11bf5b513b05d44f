"""What lines a choice of the screen means, and how a line is shown."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass

from spooltool.diagnose.logkind import Kind, kind_of, name_of
from spooltool.diagnose.logrow import number_of
from spooltool.live.merge import LogLine
from spooltool.render.journal import who_of
from spooltool.render.loglines import Logged, operator_words, pane_words, read_line
from spooltool.spool.hosts import parse_host, parse_hosts
from spooltool.store.journal_pieces import Begun, Meant
from spooltool.workers.log_messages import Everything, Line, OneHost, OneMessage


@dataclass(frozen=True, slots=True)
class Choice:
    """Which lines, and which changes of operators, are meant.

    Only a line that holds `needle`, whatever its case where `folded`, can be meant.
    `everything` spares reading the lines.  `number` is that of a single message.
    """

    line: Callable[[Logged], bool]
    change: Callable[[Meant], bool]
    needle: bytes = b""
    folded: bool = False
    everything: bool = False
    number: str = ""

    def means(self, line: LogLine) -> bool:
        """Whether a line is meant."""
        if self.everything:
            return True
        if self.needle and self.needle not in (line.line.lower() if self.folded else line.line):
            return False
        return self.line(_read(line))

    def shown(self, line: LogLine) -> Line | None:
        """The line as it is shown; None when it is not meant."""
        return shown(line) if self.means(line) else None


def choose(about: Everything | OneMessage | OneHost) -> Choice:
    """The choice that needs no look at the queue."""
    match about:
        case Everything():
            return Choice(lambda read: True, lambda meant: True, everything=True)
        case OneMessage(number):
            return _message(number)
        case OneHost(host, port):
            return _host(host, port)


def shown(line: LogLine) -> Line:
    """A line of a log as it is shown."""
    read = _read(line)
    host = read.fields.get("host") or read.fields.get("dst") or ""
    return Line(
        read.time,
        kind_of(read.event),
        name_of(read.id, read.event),
        number_of(read.id),
        host if parse_host(host) else "",
        pane_words(read),
    )


def shown_change(begun: Begun) -> Line:
    """A transaction of an operator as it is shown."""
    who = who_of(begun.user, begun.tty)
    words = operator_words(begun.txn, begun.verb, begun.count, who, begun.reason)
    return Line(begun.at, Kind.OPERATOR, "", "", "", words)


def _message(number: str) -> Choice:
    """A line may be about it, or about a message whose notice it is."""
    return Choice(
        lambda read: number in (number_of(read.id), read.fields.get("notice")),
        lambda meant: meant.id == number,
        needle=os.fsencode(number),
        number=number,
    )


def _host(host: str, port: int | None) -> Choice:
    host = host.lower()

    def is_it(text: str) -> bool:
        return any(one.host == host and port in (None, one.port or 25) for one in parse_hosts(text))

    return Choice(
        lambda read: is_it(read.fields.get("host") or read.fields.get("dst") or ""),
        lambda meant: any(map(is_it, meant.hosts)),
        needle=os.fsencode(host),
        folded=True,
    )


def _read(line: LogLine) -> Logged:
    return read_line(os.path.basename(line.path), line.time, line.line)
