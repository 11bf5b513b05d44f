"""Standard output and standard error: what they are, how wide, and how they end.

What goes to a person's screen is made by `render`; here it passes `visible` once more, so
that not even an error that quotes a file name can do harm.  This module adds line ends, a
pager when a screen is full, and peace when the reader of a pipe has left.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from typing import IO, TYPE_CHECKING

from spooltool.render.text import visible

if TYPE_CHECKING:
    import subprocess

DEFAULT_WIDTH = 80
_UNCUT = 1 << 20
DEFAULT_HEIGHT = 24
_PAGER = "less"
_PAGER_OPTIONS = "FRSX"


class Output:
    """Where a command writes.  `tty` tells a person's screen from a pipe.

    `width` is what sentences are wrapped at, `cut_at` where a long line is cut: never in
    a pipe.

    Lines on a terminal are kept until a screen is full, then a pager takes them all; in a
    pipe they go out as they come.
    """

    def __init__(self, *, paged: bool = True) -> None:
        self.tty = sys.stdout.isatty()
        self.width, self.height = _dimensions()
        self.cut_at = self.width if self.tty else _UNCUT
        self.dumb = os.environ.get("TERM") == "dumb"
        self._encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
        self._full = 0
        self._paged = paged and self.tty and not self.dumb
        self._waiting: list[bytes] = []
        self._notes: list[str] = []
        self._pager: subprocess.Popen[bytes] | None = None

    def line(self, text: str) -> None:
        """One line of displayable text."""
        self.write(self.encode(text) + b"\n")

    def lines(self, lines: Iterable[str]) -> None:
        """Several lines of displayable text."""
        for text in lines:
            self.line(text)

    def encode(self, text: str) -> bytes:
        """Text in the encoding of this output; what it lacks is written out."""
        return (visible(text) if self.tty else text).encode(self._encoding, "backslashreplace")

    def write(self, data: bytes) -> None:
        """Bytes that are fit for this output, whole lines of them."""
        if not self._paged or self._pager is not None:
            self._sink.write(data)
            return
        self._waiting.append(data)
        self._full += data.count(b"\n")
        if self._full > self.height - 2:
            self._page()

    def flush(self) -> None:
        """Send what was written: for commands that follow something."""
        self.unpaged()
        self._sink.flush()

    def unpaged(self) -> None:
        """No pager from here on: what follows is a dialogue, or has no end."""
        self._paged = False
        waiting, self._waiting = self._waiting, []
        for chunk in waiting:
            self._sink.write(chunk)

    def note(self, text: str) -> None:
        """A line on standard error, after what was written before it.

        While a pager has the screen it waits, so that it does not run through the text.
        """
        if self._pager is not None:
            self._notes.append(text)
            return
        self._release()
        _to_stderr(text)

    def close(self) -> None:
        """Everything out, the pager ended, the notes after it."""
        self._release()
        if self._pager is not None:
            assert self._pager.stdin is not None
            try:
                self._pager.stdin.close()
            except BrokenPipeError:
                pass  # the person left the pager early, as one does
            self._pager.wait()
            self._pager = None
        notes, self._notes = self._notes, []
        for text in notes:
            _to_stderr(text)

    def drop(self) -> None:
        """End without another word on standard output: its reader has left."""
        self._waiting = []
        if self._pager is not None:
            self.close()
            return
        try:
            sys.stdout.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())

    @property
    def _sink(self) -> IO[bytes]:
        if self._pager is not None:
            assert self._pager.stdin is not None
            return self._pager.stdin
        return sys.stdout.buffer

    def _release(self) -> None:
        waiting, self._waiting = self._waiting, []
        for chunk in waiting:
            self._sink.write(chunk)
        if self._pager is None:
            sys.stdout.flush()

    def _page(self) -> None:
        import shlex
        import subprocess

        command = shlex.split(os.environ.get("PAGER", _PAGER))
        if command and command[0] != "cat":
            environment = {"LESS": _PAGER_OPTIONS, "LESSSECURE": "1", **os.environ}
            try:
                self._pager = subprocess.Popen(command, stdin=subprocess.PIPE, env=environment)
            except OSError:
                self._pager = None
        self._paged = self._pager is not None
        self._release()


def _to_stderr(text: str) -> None:
    encoding = getattr(sys.stderr, "encoding", None) or "utf-8"
    try:
        sys.stderr.buffer.write(visible(text).encode(encoding, "backslashreplace") + b"\n")
        sys.stderr.flush()
    except OSError:
        pass  # nobody reads standard error: there is no place left to say so


def _dimensions() -> tuple[int, int]:
    """Width and height: $COLUMNS and $LINES, else the terminal's, else 80 by 24."""
    try:
        size = os.get_terminal_size(sys.stdout.fileno())
        width, height = size.columns, size.lines
    except (OSError, ValueError):
        width, height = 0, 0
    width = _number(os.environ.get("COLUMNS")) or width or DEFAULT_WIDTH
    height = _number(os.environ.get("LINES")) or height or DEFAULT_HEIGHT
    return max(width, 40), max(height, 5)


def _number(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 6 else 0
