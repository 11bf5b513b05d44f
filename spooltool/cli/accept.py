"""`spooltool accept`: seal a message that was edited by hand."""

from __future__ import annotations

from typing import Annotated

import typer

from spooltool.change.accept import accepting
from spooltool.cli import change_options as the
from spooltool.cli.changing import change
from spooltool.cli.choice import QUERY_HELP
from spooltool.cli.invocation import Invocation


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
    """Seal mail that was edited by hand: deliver it as it stands.

    SIZES and DIGEST are written anew and the message is due now; nothing else changes.  A
    torn one, shorter than it was, is left alone.  Undo gives the old seal back, and the
    message waits again, until it has left.
    """
    invocation: Invocation = ctx.obj
    options = the.ChangeOptions(
        dry_run, plan, diff, yes, most, reason, wait, no_yield, json, everything, null, force
    )
    return change(invocation, query or (), accepting(invocation, kick=kick), options)
