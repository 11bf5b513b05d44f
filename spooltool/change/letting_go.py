"""Asking the dequeuer to let messages go for a change, and to take them up again.

A relay that does not run holds nothing, so that its silence is no error here.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from spooltool.errors import RelayUnreachable, SpooltoolError
from spooltool.store.root import Spool

_AGAIN_AFTER = 0.5
_AT_LEAST = 60.0
_MOST = 3600.0


class Dequeuer:
    """The relay's dequeuer as a writing verb sees it.  `asks` False leaves it alone.

    `complaint` is what it answered when it refused, "" otherwise.
    """

    def __init__(self, spool: Spool, *, asks: bool = True, wait: float = 30.0) -> None:
        self.complaint = ""
        self._path = spool.path
        self._asks = asks
        self._seconds = min(max(_AT_LEAST, wait + 30.0), _MOST)
        self._last = 0.0
        self._named: tuple[str, ...] = ()

    def ask(self, ids: Sequence[str]) -> None:
        """Have these messages let go.  Asking again too soon after the first time is left out."""
        first = not self._named
        if not self._asks or (not first and time.monotonic() - self._last < _AGAIN_AFTER):
            return
        if first:
            self._named = tuple(ids)
        from spooltool.live import client

        self._do(lambda: client.yield_(self._path, ids, self._seconds))
        self._last = time.monotonic()

    def done(self) -> None:
        """The change is finished: what was asked for may be taken up again."""
        if not self._named:
            return
        from spooltool.live import client

        self._do(lambda: client.done(self._path, self._named))

    def kick(self, ids: Sequence[str]) -> int:
        """Have these tried now; how many are: some may be under way by themselves already.

        Raises RelayUnreachable, NotPermitted.
        """
        from spooltool.live import client

        if not ids:
            return 0
        suspended = client.kick(self._path, ids=ids).suspended
        if suspended:
            self.complaint = f"{suspended:,} not kicked: the host is suspended (spooltool suspend)"
        return len(ids) - suspended

    def _do(self, request: Callable[[], object]) -> None:
        try:
            request()
        except RelayUnreachable:
            self._asks = False
        except SpooltoolError as error:
            self._asks = False
            self.complaint = error.message
