"""`spooltool kick`: have the relay try mail now."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from spooltool.change.spans import rate_words, read_rate
from spooltool.cli.choice import QUERY_HELP, name_trouble, select
from spooltool.cli.invocation import Invocation
from spooltool.control import Kicked
from spooltool.errors import ExitCode, UsageError
from spooltool.live import client
from spooltool.render.record import VERSION, text_line
from spooltool.render.text import visible, wrapped
from spooltool.render.units import ago, plural
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
    rate: Annotated[
        str,
        typer.Option(
            "--rate",
            metavar="N[/s|/m]",
            help="At most N a second or minute, spread by the relay; a kick without it ends that.",
        ),
    ] = "",
) -> int:
    """Try mail now: all of it, messages, or what goes to a host.

    Changes no file, so there is nothing to undo.  Needs a running relay; held messages are
    not tried, nor those whose host is suspended.  With --rate the relay goes on by itself
    after this command has ended, until it is restarted.
    """
    invocation: Invocation = ctx.obj
    words = list(query or ())
    if everything == bool(words):
        raise UsageError(
            "--all takes no query beside it" if words else "which messages?",
            hint="kick QUERY, kick host:HOST, or kick --all",
        )
    path, pace = invocation.spool.path, read_rate("--rate", rate) if rate else None
    if everything:
        _told(invocation, client.kick(path, everything=True, rate=pace), None, rate, json=json)
        return ExitCode.OK
    if words[0].startswith(_HOST):
        kicked = client.kick(path, host=_host(words), rate=pace)
        return _told(invocation, kicked, None, rate, json=json)
    selection = select(invocation, words, null=null)
    troubled = name_trouble(invocation, selection)
    ids = list(dict.fromkeys(row.id for row in selection.sorted_rows()))
    code = _told(invocation, client.kick(path, ids=ids, rate=pace), len(ids), rate, json=json)
    if troubled:
        return ExitCode.SOME
    return ExitCode.INCOMPLETE if selection.unreadable or selection.unjudged else code


def _host(words: Sequence[str]) -> str:
    """The host of `host:HOST[:PORT]`.  Raises UsageError."""
    text = words[0].removeprefix(_HOST)
    host = parse_host(text)
    if len(words) > 1 or host is None:
        raise UsageError(
            f"kick {visible(' '.join(words))}: host: wants one HOST or HOST:PORT and stands alone"
        )
    return str(host)


def _told(
    invocation: Invocation, kicked: Kicked, selected: int | None, rate: str, *, json: bool
) -> int:
    """Say what the relay answered; 1 where some are not tried, since they are suspended."""
    code = ExitCode.SOME if kicked.suspended else ExitCode.OK
    if json:
        record = {
            "v": VERSION,
            "kicked": kicked.count,
            "selected": selected,
            "suspended": kicked.suspended,
            "seconds": round(kicked.seconds, 1),
        }
        invocation.out.write(text_line(record) + b"\n")
        return code
    text = f"kicked {plural(kicked.count, 'message')}"
    if selected is not None and selected > kicked.count:
        text += f" of {selected:,}"
    if rate and kicked.count:
        text += f", at most {rate_words(rate)}"
        if kicked.seconds >= 1:
            text += f": the last one in {ago(kicked.seconds)}"
    if selected is not None and selected > kicked.count + kicked.suspended:
        text += "; the others are under way, held, or not known to the relay"
    invocation.out.lines(wrapped(text, invocation.out.width))
    if kicked.suspended:
        number = plural(kicked.suspended, "message is", "messages are")
        invocation.out.line(f"{number} not tried: the host is suspended (spooltool suspend)")
    return code
