"""Carrying a plan out: the dequeuer asked, the change made, an interrupt heeded.

Ctrl-C ends the change between two batches: every message is either changed and recorded,
or untouched.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import FrameType, TracebackType
from typing import Self

from spooltool.change.letting_go import Dequeuer
from spooltool.errors import SpooltoolError
from spooltool.render.outcome import Ending
from spooltool.spool.disposition import ASIDE
from spooltool.spool.plan import Plan
from spooltool.store.apply import apply
from spooltool.store.journal import Actor, Outcome, read_journal
from spooltool.store.root import Spool


@dataclass(frozen=True, slots=True)
class Carried:
    """What was done.  `complaint` is what the relay refused, `kicked` None: not asked for."""

    txn: str
    endings: tuple[Ending, ...]
    seconds: float
    kicked: int | None = None
    interrupted: bool = False
    complaint: str = ""


def carry(
    spool: Spool,
    plan: Plan,
    me: Actor,
    *,
    reason: str = "",
    undoes: str = "",
    wait: float = 30.0,
    asks: bool = True,
    kick: bool = False,
    note: Callable[[str], None],
) -> Carried:
    """Apply a plan.  Raises CannotWrite when the journal cannot be written.

    What only frees space goes on then, with the journal's records given to `note`.
    """
    frees = all(change.remove for change in plan.changes)
    dequeuer = Dequeuer(spool, asks=asks, wait=wait)
    began = time.monotonic()
    interrupted = False
    with _Interrupts() as interrupts:

        def ask(ids: Sequence[str]) -> None:
            interrupts.heed()
            dequeuer.ask(ids)

        def tell(outcome: Outcome) -> None:
            interrupts.heed()

        try:
            applied = apply(
                spool,
                plan,
                me,
                reason=reason,
                undoes=undoes,
                wait=wait,
                ask=ask,
                tell=tell,
                spare=_Spare(note).take if frees else None,
            )
            txn, outcomes = applied.txn, applied.outcomes
        except KeyboardInterrupt:
            interrupted = True
            txn, outcomes = _so_far(spool)
        finally:
            dequeuer.done()
    endings = tuple(Ending(o.id, o.file, o.result, o.detail) for o in outcomes)
    seconds = time.monotonic() - began
    kicked = None
    complaint = dequeuer.complaint
    if kick and not interrupted:
        try:
            kicked = dequeuer.kick(_triable(plan, endings))
            complaint = dequeuer.complaint
        except SpooltoolError as error:
            complaint = f"not kicked: {error.message}"
    return Carried(txn, endings, seconds, kicked, interrupted, complaint)


def _triable(plan: Plan, endings: Sequence[Ending]) -> list[str]:
    """What was changed and is not set aside."""
    places = {c.file: (c.to or c.file).rpartition("/")[0] for c in plan.changes if not c.remove}
    return [
        one.id
        for one in endings
        if one.result == "done" and one.file in places and places[one.file] not in ASIDE
    ]


class _Spare:
    """Where records go that the journal has no room for: to whoever reads the messages."""

    def __init__(self, note: Callable[[str], None]) -> None:
        self._note = note
        self._told = False

    def take(self, record: str) -> None:
        """One record; before the first one, what it is."""
        if not self._told:
            self._note("spooltool: the journal cannot be written; its records are:")
        self._told = True
        self._note(record)


def _so_far(spool: Spool) -> tuple[str, tuple[Outcome, ...]]:
    """The transaction that was cut short: the journal's last."""
    last = read_journal(spool)[-1]
    return last.txn, last.outcomes


class _Interrupts:
    """Ctrl-C while it must wait for a batch to end: remembered, raised by `heed`."""

    def __init__(self) -> None:
        self._pressed = False

    def heed(self) -> None:
        """Raise KeyboardInterrupt if one came."""
        if self._pressed:
            raise KeyboardInterrupt

    def _press(self, number: int, frame: FrameType | None) -> None:
        self._pressed = True

    def __enter__(self) -> Self:
        self._before = signal.signal(signal.SIGINT, self._press)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        signal.signal(signal.SIGINT, self._before)
