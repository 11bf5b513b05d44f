"""Entries on their way to one log server: a bounded queue and a thread of its own.

A server that is away or slow costs entries, never mail: `tell` only puts an entry into the
queue, and drops it where that is full.  The thread tries the oldest entry again until the
server takes it.  Trouble is said once on stderr, its end with the number of lost entries.
"""

from __future__ import annotations

import errno
import time
from collections import deque
from collections.abc import Callable
from threading import Condition, Thread

from relay.logs.logfile import say_on_stderr
from relay.logs.transport import Transport
from spooltool.logs.entry import Entry
from spooltool.logs.log_target import LogTarget

MOST = 10_000
"""Entries that wait for a server at most."""

FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0
"""Seconds between tries while a server is away; doubled each time."""

PATIENCE = 2.0
"""Seconds for what still waits when the process ends."""

_NEVER = float("inf")


class Output:
    """Sends to one target.  Nothing here raises, and nothing but `close` waits."""

    def __init__(
        self,
        target: LogTarget,
        *,
        most: int = MOST,
        first_pause: float = FIRST_PAUSE,
        complain: Callable[[str], None] = say_on_stderr,
    ) -> None:
        self._target = target
        self._transport = Transport(target)
        self._most = most
        self._first_pause = first_pause
        self._complain = complain
        self._changed = Condition()
        self._waiting: deque[Entry] = deque()
        self._thread: Thread | None = None
        self._lost = 0
        self._failing = False
        self._ends = _NEVER

    def tell(self, entry: Entry) -> None:
        """Have an entry sent soon."""
        with self._changed:
            if len(self._waiting) >= self._most:
                self._lost += 1
                return
            self._waiting.append(entry)
            if self._thread is None:
                self._thread = Thread(target=self._work, name=str(self._target), daemon=True)
                self._thread.start()
            self._changed.notify()

    def close(self) -> None:
        """Send what waits, as far as that is quick, and end."""
        with self._changed:
            self._ends = time.monotonic() + PATIENCE
            self._changed.notify()
        if self._thread is not None:
            self._thread.join(2 * PATIENCE)

    def _work(self) -> None:
        pause = 0.0
        while (entry := self._next()) is not None:
            try:
                self._transport.send(entry)
            except OSError as error:
                if error.errno == errno.EMSGSIZE:
                    self._done(lost=1)
                    continue
                if pause:  # the first try again is at once: a server may close what is idle
                    self._failed(error)
                if self._over(pause):
                    break
                pause = min(max(2 * pause, self._first_pause), LONGEST_PAUSE)
            else:
                pause = 0.0
                self._done()
        self._transport.close()
        if left := len(self._waiting) + self._lost:
            self._complain(f"{self._target}: {left} log entries were lost")

    def _next(self) -> Entry | None:
        """The oldest entry, which stays in the queue; None at the end."""
        with self._changed:
            while not self._waiting and self._ends == _NEVER:
                self._changed.wait()
            over = time.monotonic() > self._ends
            return None if over or not self._waiting else self._waiting[0]

    def _done(self, *, lost: int = 0) -> None:
        with self._changed:
            self._waiting.popleft()
            self._lost += lost
            if lost or not (self._failing or self._lost):
                return
            gone, self._lost, self._failing = self._lost, 0, False
        self._complain(f"{self._target}: takes log entries again, {gone} were lost")

    def _failed(self, error: OSError) -> None:
        with self._changed:
            said, self._failing = self._failing, True
        if not said:
            why = error.strerror or str(error)
            self._complain(f"{self._target}: {why}; log entries wait for it")

    def _over(self, pause: float) -> bool:
        """Wait before the next try; whether there is none, since the process ends."""
        with self._changed:
            until = time.monotonic() + pause
            while (left := until - time.monotonic()) > 0 and self._ends == _NEVER:
                self._changed.wait(left)
            return left > 0
