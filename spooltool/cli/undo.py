"""`spooltool undo`: take a transaction back, key by key."""

from __future__ import annotations

from typing import Annotated

import typer

from spooltool.change.actor import who
from spooltool.change.choosing import own
from spooltool.change.undo import prepare_undo
from spooltool.cli import change_options as the
from spooltool.cli.changing import Changing
from spooltool.cli.invocation import Invocation
from spooltool.errors import ExitCode


def run(
    ctx: typer.Context,
    txn: Annotated[
        str | None,
        typer.Argument(metavar="[TXN]", help="Which; your last one on this spool without it."),
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
    force: the.Force = False,
) -> int:
    """Take a transaction back, key by key.

    Where a value is still what the transaction wrote, the old value returns; attempts and
    results since then stay.  Without TXN your own last transaction on this spool; another
    person's must be named.  Messages that have left are reported as gone.  It is itself a
    transaction: undo takes it back, too, until each message has left.
    """
    invocation: Invocation = ctx.obj
    options = the.ChangeOptions(
        dry_run, plan, diff, yes, most, reason, wait, no_yield, json, force=force
    )
    me = who(invocation)
    if options.writes:
        own(invocation, force=options.force)
    work = prepare_undo(invocation, txn, me, kick=kick, wait=wait)
    if not (json or work.plan.changes or work.plan.apart):
        invocation.out.line(f"nothing of txn {work.undoes} is left to take back")
        return ExitCode.OK
    return Changing(invocation, work, options).run()
