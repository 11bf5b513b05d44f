"""Asking the relay beside the work: one that hangs holds up nobody who only reads files."""

from __future__ import annotations

import threading

from spooltool.diagnose.relay import RelayView
from spooltool.look.relay_view import ask_at, unasked
from spooltool.store.root import Spool


class Asking:
    """One question at a time, in a thread, and its answer when that is there."""

    def __init__(self) -> None:
        self._thread: threading.Thread | None = None
        self._answer: RelayView | None = None

    def answer(self, spool: Spool, seconds: float) -> RelayView | None:
        """What the relay says, if it says it within so long.

        None: the question still stands; the next call has its answer, or None at once.
        """
        if self._thread is not None:
            seconds = 0.0
        elif (view := unasked(spool)) is not None:
            return view
        else:
            self._thread = threading.Thread(target=self._ask, args=(spool.path,), daemon=True)
            self._thread.start()
        self._thread.join(seconds)
        if self._thread.is_alive():
            return None
        self._thread = None
        found, self._answer = self._answer, None
        return found

    def _ask(self, path: str) -> None:
        self._answer = ask_at(path)
