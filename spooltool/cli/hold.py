"""`spooltool hold`: set messages aside."""

from __future__ import annotations

from typing import Annotated

import typer

from spooltool.change.hold import holding
from spooltool.cli import change_options as the
from spooltool.cli.changing import change
from spooltool.cli.choice import QUERY_HELP
from spooltool.cli.invocation import Invocation


def run(
    ctx: typer.Context,
    query: Annotated[list[str] | None, typer.Argument(metavar="QUERY...", help=QUERY_HELP)] = None,
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
    """Set messages aside, in D_hold.

    The relay leaves them alone there, and the time does not count against abandon_time.
    Nothing is rewritten.  Undo holds as long as a message is still in D_hold.
    """
    invocation: Invocation = ctx.obj
    options = the.ChangeOptions(
        dry_run, plan, diff, yes, most, reason, wait, no_yield, json, everything, null, force
    )
    return change(invocation, query or (), holding(), options)
