"""`spooltool release`: let held messages go on."""

from __future__ import annotations

from typing import Annotated

import typer

from spooltool.change.release import CHECKS, releasing
from spooltool.cli import change_options as the
from spooltool.cli.changing import change
from spooltool.cli.choice import QUERY_HELP
from spooltool.cli.invocation import Invocation


def run(
    ctx: typer.Context,
    query: Annotated[list[str] | None, typer.Argument(metavar="QUERY...", help=QUERY_HELP)] = None,
    kick: Annotated[bool, typer.Option("--kick", help="Have the relay try them at once.")] = False,
    waive: Annotated[
        str, typer.Option("--pass", metavar="CHECK", help=f"Waive a check: {CHECKS}.")
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
    """Let messages out of D_hold or D_quarantine, to where they came from.

    What was never tried goes to D_sender, the rest to D_resend; attempts and results stay.
    Out of quarantine goes only what --pass names the check of: that one is waived for the
    message, with your name and the time in its file, and every other check still counts
    (`show` says which check it is).  Undo puts a message back, and takes the pass away, until
    it has left the queue.
    """
    invocation: Invocation = ctx.obj
    options = the.ChangeOptions(
        dry_run, plan, diff, yes, most, reason, wait, no_yield, json, everything, null, force
    )
    wish = releasing(invocation, waive, kick=kick)
    return change(invocation, query or (), wish, options)
