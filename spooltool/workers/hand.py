"""The process that plans and makes changes: `python -m spooltool.workers.hand`.

It is a process of its own so that root's can become the spool's owner for good, and so that
a change goes on to the end of its batch, recorded, whatever becomes of the screen.
"""

from __future__ import annotations

import signal
import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from types import FrameType

from spooltool.change.actor import terminal, who
from spooltool.look.sight import Sight
from spooltool.store.journal import Actor
from spooltool.workers import changes as of
from spooltool.workers.handling import Hand
from spooltool.workers.serving import Screen, serve

_LOOK_AROUND = 1.0


def arguments(sight: Sight) -> list[str]:
    """The arguments of a hand for this spool, made by the process that has the terminal."""
    return [terminal(), "read-only" if sight.read_only else "", *sight.handed_over()]


def read_arguments(words: Sequence[str]) -> tuple[Sight, Actor]:
    """Inverse of `arguments`: the spool, and who is at the screen."""
    tty, read_only, *where = words
    sight = Sight.taken_over(where)
    sight.read_only = bool(read_only)
    return sight, replace(who(sight), tty=tty)


class _Ear:
    """The screen while something is done: asks are kept, Stop and its end are heeded."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen
        self._speaking = threading.Lock()
        self.waiting: deque[of.Ask] = deque()
        self.busy = False
        self.ended = False

    def tell(self, told: of.Told) -> None:
        """Tell the screen; one that has ended hears nothing, and that is found soon."""
        try:
            with self._speaking:
                self._screen.tell(told)
        except OSError:
            self.ended = True

    def listens(self) -> bool:
        """Whether telling would not wait."""
        return self._screen.listens

    def stopped(self) -> bool:
        """Whether what is under way is to end: the screen wants it, or is no more."""
        try:
            asks = self._screen.asked()
        except (EOFError, OSError):
            self.ended = True
            return True
        self.waiting += asks
        stop = any(isinstance(ask, of.Stop) for ask in self.waiting)
        return stop or self.ended

    def terminated(self, number: int, frame: FrameType | None) -> None:
        """SIGTERM: at once where nothing is under way, else between two batches."""
        self.ended = True
        if not self.busy:
            raise SystemExit(0)


def work(screen: Screen, words: list[str]) -> None:
    """Be the hand of a screen, until it ends."""
    sight, me = read_arguments(words)
    ear = _Ear(screen)
    hand = Hand(sight, me, ear.tell, stopped=ear.stopped, listens=ear.listens)
    signal.signal(signal.SIGTERM, ear.terminated)
    while not ear.ended:
        if not ear.waiting:
            ear.waiting += screen.asked(_LOOK_AROUND if hand.holds else None)
            if not ear.waiting:
                hand.look_around()
                continue
        ask = ear.waiting.popleft()
        ear.busy = isinstance(ask, of.Carry)  # a plan that is only made may end anywhere
        hand.asked(ask)
        ear.busy = False


def main() -> None:
    """The process."""
    serve(work)


if __name__ == "__main__":
    main()
