"""A screen that has one change carried out and says how far it is, until it is killed.

`python screen_of_a_hand.py SPOOL VERB WORD...`: prints the hand's pid, then every progress.
"""

from __future__ import annotations

import asyncio
import sys

from spooltool.change.order import Order
from spooltool.look.sight import Sight
from spooltool.workers.changes import Carry, Done, Planned, Prepare, Progress
from spooltool.workers.hand import arguments
from spooltool.workers.process import Worker
from spooltool.workers.wire import Frame


async def main(spool: str, verb: str, words: list[str]) -> None:
    ended = asyncio.Event()

    def told(frame: Frame) -> None:
        match frame.value:
            case Planned(changes=changes):
                print("planned", changes, flush=True)
                worker.ask(Carry(1))
            case Progress(ended=so_far, busy=busy):
                print("progress", so_far, busy, flush=True)
            case Done(summary=summary):
                print("done", summary, flush=True)
                ended.set()

    worker = Worker("hand", arguments(Sight(spool_option=spool)), told, print)
    worker.start(asyncio.get_running_loop())
    print("hand", worker.pid, flush=True)
    worker.ask(Prepare(1, Order(verb, tuple(words)), 80))
    await ended.wait()
    worker.close(None)


asyncio.run(main(sys.argv[1], sys.argv[2], sys.argv[3:]))
