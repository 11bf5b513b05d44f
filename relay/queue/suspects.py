"""Messages that were started and never ended: which of them may be tried now.

A dequeuer that is killed leaves a mark in every message that it had in hand, in the one
that killed it as in up to a hundred innocent ones.  So what was started and not ended is
a *suspect*, and suspects are tried apart:

- one at a time.  If the dequeuer is killed again, that one and mail never suspected is
  marked, and the other suspects are not: their count does not grow by what they did not do;
- beside a suspect that was left unended once only, another such may begin when the first
  has been under way for `SLOW` seconds: it waits for its peer, and the others must not;
- what was left unended twice is tried without any other suspect, so that the third mark,
  which sets it aside, can only be its own.

An attempt that ends in any way clears the mark.  Nothing here reads a clock: `now` is
unix seconds.
"""

from __future__ import annotations

from relay.queue.site import SLOW

MOST = 3
"""A message found started and unended so often is not started again."""


class Suspects:
    """The suspects under way, and those that wait for their turn."""

    def __init__(self) -> None:
        self._trying: dict[str, tuple[int, float]] = {}
        self._waiting: dict[str, None] = {}

    @property
    def waiting(self) -> list[str]:
        """Those that were not admitted yet, in the order in which they asked."""
        return list(self._waiting)

    def admit(self, id: str, unended: int, now: float) -> bool:
        """Whether a message left unended so often may begin now; if so, report its `end`."""
        if not unended:
            self._waiting.pop(id, None)
            return True
        alone = unended > 1 or any(count > 1 for count, _ in self._trying.values())
        room = all(now - began > SLOW for _, began in self._trying.values())
        if self._trying and (alone or not room):
            self._waiting[id] = None
            return False
        self._waiting.pop(id, None)
        self._trying[id] = (unended, now)
        return True

    def end(self, id: str) -> bool:
        """An attempt has ended, or the message has left; True when others may have their turn."""
        self._waiting.pop(id, None)
        return self._trying.pop(id, None) is not None
