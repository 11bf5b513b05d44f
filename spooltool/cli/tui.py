"""`spooltool tui`: the whole queue on one screen."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from spooltool.cli.choice import QUERY_HELP
from spooltool.cli.invocation import Invocation
from spooltool.errors import UsageError
from spooltool.render.text import visible

THEMES = ("dark", "light", "contrast")
_INSTEAD = "without a screen: spooltool ls --stuck, spooltool show ID, spooltool watch QUERY"


def run(
    ctx: typer.Context,
    query: Annotated[
        list[str] | None, typer.Argument(metavar="[QUERY]...", help=QUERY_HELP)
    ] = None,
    read_only: Annotated[
        bool, typer.Option("--read-only", help="Only look: the keys that change are not there.")
    ] = False,
    theme: Annotated[
        str, typer.Option("--theme", metavar="NAME", help=f"{', '.join(THEMES)}.")
    ] = "dark",
    no_mouse: Annotated[
        bool, typer.Option("--no-mouse", help="Leave the mouse to the terminal.")
    ] = False,
    ascii_only: Annotated[
        bool, typer.Option("--ascii", help="Draw with printable ASCII alone.")
    ] = False,
) -> int:
    """The whole queue on one screen, live.

    A filter in the query language, destinations against age, reasons, one message in full,
    the logs; small letters look, capitals change, and each of those shows its plan first.
    The last line shows the command that does the same.  `?` is help.
    """
    invocation: Invocation = ctx.obj
    if theme not in THEMES:
        raise UsageError(f"--theme {visible(theme)}: not one of {', '.join(THEMES)}")
    if not all(stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr)):
        raise UsageError("tui wants a terminal", hint=_INSTEAD)
    if os.environ.get("TERM", "dumb") in ("dumb", "unknown", ""):
        raise UsageError("this terminal (TERM=dumb) can draw no screen", hint=_INSTEAD)
    if query:
        from spooltool.query import parse

        parse(query)
    _ = invocation.spool  # what is no spool is said before the screen is taken
    from spooltool.tui import show  # start-up: textual is large

    return show(
        invocation,
        " ".join(query or ("stuck",)),
        read_only=read_only,
        theme=theme,
        mouse=not no_mouse,
        ascii_only=ascii_only,
    )
