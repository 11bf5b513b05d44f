"""`spooltool status`: the spool on one screen."""

from __future__ import annotations

from typing import Annotated

import typer

from spooltool.cli.choice import select
from spooltool.cli.invocation import Invocation
from spooltool.cli.reading import name_first, name_last, refuse_if_blind
from spooltool.cli.verbs import BY_NAME
from spooltool.errors import ExitCode, SpooltoolError, UsageError
from spooltool.look.disk import disk_of
from spooltool.look.survey import Survey, survey
from spooltool.look.transactions import shown
from spooltool.render.journal import short_line
from spooltool.render.screen import Screen, Trash, screen_lines, screen_record
from spooltool.render.text import visible
from spooltool.store.journal import read_journal
from spooltool.store.root import Spool
from spooltool.store.trash import trash_files

_LAST_CHANGES = 3


def epilog() -> str:
    """The limits of `--check`, for the help."""
    from spooltool.render.health import limits_help

    return "\b\nLimits of --check (off: none):\n" + limits_help()


def run(
    ctx: typer.Context,
    json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
    check: Annotated[
        bool,
        typer.Option(
            "--check", help="For monitoring: one line; exit 0 ok, 1 warn, 2 crit, 3 unknown."
        ),
    ] = False,
    warn: Annotated[
        list[str] | None,
        typer.Option(
            "--warn",
            metavar="NAME=LIMIT,...",
            help="With --check: warn above (a share: below) these, such as stuck=10,oldest=4h.",
        ),
    ] = None,
    crit: Annotated[
        list[str] | None,
        typer.Option("--crit", metavar="NAME=LIMIT,...", help="With --check: critical likewise."),
    ] = None,
) -> int:
    """The spool on one screen: counts, stuck, relay, disk.

    Counts by standing and directory, stuck messages by reason and host, the relay, the
    disk, the trash, and the last changes that operators made.  With --check one line with
    performance data, as monitoring plug-ins print it.
    """
    invocation: Invocation = ctx.obj
    if check:
        from spooltool.cli.checking import check_spool  # start-up: it reads a little language

        return check_spool(invocation, warn or (), crit or (), json=json)
    if warn or crit:
        raise UsageError("--warn and --crit go with --check")
    out = invocation.out
    found = survey(select(invocation, None), None)
    refuse_if_blind(invocation, found)
    screen = _screen(invocation, found)
    name_first(invocation, found)
    if json:
        from spooltool.render.record import text_line

        out.write(text_line(screen_record(screen)) + b"\n")
    else:
        out.lines(screen_lines(screen, out.width))
        if invocation.beginning:
            for line in _next(found):
                out.note(line)
    name_last(invocation, found)
    return ExitCode.INCOMPLETE if found.unreadable else ExitCode.OK


def _screen(invocation: Invocation, found: Survey) -> Screen:
    spool, now = invocation.spool, invocation.now
    return Screen(
        place=invocation.place,
        found_by=invocation.found,
        now=now,
        tally=found.all,
        relay=invocation.relay,
        disk=disk_of(spool),
        trash=_trash(spool),
        changes=_changes(spool, now),
        unreadable=tuple(visible(directory) for directory, _ in found.unreadable),
    )


def _trash(spool: Spool) -> Trash:
    try:
        found = trash_files(spool)
    except OSError:
        return Trash(0, 0, 0.0)
    oldest = found[0].since if found else 0.0
    return Trash(len(found), sum(one.size for one in found), oldest)


def _changes(spool: Spool, now: float) -> tuple[str, ...]:
    try:
        last = read_journal(spool)[-_LAST_CHANGES:]
    except (OSError, SpooltoolError):
        return ("the journal cannot be read",)
    return tuple(short_line(shown(one), now) for one in reversed(last))


_COMMANDS = (
    ("ls", "ls --stuck", "what needs a person, and why"),
    ("log", "log -f", "what the relay does now"),
    ("why", "why", "which host or limit blocks most, and what frees most"),
    ("history", "history", "what operators changed"),
    ("demo", "demo", "see mail get stuck and mended, in a temporary folder"),
)


def _next(found: Survey) -> list[str]:
    """Three commands for somebody who typed none; for an empty spool the demo comes first."""
    there = [line for line in _COMMANDS if line[0] in BY_NAME]
    if not found.looked:
        there.sort(key=lambda line: line[0] != "demo")
    chosen = there[:3]
    width = max(len(command) for _, command, _ in chosen)
    return ["next:", *(f"  spooltool {command.ljust(width)}   {why}" for _, command, why in chosen)]
