"""`spooltool purge`: empty the trash."""

from __future__ import annotations

import time
from typing import Annotated

import typer

from spooltool.cli import change_options as the
from spooltool.cli.actor import who
from spooltool.cli.caution import undo_holds
from spooltool.cli.changing import Wish, Work
from spooltool.cli.choosing import own
from spooltool.cli.invocation import Invocation
from spooltool.cli.spans import read_span
from spooltool.errors import ExitCode
from spooltool.spool.placing import removed
from spooltool.spool.plan import Plan
from spooltool.spool.verbs import Seen
from spooltool.store.trash import trash_files


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
        own(invocation, options)
    made = plan_purge(invocation, seconds, f"--older {older}" if older else "")
    if not (json or made.changes):
        what = f"nothing lies there for {older}" if older else "it is empty"
        invocation.out.line(f"the trash: {what}, nothing to do")
        return ExitCode.OK
    wish = Wish("purge", _nothing, undo_holds("purge"))
    return Work(invocation, made, wish, options, me).run()


def plan_purge(invocation: Invocation, seconds: float, query: str) -> Plan:
    """The plan that unlinks what lies in the trash longer than so many seconds."""
    now = time.time()
    changes = tuple(
        removed(one.name, one.inode, one.size, by_path=True)
        for one in trash_files(invocation.spool)
        if one.since <= now - seconds
    )
    return Plan("purge", invocation.place, invocation.found, query, now, changes)


def _nothing(seen: Seen) -> None:
    return None
