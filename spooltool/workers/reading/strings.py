"""What repeats in the columns, kept once: reasons in words, and where messages go."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

_MANY = 100_000


class Route(NamedTuple):
    """Where a message goes: as a list shows it, and as the query language compares it."""

    shown: str
    dst: tuple[tuple[str, int | None], ...] = ()
    dport: int | None = None
    hosts: tuple[str, ...] = ()
    readable: bool = True

    @property
    def head(self) -> bytes | None:
        """As `Row.head`: None where no envelope tells where it goes."""
        return b"" if self.readable else None


class Strings:
    """Texts by index, which only grow within an epoch.

    `known_hops` are indices of routes by DST and DPORT as files have them.
    """

    def __init__(self) -> None:
        self.epoch = 1
        self._in_use = 0
        self._begin()

    def _begin(self) -> None:
        self.texts = [""]
        self.routes: dict[int, Route] = {}
        self._known: dict[str, int] = {"": 0}
        self._known_routes: dict[Route, int] = {}
        self.known_hops: dict[tuple[str | None, str | None], int] = {}
        self._sent = 0

    def of(self, text: str) -> int:
        """The index of a text."""
        index = self._known.get(text)
        if index is None:
            index = self._known[text] = len(self.texts)
            self.texts.append(text)
        return index

    def of_route(self, route: Route) -> int:
        """The index of the text of a route; each route has one of its own."""
        index = self._known_routes.get(route)
        if index is None:
            index = self._known_routes[route] = len(self.texts)
            self.routes[index] = route
            self.texts.append(route.shown)
        return index

    def unsent(self) -> tuple[int, tuple[str, ...]]:
        """What was added since the last call, and the index of the first."""
        first = self._sent
        self._sent = len(self.texts)
        return first, tuple(self.texts[first:])

    def renewed(self, texts: Iterable[int], routes: Iterable[int]) -> dict[int, int]:
        """Begin an epoch with these alone; where each stands now."""
        old, old_routes = self.texts, self.routes
        self._begin()
        self.epoch += 1
        moved = {index: self.of(old[index]) for index in texts}
        moved |= {index: self.of_route(old_routes[index]) for index in routes}
        self._in_use = len(self.texts)
        return moved

    @property
    def worn(self) -> bool:
        """Whether so many are kept that most of them are likely out of use."""
        return len(self.texts) > _MANY + 2 * self._in_use
