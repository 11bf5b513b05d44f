"""What a person should know before mail is sent another way.

Notes of a retarget plan, and what its messages demand of the new host.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from spooltool.diagnose.row import Row
from spooltool.spool.hosts import HostPort, parse_hosts
from spooltool.spool.plan import Plan

SMTP_PORT = "25"


@dataclass(frozen=True, slots=True)
class Demand:
    """What messages need of a next hop: how many, bytes of the largest, extensions.

    `eightbit` and `utf8` count the messages that need 8BITMIME and SMTPUTF8.
    """

    messages: int = 0
    largest: int = 0
    eightbit: int = 0
    utf8: int = 0

    def short_of(self, extensions: Mapping[str, str], size_limit: int | None) -> tuple[str, ...]:
        """The extensions that a host lacks: words of EHLO; SIZE when its limit is too small."""
        lacks = []
        if size_limit is not None and self.largest > size_limit:
            lacks.append("SIZE")
        if self.eightbit and "8BITMIME" not in extensions:
            lacks.append("8BITMIME")
        if self.utf8 and "SMTPUTF8" not in extensions:
            lacks.append("SMTPUTF8")
        return tuple(lacks)


def demand(rows: Iterable[Row]) -> Demand:
    """What these messages need, as far as their envelopes tell."""
    messages = largest = eightbit = utf8 = 0
    for row in rows:
        envelope = row.envelope
        if envelope is None:
            continue
        messages += 1
        sizes = envelope.sizes
        content = sizes[1] + sizes[2] + 1 if sizes else max(0, row.size - max(envelope.end, 0))
        largest = max(largest, content)
        sender = envelope.sender
        if sender is not None and (sender.param("BODY") or "").upper() == "8BITMIME":
            eightbit += 1
        addresses = (sender.address if sender else "", *row.recipients)
        asked = sender is not None and sender.param("SMTPUTF8") is not None
        if asked or not all(address.isascii() for address in addresses):
            utf8 += 1
    return Demand(messages, largest, eightbit, utf8)


def changing(plan: Plan, rows: Iterable[Row]) -> list[Row]:
    """The rows that a plan changes."""
    files = {change.file for change in plan.changes}
    return [row for row in rows if row.file in files]


def retarget_notes(rows: Sequence[Row], to: tuple[HostPort, ...], *, err_server: bool) -> list[str]:
    """Notes over the rows that will change; `err_server` tells that it is changed, too."""
    notes = []
    if not err_server:
        notes += _err_server_notes(rows, to)
    untold = sum(row.get("ERRMAIL") == "0" for row in rows)
    if untold:
        verb = "has" if untold == 1 else "have"
        notes.append(f"{untold:,} {verb} ERRMAIL 0: nobody is told if they fail for good")
    if any(host.port is None for host in to):
        notes += _port_notes(rows, to)
    return notes


def _err_server_notes(rows: Sequence[Row], to: tuple[HostPort, ...]) -> list[str]:
    """ERR_SERVER that names the host that the mail is taken away from."""
    new = {host.host for host in to}
    stays: Counter[str] = Counter()
    for row in rows:
        if row.get("ERR_ROUTE") == "mx":
            continue  # ERR_SERVER is not asked
        old = {host.host for host in row.hosts} - new
        value = row.get("ERR_SERVER") or ""
        if any(host.host in old for host in parse_hosts(value)):
            stays[value] += 1
    return [
        f"ERR_SERVER stays {value} in {count:,}: their notices would go to the old host "
        "(--err-server same)"
        for value, count in stays.most_common()
    ]


def _port_notes(rows: Sequence[Row], to: tuple[HostPort, ...]) -> list[str]:
    kept: Counter[str] = Counter()
    for row in rows:
        port = row.get("DPORT") or SMTP_PORT
        if port != SMTP_PORT:
            kept[port] += 1
    first = next(host for host in to if host.port is None)
    return [
        f"DPORT stays {port} in {count:,}: the new host is tried there "
        f"(--to {HostPort(first.host, 25)} for port 25)"
        for port, count in kept.most_common()
    ]


def old_hosts(rows: Iterable[Row], to: tuple[HostPort, ...]) -> list[str]:
    """The hosts that mail is taken away from, most mail first."""
    new = {host.host for host in to}
    counted = Counter(host.host for row in rows for host in row.hosts if host.host not in new)
    return [host for host, _ in counted.most_common()]


def probed_port(rows: Sequence[Row]) -> int:
    """The port that most of these messages use on a host without a port of its own."""
    ports = Counter(row.dport or int(SMTP_PORT) for row in rows)
    return ports.most_common(1)[0][0] if ports else int(SMTP_PORT)


def mentions(config: str, text: str, host: str) -> list[str]:
    """Where a configuration names a host: `KEY, FILE:LINE`, at most three.

    `text` is the file's; a line counts when a quoted value of it is or holds the host.
    """
    found = []
    for number, line in enumerate(text.split("\n"), start=1):
        key, equals, value = line.partition("=")
        if not equals or key.lstrip().startswith("#"):
            continue
        quoted = value.split("#")[0].replace("'", '"').split('"')[1::2]
        if any(host in {one.host for one in parse_hosts(item)} for item in quoted):
            found.append(f"{key.strip()}, {config}:{number}")
    return found[:3]
