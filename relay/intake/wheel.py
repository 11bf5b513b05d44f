"""Idle timeouts of thousands of connections on one timer.

A connection that hears from its client only moves its own `deadline`, an assignment; the
wheel looks at it again when the slot of its old deadline comes by.  So a command costs no
timer, and a tick costs what is in the slots that have come.
"""

from __future__ import annotations

from typing import Generic, Protocol, TypeVar


class Waiting(Protocol):
    """Something with a deadline, in seconds of the clock that `tick` is given."""

    deadline: float


T = TypeVar("T", bound=Waiting)


class Wheel(Generic[T]):
    """Everything that waits, in slots of `step` seconds."""

    def __init__(self, step: float = 1.0) -> None:
        self._step = step
        self._slots: dict[int, set[T]] = {}
        self._slot_of: dict[T, int] = {}
        self._next: int | None = None

    def __len__(self) -> int:
        return len(self._slot_of)

    def add(self, waiting: T) -> None:
        """Watch it until its deadline, or until `discard`."""
        slot = int(waiting.deadline // self._step) + 1
        if self._next is not None and slot < self._next:
            slot = self._next
        self._slots.setdefault(slot, set()).add(waiting)
        self._slot_of[waiting] = slot

    def sooner(self, waiting: T) -> None:
        """Its deadline was moved nearer: watch it by that one.  One moved away needs no word."""
        slot = self._slot_of.get(waiting)
        if slot is not None and waiting.deadline // self._step + 1 < slot:
            self.discard(waiting)
            self.add(waiting)

    def discard(self, waiting: T) -> None:
        """Watch it no longer; harmless for what is not watched."""
        slot = self._slot_of.pop(waiting, None)
        if slot is not None:
            self._slots[slot].discard(waiting)

    def tick(self, now: float) -> list[T]:
        """Those whose deadline is over; they are watched no longer.

        A deadline is noticed at most one `step` and the time between two ticks late.
        """
        due = int(now // self._step)
        slots = [slot for slot in self._slots if slot <= due]
        self._next = due + 1
        over: list[T] = []
        for slot in slots:
            for waiting in self._slots.pop(slot):
                del self._slot_of[waiting]
                if waiting.deadline <= now:
                    over.append(waiting)
                else:
                    self.add(waiting)
        return over
