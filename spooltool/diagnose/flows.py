"""How much mail goes by: messages a second, and counts by ten seconds."""

from __future__ import annotations

from spooltool.diagnose.logkind import FLOWS, Flow

SLOT = 10
"""Seconds that are counted together."""

SLOTS = 60
"""How many slots are remembered."""

_REMEMBERED = SLOT * (SLOTS + 1)
_TOGETHER = 1.0


class Tally:
    """Counts messages by the second of their log lines, in whatever order those come.

    An attempt writes a line for each recipient, one after the other: they count once.
    """

    def __init__(self) -> None:
        self._seconds: dict[int, dict[Flow, int]] = {}
        self._last: dict[str, tuple[str, Flow, float]] = {}
        self._forgotten = 0

    def add(self, log: str, number: str, event: str, time: float) -> None:
        """A line of this log; events that are not counted are passed over."""
        flow = FLOWS.get(event)
        if flow is None or int(time) < self._forgotten:
            return
        before = self._last.get(log)
        self._last[log] = (number, flow, time)
        if before and before[:2] == (number, flow) and abs(before[2] - time) < _TOGETHER:
            return
        second = self._seconds.setdefault(int(time), {})
        second[flow] = second.get(flow, 0) + 1

    def forget(self, now: float) -> None:
        """Let go of what is too old to be told."""
        self._forgotten = int(now) - _REMEMBERED
        for second in [second for second in self._seconds if second < self._forgotten]:
            del self._seconds[second]

    def rate(self, flow: Flow, now: float) -> float:
        """Messages a second over the last ten whole seconds."""
        return self._sum(flow, int(now) - SLOT) / SLOT

    def history(self, flow: Flow, now: float) -> tuple[int, ...]:
        """Messages by whole slots, the oldest first; the one that is not yet over is left out."""
        end = int(now) // SLOT * SLOT
        return tuple(self._sum(flow, start) for start in range(end - SLOT * SLOTS, end, SLOT))

    def _sum(self, flow: Flow, start: int) -> int:
        counted = self._seconds
        return sum(
            counted[second].get(flow, 0)
            for second in range(start, start + SLOT)
            if second in counted
        )
