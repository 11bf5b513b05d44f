"""`spooltool resume`: the end of `suspend`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from spooltool.cli.invocation import Invocation
from spooltool.cli.suspend import pattern_of
from spooltool.control import Order, read_pattern
from spooltool.errors import ExitCode, UsageError
from spooltool.live.client import ControlClient
from spooltool.render import orders as shown
from spooltool.render.record import text_line
from spooltool.render.text import visible
from spooltool.spool.hosts import HostPort


def run(
    ctx: typer.Context,
    hosts: Annotated[
        list[str] | None,
        typer.Argument(metavar="[HOST]...", help="As they were suspended; `suspend` lists them."),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Every order.")] = False,
    json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> int:
    """Allow attempts again to hosts that were suspended.

    What waited is tried at once: by one probe where the host was down before.  Needs a
    running relay.
    """
    invocation: Invocation = ctx.obj
    if everything == bool(hosts):
        raise UsageError(
            "--all takes no host beside it" if hosts else "which host?",
            hint="resume HOST..., or resume --all; `spooltool suspend` lists them",
        )
    wanted = None if everything else [pattern_of("resume", host) for host in hosts or ()]
    with ControlClient(invocation.spool.path) as client:
        reply = client.resume(wanted)
        left = client.status().orders if wanted else ()
    still = still_suspended((*reply.hosts, *reply.absent), left)
    if json:
        invocation.out.write(text_line(shown.resumed_record(reply, still)) + b"\n")
    else:
        invocation.out.lines(shown.resumed_lines(reply, still))
        if everything and not reply.hosts:
            invocation.out.note("no host was suspended")
    covered = {host for host, _ in still}
    for host in reply.absent:
        if host not in covered:
            invocation.out.note(f"spooltool: {visible(host)} is not suspended")
    return ExitCode.SOME if reply.absent or still else ExitCode.OK


def still_suspended(hosts: Sequence[str], orders: Sequence[Order]) -> list[tuple[str, str]]:
    """Hosts that another order covers: (host, its pattern)."""
    found = []
    for host in hosts:
        pattern = read_pattern(host)
        if pattern is None or "*" in host:
            continue
        for order in orders:
            if order.pattern.covers(HostPort(pattern.host, pattern.port)):
                found.append((host, order.host))
                break
    return found
