"""`spooltool requeue`: mail as if it were just received."""

from __future__ import annotations

from typing import Annotated

import typer

from spooltool.change.requeue import requeueing
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
    """Try mail as if it were just received.

    It goes to D_sender with no attempts, a fresh abandon_time, and is due now.  Who failed
    or was put off is pending again; who was delivered to is not sent to again.  An E file
    becomes R: its message is delivered after all, its notice not sent; a message in the
    trash comes back.  Undo holds until each has left: failures, clocks and place return,
    what was delivered since stays.
    """
    invocation: Invocation = ctx.obj
    options = the.ChangeOptions(
        dry_run, plan, diff, yes, most, reason, wait, no_yield, json, everything, null, force
    )
    return change(invocation, query or (), requeueing(invocation, kick=kick), options)
