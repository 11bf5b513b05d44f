"""Several logs as one, in the order of time."""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from spooltool.live.logfile import LogFile, Start
from spooltool.logs import line_time

POLL = 0.2
"""Seconds between two looks while following."""


class LogLine(NamedTuple):
    """One line: the log that it is from, its time, and its bytes without the line end.

    `time` is unix seconds; a line without one has the time of the line before it.
    """

    path: str
    time: float
    line: bytes


class MergedLogs:
    """Logs of one machine, merged by the times in their lines; lines of one log keep their order.

    While following, a line is held back until every log was looked at after its time, so
    that a slower log's line can come before it; a line of the future is held for one look.
    """

    def __init__(self, logs: Sequence[LogFile], clock: Callable[[], float] = time.time) -> None:
        self.logs = list(logs)
        self._clock = clock
        self._waiting: list[deque[tuple[float, int, bytes]]] = [deque() for _ in self.logs]
        self._last = [0.0 for _ in self.logs]
        self._looks = 0

    def close(self) -> None:
        """Let every log go."""
        for log in self.logs:
            log.close()

    def poll(self) -> list[LogLine]:
        """The next lines in order, some or none."""
        now = self._clock()
        self._looks += 1
        for index, log in enumerate(self.logs):
            if not self._waiting[index] or log.caught_up:
                self._take(index, log.poll())
        return list(self._due(now))

    def held(self) -> list[LogLine]:
        """All that is held back, in order: whoever asks wants to have all that was read."""
        return list(self._due(None))

    def finish(self) -> list[LogLine]:
        """All that is held back, and the unfinished last lines: for one who will not wait."""
        for index, log in enumerate(self.logs):
            self._take(index, log.finish())
        return list(self._due(None))

    def _take(self, index: int, lines: list[bytes]) -> None:
        last, look, waiting = self._last[index], self._looks, self._waiting[index]
        for line in lines:
            # a clock that went back does not take a log's lines out of their order
            last = max(last, line_time(line) or last)
            waiting.append((last, look, line))
        self._last[index] = last

    def _due(self, now: float | None) -> Iterator[LogLine]:
        """Waiting lines in order, as far as no log can still have an earlier one."""
        while True:
            heads = [(one[0][0], index) for index, one in enumerate(self._waiting) if one]
            if not heads:
                return
            when, index = min(heads)
            _, look, line = self._waiting[index][0]
            if now is not None and len(heads) < len(self.logs):
                silent = (log for log, one in zip(self.logs, self._waiting, strict=True) if not one)
                if not all(log.caught_up for log in silent):
                    return
                if when > now and look == self._looks:
                    return
            self._waiting[index].popleft()
            yield LogLine(self.logs[index].path, when, line)


def read_logs(
    paths: Sequence[str | os.PathLike[str]],
    start: Start | float = Start.BEGIN,
    *,
    follow: bool = False,
    stop: Callable[[], bool] = lambda: False,
    wait: Callable[[float], object] = time.sleep,
) -> Iterator[LogLine]:
    """Lines of several logs in order: those that are there, and with `follow` those to come.

    Ends at the present end, or, while following, when `stop` says so; `wait` is called
    with the seconds to the next look.  Raises as `LogFile` does.
    """
    logs: list[LogFile] = []
    try:
        for path in paths:
            logs.append(LogFile(path, start))  # noqa: PERF401 - those that are open get closed
        merged = MergedLogs(logs)
        while True:
            yield from merged.poll()
            if follow and stop():
                break
            if all(log.caught_up for log in logs):
                if not follow:
                    break
                wait(POLL)
        yield from merged.finish()
    finally:
        for log in logs:
            log.close()
