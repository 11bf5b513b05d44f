"""Logs read from their ends to their beginnings, in pieces of bounded size.

What happened last is seen first, and a log of gigabytes keeps nobody waiting.  A plain
file is read block by block from its end; a compressed one must be read from its beginning,
so that only what is wanted of it is kept, and that only up to a bound.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from typing import Generic, NamedTuple, Self, TypeVar

from spooltool.live.generation import MAX_LINE, Generation
from spooltool.live.merge import LogLine
from spooltool.live.siblings import siblings
from spooltool.logs import line_time

BLOCK = 1 << 18
"""Bytes of a plain file that are read at once."""

_UNTIMED = 100
_PARTS = 50
_FUTURE = float("inf")

T = TypeVar("T")


class Stretch(NamedTuple):
    """A generation of a log and where its end is to be taken; `end` is None for the whole."""

    generation: Generation
    end: int | None

    @property
    def size(self) -> int:
        """Bytes to be read of the file."""
        if self.end is None or self.generation.compressed:
            return self.generation.size
        return self.end


class Chunk(NamedTuple, Generic[T]):
    """What a piece of a log held, oldest first, each with its time.

    Nothing that is still to come is newer than `reached`; `looked` are the bytes read.
    """

    found: list[tuple[float, T]]
    reached: float
    looked: int


class Wanted(NamedTuple, Generic[T]):
    """What is looked for: `shape` makes something of a line, or None when it is not meant.

    Only lines that hold one of the `needles`, where there are any (in lower case and whatever
    the line's case where `folded`), are given to it; no more than `most` are kept of one file.
    """

    shape: Callable[[LogLine], T | None]
    needles: tuple[bytes, ...] = ()
    folded: bool = False
    most: int = 2000

    def may_be_in(self, data: bytes) -> bool:
        """Whether a needle is in it."""
        if not self.needles:
            return True
        text = data.lower() if self.folded else data
        return any(needle in text for needle in self.needles)


class PastLog(Generic[T]):
    """The chunks of one log, newest first, of stretches in the same order.

    Each `next` is a few milliseconds of work.  It raises OSError.
    """

    def __init__(self, path: str, stretches: Sequence[Stretch], wanted: Wanted[T]) -> None:
        self._stretches = stretches
        self._chunks = _chunks(path, stretches, wanted)

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Chunk[T]:
        return next(self._chunks)

    @property
    def size(self) -> int:
        """Bytes that are to be read."""
        return sum(stretch.size for stretch in self._stretches)

    def close(self) -> None:
        """Let every file go."""
        self._chunks.close()
        for stretch in self._stretches:
            stretch.generation.close()


def _chunks(
    path: str, stretches: Sequence[Stretch], wanted: Wanted[T]
) -> Generator[Chunk[T], None, None]:
    reached = _FUTURE
    for stretch in stretches:
        pieces = _whole if stretch.generation.compressed else _blocks
        for chunk in pieces(path, stretch, wanted, reached):
            reached = chunk.reached
            yield chunk
        stretch.generation.close()


def _blocks(path: str, stretch: Stretch, wanted: Wanted[T], reached: float) -> Iterator[Chunk[T]]:
    generation, at = stretch.generation, stretch.size
    generation.skip(at)
    copy: Generation | None = None
    try:
        while at > 0:
            begin, data = _block(copy or generation, at)
            if copy is None and generation.cut():
                copy = _copy(path, generation)
                if copy is None:
                    return  # emptied without a copy: nobody has it any more
                continue
            lines = data.split(b"\n")
            if not lines[-1]:
                lines.pop()
            first = next(filter(None, map(line_time, lines[:_UNTIMED])), None)
            part = _Part[T]([], first, None)
            if wanted.may_be_in(data):
                part = _read(path, lines, wanted, first)
            found = _in_order(part.found, reached)
            reached = reached if first is None else min(first, reached)
            yield Chunk(found, reached, at - begin)
            at = begin
    finally:
        if copy is not None:
            copy.close()


def _block(generation: Generation, end: int) -> tuple[int, bytes]:
    """The whole lines of a block that ends at `end`, and where they begin.

    The first one has a time, if one of the first has: untimed lines go with the one before.
    """
    length = BLOCK
    while True:
        start = max(0, end - length)
        data = generation.block(start, end)
        if start == 0:
            return 0, data
        begin = data.find(b"\n") + 1
        if 0 < begin < len(data):
            break
        if length > MAX_LINE:
            return start, data
        length *= 2
    first = begin
    for _ in range(_UNTIMED):
        after = data.find(b"\n", begin)
        if line_time(data[begin : after if after >= 0 else len(data)]) is not None:
            return start + begin, data[begin:]
        if after < 0:
            break
        begin = after + 1
    return start + first, data[first:]


def _whole(path: str, stretch: Stretch, wanted: Wanted[T], reached: float) -> Iterator[Chunk[T]]:
    """A compressed file: read from its beginning, told at its end."""
    generation, end = stretch
    kept: deque[tuple[float, T]] = deque(maxlen=wanted.most)
    left = whole = generation.size
    first, last, at = reached, None, 0
    while (end is None or at < end) and (lines := generation.read()) is not None:
        at += sum(map(len, lines)) + len(lines)
        while lines and end is not None and at > end:
            at -= len(lines.pop()) + 1
        part = _read(path, lines, wanted, last)
        first = min(first, part.first or first)
        last = part.last or last
        kept.extend(part.found)
        looked = min(left, whole // _PARTS)
        left -= looked
        yield Chunk([], reached, looked)
    yield Chunk(_in_order(kept, reached), first, left)


class _Part(NamedTuple, Generic[T]):
    """What some lines held, and their first and last time; None where they have none."""

    found: list[tuple[float, T]]
    first: float | None
    last: float | None


def _read(path: str, lines: list[bytes], wanted: Wanted[T], before: float | None) -> _Part[T]:
    """Read lines; one without a time goes with the one before, the first ones with `before`."""
    found: list[tuple[float, T]] = []
    first, last = None, before
    for line in lines:
        line = line.lstrip(b"\0")
        time = line_time(line)
        if time is not None:
            last = time
            first = time if first is None else first
        if wanted.may_be_in(line):
            shaped = wanted.shape(LogLine(path, last or 0.0, line))
            if shaped is not None:
                found.append((_FUTURE if last is None else last, shaped))
    return _Part(found, first, last)


def _in_order(found: Sequence[tuple[float, T]], reached: float) -> list[tuple[float, T]]:
    """A clock that went back takes no line out of its log's order."""
    ordered: list[tuple[float, T]] = []
    for at, one in reversed(found):
        reached = min(reached, at)
        ordered.append((reached, one))
    return ordered[::-1]


def _copy(path: str, generation: Generation) -> Generation | None:
    """The copy of a file that was copied and emptied."""
    for sibling in siblings(path):
        if sibling.compressed:
            continue
        try:
            one = Generation.of(sibling)
        except OSError:
            continue
        if one.inode != generation.inode and generation.same(one.head):
            return one
        one.close()
    return None
