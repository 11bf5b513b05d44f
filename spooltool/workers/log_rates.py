"""How much mail goes by, counted from the lines of the logs."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence

from spooltool.diagnose.flows import SLOT, SLOTS, Tally
from spooltool.diagnose.logkind import Flow
from spooltool.live.merge import LogLine
from spooltool.live.past import PastLog, Wanted
from spooltool.live.patient import PatientLog
from spooltool.logs import line_head
from spooltool.workers.log_messages import Rate, Rates

_COUNTED = ("asmtpd.elg", "mdq.elg")
_FILES = 3


class Counting:
    """Counts lines as they come; what the last ten minutes held before is counted meanwhile."""

    def __init__(self, logs: Sequence[PatientLog], now: float) -> None:
        self._tally = Tally()
        self._since = now - SLOT * (SLOTS + 1)
        self._past: list[PastLog[None]] = [
            PastLog(log.path, log.passed(_FILES), Wanted(self._count_past))
            for log in logs
            if os.path.basename(log.path) in _COUNTED
        ]

    @property
    def done(self) -> bool:
        """Whether the past is counted."""
        return not self._past

    def count(self, line: LogLine) -> None:
        """A line that has come."""
        self._count(line, "")

    def step(self, over: Callable[[], bool]) -> None:
        """Count the past until the time is over: one piece at least."""
        while self._past:
            log = self._past[-1]
            try:
                chunk = next(log, None)
            except OSError:
                chunk = None
            if chunk is None or chunk.reached < self._since:
                log.close()
                self._past.pop()
            if over():
                break

    def told(self, now: float) -> Rates:
        """The rates at a time."""
        self._tally.forget(now)
        return Rates(
            now,
            stored=self._rate(Flow.STORED, now),
            delivered=self._rate(Flow.DELIVERED, now),
            put_off=self._rate(Flow.PUT_OFF, now),
            failed=self._rate(Flow.FAILED, now),
        )

    def close(self) -> None:
        """Let every file go."""
        for log in self._past:
            log.close()

    def _rate(self, flow: Flow, now: float) -> Rate:
        return Rate(self._tally.rate(flow, now), self._tally.history(flow, now))

    def _count(self, line: LogLine, when: str) -> None:
        name = os.path.basename(line.path)
        head = line_head(line.line) if name in _COUNTED else None
        if head is not None:
            self._tally.add(when + name, *head, line.time)

    def _count_past(self, line: LogLine) -> None:
        self._count(line, "past ")
