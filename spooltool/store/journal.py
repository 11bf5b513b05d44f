"""The journal of operators' changes: an intent before each, a result after it, durable.

`.spooltool/journal` is a file of JSON lines, written under its own lock.  Some space is
kept allocated behind its end, so that holding and deleting work on a full disk.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

from spooltool.errors import CannotWrite, NotRegular, SpooltoolError, UsageError
from spooltool.spool.names import OWN_DIR
from spooltool.spool.plan import Change, KeyChange, Plan, RecipientChange, decode_results
from spooltool.store.root import Spool
from spooltool.store.syscalls import preallocate

KEEP_ALLOCATED = 1 << 20
_TAIL = 1 << 16
_BEGIN = re.compile(rb'^\{"v": ?1, ?"txn": ?"([0-9a-z]+)", ?"kind": ?"begin"', re.MULTILINE)
_TXN = re.compile(r"[0-9a-z]{1,8}\Z")
RESULTS = ("done", "unchanged", "gone", "busy", "changed", "failed")
"""The word each message of a writing verb ends in."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who changes: user, terminal, machine, and the command as typed."""

    user: str
    tty: str
    host: str
    command: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one change: a word of RESULTS, with the reason."""

    id: str
    file: str
    result: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Transaction:
    """One transaction as the journal has it.  `outcomes` lack messages it never reached."""

    txn: str
    at: float
    verb: str
    actor: Actor
    query: str
    reason: str
    undoes: str
    changes: tuple[Change, ...]
    outcomes: tuple[Outcome, ...]
    ended: bool

    def count(self, result: str) -> int:
        """How many messages ended in this word."""
        return sum(outcome.result == result for outcome in self.outcomes)

    @property
    def carried_out(self) -> tuple[Change, ...]:
        """The changes that were carried out."""
        done = {outcome.id for outcome in self.outcomes if outcome.result == "done"}
        return tuple(change for change in self.changes if change.id in done)


class Journal:
    """The journal, open for appending.  Writers only."""

    def __init__(self, spool: Spool, spare: Callable[[str], None] | None = None) -> None:
        """Open or make it.  Raises CannotWrite.

        `spare` is given the first record that cannot be written and all after it, a line
        each; then nothing raises.
        """
        self._spare = spare
        self._fd = -1
        self._spent = False
        try:
            self._fd = _opened(spool)
            keep_allocated(self._fd)
        except (OSError, NotRegular) as error:
            if spare is None:
                why = error.strerror if isinstance(error, OSError) else error.message
                raise CannotWrite(f"{spool.path}/{OWN_DIR}/journal: {why}") from error

    def begin(
        self, plan: Plan, actor: Actor, at: float, *, reason: str = "", undoes: str = ""
    ) -> str:
        """Open a transaction; its name.  The record is durable with the first intents."""
        self._lock(fcntl.LOCK_EX)
        try:
            txn = self._next_txn()
            self._append(
                [
                    {
                        "txn": txn,
                        "kind": "begin",
                        "at": at,
                        "verb": plan.verb,
                        "spool": plan.spool,
                        "found_by": plan.found_by,
                        "query": plan.query,
                        "count": len(plan.changes),
                        "reason": reason,
                        "undoes": undoes,
                        **asdict(actor),
                    }
                ]
            )
        finally:
            self._lock(fcntl.LOCK_UN)
        return txn

    def intend(self, txn: str, changes: Iterable[Change]) -> None:
        """Record what is about to happen, durably."""
        self._append([{"txn": txn, "kind": "intent", **asdict(change)} for change in changes])

    def record(self, txn: str, outcomes: Iterable[Outcome]) -> None:
        """Record what has happened, durably."""
        self._append([{"txn": txn, "kind": "result", **asdict(o)} for o in outcomes])

    def end(self, txn: str, at: float) -> None:
        """Close a transaction."""
        self._append([{"txn": txn, "kind": "end", "at": at}])
        if self._fd >= 0:
            keep_allocated(self._fd)

    def close(self) -> None:
        """Close the file."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def _lock(self, how: int) -> None:
        if self._fd >= 0:
            fcntl.flock(self._fd, how)

    def _next_txn(self) -> str:
        if self._fd < 0:
            return "1"
        size = os.fstat(self._fd).st_size
        start = max(0, size - _TAIL)
        while True:
            tail = os.pread(self._fd, size - start, start)
            names = _BEGIN.findall(tail)
            if names or start == 0:
                return _base36(max((int(name, 36) for name in names), default=0) + 1)
            start = max(0, start - 4 * _TAIL)

    def _append(self, records: list[dict[str, Any]]) -> None:
        if not records:
            return
        text = "".join(json.dumps({"v": 1, **record}) + "\n" for record in records)
        try:
            # A transaction that is here without its beginning would be taken for another's.
            if self._fd < 0 or self._spent:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            self._write(text.encode())
        except OSError as error:
            self._spent = True
            if self._spare is None:
                raise CannotWrite(f"{OWN_DIR}/journal: {error.strerror}") from error
            for line in text.splitlines():
                self._spare(line)

    def _write(self, text: bytes) -> None:
        """Append whole lines, durably.  What was cut off before them stays a line of its own."""
        size = os.fstat(self._fd).st_size
        cut = size > 0 and os.pread(self._fd, 1, size - 1) != b"\n"
        data = memoryview(b"\n" + text if cut else text)
        while data:
            data = data[os.write(self._fd, data) :]
        os.fsync(self._fd)


