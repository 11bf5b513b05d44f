"""Messages, bytes, standings, reasons: counted as rows come and go."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable

from spooltool.workers.queue import Counts
from spooltool.workers.table import REASON_WORDS, STANDING_WORDS, Draft

NEVER = float("inf")


class Counting:
    """Counts over slots of a draft; `arrived` are the exact times, infinite when unknown.

    What a slot counts is read when it is added and when it is removed: it must not change
    between.
    """

    def __init__(self, draft: Draft, arrived: array[float]) -> None:
        self._draft = draft
        self._arrived = arrived
        self.clear()

    def clear(self) -> None:
        """Nothing is counted."""
        self.messages = self._bytes = 0
        self._standings = [0] * len(STANDING_WORDS)
        self._reasons = [0] * len(REASON_WORDS)
        self._oldest = NEVER
        self._oldest_left = False

    def add(self, slot: int) -> None:
        """Count a message."""
        self._count(slot, 1)
        arrived = self._arrived[slot]
        if arrived < self._oldest:
            self._oldest = arrived

    def remove(self, slot: int) -> None:
        """Count it no more."""
        self._count(slot, -1)
        if self._arrived[slot] <= self._oldest:
            self._oldest_left = True

    def _count(self, slot: int, number: int) -> None:
        draft = self._draft
        self.messages += number
        self._bytes += number * draft.size[slot]
        self._standings[draft.standing[slot]] += number
        self._reasons[draft.reason[slot]] += number

    def counts(self, slots: Callable[[], Iterable[int]]) -> Counts:
        """The counts now; `slots` are looked over only when the oldest one has left."""
        if self._oldest_left:
            arrived = self._arrived
            self._oldest = min((arrived[slot] for slot in slots()), default=NEVER)
            self._oldest_left = False
        return Counts(
            self.messages,
            self._bytes,
            {w: n for w, n in zip(STANDING_WORDS, self._standings, strict=True) if n},
            {w: n for w, n in zip(REASON_WORDS, self._reasons, strict=True) if n and w},
            self._oldest if self._oldest < NEVER else None,
        )
