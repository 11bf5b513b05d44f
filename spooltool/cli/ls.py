"""`spooltool ls`: messages, one a line."""

from __future__ import annotations

from typing import Annotated

import typer

from spooltool.cli.choice import QUERY_HELP, name_trouble, select
from spooltool.cli.invocation import Invocation
from spooltool.cli.reading import name_first, name_last, refuse_if_blind
from spooltool.diagnose.row import Row
from spooltool.errors import ExitCode, UsageError
from spooltool.look.selection import Selection
from spooltool.look.sorting import SORT_KEYS, sort_key
from spooltool.look.survey import Line, LineOf, Survey, survey
from spooltool.render import rows as layout_of
from spooltool.render import summary
from spooltool.render.orders import orders_line
from spooltool.render.text import wrapped


def run(
    ctx: typer.Context,
    query: Annotated[
        list[str] | None, typer.Argument(metavar="[QUERY]...", help=QUERY_HELP)
    ] = None,
    stuck: Annotated[bool, typer.Option("--stuck", help="The same as the word stuck.")] = False,
    directory: Annotated[
        str | None,
        typer.Option("--dir", metavar="NAME", help="The same as the term dir:NAME (trash, hold)."),
    ] = None,
    ids: Annotated[bool, typer.Option("--ids", help="File names alone, one a line.")] = False,
    json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
    limit: Annotated[
        int | None, typer.Option("--limit", metavar="N", min=0, help="At most N messages.")
    ] = None,
    sort: Annotated[
        str | None,
        typer.Option("--sort", metavar="KEY", help=f"By {SORT_KEYS}; -KEY for the other way."),
    ] = None,
    exists: Annotated[bool, typer.Option("-e", help="Exit with 1 when nothing matched.")] = False,
    null: Annotated[
        bool, typer.Option("--null", help="With - and --ids: NUL ends each id, not a line end.")
    ] = False,
) -> int:
    """Messages, one a line.

    In the queue's order: oldest first.  On a terminal cut to its width, in a pipe
    tab-separated and uncut.  `ls --stuck` is what needs a person; the lines below it say
    why, host by host, and what was left out.
    """
    invocation: Invocation = ctx.obj
    if json and ids:
        raise UsageError("--json and --ids exclude each other")
    words = [*(("stuck",) if stuck else ()), *(query or ())]
    if directory is not None:
        words.append(f"dir:{directory}")
    selection = select(invocation, words, null=null)
    troubled = name_trouble(invocation, selection)
    found = survey(
        selection,
        _line_of(invocation, selection, sort, ids=ids, json=json),
        counted=not (ids or json),
    )
    refuse_if_blind(invocation, found)
    lines = _in_order(found.lines, sort)[:limit]
    name_first(invocation, found)
    _write(invocation, selection, found, lines, ids=ids, json=json, null=null)
    if not json and not ids:
        _summarise(invocation, found, words, len(lines))
    name_last(invocation, found)
    return _exit_code(found, troubled=troubled, exists=exists)


def _line_of(
    invocation: Invocation, selection: Selection, sort: str | None, *, ids: bool, json: bool
) -> LineOf:
    """What a message's line is made by, with its place in the order."""
    key = sort_key(sort)
    if ids:
        return lambda row: (key(row), f"{row.letter}{row.id}".encode())
    if json:
        from spooltool.render.record import row_record, text_line

        return lambda row: (key(row), text_line(row_record(row)))
    longest = max((len(name.number) for name in selection.all_names()), default=8)
    widths = layout_of.layout(invocation.out.width, longest + 1)
    text_of = layout_of.line_maker(invocation.out.tty, widths)
    encode = invocation.out.encode

    def line(row: Row) -> Line:
        return key(row), encode(text_of(row))

    return line


def _in_order(lines: list[Line], sort: str | None) -> list[Line]:
    lines.sort(reverse=bool(sort) and str(sort).startswith("-"))
    return lines


def _write(
    invocation: Invocation,
    selection: Selection,
    found: Survey,
    lines: list[Line],
    *,
    ids: bool,
    json: bool,
    null: bool,
) -> None:
    out = invocation.out
    if not ids and not json:
        down = summary.relay_line(invocation.relay, invocation.now, found.all.last_life)
        if down and found.all.total:
            out.note(down) if not out.tty else out.line(down)
        if orders := orders_line(invocation.relay.orders, invocation.now, out.cut_at):
            out.note(orders) if not out.tty else out.line(orders)
        if not out.tty:
            out.line(layout_of.pipe_header())
        elif lines:
            longest = max((len(name.number) for name in selection.all_names()), default=8)
            out.line(layout_of.header(layout_of.layout(out.width, longest + 1)))
    end = b"\0" if null and ids else b"\n"
    for start in range(0, len(lines), 1000):
        chunk = lines[start : start + 1000]
        out.write(b"".join([line + end for _, line in chunk]))


def _summarise(invocation: Invocation, found: Survey, words: list[str], written: int) -> None:
    """The lines below the list: how many, why, what else, what next."""
    out, shown, everything = invocation.out, found.shown, found.all
    only_stuck = words == ["stuck"]
    what = "stuck" if only_stuck else "match" if words else ""
    out.note(
        summary.count_line(
            shown, everything, what, invocation.place, invocation.relay, invocation.now
        )
        + _delivered(invocation, everything.total)
    )
    if shown.stuck:
        for line in summary.flowed(summary.reason_parts(shown), out.width):
            out.note(line)
    if only_stuck and (left_out := summary.not_shown(shown, everything)):
        for line in wrapped(left_out, out.width, "  "):
            out.note(line)
    if written < shown.total:
        out.note(f"  {written:,} written of {shown.total:,}: --limit")
    if only_stuck and shown.total and out.tty:
        for line in summary.next_lines(shown):
            out.note(line)


def _delivered(invocation: Invocation, total: int) -> str:
    """`, 312 delivered in the last hour`: an empty queue is no proof that mail flows."""
    if total or not invocation.relay.up:
        return ""
    return f", {invocation.relay.delivered_hour:,} delivered in the last hour"


def _exit_code(found: Survey, *, troubled: bool, exists: bool) -> int:
    if found.unreadable or found.unjudged:
        return ExitCode.INCOMPLETE
    if troubled or (exists and not found.lines):
        return ExitCode.SOME
    return ExitCode.OK
