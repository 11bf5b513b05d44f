"""The process that plans and makes changes: `python -m spooltool.workers.hand`.

It is a process of its own so that root's can become the spool's owner for good, and so that
a change goes on to the end of its batch, recorded, whatever becomes of the screen.
"""

from __future__ import annotations

import signal
import threading
from argparse import ArgumentParser
from collections import deque
from dataclasses import replace
from types import FrameType

from spooltool.change.actor import terminal, who
from spooltool.look.locate import Located
from spooltool.look.sight import Sight
from spooltool.store.journal import Actor
from spooltool.workers import changes as of
from spooltool.workers.handling import Hand
from spooltool.workers.serving import Screen, serve

_LOOK_AROUND = 1.0


def arguments(sight: Sight) -> list[str]:
    """The arguments of a hand for this spool, made by the process that has the terminal."""
    located = sight.located
    given = {"path": located.path, "found-by": located.found_by, "tty": terminal()}
    options = {"config": sight.config_option, "as-of": sight.as_of}
    given |= {name: value for name, value in options.items() if value is not None}
    flags = {"explicit": located.explicit, "read-only": sight.read_only}
    found = [f"--{name}={value}" for name, value in given.items()]
    return found + [f"--{name}" for name, stands in flags.items() if stands]


def read_arguments(words: list[str]) -> tuple[Sight, Actor]:
    """Inverse of `arguments`: the spool, and who is at the screen."""
    parser = ArgumentParser("hand", add_help=False, allow_abbrev=False)
    for name in ("--path", "--found-by", "--tty"):
        parser.add_argument(name, required=True)
    parser.add_argument("--config")
    parser.add_argument("--as-of")
    for name in ("--explicit", "--read-only"):
        parser.add_argument(name, action="store_true")
    given = parser.parse_args(words)
    located = Located(given.path, given.found_by, given.explicit)
    sight = Sight.at(located, given.config, given.as_of)
    sight.read_only = given.read_only
    return sight, replace(who(sight), tty=given.tty)


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
        ear.busy = True
        hand.asked(ask)
        ear.busy = False


def main() -> None:
    """The process."""
    serve(work)


if __name__ == "__main__":
    main()
