"""`spooltool log`: log lines of messages, over rotation."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

from spooltool.cli.invocation import Invocation
from spooltool.errors import ExitCode, NoSpool, UsageError
from spooltool.live.logfile import Start
from spooltool.live.merge import read_logs
from spooltool.look.clock import read_time
from spooltool.look.log_lines import lines_about, numbers_named
from spooltool.look.log_places import log_directory
from spooltool.query.patterns import read_number
from spooltool.render.loglines import (
    SHORT,
    Logged,
    log_record,
    pipe_line,
    read_line,
    screen_line,
)
from spooltool.render.record import text_line
from spooltool.render.text import visible

if TYPE_CHECKING:
    from spooltool.query import Query


def run(
    ctx: typer.Context,
    query: Annotated[
        list[str] | None,
        typer.Argument(metavar="[QUERY]...", help="Lines about these messages, gone ones too."),
    ] = None,
    follow: Annotated[
        bool, typer.Option("-f", "--follow", help="Go on with what comes, over rotation.")
    ] = False,
    since: Annotated[
        str | None, typer.Option("--since", metavar="TIME|AGO", help="From then: a time, or 2h.")
    ] = None,
    until: Annotated[
        str | None, typer.Option("--until", metavar="TIME|AGO", help="Up to then.")
    ] = None,
    logdir: Annotated[
        str | None,
        typer.Option(
            "--logdir",
            metavar="DIR",
            help="Where the logs are; else logdir of relay.toml, else SPOOL/.spooltool/log.",
        ),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> int:
    """Log lines of messages, over rotation; -f follows.

    Lines of mdq.elg, asmtpd.elg and tracker.log in the order of time.  A line belongs to
    a query when the message it is about matches now, or when what the line says does.
    """
    invocation: Invocation = ctx.obj
    out = invocation.out
    start = None if since is None else _moment(invocation, since, "--since")
    end = None if until is None else _moment(invocation, until, "--until")
    if follow and end is not None:
        raise UsageError("-f and --until exclude each other")
    directory = _directory(invocation, logdir)
    paths = [os.path.join(directory, name) for name in SHORT]
    wanted = _wanted(invocation, query or [])
    shape = _json if json else screen_line if out.tty else pipe_line
    if follow:
        out.unpaged()
    written = 0
    begin = Start.END if follow and start is None else Start.BEGIN if start is None else start
    for one in read_logs(paths, begin, follow=follow):
        read = read_line(os.path.basename(one.path), one.time, one.line)
        if end is not None and read.time > end:
            continue
        if wanted(read):
            written += 1
            out.line(shape(read))
            if follow:
                out.flush()
    if not written and not follow:
        out.note(f"no log lines{' about that' if query else ''} in {visible(directory)}")
    return ExitCode.OK


def _json(read: Logged) -> str:
    return text_line(log_record(read)).decode()


def _moment(invocation: Invocation, text: str, option: str) -> float:
    """A time, or a duration before now."""
    from spooltool.query.grammar import Kind

    ago = None if text.isdigit() else read_number(Kind.AGE, text)
    return read_time(text, option) if ago is None else invocation.now - ago


def _directory(invocation: Invocation, option: str | None) -> str:
    if option is not None:
        if not os.path.isdir(option):
            raise UsageError(f"--logdir {visible(option)}: no such directory")
        return option
    return log_directory(invocation)


def _wanted(invocation: Invocation, words: list[str]) -> Callable[[Logged], bool]:
    """Whether a line is asked for."""
    if not words:
        return lambda read: True
    from spooltool.query import parse

    query = parse(words)
    return lines_about(query, _numbers_here(invocation, query, words), invocation.now)


def _numbers_here(invocation: Invocation, query: Query, words: list[str]) -> set[str]:
    """Numbers of the messages in the spool that match now; by id alone none need be read."""
    if (named := numbers_named(query)) is not None:
        return named
    from spooltool.cli.choice import select

    try:
        return {row.id for row in select(invocation, words).rows()}
    except NoSpool:
        return set()
