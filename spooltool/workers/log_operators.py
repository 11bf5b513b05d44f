"""Operators' transactions as lines among those of the logs: new ones, and backwards."""

from __future__ import annotations

from typing import Self

from spooltool.live.past import Chunk
from spooltool.store.journal_pieces import Begun, JournalPieces, Meant
from spooltool.workers.log_choice import Choice, shown_change
from spooltool.workers.log_messages import Line

_REMEMBERED = 100


class Operators:
    """The journal, followed for one choice after the other; each transaction is told once."""

    def __init__(self, tail: JournalPieces) -> None:
        self._tail = tail
        self._begun: dict[str, Begun] = {}
        self._told: set[str] = set()

    def new(self, choice: Choice) -> list[Line]:
        """What operators have begun since, as far as it is meant."""
        lines: list[Line] = []
        while records := self._tail.more():
            for record in records:
                if isinstance(record, Begun):
                    self._remember(record)
                if choice.everything or (isinstance(record, Meant) and choice.change(record)):
                    lines += self._tell(record.txn)
        return lines

    def past(self, choice: Choice) -> JournalPast:
        """What they had done before, for a new choice; `new` goes on after it."""
        self._told.clear()
        return JournalPast(self._tail, choice, self._told)

    def _remember(self, begun: Begun) -> None:
        self._begun[begun.txn] = begun
        if len(self._begun) > _REMEMBERED:
            del self._begun[next(iter(self._begun))]

    def _tell(self, txn: str) -> list[Line]:
        begun = self._begun.get(txn)
        if begun is None or txn in self._told:
            return []
        self._told.add(txn)
        return [shown_change(begun)]


class JournalPast:
    """The journal from where it was read to, back to its beginning."""

    def __init__(self, tail: JournalPieces, choice: Choice, told: set[str]) -> None:
        self.size = tail.end
        self._tail = tail
        self._choice = choice
        self._told = told
        self._at = tail.end
        self._meant: set[str] = set()
        self._reached = float("inf")

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Chunk[Line]:
        if self._at <= 0:
            raise StopIteration
        records, begin = self._tail.before(self._at)
        looked, self._at = self._at - begin, begin
        found: list[tuple[float, Line]] = []
        for record in reversed(records):
            if isinstance(record, Meant):
                if self._choice.change(record):
                    self._meant.add(record.txn)
                continue
            self._reached = min(self._reached, record.at)
            if self._choice.everything or record.txn in self._meant:
                self._told.add(record.txn)
                found.append((self._reached, shown_change(record)))
        return Chunk(found[::-1], self._reached, looked)

    def close(self) -> None:
        """The journal stays open: it is followed."""
