"""`spooltool watch`: follow messages until they have left."""

from __future__ import annotations

from typing import Annotated

import typer

from spooltool.change.spans import read_span
from spooltool.cli.choice import QUERY_HELP, name_trouble, select
from spooltool.cli.following import follow_from_here
from spooltool.cli.invocation import Invocation
from spooltool.errors import ExitCode


def run(
    ctx: typer.Context,
    query: Annotated[
        list[str] | None, typer.Argument(metavar="[QUERY]...", help=QUERY_HELP)
    ] = None,
    for_: Annotated[
        str, typer.Option("--for", metavar="TIME", help="At most so long: 90s, 10m, 2h.")
    ] = "",
    json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
    null: Annotated[bool, typer.Option("--null", help="With -: NUL ends each id.")] = False,
) -> int:
    """Changes of messages until they have left, then the outcome.

    The set is frozen at the start.  A line for each change of standing: when, which, from
    what to what, at which host, and why.  It ends when all have left, after --for, or by
    Ctrl-C, with a count by outcome, as the relay's log and the operators' journal tell it.
    Exit code 0 when all were delivered or deleted by an operator, 1 when some were bounced,
    given up or are still here.
    """
    invocation: Invocation = ctx.obj
    seconds = read_span("--for", for_) if for_ else None
    with follow_from_here(invocation, json=json) as follow:
        selection = select(invocation, query, null=null)
        troubled = name_trouble(invocation, selection)
        files = [row.file for row in selection.sorted_rows()]
        if not files and not json:
            invocation.out.note("nothing matches: nothing to watch")
            return ExitCode.SOME if troubled else ExitCode.OK
        code = follow.run(files, seconds)
    return code or (ExitCode.SOME if troubled else ExitCode.OK)
