"""The journal as somebody reads it who watches: what is new, and what was before, piece by piece.

A change of many messages fills megabytes, so nothing here reads the whole.  Records that a
crash left half-written are passed over.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass

from spooltool.errors import SpooltoolError
from spooltool.store.root import Spool

BLOCK = 1 << 18
"""Bytes that are read at once."""

_LONGEST = 1 << 20


@dataclass(frozen=True, slots=True)
class Begun:
    """A transaction begins: who does what to how many messages, and why."""

    txn: str
    at: float
    verb: str
    user: str
    tty: str
    count: int
    reason: str


@dataclass(frozen=True, slots=True)
class Meant:
    """A transaction is about to change a message; `hosts` are its old and new DST."""

    txn: str
    id: str
    hosts: tuple[str, ...]


class JournalPieces:
    """The journal of a spool, which need not be there yet.

    `more` tells what was added since the last call, or since this was made; `end` is how
    far that is.  `before` goes the other way.  Nothing is locked.  What cannot be read now
    is not told; it is looked for again.
    """

    def __init__(self, spool: Spool) -> None:
        self._spool = spool
        self._fd = self._open()
        self.end = self._whole_lines() if self._fd >= 0 else 0

    def close(self) -> None:
        """Let the file go."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def more(self) -> list[Begun | Meant]:
        """What is new, oldest first: of a long change the next part; nothing at the end."""
        if self._fd < 0:
            self._fd = self._open()
        records: list[Begun | Meant] = []
        while self._fd >= 0 and not records and (data := self._next()):
            records = list(_records(data))
        return records

    def before(self, end: int) -> tuple[list[Begun | Meant], int]:
        """What stands before `end`, oldest first, as far as one piece goes, and where it begins."""
        if self._fd < 0:
            return [], 0
        length = BLOCK
        while True:
            start = max(0, end - length)
            data = os.pread(self._fd, end - start, start)
            begin = data.find(b"\n") + 1 if start else 0
            if start == 0 or 0 < begin < len(data):
                return list(_records(data[begin:])), start + begin
            if length > _LONGEST:
                return [], start
            length *= 2

    def _open(self) -> int:
        try:
            return self._spool.open_own("journal", os.O_RDONLY)
        except (OSError, SpooltoolError):
            return -1

    def _next(self) -> bytes:
        """The next whole lines."""
        data = os.pread(self._fd, BLOCK, self.end)
        if len(data) == BLOCK and b"\n" not in data:
            data = os.pread(self._fd, _LONGEST, self.end)
            if len(data) == _LONGEST and b"\n" not in data:
                self.end += len(data)
                return data
        length = data.rfind(b"\n") + 1
        self.end += length
        return data[:length]

    def _whole_lines(self) -> int:
        size = os.fstat(self._fd).st_size
        start = max(0, size - _LONGEST)
        return start + os.pread(self._fd, size - start, start).rfind(b"\n") + 1


def _records(data: bytes) -> Iterator[Begun | Meant]:
    for line in data.split(b"\n"):
        if b'"intent"' not in line and b'"begin"' not in line:
            continue
        try:
            record = json.loads(line)
            kind = record["kind"]
            if record["v"] != 1:
                continue
            if kind == "begin":
                yield _begun(record)
            elif kind == "intent":
                yield _meant(record)
        except (ValueError, KeyError, TypeError, AttributeError):
            continue


def _begun(record: dict[str, object]) -> Begun:
    at, count = record["at"], record["count"]
    if not isinstance(at, int | float) or not isinstance(count, int):
        raise TypeError("no transaction")
    verb, user, tty, reason = (str(record[key]) for key in ("verb", "user", "tty", "reason"))
    return Begun(str(record["txn"]), float(at), verb, user, tty, count, reason)


def _meant(record: dict[str, object]) -> Meant:
    keys = record["keys"]
    if not isinstance(keys, list):
        raise TypeError("no intent")
    hosts = [key[word] for key in keys if key["key"] == "DST" for word in ("old", "new")]
    named = tuple(host for host in hosts if isinstance(host, str))
    return Meant(str(record["txn"]), str(record["id"]), named)
