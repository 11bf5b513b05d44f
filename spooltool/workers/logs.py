"""The process that follows the logs: `log_reader`, asked and listened to by the screen."""

from __future__ import annotations

from collections.abc import Sequence

from spooltool.errors import Incomplete
from spooltool.look.log_places import log_directory
from spooltool.look.sight import Sight
from spooltool.render.text import visible
from spooltool.workers.log_messages import Followed, Show
from spooltool.workers.log_reader import BATCH_EVERY, LogReader
from spooltool.workers.serving import Screen, serve

SLICE = 0.05
"""Seconds of work between two looks at what the screen asks."""


def work(screen: Screen, arguments: Sequence[str]) -> None:
    """Follow the logs of a spool, given as a sight is handed over."""
    sight = Sight.taken_over(arguments)
    asked: list[Show] = []
    reader = _opened(sight, screen, asked)
    while True:
        if asked:
            reader.asked(asked[-1])  # who asks again does not want the answers before
        for told in reader.step(SLICE, listens=screen.listens):
            screen.tell(told)
        asked = screen.asked(0.0 if reader.busy else BATCH_EVERY)


def _opened(sight: Sight, screen: Screen, asked: list[Show]) -> LogReader:
    """Logs that are rotated without a pause are tried again; what is asked meanwhile waits."""
    clock = {} if sight.as_of is None else {"clock": lambda: sight.now}
    while True:
        try:
            return LogReader(sight, **clock)
        except Incomplete as error:
            screen.tell(Followed((), visible(log_directory(sight)), (visible(error.message),)))
            asked += screen.asked(1.0)


if __name__ == "__main__":
    serve(work)
