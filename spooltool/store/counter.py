"""Numbers: unique, never reused, handed out from blocks that are durable before use."""

from __future__ import annotations

import fcntl
import os
import re
import time
from collections.abc import Callable

from spooltool.errors import CannotWrite
from spooltool.spool.names import OWN_DIR, TRASH, format_number, number_value, parse_name
from spooltool.store.root import Spool

FIRST_BLOCK, LARGEST_BLOCK = 100, 1_000
"""Numbers reserved at a time: a process begins with a few, each next block has twice as many.

One fsync covers a thousand messages under load, and a relay that is restarted again and
again does not let the numbers run ahead of `clock_floor`.
"""

_EPOCH = 1_767_225_600  # 2026-01-01, in unix seconds
_NUMBERS_PER_SECOND = 2_000

_CEILING = 36**8 // 2
"""Foreign names above this (deadbeef, zzzzzzzz) are no counter values of ours."""

_JOURNAL_NUMBER = re.compile(rb'"id":\s*"([0-9a-z]{8})"')


class Counter:
    """Hands out numbers of a spool, `block` of them first.  Several processes may have one."""

    def __init__(
        self, spool: Spool, block: int = FIRST_BLOCK, clock: Callable[[], float] = time.time
    ) -> None:
        self._spool = spool
        self._block = block
        self._clock = clock
        self._next = 0
        self._end = 0
        self._looked = False

    def take(self) -> str:
        """The next number.  Raises CannotWrite when a block cannot be reserved."""
        if self._next >= self._end:
            self._reserve()
        value = self._next
        self._next += 1
        return format_number(value)

    def _reserve(self) -> None:
        try:
            fd = self._spool.open_own("counter", os.O_RDWR | os.O_CREAT)
        except OSError as error:
            raise CannotWrite(f"{OWN_DIR}/counter: {error.strerror}") from error
        try:
            fcntl.flock(fd, fcntl.LOCK_EX)
            text = os.pread(fd, 64, 0).strip()
            start = int(text) if text.isdigit() else 1
            if not self._looked or not text.isdigit():
                highest = highest_number(self._spool)
                start = max(start, self._end, highest + 1, clock_floor(self._clock()))
            end = start + self._block
            os.pwrite(fd, b"%020d\n" % end, 0)
            os.fsync(fd)
            if not text:
                os.fsync(self._spool.own_dir())
        except OSError as error:
            raise CannotWrite(f"{OWN_DIR}/counter: {error.strerror}") from error
        finally:
            os.close(fd)
        self._next, self._end, self._looked = start, end, True
        self._block = max(self._block, min(2 * self._block, LARGEST_BLOCK))


def clock_floor(now: float) -> int:
    """The number that a process starting at this time (unix seconds) begins at, at least.

    Delivered mail leaves no file behind.  Where the counter is lost or comes from a backup
    too, only the time tells that its number was given: as many as this a second since the
    epoch were not.  0 beyond our range, in 2048; then counter and files decide alone.
    """
    floor = int((now - _EPOCH) * _NUMBERS_PER_SECOND)
    return floor if 0 < floor < _CEILING else 0


def highest_number(spool: Spool) -> int:
    """The highest counter value in any directory, the trash and the journal; 0 for none.

    A copied spool that lost its counter must not give a number twice.
    """
    highest = 0
    for directory in (*spool.directories, TRASH):
        try:
            with spool.listing(directory) as place:
                names = os.listdir(place)
        except FileNotFoundError:
            continue
        for base in names:
            name = parse_name(base, directory)
            value = number_value(name.number) if name else None
            if value is not None and highest < value < _CEILING:
                highest = value
    try:
        journal = spool.open_own("journal", os.O_RDONLY)
    except FileNotFoundError:
        return highest
    with os.fdopen(journal, "rb") as lines:
        for line in lines:
            for number in _JOURNAL_NUMBER.findall(line):
                if highest < (value := int(number, 36)) < _CEILING:
                    highest = value
    return highest
