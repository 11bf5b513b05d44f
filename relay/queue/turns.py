"""Parts of one message take its file in turn: it has one lock."""

from __future__ import annotations

from relay.queue.parts import number_of

AGAIN = 5.0
"""Seconds after which a part asks again by itself, if it was not called before."""


class Turns:
    """Which messages are in hand, and which parts of theirs wait for that to end."""

    def __init__(self) -> None:
        self._in_hand: set[str] = set()
        self._waiting: dict[str, dict[str, None]] = {}

    def taken(self, part: str) -> bool:
        """Whether the message is in hand; then the part is called when its turn has come."""
        if not self.in_hand(part):
            return False
        self._waiting.setdefault(number_of(part), {})[part] = None
        return True

    def in_hand(self, part: str) -> bool:
        """Whether the message is in hand."""
        return number_of(part) in self._in_hand

    def begin(self, part: str) -> None:
        """A part is taken up, and with it the message is in hand."""
        self._in_hand.add(number_of(part))
        self._leave(part)

    def end(self, number: str) -> str | None:
        """It is so no longer; the part whose turn it is, None for none."""
        self._in_hand.discard(number)
        waiting = self._waiting.get(number)
        if not waiting:
            return None
        first = next(iter(waiting))
        self._leave(first)
        return first

    def _leave(self, part: str) -> None:
        """A part waits no longer."""
        number = number_of(part)
        waiting = self._waiting.get(number)
        if waiting is None:
            return
        waiting.pop(part, None)
        if not waiting:
            del self._waiting[number]

    @property
    def waiting(self) -> list[str]:
        """The parts that wait for a turn."""
        return [part for those in self._waiting.values() for part in those]
