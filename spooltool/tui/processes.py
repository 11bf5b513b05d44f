"""The feeds of a real screen: processes of our own."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from spooltool.look.sight import Sight
from spooltool.render.text import visible
from spooltool.tui.feeds import Asking, Ended, Told
from spooltool.workers.hand import arguments
from spooltool.workers.process import Worker


class Processes:
    """Starts a worker for each feed, on the running loop."""

    def __init__(self, sight: Sight) -> None:
        self._sight = sight
        self._arguments = sight.handed_over()

    def queue(self, told: Told, ended: Ended) -> Asking:
        """The reader of the queue."""
        return _started("reader", self._arguments, told, ended)

    def logs(self, told: Told, ended: Ended) -> Asking:
        """The follower of the logs."""
        return _started("logs", self._arguments, told, ended)

    def hand(self, told: Told, ended: Ended) -> Asking:
        """Who plans and changes.  Raises OSError."""
        worker = _Unhurried("hand", arguments(self._sight), told, ended)
        worker.start(asyncio.get_running_loop())
        return worker


class _Unhurried(Worker):
    """A worker that must not be killed in the middle of what it does."""

    def close(self, patience: float | None = None) -> None:
        """Have it end, and wait until it has."""
        self.hurry()
        super().close(patience)


def _started(name: str, arguments: Sequence[str], told: Told, ended: Ended) -> Worker:
    """A worker; one that cannot be started has ended, and is started anew as any other."""
    worker, loop = Worker(name, arguments, told, ended), asyncio.get_running_loop()
    try:
        worker.start(loop)
    except OSError as error:
        loop.call_soon(ended, f"{name} cannot be started: {visible(error.strerror or str(error))}")
    return worker
