"""`spooltool bounce`: give mail up now and tell its senders."""

from __future__ import annotations

from typing import Annotated

import typer

from spooltool.change.bounce import bouncing
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
    """Give mail up now and tell its senders.

    Each message becomes an E file whose notice is due now, by its ERR_SERVER; --reason is
    told to the sender where notices are detailed.  ERRMAIL 0 becomes 1.  Recipients who
    have it already are not mentioned as failed.  Mail whose sender may not be told (null
    sender, NOTIFY=NEVER) is left alone: `delete` is the word for it.  Asks for the number
    of messages.  Undo holds until each notice is out: a running relay sends it at once.
    """
    invocation: Invocation = ctx.obj
    options = the.ChangeOptions(
        dry_run, plan, diff, yes, most, reason, wait, no_yield, json, everything, null, force
    )
    wish = bouncing(invocation, reason, kick=kick)
    return change(invocation, query or (), wish, options)
