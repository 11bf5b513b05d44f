"""`spooltool set`: other values for keys of the envelope, another sender, other recipients."""

from __future__ import annotations

from typing import Annotated

import typer

from spooltool.change.set_keys import setting
from spooltool.cli import change_options as the
from spooltool.cli.changing import change
from spooltool.cli.choice import QUERY_HELP
from spooltool.cli.invocation import Invocation
from spooltool.spool.assignments import read_asked


def run(
    ctx: typer.Context,
    words: Annotated[
        list[str] | None,
        typer.Argument(metavar="QUERY... KEY=VALUE...", help=QUERY_HELP + " Then KEY=VALUE."),
    ] = None,
    sender: Annotated[
        str | None,
        typer.Option(
            "--from", metavar="ADDRESS", help="Another envelope sender; <> or null for none."
        ),
    ] = None,
    recipients: Annotated[
        list[str] | None,
        typer.Option(
            "--rcpt",
            metavar="OLD=NEW|NEW",
            help="Another recipient; NEW alone for files without any. May be repeated.",
        ),
    ] = None,
    resource: Annotated[
        str | None,
        typer.Option("--resource", metavar="NAME|none", help="The resource that filters it."),
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
    """Give keys another value; another sender, other recipients.

    Values are checked first; every mistake is told at once, and then nothing is done.
    LOG_OK=none and the like take that key out.  An E file takes ERR_SERVER, too: so its
    notice goes another way.  A recipient that was delivered is not replaced, none is taken
    out, and a new one is due now.  Undo holds until a message has left, or the value was
    changed again; an address returns while the message still waits for it.
    """
    invocation: Invocation = ctx.obj
    asked = read_asked(words or (), sender, recipients or (), resource)
    wish = setting(asked, kick=kick)
    options = the.ChangeOptions(
        dry_run, plan, diff, yes, most, reason, wait, no_yield, json, everything, null, force
    )
    return change(invocation, asked.query, wish, options)
