"""`spooltool release`: let held messages go on."""

from __future__ import annotations

from typing import Annotated

import typer

from spooltool.cli import change_options as the
from spooltool.cli.changing import Wish, change
from spooltool.cli.invocation import Invocation
from spooltool.cli.selection import QUERY_HELP
from spooltool.cli.verbs import BY_NAME
from spooltool.spool import verbs


def run(
    ctx: typer.Context,
    query: Annotated[list[str] | None, typer.Argument(metavar="QUERY...", help=QUERY_HELP)] = None,
    kick: Annotated[bool, typer.Option("--kick", help="Have the relay try them at once.")] = False,
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
    """Let messages out of D_hold, to where they came from.

    What was never tried goes to D_sender, the rest to D_resend; attempts and results stay.
    Undo puts a message back into D_hold, until it has left the queue.
    """
    invocation: Invocation = ctx.obj
    options = the.ChangeOptions(
        dry_run, plan, diff, yes, most, reason, wait, no_yield, json, everything, null, force
    )
    wish = Wish(
        "release",
        lambda seen: verbs.release(seen, flat=invocation.spool.flat),
        BY_NAME["release"].undo,
        kick=kick,
    )
    return change(invocation, query or (), wish, options)
