"""`spooltool suspend`: no attempts to a host, for a time; or the list of these."""

from __future__ import annotations

import time
from typing import Annotated

import typer

from spooltool.change.actor import who
from spooltool.change.suspend import PATTERN_HELP, read_suspension
from spooltool.cli.invocation import Invocation
from spooltool.errors import ExitCode, RelayUnreachable, UsageError
from spooltool.live.client import ControlClient
from spooltool.render import orders as shown
from spooltool.render.record import text_line
from spooltool.render.units import plural


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
    reply = read_suspension(host, for_, reason).carry(invocation.spool.path, who(invocation).user)
    if json:
        invocation.out.write(text_line(shown.order_record(reply.order, reply)) + b"\n")
    else:
        invocation.out.lines(shown.suspended_lines(reply, time.time()))
    return ExitCode.OK


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