def _opened(spool: Spool) -> int:
    """The journal, made when missing.  Raises OSError, NotRegular, CannotCreate."""
    fd = spool.open_own("journal", os.O_RDWR | os.O_APPEND | os.O_CREAT)
    if os.fstat(fd).st_size == 0:
        os.fsync(spool.own_dir())
    return fd


def keep_allocated(fd: int) -> None:
    """Keep 1 MiB allocated behind the journal's end, for the day on which the disk is full.

    On that day nothing is added, and what was allocated before is used up.
    """
    try:
        preallocate(fd, os.fstat(fd).st_size, KEEP_ALLOCATED)
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise


def reserve(spool: Spool) -> None:
    """Make the journal with its allocated space, before anybody needs it.

    A disk too full for that, or closed for writing, is no error here.
    """
    try:
        fd = _opened(spool)
    except (OSError, SpooltoolError):
        return
    try:
        keep_allocated(fd)
    except OSError:
        return
    finally:
        os.close(fd)


def read_journal(spool: Spool) -> list[Transaction]:
    """Every transaction, oldest first; empty when there is no journal.  Needs no lock.

    A line that a crash left half-written is passed over.
    """
    begun: dict[str, dict[str, Any]] = {}
    changes: dict[str, list[Change]] = {}
    outcomes: dict[str, list[Outcome]] = {}
    ended: set[str] = set()
    for record in _records(spool):
        try:
            txn = str(record["txn"])
            kind = record["kind"]
            if kind == "begin":
                begun[txn] = record
            elif kind == "intent":
                changes.setdefault(txn, []).append(_change(record))
            elif kind == "result":
                outcomes.setdefault(txn, []).append(
                    Outcome(record["id"], record["file"], record["result"], record["detail"])
                )
            elif kind == "end":
                ended.add(txn)
        except (KeyError, TypeError):
            continue
    return [
        Transaction(
            txn,
            float(record.get("at", 0.0)),
            str(record.get("verb", "")),
            Actor(*(str(record.get(key, "")) for key in ("user", "tty", "host", "command"))),
            str(record.get("query", "")),
            str(record.get("reason", "")),
            str(record.get("undoes", "")),
            tuple(changes.get(txn, ())),
            tuple(outcomes.get(txn, ())),
            txn in ended,
        )
        for txn, record in begun.items()
    ]


def find_transaction(spool: Spool, txn: str) -> Transaction:
    """One transaction by name.  Raises UsageError when there is none."""
    if _TXN.match(txn):
        for transaction in read_journal(spool):
            if transaction.txn == txn:
                return transaction
    raise UsageError(f"no transaction {txn}", hint="spooltool history lists them")


def _records(spool: Spool) -> Iterator[dict[str, Any]]:
    try:
        fd = spool.open_own("journal", os.O_RDONLY)
    except FileNotFoundError:
        return
    with os.fdopen(fd, encoding="utf-8", errors="replace") as lines:
        for line in lines:
            try:
                record = json.loads(line)
            except ValueError:
                continue
            if isinstance(record, dict) and record.get("v") == 1:
                yield record


def _change(record: dict[str, Any]) -> Change:
    return Change(
        record["id"],
        record["file"],
        int(record["inode"]),
        int(record["size"]),
        tuple(KeyChange(key["key"], key["old"], key["new"]) for key in record["keys"]),
        record["to"],
        record.get("by_path", False) is True,
        tuple(
            RecipientChange(one["old"], one["new"], one["anew"])
            for one in record.get("recipients", ())
        ),
        int(record.get("closing", 0)),
        decode_results(record.get("results")),
        record.get("remove", False) is True,
    )


def _base36(value: int) -> str:
    digits = ""
    while value:
        value, digit = divmod(value, 36)
        digits = "0123456789abcdefghijklmnopqrstuvwxyz"[digit] + digits
    return digits
