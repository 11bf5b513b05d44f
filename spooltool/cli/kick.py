"""`spooltool kick`: have the relay try mail now."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from spooltool.cli.invocation import Invocation
from spooltool.cli.selection import QUERY_HELP, name_trouble, select
from spooltool.errors import ExitCode, UsageError
from spooltool.live import client
from spooltool.render.record import VERSION, text_line
from spooltool.render.text import visible
from spooltool.render.units import plural
from spooltool.spool.hosts import parse_host

_HOST = "host:"


def run(
    ctx: typer.Context,
    query: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[QUERY]...", help=QUERY_HELP + " host:HOST[:PORT] is the relay's own list."
        ),
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Everything that the relay knows.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
    null: Annotated[bool, typer.Option("--null", help="With -: NUL ends each id.")] = False,
) -> int:
    """Try mail now: all of it, messages, or what goes to a host.

    Changes no file, so there is nothing to undo.  Needs a running relay; held messages are
    not tried.
    """
    invocation: Invocation = ctx.obj
    words = list(query or ())
    if everything == bool(words):
        raise UsageError(
            "--all takes no query beside it" if words else "which messages?",
            hint="kick QUERY, kick host:HOST, or kick --all",
        )
    path = invocation.spool.path
    if everything:
        return _told(invocation, client.kick(path, everything=True), None, json=json)
    if words[0].startswith(_HOST):
        return _told(invocation, client.kick(path, host=_host(words)), None, json=json)
    selection = select(invocation, words, null=null)
    troubled = name_trouble(invocation, selection)
    ids = list(dict.fromkeys(row.id for row in selection.sorted_rows()))
    _told(invocation, client.kick(path, ids=ids), len(ids), json=json)
    if troubled:
        return ExitCode.SOME
    return ExitCode.INCOMPLETE if selection.unreadable or selection.unjudged else ExitCode.OK


def _host(words: Sequence[str]) -> str:
    """The host of `host:HOST[:PORT]`.  Raises UsageError."""
    text = words[0].removeprefix(_HOST)
    host = parse_host(text)
    if len(words) > 1 or host is None:
        raise UsageError(
            f"kick {visible(' '.join(words))}: host: wants one HOST or HOST:PORT and stands alone"
        )
    return str(host)


def _told(invocation: Invocation, kicked: int, selected: int | None, *, json: bool) -> int:
    if json:
        record = {"v": VERSION, "kicked": kicked, "selected": selected}
        invocation.out.write(text_line(record) + b"\n")
        return ExitCode.OK
    text = f"kicked {plural(kicked, 'message')}"
    if selected is not None and selected > kicked:
        text += f" of {selected:,}; the others are under way, held, or not known to the relay"
    invocation.out.line(text)
    return ExitCode.OK
