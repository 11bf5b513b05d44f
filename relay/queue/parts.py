"""Parts of a message: what goes to one destination by itself.

A message with one destination is its own only part, and is called by its number.  Mail by
MX has a part for each recipient domain, called by number and domain, so that each is due,
tried and put off apart; they share one file and its one lock.
"""

from __future__ import annotations

from collections.abc import Iterable

_BETWEEN = " "


def part_of(number: str, domain: str = "") -> str:
    """What the part of a message for a domain is called; without one, the message itself."""
    return f"{number}{_BETWEEN}{domain}" if domain else number


def number_of(part: str) -> str:
    """The number of the message that a part belongs to."""
    return part.partition(_BETWEEN)[0]


class Parts:
    """Which parts are known of each message.  Those called by the number cost nothing here."""

    def __init__(self) -> None:
        self._of: dict[str, dict[str, None]] = {}

    def add(self, part: str) -> None:
        """A part is known."""
        number = number_of(part)
        if number != part:
            self._of.setdefault(number, {})[part] = None

    def remove(self, part: str) -> None:
        """It is not any more."""
        number = number_of(part)
        known = self._of.get(number)
        if known is None:
            return
        known.pop(part, None)
        if not known:
            del self._of[number]

    def of(self, id: str) -> tuple[str, ...]:
        """The parts of a message, besides one that is called by its number; a part is its own."""
        return (id, *self._of.get(id, ()))

    def every(self, ids: Iterable[str]) -> Iterable[str]:
        """The same for several."""
        for id in ids:
            yield from self.of(id)
