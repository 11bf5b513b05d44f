"""`spooltool kick`: have the relay try mail now."""

from __future__ import annotations

from typing import Annotated

import typer

from spooltool.change.kick import Kicking, check_kick, kicked_host
from spooltool.change.spans import rate_words, read_rate
from spooltool.cli.choice import QUERY_HELP, name_trouble, select
from spooltool.cli.invocation import Invocation
from spooltool.control import Kicked
from spooltool.errors import ExitCode
from spooltool.render.kicked import kicked_lines
from spooltool.render.record import VERSION, text_line


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
    check_kick(words, everything=everything)
    path, pace = invocation.spool.path, read_rate("--rate", rate) if rate else None
    host = kicked_host(words)
    if everything or host:
        kicked = Kicking(host=host, rate=pace).carry(path)
        code = _told(invocation, kicked, None, rate, json=json)
        return ExitCode.OK if everything else code
    selection = select(invocation, words, null=null)
    troubled = name_trouble(invocation, selection)
    ids = tuple(dict.fromkeys(row.id for row in selection.sorted_rows()))
    code = _told(invocation, Kicking(ids, rate=pace).carry(path), len(ids), rate, json=json)
    if troubled:
        return ExitCode.SOME
    return ExitCode.INCOMPLETE if selection.unreadable or selection.unjudged else code


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
    pace = rate_words(rate) if rate else ""
    invocation.out.lines(kicked_lines(kicked, selected, pace, invocation.out.width))
    return code
