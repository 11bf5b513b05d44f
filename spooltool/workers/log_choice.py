"""What lines a choice of the screen means, and how a line is shown."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass

from spooltool.diagnose.logkind import Kind, kind_of, name_of
from spooltool.diagnose.logrow import addresses_of, number_of
from spooltool.live.merge import LogLine
from spooltool.render.journal import who_of
from spooltool.render.loglines import Logged, operator_words, pane_words, read_line
from spooltool.spool.hosts import HostPort, parse_host, parse_hosts
from spooltool.spool.mailbox import mail_domain
from spooltool.store.journal_pieces import Begun, Meant
from spooltool.workers.log_messages import Everything, Line, OneMessage, Toward


@dataclass(frozen=True, slots=True)
class Choice:
    """Which lines, and which changes of operators, are meant.

    Only a line that holds one of the `needles`, where there are any, can be meant; they are
    in lower case, and its case is of no account, where `folded`.
    `everything` spares reading the lines.  `number` is that of a single message.
    """

    line: Callable[[Logged], bool]
    change: Callable[[Meant], bool]
    needles: tuple[bytes, ...] = ()
    folded: bool = False
    everything: bool = False
    number: str = ""

    def means(self, line: LogLine) -> bool:
        """Whether a line is meant."""
        if self.everything:
            return True
        if self.needles:
            text = line.line.lower() if self.folded else line.line
            if not any(needle in text for needle in self.needles):
                return False
        return self.line(_read(line))

    def shown(self, line: LogLine) -> Line | None:
        """The line as it is shown; None when it is not meant."""
        return shown(line) if self.means(line) else None


def choose(about: Everything | OneMessage | Toward) -> Choice:
    """The choice that needs no look at the queue."""
    match about:
        case Everything():
            return Choice(lambda read: True, lambda meant: True, everything=True)
        case OneMessage(number):
            return _message(number)
        case Toward(hosts, domains):
            return _toward(hosts, domains)


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
        needles=(os.fsencode(number),),
        number=number,
    )


def _toward(hosts: tuple[HostPort, ...], domains: tuple[str, ...]) -> Choice:
    wanted = {(one.host.lower(), one.port) for one in hosts}

    def names_a_host(text: str) -> bool:
        return any(
            (one.host, None) in wanted or (one.host, one.port or 25) in wanted
            for one in parse_hosts(text)
        )

    def goes_there(read: Logged) -> bool:
        return names_a_host(read.fields.get("host") or read.fields.get("dst") or "") or any(
            mail_domain(address) in domains for address in addresses_of(read.fields)
        )

    names = [*(host for host, _ in wanted), *domains]
    spelt_otherwise = any("xn--" in domain for domain in domains)
    return Choice(
        goes_there,
        lambda meant: any(map(names_a_host, meant.hosts)),
        needles=() if spelt_otherwise else tuple(map(os.fsencode, names)),
        folded=True,
    )


def _read(line: LogLine) -> Logged:
    return read_line(os.path.basename(line.path), line.time, line.line)
