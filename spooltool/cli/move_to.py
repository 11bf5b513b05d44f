"""`spooltool move`: hold, requeue, release and bounce, for people who think in folders."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Annotated

import typer

from spooltool.cli import change_options as the
from spooltool.cli.bounce import bouncing
from spooltool.cli.caution import undo_holds
from spooltool.cli.changing import Wish, change
from spooltool.cli.invocation import Invocation
from spooltool.cli.requeue import requeueing
from spooltool.cli.selection import QUERY_HELP
from spooltool.errors import UsageError
from spooltool.render.text import visible
from spooltool.spool import placing
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
    query, folder = _folder(words or ())
    options = the.ChangeOptions(
        dry_run, plan, diff, yes, most, reason, wait, no_yield, json, everything, null, force
    )
    return change(invocation, query, _wish(invocation, folder, reason, kick=kick), options)


def _folder(words: Sequence[str]) -> tuple[list[str], str]:
    """Query words, and the folder behind them.  Raises UsageError with the legal moves."""
    *query, last = words or ("",)
    folder = last.removeprefix("D_").rstrip("/")
    if folder not in {way.word for way in WAYS}:
        said = f"move to {visible(last)}: no such move" if last else "move wants QUERY and a folder"
        raise UsageError(f"{said}; these have a meaning:\n" + "\n".join(_table()))
    return query, folder


def _table() -> list[str]:
    rows = [("FOLDER", "WHAT MAY GO THERE", "IS"), *((w.word, w.takes, w.verb) for w in WAYS)]
    first, second = (max(len(row[at]) for row in rows) for at in range(2))
    return [f"{word.ljust(first)}  {takes.ljust(second)}  {verb}" for word, takes, verb in rows]


def _wish(invocation: Invocation, folder: str, reason: str, *, kick: bool) -> Wish:
    if folder == "sender":
        return requeueing(invocation, kick=kick)
    if folder == "expired":
        return bouncing(invocation, reason, kick=kick)
    verb = next(way.verb for way in WAYS if way.word == folder)
    decide = partial(placing.move, word=folder, flat=invocation.spool.flat)
    return Wish(verb, decide, undo_holds(verb), kick=kick)
