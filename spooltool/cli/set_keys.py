"""`spooltool set`: other values for keys of the envelope."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial
from typing import Annotated

import typer

from spooltool.cli import change_options as the
from spooltool.cli.changing import Wish, change
from spooltool.cli.invocation import Invocation
from spooltool.cli.selection import QUERY_HELP
from spooltool.errors import UsageError
from spooltool.render.text import visible, wrapped
from spooltool.spool import verbs
from spooltool.spool.fields import FIELD, FIELDS, check_value

SETTABLE = tuple(field.key for field in FIELDS if field.settable)
_KEYS = "\n".join(wrapped(f"KEY is one of {', '.join(SETTABLE)}", 76))
_ASSIGNMENT = re.compile(r"([A-Za-z_]+)=(.*)\Z", re.DOTALL)


def run(
    ctx: typer.Context,
    words: Annotated[
        list[str] | None,
        typer.Argument(metavar="QUERY... KEY=VALUE...", help=QUERY_HELP + " Then KEY=VALUE."),
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
    """Give keys another value: ERR_SERVER, DPORT, DST and more.

    Values are checked first; every mistake is told at once, and then nothing is done.
    An E file takes ERR_SERVER, too: so its notice goes another way.  Undo holds until a
    message has left, or the value was changed again.
    """
    invocation: Invocation = ctx.obj
    query, values = read_assignments(words or ())
    options = the.ChangeOptions(
        dry_run, plan, diff, yes, most, reason, wait, no_yield, json, everything, null, force
    )
    wish = Wish(
        "set", partial(verbs.set_keys, values=values), "until each has left", values, kick=kick
    )
    return change(invocation, query, wish, options)


def read_assignments(words: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    """Query words and KEY=VALUE apart.  Raises UsageError with every mistake."""
    query: list[str] = []
    values: dict[str, str] = {}
    problems: list[str] = []
    for word in words:
        match = _ASSIGNMENT.match(word)
        if match is None:
            query.append(word)
            continue
        key, value = match[1], match[2].strip(" \t")
        problem = _problem(key, value)
        if problem:
            problems.append(f"{key}={visible(value)}: {problem}")
        elif key in values:
            problems.append(f"{key}={visible(value)}: {key} is set twice")
        values.setdefault(key, value)
    if problems:
        raise UsageError("nothing was changed\n" + "\n".join(problems), hint=_KEYS)
    if not values:
        raise UsageError("set wants KEY=VALUE", hint=_KEYS)
    return query, values


def _problem(key: str, value: str) -> str:
    """What is wrong with one assignment; "" when nothing is."""
    if key not in FIELD:
        if key.upper() in SETTABLE:
            return f"no such key; {key.upper()} is one"
        return "no such key"
    if key not in SETTABLE:
        return f"{key} is not for setting: {FIELD[key].meaning}"
    return check_value(key, value)
