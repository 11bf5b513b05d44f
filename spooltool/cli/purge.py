"""`spooltool purge`: empty the trash."""

from __future__ import annotations

from typing import Annotated

import typer

from spooltool.change.actor import who
from spooltool.change.choosing import own
from spooltool.change.delete import prepare_purge
from spooltool.change.spans import read_span
from spooltool.cli import change_options as the
from spooltool.cli.changing import Changing
from spooltool.cli.invocation import Invocation
from spooltool.errors import ExitCode


def run(
    ctx: typer.Context,
    older: Annotated[
        str, typer.Option("--older", metavar="TIME", help="Only what lies there longer (3d).")
    ] = "",
    dry_run: the.DryRun = False,
    plan: the.PlanFile = None,
    yes: the.Yes = False,
    most: the.Max = None,
    reason: the.Reason = "",
    json: the.Json = False,
    force: the.Force = False,
) -> int:
    """Empty the trash.

    Frees the space of what was deleted, or ended without a notice; nothing brings it back.
    Works on a full disk: what the journal cannot hold then goes to the standard error.  The
    relay itself empties the trash by age (trash_keep).
    """
    invocation: Invocation = ctx.obj
    seconds = read_span("--older", older) if older else 0.0
    options = the.ChangeOptions(
        dry_run, plan, yes=yes, most=most, reason=reason, wait=0.0, no_yield=True, json=json,
        force=force,
    )  # fmt: skip
    me = who(invocation)
    if options.writes:
        own(invocation, force=options.force)
    work = prepare_purge(invocation, me, seconds, f"--older {older}" if older else "")
    if not (json or work.plan.changes):
        what = f"nothing lies there for {older}" if older else "it is empty"
        invocation.out.line(f"the trash: {what}, nothing to do")
        return ExitCode.OK
    return Changing(invocation, work, options).run()
