"""Which messages wait for the probe of a destination that is down.

One failed probe speaks for all mail of its destination, and their files are not written again
for it: by the file alone they would look forgotten.  The relay says when it probes next.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from spooltool.diagnose.relay import Destination
from spooltool.diagnose.row import Row
from spooltool.diagnose.suspension import notice_hosts
from spooltool.spool.hosts import HostPort

_SMTP_PORT = 25
_Key = tuple[HostPort, ...]


class Down:
    """The destinations that are down, asked about rows."""

    def __init__(self, destinations: Iterable[Destination]) -> None:
        self._probes: dict[_Key, Destination] = {
            _with_ports(one.hosts, _SMTP_PORT): one
            for one in destinations
            if one.down and one.next_probe
        }

    def mark(self, row: Row) -> Row:
        """The same row, with the next probe of its destination in its circumstances."""
        if down := self.of(row):
            now = row.around.now
            soonest = min(_probe(one, now) for one in down)
            row.around = replace(row.around, next_probe=soonest)
        return row

    def of(self, row: Row) -> list[Destination]:
        """Where a row's mail is due, if that is down altogether; [] else."""
        if not self._probes or row.head is None or row.letter == "T":
            return []
        found = [self._probes.get(key) for key in _destinations(row)]
        down = [one for one in found if one is not None]
        return down if len(down) == len(found) else []


def _probe(down: Destination, now: float) -> float:
    """When the next probe is made; one under way may last as long as a timeout."""
    planned = down.next_probe or 0.0
    return max(planned, now) if down.active else planned


def _destinations(row: Row) -> list[_Key]:
    """Where a message is due: by MX that is each domain of a recipient who is."""
    if row.letter == "E":
        return [_with_ports(notice_hosts(row), _SMTP_PORT)]
    if not row.by_mx:
        return [_with_ports(row.hosts, row.dport or _SMTP_PORT)]
    from spooltool.spool.mailbox import mail_domain  # start-up: most mail goes to DST

    due = (one.address for one in row.results if one.pending and one.next_try <= row.around.now)
    return [(HostPort(domain, _SMTP_PORT),) for domain in set(map(mail_domain, due))]


def _with_ports(hosts: Iterable[HostPort], default: int) -> _Key:
    return tuple(HostPort(host.host, host.port or default) for host in hosts)
