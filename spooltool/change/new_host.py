"""The host that mail is retargeted to: read from the command line, looked at, judged.

What is looked at live is compared with what the selected messages need.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass

from spooltool.change.wish import Look, Say, Study
from spooltool.diagnose.probing import Probe
from spooltool.diagnose.retargeting import Demand, demand, old_hosts, probed_port
from spooltool.diagnose.row import Row
from spooltool.errors import UsageError
from spooltool.live.probe import probe
from spooltool.look.new_mail import NewMail, configuration
from spooltool.look.sight import Sight
from spooltool.render.text import visible
from spooltool.render.units import size
from spooltool.spool.fields import check_value
from spooltool.spool.hosts import HostPort, parse_host, parse_hosts

BY_MX = "mx"
"""What stands in place of a host for delivery by MX."""

PROBES = ("ehlo", "rcpt", "no")


def read_target(option: str, text: str) -> tuple[HostPort, ...]:
    """The hosts of `--to` or `--err-server`.  Raises UsageError."""
    hosts = parse_hosts(text)
    if not hosts:
        raise UsageError(
            f"{option} {visible(text)}: not a host", hint="HOST, HOST:PORT, [v6]:PORT or {a,b}"
        )
    problem = check_value("DST", text.strip())
    if problem:
        raise UsageError(f"{option} {visible(text)}: {problem}")
    return hosts


@dataclass(frozen=True, slots=True)
class Aim:
    """Where mail, and where its notices are to go.

    No `hosts`: by MX.  No `notices`: by MX where that is said, else as before.
    """

    hosts: tuple[HostPort, ...]
    notices: tuple[HostPort, ...] = ()
    notices_by_mx: bool = False


def read_aim(to: str, err_server: str) -> Aim:
    """What `--to` and `--err-server` ask for.  Raises UsageError."""
    if not to:
        raise UsageError("retarget wants the new host: --to HOST")
    hosts = () if to == BY_MX else read_target("--to", to)
    notices = to if err_server == "same" else err_server
    if notices == BY_MX:
        return Aim(hosts, notices_by_mx=True)
    return Aim(hosts, read_target("--err-server", notices) if notices else ())


def refuse_own_listener(sight: Sight, hosts: Sequence[HostPort], port: int) -> None:
    """Mail for the relay itself would go in a circle.  Raises UsageError.

    Its listeners are those of the configuration that names this spool.
    """
    for host in hosts:
        for listener in _listeners(sight):
            if (host.port or port) == listener.port and _same_host(host.host, listener.host):
                raise UsageError(
                    f"{host} is this relay's own listener: the mail would go in a circle"
                )


def _same_host(host: str, listener: str) -> bool:
    if listener in ("0.0.0.0", "::"):
        return host in ("localhost", "::1", os.uname().nodename) or host.startswith("127.")
    return host == listener


def _listeners(sight: Sight) -> list[HostPort]:
    text = configuration(sight)
    try:
        listen = tomllib.loads(text).get("listen", [])
    except tomllib.TOMLDecodeError:
        return []
    words = listen if isinstance(listen, list) else [listen]
    found = (parse_host(word) for word in words if isinstance(word, str))
    return [one for one in found if one is not None]


def config_notes(sight: Sight, rows: Sequence[Row], to: Sequence[HostPort]) -> list[str]:
    """Where the relay's configuration still sends new mail to the old hosts."""
    new_mail = NewMail()
    return [
        f"new mail still goes to {host}: {'; '.join(places)}"
        for host in old_hosts(rows, tuple(to))[:5]
        if (places := new_mail.places(sight, host))
    ]


def look_at(hosts: Sequence[HostPort], rows: Sequence[Row], *, rcpt: bool) -> Look:
    """The live look at new hosts; its probe lines, doubtful where something speaks against.

    What the messages need is read here, so that the look itself needs none of them.
    """
    needs = demand(rows)
    port = probed_port(rows)
    recipient, sender = _sample(rows) if rcpt else ("", "")

    def look(say: Say) -> Study:
        lines: list[str] = []
        good = True
        for host in hosts:
            aim = host if host.port is not None else HostPort(host.host, port)
            seen = probe(aim, recipients=(recipient,) if recipient else (), sender=sender)
            lacks = needs.short_of(seen.extensions, seen.size_limit) if seen.ok else ()
            good = good and seen.ok and not lacks
            for line in probe_lines(seen, needs, lacks, rcpt=rcpt):
                lines.append(line)
                say(line)
        return Study(probe=tuple(lines), doubtful=not good)

    return look


def _sample(rows: Sequence[Row]) -> tuple[str, str]:
    """The first pending recipient and its sender."""
    for row in rows:
        for recipient in row.results:
            if recipient.pending:
                return recipient.address, row.sender or ""
    return "", ""


def probe_lines(seen: Probe, needs: Demand, lacks: Sequence[str], *, rcpt: bool) -> list[str]:
    """What a probe showed: the first line for `probe`, those that begin with a blank below."""
    said = []
    for step in seen.steps:
        text, name = visible(step.said.split("\n")[0]), step.name
        if name in ("resolve", "QUIT") and step.ok:
            continue
        if not step.ok:
            said.append(f"{name} failed: {text}")
        elif name == "greeting":
            said.append(text)
        elif name in ("MAIL", "RCPT"):
            said.append(f"{name} {text}")
        else:
            said.append(f"{name} {step.ms:.0f} ms")
    offered = [
        f"{word} {seen.extensions[word]}".rstrip()
        for word in ("SIZE", "8BITMIME", "SMTPUTF8")
        if word in seen.extensions
    ]
    first = f"{seen.host}  {', '.join(said)}"
    if seen.ok:
        first += f": {visible(' '.join(offered))}" if offered else ": no SIZE, 8BITMIME, SMTPUTF8"
    lines = [first]
    if seen.ok and needs.messages:
        lines.append(f" {_fit(seen, needs, lacks)}")
    if seen.ok and not rcpt:
        lines.append(" not tried: MAIL, RCPT (--probe=rcpt)")
    return lines


def _fit(seen: Probe, needs: Demand, lacks: Sequence[str]) -> str:
    number = f"all {needs.messages:,}" if needs.messages > 1 else "it"
    parts = []
    if "SIZE" in lacks:
        parts.append(f"too large for it: {size(needs.largest)}, its SIZE is {seen.size_limit}")
    if "8BITMIME" in lacks:
        parts.append(f"{needs.eightbit:,} need 8BITMIME, which it lacks")
    if "SMTPUTF8" in lacks:
        parts.append(f"{needs.utf8:,} need SMTPUTF8, which it lacks")
    if parts:
        return "; ".join(parts)
    utf8 = f"{needs.utf8:,} need SMTPUTF8" if needs.utf8 else "none needs SMTPUTF8"
    return f"takes {number}: largest {size(needs.largest)}; {utf8}"
