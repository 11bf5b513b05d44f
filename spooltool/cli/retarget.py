"""`spooltool retarget`: another host or port for mail that waits."""

from __future__ import annotations

from typing import Annotated

import typer

from spooltool.change.new_host import PROBES
from spooltool.change.retarget import retargeting
from spooltool.change.spans import read_span
from spooltool.cli import change_options as the
from spooltool.cli.changing import Watching, change
from spooltool.cli.choice import QUERY_HELP
from spooltool.cli.following import Follow, follow_from_here
from spooltool.cli.invocation import Invocation
from spooltool.errors import UsageError


def run(
    ctx: typer.Context,
    query: Annotated[list[str] | None, typer.Argument(metavar="QUERY...", help=QUERY_HELP)] = None,
    to: Annotated[
        str,
        typer.Option(
            "--to",
            metavar="HOST|mx",
            help="HOST, HOST:PORT, [v6]:PORT or {a,b}; mx: by the MX of each recipient's domain.",
        ),
    ] = "",
    err_server: Annotated[
        str,
        typer.Option(
            "--err-server",
            metavar="HOST|same|mx",
            help="Where notices go from now on, too; mx: by the MX of the sender's domain.",
        ),
    ] = "",
    probe: Annotated[
        str,
        typer.Option(
            "--probe",
            metavar="ehlo|rcpt",
            help="Look at the new host first; rcpt also asks for a recipient. "
            "Without it ehlo on a terminal, none elsewhere.",
        ),
    ] = "",
    no_probe: Annotated[bool, typer.Option("--no-probe", help="Do not look at it.")] = False,
    kick: Annotated[bool, typer.Option("--kick", help="Have the relay try them at once.")] = False,
    watch: Annotated[
        bool, typer.Option("--watch", help="Follow them until all have left; then count.")
    ] = False,
    for_: Annotated[
        str, typer.Option("--for", metavar="TIME", help="With --watch: at most so long (10m).")
    ] = "",
    dry_run: the.DryRun = False,
    plan: the.PlanFile = None,
    diff: the.Diff = False,
    yes: the.Yes = False,
    most: the.Max = None,
    reason: the.Reason = "",
    wait: the.Wait = the.WAIT,
    no_yield: the.NoYield = False,
    json: the.Json = False,
    everything: the.Everything = False,
    null: the.Null = False,
    force: the.Force = False,
) -> int:
    """Send mail that waits to another host or port.

    Changes DST, and with HOST:PORT also DPORT; ROUTE becomes dst where it was mx, and the
    other way with --to mx (a host of that name is written `mx.`).  Messages that are
    being delivered are asked for and changed, too.  E files are left alone and named: only
    their notice is due.  Undo holds until each message has left, or its value was changed
    again.
    """
    invocation: Invocation = ctx.obj
    depth = _depth(probe, no_probe=no_probe, tty=invocation.out.tty)
    if for_ and not watch:
        raise UsageError("--for goes with --watch")
    seconds = read_span("--for", for_) if for_ else None
    options = the.ChangeOptions(
        dry_run, plan, diff, yes, most, reason, wait, no_yield, json, everything, null, force
    )
    wish = retargeting(invocation, to, err_server, depth=depth, kick=kick)
    watching = _watching(invocation, seconds, json=json) if watch else None
    return change(invocation, query or (), wish, options, watching)


def _watching(invocation: Invocation, seconds: float | None, *, json: bool) -> Watching:
    """Follow what was changed, from just before the change on."""
    follow: list[Follow] = []
    return Watching(
        lambda: follow.append(follow_from_here(invocation, json=json)),
        lambda files: follow[0].run(files, seconds),
    )


def _depth(word: str, *, no_probe: bool, tty: bool) -> str:
    """`ehlo`, `rcpt` or "" (no probe)."""
    if no_probe or word == "no":
        return ""
    if word and word not in PROBES:
        raise UsageError(f"--probe {word}: not one of {', '.join(PROBES)}")
    return word or ("ehlo" if tty else "")
