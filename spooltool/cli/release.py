"""`spooltool release`: let held messages go on."""

from __future__ import annotations

import time
from functools import partial
from typing import Annotated

import typer

from spooltool.cli import change_options as the
from spooltool.cli.actor import who
from spooltool.cli.changing import Wish, change
from spooltool.cli.invocation import Invocation
from spooltool.cli.selection import QUERY_HELP
from spooltool.cli.verbs import BY_NAME
from spooltool.errors import UsageError
from spooltool.render.text import visible
from spooltool.spool import verbs
from spooltool.spool.checks import Check, check_of
from spooltool.spool.passes import Pass

_CHECKS = ", ".join(check.word for check in Check)


def run(
    ctx: typer.Context,
    query: Annotated[list[str] | None, typer.Argument(metavar="QUERY...", help=QUERY_HELP)] = None,
    kick: Annotated[bool, typer.Option("--kick", help="Have the relay try them at once.")] = False,
    waive: Annotated[
        str, typer.Option("--pass", metavar="CHECK", help=f"Waive a check: {_CHECKS}.")
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
    wish = Wish(
        "release",
        partial(verbs.release, flat=invocation.spool.flat, waived=_waived(invocation, waive)),
        BY_NAME["release"].undo,
        kick=kick,
    )
    return change(invocation, query or (), wish, options)


def _waived(invocation: Invocation, word: str) -> Pass | None:
    """The pass that --pass asks for.  Raises UsageError for a word that is no check."""
    if not word:
        return None
    check = check_of(word)
    if check is None:
        raise UsageError(f"--pass {visible(word)}: no such check; there are {_CHECKS}")
    actor = who(invocation)
    return Pass(check, f"{actor.user}@{actor.host}", time.time())
