"""Running a command as a person would: on a terminal, its output as it comes.

The command gets a terminal of its own, so that it writes for a person wherever this
process writes to; long output can be cut in the middle, which is said.
"""

from __future__ import annotations

import errno
import os
import pty
import subprocess
import sys
import termios
from collections import deque
from collections.abc import Callable

Say = Callable[[str], None]


def run_as_typed(
    arguments: list[str],
    *,
    env: dict[str, str],
    width: int,
    say: Say,
    first: int = 1000,
    last: int = 0,
) -> int:
    """Run `spooltool` with these arguments and show its output; the exit code.

    Of more than `first` + `last` lines those between are left out and counted.
    """
    master, slave = pty.openpty()
    modes = termios.tcgetattr(slave)
    modes[1] &= ~termios.OPOST
    termios.tcsetattr(slave, termios.TCSANOW, modes)
    process = subprocess.Popen(
        [sys.executable, "-m", "spooltool", *arguments],
        stdin=subprocess.DEVNULL,
        stdout=slave,
        stderr=slave,
        env={**env, "COLUMNS": str(width), "LINES": "50", "PAGER": "cat"},
    )
    os.close(slave)
    try:
        _show(master, say, first, last)
        return process.wait()
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait()
        os.close(master)


def _show(master: int, say: Say, first: int, last: int) -> None:
    shown = left_out = 0
    tail: deque[str] = deque()
    rest = b""
    while chunk := _read(master):
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            text = line.decode("utf-8", "replace")
            if shown < first:
                shown += 1
                say(text)
                continue
            tail.append(text)
            if len(tail) > last:
                tail.popleft()
                left_out += 1
    if left_out:
        say(f"... {left_out:,} lines like these ...")
    for text in tail:
        say(text)
    if rest:
        say(rest.decode("utf-8", "replace"))


def _read(master: int) -> bytes:
    """What the terminal has; nothing when the command has ended (Linux says EIO then)."""
    try:
        return os.read(master, 65536)
    except OSError as error:
        if error.errno == errno.EIO:
            return b""
        raise
