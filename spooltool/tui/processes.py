"""The feeds of a real screen: processes of our own."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from spooltool.look.sight import Sight
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
        """Who plans and changes."""
        return _started("hand", arguments(self._sight), told, ended)


def _started(name: str, arguments: Sequence[str], told: Told, ended: Ended) -> Worker:
    worker = Worker(name, arguments, told, ended)
    worker.start(asyncio.get_running_loop())
    return worker
