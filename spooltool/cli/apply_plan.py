"""`spooltool apply`: carry out a plan that was kept."""

from __future__ import annotations

from typing import Annotated

import typer

from spooltool.change.actor import who
from spooltool.change.choosing import own
from spooltool.change.kept_plan import prepare_kept, read_plan
from spooltool.cli import change_options as the
from spooltool.cli.changing import Changing
from spooltool.cli.invocation import Invocation


def run(
    ctx: typer.Context,
    file: Annotated[str, typer.Argument(metavar="FILE", help="A plan that --plan wrote.")],
    kick: Annotated[bool, typer.Option("--kick", help="Have the relay try them at once.")] = False,
    dry_run: the.DryRun = False,
    diff: the.Diff = False,
    yes: the.Yes = False,
    most: the.Max = None,
    reason: the.Reason = "",
    wait: the.Wait = the.WAIT,
    no_yield: the.NoYield = False,
    json: the.Json = False,
    force: the.Force = False,
) -> int:
    """Carry out a plan that --plan kept.

    Messages whose values changed since the plan was made are named and left alone.  Undo
    holds as after the verb itself.
    """
    invocation: Invocation = ctx.obj
    options = the.ChangeOptions(
        dry_run, None, diff, yes, most, reason, wait, no_yield, json, force=force
    )
    plan = read_plan(file)
    me = who(invocation)
    work = prepare_kept(invocation, plan, me, kick=kick)
    if options.writes:
        own(invocation, force=options.force)
    return Changing(invocation, work, options).run()
