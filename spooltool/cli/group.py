"""`spooltool group`: counts and bytes by one or two keys, against age."""

from __future__ import annotations

from typing import Annotated

import typer

from spooltool.cli.choice import QUERY_HELP, name_trouble, select
from spooltool.cli.invocation import Invocation
from spooltool.cli.reading import name_first, name_last, refuse_if_blind
from spooltool.diagnose.grouping import KEY, KEYS, Group, Groups, Key
from spooltool.errors import ExitCode, QueryError, UsageError
from spooltool.look.survey import Survey, survey
from spooltool.query.query import Query
from spooltool.render import groups as shown
from spooltool.render import summary
from spooltool.render.record import text_line
from spooltool.render.text import visible
from spooltool.render.units import plural

_MOST_KEYS = 2
_USUAL = "dst"


def epilog() -> str:
    """The keys, for the help."""
    return "\b\nKeys:\n" + shown.keys_help(KEYS)


def run(
    ctx: typer.Context,
    query: Annotated[
        list[str] | None, typer.Argument(metavar="[QUERY]...", help=QUERY_HELP)
    ] = None,
    by: Annotated[
        str, typer.Option("--by", metavar="KEY[,KEY]", help="What to group by; see the keys below.")
    ] = _USUAL,
    by_bytes: Annotated[
        bool, typer.Option("--bytes", help="Bytes in the columns, not messages.")
    ] = False,
    limit: Annotated[
        int | None, typer.Option("--limit", metavar="N", min=0, help="At most N groups.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON object a group.")] = False,
    null: Annotated[bool, typer.Option("--null", help="With -: NUL ends each id.")] = False,
) -> int:
    """Counts and bytes by one or two keys, against age.

    Which host, domain or reason the mail piles up at, and since when.  A column counts the
    messages younger than its heading and not younger than the one before it.  Each group
    is what `ls` lists with the group's value in the query: a message for two domains counts
    in both, and once in the total.
    """
    invocation: Invocation = ctx.obj
    keys = _keys(by)
    words = list(query or ())
    try:
        selection = select(invocation, words, null=null)
    except QueryError as error:
        _point_to_by(error, words)
        raise
    troubled = name_trouble(invocation, selection)
    found = survey(selection, None, groups=Groups(keys))
    refuse_if_blind(invocation, found)
    name_first(invocation, found)
    groups = found.groups
    assert groups is not None
    listed = groups.groups(by_bytes=by_bytes)
    written = listed[:limit]
    if json:
        _write_records(invocation, groups, written, found, selection.query)
    else:
        _write(invocation, found, written, by_bytes=by_bytes)
        _summarise(invocation, found, words, written, selection.query)
    name_last(invocation, found)
    if found.unreadable or found.unjudged:
        return ExitCode.INCOMPLETE
    return ExitCode.SOME if troubled else ExitCode.OK


def _keys(text: str) -> list[Key]:
    names = [name.strip().lower() for name in text.split(",")]
    for name in names:
        if name not in KEY:
            raise UsageError(f"--by {visible(name)}: no such key", hint="one of " + ", ".join(KEY))
    if len(names) > _MOST_KEYS or len(set(names)) < len(names):
        raise UsageError(f"--by {visible(text)}: one key, or two different ones")
    return [KEY[name] for name in names]


def _point_to_by(error: QueryError, words: list[str]) -> None:
    """A key among the query's words was meant for `--by`."""
    keys = [word for word in words if word in KEY]
    if keys:
        error.hint = f"a key to group by goes with --by: --by {','.join(keys[:_MOST_KEYS])}"


def _write(invocation: Invocation, found: Survey, listed: list[Group], *, by_bytes: bool) -> None:
    out, groups = invocation.out, found.groups
    assert groups is not None
    down = summary.relay_line(invocation.relay, invocation.now, found.all.last_life)
    if down and found.all.total:
        out.line(down) if out.tty else out.note(down)
    if out.tty:
        out.lines(shown.screen_table(groups, listed, out.width, by_bytes=by_bytes))
        return
    out.line(shown.pipe_header(groups, by_bytes=by_bytes))
    out.lines(shown.pipe_line(group, by_bytes=by_bytes) for group in listed)


def _write_records(
    invocation: Invocation, groups: Groups, listed: list[Group], found: Survey, query: Query
) -> None:
    out, now = invocation.out, invocation.now
    for group in listed:
        out.write(text_line(shown.group_record(groups, group, query, now)) + b"\n")
    out.write(text_line(shown.summary_record(groups, found.looked, now)) + b"\n")


def _summarise(
    invocation: Invocation, found: Survey, words: list[str], listed: list[Group], query: Query
) -> None:
    """The lines below the table: how many of how many, what counts twice, what next."""
    out, groups = invocation.out, found.groups
    assert groups is not None
    if len(listed) < len(groups):
        out.note(f"  {len(listed):,} of {plural(len(groups), 'group')}: --limit")
    if several := shown.several_line(groups):
        out.note(several)
    what = "stuck" if words == ["stuck"] else "match" if words else ""
    place, relay, now = invocation.place, invocation.relay, invocation.now
    out.note(summary.count_line(found.shown, found.all, what, place, relay, now))
    if line := shown.next_line(groups, listed, query):
        out.note(line)
