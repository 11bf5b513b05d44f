"""Several logs read backwards as one, in the order of time."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from typing import Generic, Protocol, TypeVar

from spooltool.live.past import Chunk

_FUTURE = float("inf")

T = TypeVar("T")


class Past(Protocol[T]):
    """A source of chunks: a log, or something else that is written down in order of time."""

    def __next__(self) -> Chunk[T]:
        """The next chunk.  Raises StopIteration."""
        ...

    @property
    def size(self) -> int:
        """Bytes that are to be read."""
        ...

    def close(self) -> None:
        """Let every file go."""
        ...


class Backward(Generic[T]):
    """Several sources as one, in the order of time, newest first.

    `looked` of `size` bytes were read.
    """

    def __init__(self, sources: Sequence[Past[T]]) -> None:
        self.size = sum(source.size for source in sources)
        self._sources = list(sources)
        self._waiting: list[deque[tuple[float, T]]] = [deque() for _ in sources]
        self._reached = [_FUTURE for _ in sources]
        self._open = set(range(len(sources)))
        self.looked = 0

    @property
    def reached(self) -> float:
        """No source has told of anything older than this."""
        return max((self._reached[index] for index in self._open), default=-_FUTURE)

    @property
    def done(self) -> bool:
        """Whether nothing is left."""
        return not self._open and not any(self._waiting)

    def step(self) -> list[tuple[float, T]]:
        """Read one chunk; what is certain to be next, newest first.  Raises OSError."""
        if self._open:
            index = max(self._open, key=lambda one: (self._reached[one], one))
            chunk = next(self._sources[index], None)
            if chunk is None:
                self._open.discard(index)
                self._reached[index] = -_FUTURE
            else:
                self._reached[index] = chunk.reached
                self._waiting[index].extendleft(reversed(chunk.found))
                self.looked += chunk.looked
        return list(self._due())

    def close(self) -> None:
        """Let every file go."""
        for source in self._sources:
            source.close()

    def _due(self) -> Iterator[tuple[float, T]]:
        while True:
            heads = [(one[-1][0], index) for index, one in enumerate(self._waiting) if one]
            if not heads:
                return
            newest, index = max(heads)
            silent = (one for one in self._open if not self._waiting[one])
            if any(self._reached[one] > newest for one in silent):
                return
            yield self._waiting[index].pop()
