"""`spooltool delete`: mail out of the queue, to the trash or for good."""

from __future__ import annotations

from typing import Annotated

import typer

from spooltool.change.delete import deleting
from spooltool.cli import change_options as the
from spooltool.cli.changing import change
from spooltool.cli.choice import QUERY_HELP
from spooltool.cli.invocation import Invocation


def run(
    ctx: typer.Context,
    query: Annotated[list[str] | None, typer.Argument(metavar="QUERY...", help=QUERY_HELP)] = None,
    purge: Annotated[
        bool, typer.Option("--purge", help="Free their space at once; there is no undo.")
    ] = False,
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
    """Take mail out of the queue, into the trash.

    Nobody is told.  The relay empties the trash by age (trash_keep); until then `ls --dir
    trash` shows what is there, and undo brings each message back to where it was.  With
    --purge the files are unlinked, in the spool or in the trash, and nothing brings them
    back.  Partial mail (T) goes only when nobody has written to it for an hour.  Asks for
    the number of messages, but for a few ids typed one by one that go to the trash.
    """
    invocation: Invocation = ctx.obj
    options = the.ChangeOptions(
        dry_run, plan, diff, yes, most, reason, wait, no_yield, json, everything, null, force
    )
    return change(invocation, query or (), deleting(purge=purge), options)
