"""What the logs hold about a choice, looked for backwards, a slice at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from spooltool.diagnose.logkind import Kind
from spooltool.live.backward import Backward, Past
from spooltool.live.past import PastLog, Wanted
from spooltool.live.patient import PatientLog
from spooltool.workers.log_choice import Choice
from spooltool.workers.log_messages import MOST, Line, Looked

_MARGIN = 60.0
"""Seconds before a message was stored in which another log may still speak of it."""


class Search:
    """A search in all that the logs have passed so far; `found` are lines, the newest first.

    It ends at the beginning of the logs, where a single message was stored, or when there
    are enough lines.
    """

    def __init__(
        self, serial: int, choice: Choice, logs: Sequence[PatientLog], journal: Past[Line]
    ) -> None:
        wanted = Wanted(choice.shown, choice.needles, choice.folded, MOST)
        sources: list[Past[Line]] = [PastLog(one.path, one.passed(), wanted) for one in logs]
        self._backward = Backward([*sources, journal])
        self._choice = choice
        self._serial = serial
        self._stored = float("-inf")
        self._count = 0
        self.found: list[Line] = []
        self.done = False
        self.more = False
        self.trouble = ""

    def step(self, over: Callable[[], bool]) -> None:
        """Search on until the time is over, or the search is: one piece at least."""
        while not self.done:
            try:
                lines = [line for _, line in self._backward.step()]
            except OSError as error:
                self.trouble = f"a log cannot be read: {error.strerror or error}"
                continue  # the log that failed has ended; the others go on
            self._take(lines)
            if self._backward.done or self._backward.reached < self._stored - _MARGIN:
                self.done = True
            if over():
                break
        if self.done:
            self.close()

    def progress(self) -> Looked:
        """How far it is."""
        reached = self._backward.reached
        at = reached if abs(reached) < float("inf") else 0.0
        looked, size = self._backward.looked, self._backward.size
        return Looked(self._serial, looked, size, at, done=self.done, more=self.more)

    def close(self) -> None:
        """Let every file go."""
        self._backward.close()

    def _take(self, lines: list[Line]) -> None:
        for line in lines:
            if self._count == MOST:
                self.done = self.more = True
                return
            self._count += 1
            self.found.append(line)
            if line.kind is Kind.STORED and line.number and line.number == self._choice.number:
                self._stored = line.time
