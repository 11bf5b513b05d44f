"""One log file: lines gather for a turn of the loop and are appended by one write.

Several processes may write the same file.  Each opens it with O_APPEND and writes whole
lines, so that lines never mix; who rotates holds the flock of the file that it renames
away, and the others see at their next write that the path names another file.

A log that cannot be written never stops mail: the trouble is said once on stderr, and
once again when it is over.
"""

from __future__ import annotations

import fcntl
import os
import sys
import time
from collections.abc import Callable

MAX_BYTES = 16 << 20
"""Size at which a log is rotated."""

KEEP = 9
"""Rotated files that are kept: `name.0`, the youngest, to `name.8`."""

_FLAGS = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_LOOK_EVERY = 1.0

Later = Callable[[Callable[[], None]], object]


def at_once(flush: Callable[[], None]) -> None:
    """For writers without a loop: each line is written when it is given."""
    flush()


def say_on_stderr(text: str) -> None:
    """Trouble of the logs themselves: stderr is what is left."""
    try:
        sys.stderr.write(f"relay: {text}\n")
        sys.stderr.flush()
    except (OSError, ValueError):
        return  # stderr is gone too: there is nobody left to tell


class LogFile:
    """A log file that is opened at the first line and opened anew when it was renamed away.

    `later` is asked to call `flush` soon, as a loop's `call_soon` does.  `complain` is
    told once of a trouble and once of its end.  Nothing here raises OSError.
    """

    def __init__(
        self,
        path: str,
        later: Later = at_once,
        *,
        max_bytes: int = MAX_BYTES,
        keep: int = KEEP,
        complain: Callable[[str], None] = say_on_stderr,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.path = path
        self._later = later
        self._max_bytes = max_bytes
        self._keep = keep
        self._complain = complain
        self._clock = clock
        self._lines: list[str] = []
        self._fd = -1
        self._size = 0
        self._looked = 0.0
        self._torn = False
        self._failing = False

    def open(self) -> None:
        """Open it before the first line: later there may be no descriptor left for it."""
        try:
            self._prepare()
        except OSError as error:
            self._failed(error)

    def write(self, line: str) -> None:
        """Add a line, given without its line end; undecodable bytes come out as they were."""
        if not self._lines:
            self._lines.append(line)
            self._later(self.flush)
        else:
            self._lines.append(line)

    def flush(self) -> None:
        """Append what has gathered, in one write."""
        if not self._lines:
            return
        text = "\n".join(self._lines) + "\n"
        self._lines = []
        data = text.encode("utf-8", "surrogateescape")
        try:
            self._prepare()
            self._append(data)
        except OSError as error:
            self._failed(error)
            return
        if self._failing:
            self._failing = False
            self._complain(f"{self.path}: written again")

    def reopen(self) -> None:
        """Open the path anew at the next line, as after a rotation by another program."""
        self.flush()
        self._let_go()

    def close(self) -> None:
        """Write what is left and close the file."""
        self.flush()
        self._let_go()

    def _failed(self, error: OSError) -> None:
        self._let_go()
        if not self._failing:
            self._failing = True
            self._complain(f"{self.path}: {error.strerror}; log lines are lost")

    def _prepare(self) -> None:
        if self._fd >= 0:
            now = self._clock()
            if now - self._looked >= _LOOK_EVERY:
                self._looked = now
                if not self._is_named():
                    self._let_go()
        if self._fd >= 0 and self._size >= self._max_bytes:
            self._rotate()
        if self._fd < 0:
            self._open()

    def _open(self) -> None:
        self._fd = os.open(self.path, _FLAGS, 0o640)
        self._size = os.fstat(self._fd).st_size
        self._looked = self._clock()

    def _append(self, data: bytes) -> None:
        if self._torn:
            data = b"\n" + data
        view = memoryview(data)
        while view:
            self._torn = True
            written = os.write(self._fd, view)
            self._size += written
            view = view[written:]
        self._torn = False

    def _is_named(self) -> bool:
        """Whether the path still names the file that is open; learns its size, too."""
        try:
            there = os.stat(self.path, follow_symlinks=False)
        except OSError:
            return False
        here = os.fstat(self._fd)
        self._size = here.st_size
        return (there.st_dev, there.st_ino) == (here.st_dev, here.st_ino)

    def _rotate(self) -> None:
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return  # another process rotates this file
        if self._is_named() and self._size >= self._max_bytes:
            for number in range(self._keep - 1, 0, -1):
                try:
                    os.rename(f"{self.path}.{number - 1}", f"{self.path}.{number}")
                except FileNotFoundError:
                    continue
            if self._keep:
                os.rename(self.path, f"{self.path}.0")
            else:
                os.unlink(self.path)
        self._let_go()

    def _let_go(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
