"""`spooltool resume`: the end of `suspend`."""

from __future__ import annotations

from typing import Annotated

import typer

from spooltool.change.suspend import read_hosts, resume
from spooltool.cli.invocation import Invocation
from spooltool.errors import ExitCode
from spooltool.render import orders as shown
from spooltool.render.record import text_line
from spooltool.render.text import visible


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
    wanted = read_hosts(hosts or (), everything=everything)
    reply, still = resume(invocation.spool.path, wanted)
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
