"""`spooltool suspend`: no attempts to a host, for a time; or the list of these."""

from __future__ import annotations

import time
from typing import Annotated

import typer

from spooltool.change.actor import who
from spooltool.change.spans import read_span
from spooltool.cli.invocation import Invocation
from spooltool.control.orders import EVERYTHING, MAX_SECONDS, MAX_WHY, read_pattern
from spooltool.errors import ExitCode, RelayUnreachable, UsageError
from spooltool.live.client import ControlClient
from spooltool.render import orders as shown
from spooltool.render.record import text_line
from spooltool.render.text import visible
from spooltool.render.units import plural

PATTERN_HELP = "HOST or HOST:PORT as DST has it, or '*.DOMAIN' (also .DOMAIN)"


def run(
    ctx: typer.Context,
    host: Annotated[
        str | None, typer.Argument(metavar="[HOST]", help=PATTERN_HELP + "; none: the list.")
    ] = None,
    for_: Annotated[
        str, typer.Option("--for", metavar="TIME", help="So long (2h); else until resumed.")
    ] = "",
    reason: Annotated[
        str, typer.Option("--reason", metavar="TEXT", help="Why, for whoever looks next.")
    ] = "",
    everything: Annotated[bool, typer.Option("--all", help="Every host.")] = False,
    json: Annotated[bool, typer.Option("--json", help="One JSON object an order.")] = False,
) -> int:
    """No attempts to a host, for a time; without a name: the list.

    Changes no message and outlives a restart of the relay; needs a running one.  Attempts
    under way are let go, short of the final dot.  The abandon clock goes on, but only a
    failed attempt gives a message up, and there are none.
    """
    invocation: Invocation = ctx.obj
    if host is None and not everything:
        if for_ or reason:
            raise UsageError("which host?", hint="spooltool suspend HOST --for 2h --reason TEXT")
        return _list(invocation, json=json)
    if host is not None and everything:
        raise UsageError("--all takes no host beside it")
    pattern = EVERYTHING if host is None else pattern_of("suspend", host)
    seconds = read_span("--for", for_) if for_ else None
    if seconds is not None and not 0 < seconds <= MAX_SECONDS:
        raise UsageError(
            f"--for {visible(for_)}: more than 0 and at most {MAX_SECONDS / 86400:.0f}d"
        )
    if len(reason) > MAX_WHY:
        raise UsageError(f"--reason: at most {MAX_WHY} characters")
    with ControlClient(invocation.spool.path) as client:
        reply = client.suspend(pattern, seconds, who=who(invocation).user, why=reason)
    if json:
        invocation.out.write(text_line(shown.order_record(reply.order, reply)) + b"\n")
    else:
        invocation.out.lines(shown.suspended_lines(reply, time.time()))
    return ExitCode.OK


def pattern_of(verb: str, text: str) -> str:
    """A pattern of hosts in its usual spelling.  Raises UsageError."""
    if text.startswith("@"):
        domain = visible(text[1:]) or "DOMAIN"
        raise UsageError(
            f"{verb} {visible(text)}: mail is kept back by its host, not by a recipient's domain",
            hint=f"spooltool hold domain:{domain} sets that mail aside",
        )
    pattern = read_pattern(text) if text.isprintable() else None
    if pattern is None:
        raise UsageError(f"{verb} {visible(text)}: not a host", hint=PATTERN_HELP)
    return str(pattern)


def _list(invocation: Invocation, *, json: bool) -> int:
    out = invocation.out
    try:
        with ControlClient(invocation.spool.path) as client:
            orders = client.status().orders
    except RelayUnreachable as error:
        error.hint = (
            error.hint or "what was suspended stands in .spooltool/orders, and holds again then"
        )
        raise
    now = time.time()
    if json:
        for order in orders:
            out.write(text_line(shown.order_record(order)) + b"\n")
        return ExitCode.OK
    if out.tty and orders:
        out.lines(shown.order_lines(orders, now, out.width))
    elif not out.tty:
        out.line(shown.order_pipe_header())
        out.lines(map(shown.order_pipe_line, orders))
    if orders:
        out.note(
            f"{plural(len(orders), 'order')} in {invocation.place}: spooltool resume HOST ends one"
        )
    else:
        out.note(f"no host is suspended in {invocation.place}")
    return ExitCode.OK
