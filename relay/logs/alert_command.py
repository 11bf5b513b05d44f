"""The operator's command for alerts: run without a shell, and never waited for.

It finds the facts in its environment:

    RELAY_ALERT            what a person should look at
    RELAY_ALERT_ID         number of the message, where it is about one
    RELAY_ALERT_PROCESS    mdq or asmtpd; RELAY_ALERT_PID, RELAY_ALERT_HOST
    RELAY_ALERT_TIME       RFC 3339, UTC
    RELAY_ALERT_LEFT_OUT   how many alerts since the last run this one stands for besides itself

Values are text in one line, escaped as in the logs.  A command that runs for more than ten
seconds is killed with its process group.  What goes wrong with it is said on stderr.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from threading import Condition, Thread

from relay.logs.logfile import say_on_stderr
from spooltool.logs.quoting import raw

PERIOD = 60.0
"""Least seconds from one run to the next; the alerts between are counted, the last one told."""

LIMIT = 10.0
"""Seconds that the command may run."""

PATIENCE = 2.0
"""The same while the process that told of the alert ends."""

_LONGEST = 4000


class AlertCommand:
    """Runs `argv` for alerts, in a thread of its own; nothing is run while it is empty.

    `argv` may be replaced at any time.  Nothing here raises, and `tell` never waits.
    """

    def __init__(
        self,
        argv: Sequence[str],
        *,
        period: float = PERIOD,
        limit: float = LIMIT,
        complain: Callable[[str], None] = say_on_stderr,
    ) -> None:
        self.argv = tuple(argv)
        self._period = period
        self._limit = limit
        self._complain = complain
        self._changed = Condition()
        self._thread: Thread | None = None
        self._next: dict[str, str] | None = None
        self._left_out = 0
        self._not_before = 0.0
        self._closing = False

    def tell(self, facts: Mapping[str, str]) -> None:
        """Run the command for this alert, now or as soon as the period allows it.

        The names of `facts` are put behind RELAY_ALERT_; that of the text is "".
        """
        if not self.argv:
            return
        alert = {
            f"RELAY_ALERT_{name}".rstrip("_").upper(): raw(value)[:_LONGEST]
            for name, value in facts.items()
        }
        with self._changed:
            if self._closing:
                return
            self._left_out += self._next is not None
            self._next = alert
            if self._thread is None:
                self._thread = Thread(target=self._work, name="alert", daemon=True)
                self._thread.start()
            self._changed.notify()

    def close(self) -> None:
        """Run nothing more but what is due now; a command under way is killed soon."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        if self._thread is not None:
            self._thread.join(2 * PATIENCE)

    def _work(self) -> None:
        while True:
            with self._changed:
                while (wait := self._wait()) is None or wait > 0:
                    if self._closing:
                        return
                    self._changed.wait(wait)
                alert, self._next = self._next or {}, None
                alert["RELAY_ALERT_LEFT_OUT"] = str(self._left_out)
                self._left_out = 0
                self._not_before = time.monotonic() + self._period
            self._run(self.argv, alert)

    def _wait(self) -> float | None:
        """Seconds until something is to be run; None while nothing is."""
        return None if self._next is None else self._not_before - time.monotonic()

    def _run(self, argv: Sequence[str], alert: Mapping[str, str]) -> None:
        if not argv:
            return  # taken out of the configuration meanwhile
        try:
            child = subprocess.Popen(
                argv,
                cwd="/",
                env={**os.environ, **alert},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            self._complain(f"alert_command: {error}")
            return
        status = self._status(child)
        if status is None:
            try:
                os.killpg(child.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass  # it ended just now
            child.wait()
            self._complain("alert_command: killed, it did not end in time")
        elif status:
            self._complain(f"alert_command: ended with {status}")

    def _status(self, child: subprocess.Popen[bytes]) -> int | None:
        """The exit status of the command, None when its time is over."""
        began = time.monotonic()
        closing = None
        while time.monotonic() - began < self._limit:
            try:
                return child.wait(0.1)
            except subprocess.TimeoutExpired:
                if self._closing and closing is None:
                    closing = time.monotonic()
            if closing is not None and time.monotonic() - closing > PATIENCE:
                break
        return None
