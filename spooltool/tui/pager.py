"""A person's pager on the terminal, the screen standing back meanwhile."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
from collections.abc import Iterable
from typing import IO

from textual.app import App, SuspendNotSupported

from spooltool.render.text import visible

_USUAL = ("less", "more")
_LESS = {"LESS": "FRSX", "LESSSECURE": "1"}


def page(app: App[object], lines: Iterable[str]) -> str:
    """Show lines of displayable text in $PAGER, else less, else more.

    Returns what there is to tell a person: which pager is missing; "" when all went well.
    """
    try:
        with app.suspend():
            pager, trouble = _started(os.environ.get("PAGER", ""))
            if pager is not None:
                _feed(pager, lines)
    except SuspendNotSupported:
        return "no pager here: this screen is not on a terminal"
    return trouble


def _started(wanted: str) -> tuple[subprocess.Popen[bytes] | None, str]:
    """The first pager that there is, and what is wrong with those before it."""
    trouble: list[str] = []
    commands = [] if wanted.strip() in ("", "cat") else [wanted]
    for command in (*commands, *_USUAL):
        try:
            words = shlex.split(command)
            environment = {**_LESS, **os.environ}
            return subprocess.Popen(words, stdin=subprocess.PIPE, env=environment), "; ".join(
                trouble
            )
        except (OSError, ValueError) as error:
            why = error.strerror if isinstance(error, OSError) else str(error)
            trouble.append(visible(f"{command}: {why}"))
    return None, f"no pager: {'; '.join(trouble)}"


def _feed(pager: subprocess.Popen[bytes], lines: Iterable[str]) -> None:
    """Every line, as far as the pager takes them, then wait until the person leaves it."""
    # Ctrl-C is the pager's: it gets the signal, too.
    before = signal.signal(signal.SIGINT, _pass_by)
    try:
        assert pager.stdin is not None
        _write(pager.stdin, lines)
        pager.wait()
    finally:
        signal.signal(signal.SIGINT, before)


def _write(pipe: IO[bytes], lines: Iterable[str]) -> None:
    try:
        for line in lines:
            pipe.write(line.encode("utf-8", "backslashreplace") + b"\n")
    except BrokenPipeError:
        pass  # the person left early, as one does
    finally:
        try:
            pipe.close()
        except BrokenPipeError:
            pass  # the same, with lines left in the buffer


def _pass_by(number: int, frame: object) -> None:
    """Nothing: a handler, unlike ignoring, is not handed on to the pager."""
