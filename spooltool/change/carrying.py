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
class Watch:
    """Whoever follows a change while it is made.

    `told` hears of how many messages have ended, and how many are busy and waited for.
    Once `stopped` says so the change ends as by Ctrl-C; it is asked often.
    """

    told: Callable[[int, int], None] = lambda ended, busy: None
    stopped: Callable[[], bool] = lambda: False


NOBODY = Watch()


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
    watch: Watch = NOBODY,
) -> Carried:
    """Apply a plan.  Raises CannotWrite when the journal cannot be written.

    What only frees space goes on then, with the journal's records given to `note`.
    """
    frees = all(change.remove for change in plan.changes)
    dequeuer = Dequeuer(spool, asks=asks, wait=wait)
    began = time.monotonic()
    interrupted = False
    with _Interrupts(watch.stopped) as interrupts:
        steps = _Steps(interrupts, dequeuer, watch)
        try:
            applied = apply(
                spool,
                plan,
                me,
                reason=reason,
                undoes=undoes,
                wait=wait,
                ask=steps.ask,
                tell=steps.tell,
                begun=steps.begin,
                spare=_Spare(note).take if frees else None,
            )
            txn, outcomes = applied.txn, applied.outcomes
        except KeyboardInterrupt:
            interrupted = True
            txn, outcomes = steps.txn, _so_far(spool, steps.txn)
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


def _so_far(spool: Spool, txn: str) -> tuple[Outcome, ...]:
    """What became of the messages that a transaction reached before it was cut short.

    The journal lacks it where nothing of it could be written.
    """
    return next((one.outcomes for one in read_journal(spool) if one.txn == txn), ())


class _Steps:
    """What `apply` calls on its way."""

    def __init__(self, interrupts: _Interrupts, dequeuer: Dequeuer, watch: Watch) -> None:
        self.txn = ""
        self._interrupts, self._dequeuer, self._watch = interrupts, dequeuer, watch
        self._ended = 0
        self._asked = False

    def begin(self, txn: str) -> None:
        self.txn = txn

    def ask(self, ids: Sequence[str]) -> None:
        self._interrupts.heed()
        self._watch.told(self._ended, len(ids) if self._asked else 0)
        self._asked = True
        self._dequeuer.ask(ids)

    def tell(self, outcome: Outcome) -> None:
        self._ended += 1
        self._watch.told(self._ended, 0)
        self._interrupts.heed()


class _Interrupts:
    """Ctrl-C while it must wait for a batch to end: remembered, raised by `heed`."""

    def __init__(self, stopped: Callable[[], bool]) -> None:
        self._pressed = False
        self._stopped = stopped

    def heed(self) -> None:
        """Raise KeyboardInterrupt if one came, or somebody else wants an end."""
        if self._pressed or self._stopped():
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
