"""A worker for the tests of workers: it does what it is asked in words."""

from __future__ import annotations

import os
import signal
import sys
import time
from array import array

from spooltool.workers.serving import Screen, serve
from spooltool.workers.table import in_memory


def work(screen: Screen, arguments: list[str]) -> None:
    screen.tell(("began", arguments, os.nice(0), signal.getsignal(signal.SIGINT)))
    while True:
        for asked in screen.asked(None):
            answer(screen, asked)


def answer(screen: Screen, asked: object) -> None:
    match asked:
        case "raise":
            raise RuntimeError("[/b] \x1b[2J is what I think of it")
        case "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        case "deaf":
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            screen.tell("deaf")
            while True:
                time.sleep(3600)
        case ["memory", int(count)]:
            screen.tell("memory", [in_memory([array("I", [n])]) for n in range(count)])
        case ["listens", int(count)]:
            before = screen.listens
            screen.tell(bytes(count))
            screen.tell((before, screen.listens))
        case _:
            screen.tell(asked)


if __name__ == "__main__":
    sys.stdout.write("not for the screen\n")
    serve(work)
