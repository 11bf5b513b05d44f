"""Options that several commands of `relay` have, and how a command speaks."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from relay.source import DEFAULT_CONFIG

NAME = "relay"

SpoolOption = Annotated[
    str | None, typer.Option("--spool", metavar="DIR", help="The spool; else rundir of relay.toml.")
]
ConfigOption = Annotated[
    str | None,
    typer.Option("--config", metavar="FILE", help=f"relay.toml; else {DEFAULT_CONFIG} if there."),
]


def say(text: str) -> None:
    """One line on stdout, at once: scripts wait for it.

    In one write, for another process may have the same stdout: print makes two where Python
    does not buffer.
    """
    sys.stdout.write(f"{NAME}: {text}\n")
    sys.stdout.flush()
