"""`spooltool probe`: a live look at a host."""

from __future__ import annotations

import time
from typing import Annotated

import typer

from spooltool.change.spans import read_span
from spooltool.cli.invocation import Invocation
from spooltool.diagnose.probing import Probe, Tls, Visit, port_of
from spooltool.errors import ExitCode, UsageError
from spooltool.live.probe import probe
from spooltool.look.probe_asked import read_probe
from spooltool.render import probe as shown
from spooltool.render.record import text_line
from spooltool.render.text import visible

_LONGEST = 600.0


def run(
    ctx: typer.Context,
    host: Annotated[str, typer.Argument(metavar="HOST[:PORT]", help="A name or an address.")],
    sender: Annotated[
        str, typer.Option("--from", metavar="ADDRESS", help="The sender for MAIL; else <>.")
    ] = "",
    rcpt: Annotated[
        list[str] | None,
        typer.Option(
            "--rcpt", metavar="ADDRESS", help="Ask for MAIL and this RCPT; more than one is fine."
        ),
    ] = None,
    tls: Annotated[
        str,
        typer.Option(
            "--tls",
            metavar="off|may|require|verify|implicit",
            help="may: STARTTLS where offered; require: it must be; verify: name and chain "
            "too; implicit: from the first byte on, as on port 465.  [may]",
        ),
    ] = "",
    timeout: Annotated[
        str, typer.Option("--timeout", metavar="TIME", help="At most so long for each address.")
    ] = "30s",
    json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> int:
    """A live look at a host: connect, greeting, EHLO, STARTTLS.

    Each address of the name is looked at in turn, each step with its milliseconds.  Never
    DATA: no mail is sent.  Needs neither a spool nor a relay.  Certificates are judged by
    the system's authorities ($SSL_CERT_FILE).
    """
    invocation: Invocation = ctx.obj
    aim, depth = read_probe(host, tls)
    for option, address in (("--from", sender), *(("--rcpt", one) for one in rcpt or ())):
        _check(option, address)
    if sender and not rcpt:
        raise UsageError("--from goes with --rcpt")
    seconds = read_span("--timeout", timeout)
    if not 0 < seconds <= _LONGEST:
        raise UsageError(f"--timeout {visible(timeout)}: at most {_LONGEST / 60:.0f}m")
    telling = _Telling(invocation, port_of(aim, depth), json=json)
    found = probe(
        aim,
        sender=sender,
        recipients=rcpt or (),
        tls=depth,
        every=True,
        deadline=seconds,
        resolved=telling.resolved,
        told=telling.visit,
    )
    telling.end(found, depth)
    return ExitCode.OK if found.ok else ExitCode.SOME


class _Telling:
    """Says what is found while the rest is still looked at."""

    def __init__(self, invocation: Invocation, port: int, *, json: bool) -> None:
        self._out = invocation.out
        self._port = port
        self._json = json
        self._out.unpaged()

    def resolved(self, found: Probe) -> None:
        """The name has been looked up."""
        if not self._json:
            self._out.line(f"{visible(found.host.host)} port {self._port}")
            self._out.lines(shown.step_lines(found.resolved, self._out.width))
            self._out.flush()

    def visit(self, visit: Visit) -> None:
        """An address has been looked at."""
        if not self._json:
            self._out.line(visible(visit.address))
            self._out.lines(shown.visit_lines(visit, time.time(), self._out.width))
            self._out.flush()

    def end(self, found: Probe, tls: Tls) -> None:
        """Everything has been looked at."""
        if self._json:
            record = shown.probe_record(found, self._port, tls.value, time.time())
            self._out.write(text_line(record) + b"\n")
        else:
            self._out.lines(shown.verdict_lines(found, self._out.width))


def _check(option: str, address: str) -> None:
    """No byte of an address may end its command: it goes out between `<` and `>`."""
    if option == "--rcpt" and not address:
        raise UsageError("--rcpt wants an address")
    if any(ch in "<>" or ch.isspace() or not ch.isprintable() for ch in address):
        raise UsageError(f"{option} {visible(address)}: not an address", hint="name@example.org")
