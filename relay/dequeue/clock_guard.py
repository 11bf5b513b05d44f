"""The guard over expiry: reads both clocks, remembers what was doubted."""

from __future__ import annotations

import time
from collections.abc import Callable

from relay.queue.clock import STEP, Doubt, judge
from spooltool.control import ClockTaken
from spooltool.errors import Refused
from spooltool.logs.instant import rfc3339
from spooltool.store.root import Spool
from spooltool.store.scan import scan

_ARRIVED = b"\nARRIVED:"
Clock = Callable[[], float]


class ClockGuard:
    """Whether expiry may go by the clock.

    `newest` is the latest ARRIVED that was seen (unix seconds, 0 for none).  Nothing is
    believed before `complete`: mail that was not read yet may speak against the clock.
    """

    def __init__(self, wall: Clock = time.time, monotonic: Clock = time.monotonic) -> None:
        self.newest = 0.0
        self.doubt: Doubt | None = None
        self._wall = wall
        self._monotonic = monotonic
        self._offset = wall() - monotonic()
        self._believed = 0.0
        self._complete = False
        self._told = False

    @property
    def ok(self) -> bool:
        """Whether a message may expire now."""
        return self.look() is None and self._complete

    def arrived(self, head: bytes) -> None:
        """Take note of when a message arrived, from the first bytes of its file."""
        self.newest = max(self.newest, arrived_in(head))

    def complete(self) -> None:
        """All mail of the spool has been seen."""
        self._complete = True

    def look(self) -> Doubt | None:
        """Read the clocks; what was doubted once stays doubted until `take`."""
        if self.doubt is None:
            self.doubt = judge(
                self._wall(), self._monotonic(), self._offset, self.newest, self._believed
            )
        return self.doubt

    def news(self) -> Doubt | None:
        """A doubt that nobody was told of yet."""
        doubt = self.look()
        if doubt is None or self._told:
            return None
        self._told = True
        return doubt

    def take(self, past_term: int, *, force: bool) -> ClockTaken:
        """A person says that the clock is right: what was found.

        `past_term` messages are given up by it when their next attempt fails.  Raises
        Refused unless `force`: where mail has arrived later than now, or where a clock
        that was doubted would end mail.
        """
        wall, monotonic = self._wall(), self._monotonic()
        doubt = self.look()
        if not force:
            _refuse_if_odd(wall, self.newest, past_term if doubt else 0)
        departed = wall - monotonic - self._offset
        self._offset = wall - monotonic
        self._believed = self.newest
        self.doubt, self._told = None, False
        return ClockTaken(wall, doubt is not None, departed, self.newest or None, past_term)


def _refuse_if_odd(wall: float, newest: float, ending: int) -> None:
    if newest - wall > STEP:
        raise Refused(
            f"the clock says {rfc3339(wall)}, yet mail arrived at {rfc3339(newest)}: set the "
            "clock first; --force where that ARRIVED is wrong"
        )
    if ending:
        what = "1 message is" if ending == 1 else f"{ending:,} messages are"
        raise Refused(
            f"by this clock ({rfc3339(wall)}) {what} past the abandon time, and given up at "
            "the next failed attempt: --force where that is right"
        )


def arrived_in(head: bytes) -> float:
    """ARRIVED as the first bytes of a file have it, unix seconds; 0 when they do not."""
    at = head.find(_ARRIVED)
    end = head.find(b"\n", at + 1)
    if at < 0 or end < 0:
        return 0.0
    text = head[at + len(_ARRIVED) : end].strip()
    whole, _, fraction = text.partition(b".")
    if not whole.isdigit() or len(whole) > 12 or not (fraction or b"0").isdigit():
        return 0.0
    return float(text)


def look_through(guard: ClockGuard, spool: Spool, directories: tuple[str, ...]) -> None:
    """Take note of all mail in directories that the dequeuer does not work on."""
    there = [directory for directory in directories if directory in spool.directories]
    for entry in scan(spool, there).entries():
        guard.arrived(entry.head or b"")
