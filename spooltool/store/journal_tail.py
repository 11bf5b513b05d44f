"""The journal's last transactions, read on as it grows.

A transaction may have a line for each of a million messages: here they are counted, not
kept, and no byte is read twice.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from spooltool.errors import NotRegular
from spooltool.store.journal import Actor
from spooltool.store.root import Spool

_CHUNK = 1 << 18


@dataclass(frozen=True, slots=True)
class Summary:
    """One transaction: how many messages ended in which word of RESULTS."""

    txn: str
    at: float
    verb: str
    actor: Actor
    query: str = ""
    reason: str = ""
    undoes: str = ""
    results: dict[str, int] = field(default_factory=dict)
    ended: bool = False


class JournalTail:
    """The last `most` transactions of a spool's journal.

    It takes no lock; a line that is not yet whole is read when it is.  A journal that was
    replaced or cut is read from its beginning.
    """

    def __init__(self, most: int = 20) -> None:
        self._most = most
        self._forget()

    def _forget(self) -> None:
        self._inode = self._offset = 0
        self._rest = b""
        self._found: dict[str, Summary] = {}

    def last(self) -> tuple[Summary, ...]:
        """The last transactions, newest first."""
        return tuple(reversed(self._found.values()))

    def read_on(self, spool: Spool) -> Iterator[None]:
        """Read what was added, a piece a step.  A journal that nobody may read is empty."""
        try:
            fd = spool.open_own("journal", os.O_RDONLY)
        except (OSError, NotRegular):
            self._forget()
            return
        try:
            facts = os.fstat(fd)
            if facts.st_ino != self._inode or facts.st_size < self._offset:
                self._forget()
                self._inode = facts.st_ino
            while data := os.pread(fd, _CHUNK, self._offset):
                self._offset += len(data)
                *lines, self._rest = (self._rest + data).split(b"\n")
                for line in lines:
                    self._line(line)
                yield
        finally:
            os.close(fd)

    def _line(self, line: bytes) -> None:
        try:
            record = json.loads(line.decode("utf-8", "replace"))
        except ValueError:
            return
        if not isinstance(record, dict) or record.get("v") != 1:
            return
        txn, kind = str(record.get("txn", "")), record.get("kind")
        known = self._found.get(txn)
        if kind == "begin":
            self._found[txn] = _begun(txn, record)
            while len(self._found) > self._most:
                del self._found[next(iter(self._found))]
        elif known is not None and kind == "result":
            word = str(record.get("result", ""))
            known.results[word] = known.results.get(word, 0) + 1
        elif known is not None and kind == "end":
            self._found[txn] = replace(known, ended=True)


def _begun(txn: str, record: dict[str, Any]) -> Summary:
    words = (str(record.get(key, "")) for key in ("user", "tty", "host", "command"))
    at = record.get("at")
    return Summary(
        txn,
        float(at) if isinstance(at, int | float) else 0.0,
        str(record.get("verb", "")),
        Actor(*words),
        str(record.get("query", "")),
        str(record.get("reason", "")),
        str(record.get("undoes", "")),
    )
