"""`spooltool history`: operators' transactions."""

from __future__ import annotations

from typing import Annotated

import typer

from spooltool.cli.invocation import Invocation
from spooltool.errors import UsageError
from spooltool.look.transactions import shown
from spooltool.render.journal import (
    full_lines,
    list_lines,
    pipe_lines,
    transaction_record,
)
from spooltool.render.text import visible
from spooltool.store.journal import read_journal


def run(
    ctx: typer.Context,
    txn: Annotated[
        str | None, typer.Argument(metavar="[TXN]", help="One transaction in full.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON object a transaction.")] = False,
    limit: Annotated[
        int | None, typer.Option("--limit", metavar="N", min=0, help="The last N only.")
    ] = None,
) -> None:
    """Operators' transactions; one in full.

    The newest last.  What was changed, by whom, why, and what became of each message.
    """
    invocation: Invocation = ctx.obj
    out = invocation.out
    found = [shown(one) for one in read_journal(invocation.spool)]
    if txn is not None:
        found = [one for one in found if one.txn == txn]
        if not found:
            raise UsageError(f"no transaction {visible(txn)}", hint="spooltool history lists them")
    elif limit is not None:
        found = found[len(found) - min(limit, len(found)) :]
    if json:
        from spooltool.render.record import text_line

        for one in found:
            out.write(text_line(transaction_record(one)) + b"\n")
    elif txn is not None:
        out.lines(full_lines(found[0], out.width))
    elif not found:
        out.note(f"no transactions yet in {invocation.place}")
    elif out.tty:
        out.lines(list_lines(found, invocation.now, out.width))
    else:
        out.lines(pipe_lines(found))
