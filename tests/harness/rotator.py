"""A log that is written and rotated in every way, for the tests of who follows it."""

from __future__ import annotations

import gzip
import os
import re
import shutil


class Rotator:
    """Writes numbered lines to a log and rotates it; `written` is every line so far."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = os.fspath(path)
        self.written: list[bytes] = []
        self._fd = -1
        self._old = -1

    def close(self) -> None:
        """Let its files go."""
        for fd in (self._fd, self._old):
            if fd >= 0:
                os.close(fd)
        self._fd = self._old = -1

    def write(self, lines: int = 1, *, late: bool = False) -> None:
        """Whole lines by one write each; `late` to the file that was renamed away last."""
        for _ in range(lines):
            seconds = len(self.written)
            line = b"[1@h] 2026-11-24T%02d:%02d:%02d.000Z - start n=%d" % (
                seconds // 3600,
                seconds // 60 % 60,
                seconds % 60,
                len(self.written),
            )
            self.add(line, late=late)

    def add(self, line: bytes, *, late: bool = False) -> None:
        """A line of another content."""
        if self._fd < 0:
            self._fd = self._open()
        fd = self._old if late and self._old >= 0 else self._fd
        self.written.append(line)
        os.write(fd, line + b"\n")

    def rename(self) -> None:
        """The log becomes `.0`, if there is anything in it; the next line goes to a new file."""
        if not os.path.exists(self.path) or not os.path.getsize(self.path):
            return
        self._shift(0)
        os.rename(self.path, f"{self.path}.0")
        if self._old >= 0:
            os.close(self._old)
        self._old, self._fd = self._fd, -1

    def copytruncate(self) -> None:
        """The log is copied to `.0` and emptied in place."""
        if self._fd < 0:
            self._fd = self._open()
        self._shift(0)
        shutil.copyfile(self.path, f"{self.path}.0")
        os.truncate(self.path, 0)

    def compress(self) -> None:
        """The youngest plain rotated file is compressed, as gzip(1) does it."""
        for number in range(50):
            plain = f"{self.path}.{number}"
            if os.path.exists(plain):
                with open(plain, "rb") as source, gzip.open(f"{plain}.gz", "wb") as target:
                    shutil.copyfileobj(source, target)
                os.unlink(plain)
                if self._old >= 0:  # who compresses waits for late writers
                    os.close(self._old)
                    self._old = -1
                return

    def _open(self) -> int:
        return os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o640)

    def _shift(self, first: int) -> None:
        directory, name = os.path.split(self.path)
        pattern = re.compile(re.escape(name) + r"\.(\d+)(\.gz)?\Z")
        rotated = [match for match in map(pattern.match, os.listdir(directory)) if match]
        for match in sorted(rotated, key=lambda match: -int(match[1])):
            if int(match[1]) >= first:
                new = f"{name}.{int(match[1]) + 1}{match[2] or ''}"
                os.rename(os.path.join(directory, match[0]), os.path.join(directory, new))
