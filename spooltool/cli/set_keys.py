"""`spooltool set`: other values for keys of the envelope, another sender, other recipients."""

from __future__ import annotations

from functools import partial
from typing import Annotated

import typer

from spooltool.cli import change_options as the
from spooltool.cli.changing import Study, Wish, change
from spooltool.cli.invocation import Invocation
from spooltool.cli.selection import QUERY_HELP
from spooltool.cli.verbs import BY_NAME
from spooltool.diagnose.envelope_notes import envelope_notes
from spooltool.diagnose.planning import Chosen
from spooltool.errors import UsageError
from spooltool.render.text import visible, wrapped
from spooltool.spool.assignments import SETTABLE, Asked, read_asked
from spooltool.spool.envelope_change import EnvelopeWish, set_envelope
from spooltool.spool.plan import Plan

_KEYS = "\n".join(wrapped(f"KEY is one of {', '.join(SETTABLE)}", 76))


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
    _check(asked)
    options = the.ChangeOptions(
        dry_run, plan, diff, yes, most, reason, wait, no_yield, json, everything, null, force
    )
    wish = Wish(
        "set",
        partial(set_envelope, wish=asked.wish),
        BY_NAME["set"].undo,
        arguments(asked.wish),
        partial(_study, wish=asked.wish),
        kick=kick,
    )
    return change(invocation, asked.query, wish, options)


def arguments(wish: EnvelopeWish) -> dict[str, str]:
    """What was asked for, as a plan keeps it."""
    named = {key: value or "none" for key, value in wish.values.items()}
    if wish.sender is not None:
        named["from"] = wish.sender or "<>"
    if wish.replaced or wish.added:
        pairs = [f"{old}={new}" for old, new in wish.replaced]
        named["rcpt"] = " ".join([*pairs, *wish.added])
    if wish.resource:
        named["resource"] = wish.resource
    return named


def _check(asked: Asked) -> None:
    """Raise UsageError with every mistake, or when nothing is asked for."""
    if asked.problems:
        problems = map(visible, asked.problems)
        assigned = any("--" not in problem.split(":")[0] for problem in asked.problems)
        raise UsageError(
            "nothing was changed\n" + "\n".join(problems), hint=_KEYS if assigned else ""
        )
    wish = asked.wish
    if not (wish.values or wish.addresses or wish.resource):
        raise UsageError("set wants KEY=VALUE, --from, --rcpt or --resource", hint=_KEYS)


def _study(plan: Plan, chosen: Chosen, *, wish: EnvelopeWish) -> Study:
    notes = envelope_notes(plan, chosen.rows, wish)
    return Study(tuple(notes), doubtful=any("empty message" in note for note in notes))
