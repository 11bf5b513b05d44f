"""`spooltool move`: hold, requeue, release and bounce, for people who think in folders."""

from __future__ import annotations

from typing import Annotated

import typer

from spooltool.change.move import moving, read_folder
from spooltool.cli import change_options as the
from spooltool.cli.changing import change
from spooltool.cli.choice import QUERY_HELP
from spooltool.cli.invocation import Invocation
from spooltool.spool.places import WAYS

_FOLDERS = ", ".join(way.word for way in WAYS)


def run(
    ctx: typer.Context,
    words: Annotated[
        list[str] | None,
        typer.Argument(metavar="QUERY... FOLDER", help=f"{QUERY_HELP} Then a folder: {_FOLDERS}."),
    ] = None,
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
    """Another spelling of hold, requeue, release and bounce.

    hold is `hold`, sender is `requeue`, resend is `release`, expired is `bounce`, each with
    its own plan, question and undo.  No other move of a message by hand has a meaning.
    """
    invocation: Invocation = ctx.obj
    query, folder = read_folder(words or ())
    options = the.ChangeOptions(
        dry_run, plan, diff, yes, most, reason, wait, no_yield, json, everything, null, force
    )
    return change(invocation, query, moving(invocation, folder, reason, kick=kick), options)
