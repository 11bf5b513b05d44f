"""A program on a terminal of its own, its screen as a person sees it, each byte with its time."""

from __future__ import annotations

import errno
import fcntl
import os
import pty
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Self

import pyte

from tests.harness.readable import readable

PATIENCE = 30.0


class Terminal:
    """`argv` on a pty of so many columns and lines.

    `lines` is the screen as far as it was read; `at` is when the last piece of it came
    (monotonic seconds, taken before the piece is drawn).
    """

    def __init__(
        self, argv: Sequence[str], size: tuple[int, int] = (80, 24), env: Mapping[str, str] = {}
    ) -> None:
        self.at = 0.0
        self._screen = pyte.Screen(*size)
        self._stream = pyte.ByteStream(self._screen)
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))
        self.process = subprocess.Popen(
            argv,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            env={**os.environ, "TERM": "xterm-256color", "LC_ALL": "C.UTF-8", **env},
        )
        os.close(slave)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def lines(self) -> list[str]:
        """What stands on the screen."""
        return [line.rstrip() for line in self._screen.display]

    def cell(self, column: int, line: int) -> str:
        """The character at a place."""
        return str(self._screen.buffer[line][column].data)

    def send(self, keys: str | bytes) -> None:
        """Type."""
        os.write(self._master, keys.encode() if isinstance(keys, str) else keys)

    def read(self, seconds: float) -> bool:
        """Take what comes next, within so long; False when nothing came."""
        if not readable(self._master, seconds):
            return False
        try:
            data = os.read(self._master, 1 << 16)
        except OSError as error:
            if error.errno == errno.EIO:  # the program has ended
                return False
            raise
        self.at = time.monotonic()
        self._stream.feed(data)
        return bool(data)

    def wait(self, shown: Callable[[Self], bool], patience: float = PATIENCE) -> float:
        """Read until the screen shows it; when the last piece for that came."""
        until = time.monotonic() + patience
        while not shown(self):
            left = until - time.monotonic()
            if left <= 0 or (not self.read(min(left, 0.5)) and self.process.poll() is not None):
                raise AssertionError("never shown; the screen is:\n" + "\n".join(self.lines))
        return self.at

    def wait_for(self, text: str, patience: float = PATIENCE) -> float:
        """Read until a text stands on the screen."""
        return self.wait(lambda screen: any(text in line for line in screen.lines), patience)

    def ended(self, patience: float = PATIENCE) -> int:
        """Wait for the program's end, reading; its exit code."""
        until = time.monotonic() + patience
        while self.process.poll() is None and time.monotonic() < until:
            self.read(0.1)
        return self.process.wait(0.1)

    def close(self) -> None:
        """End it."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        os.close(self._master)
