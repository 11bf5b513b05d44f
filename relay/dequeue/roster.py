"""What the dequeuer remembers of each spooled message: hints, never the truth.

Number to (place, inode, destination, next try).  A new inode or a kick makes it read
the file again; every attempt does so anyway.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, replace

from relay.dequeue.destination import Destination, Legs, legs, of_head
from relay.queue.retry import due_at
from spooltool.spool.codec import HEAD_BYTES, parse
from spooltool.spool.names import SENDER, SpoolName, parse_name
from spooltool.store.lock import read_envelope
from spooltool.store.regular import open_regular
from spooltool.store.root import Spool


@dataclass(frozen=True, slots=True)
class Part:
    """What of a message goes to one destination: when it is due, and whether it was tried.

    `last_try` is when the one of its recipients was tried who has waited longest for that.
    """

    destination: Destination
    due: float
    tried: bool
    last_try: float = 0.0


@dataclass(slots=True)
class Known:
    """One message as last seen.

    `term` (the start of its abandon clock) is unix seconds, `seen` when its file was read;
    `sealed` is the inode whose content was found to be what was accepted (0: not checked
    yet).
    """

    name: SpoolName
    inode: int
    parts: tuple[Part, ...]
    term: float
    sealed: int = 0
    seen: float = 0.0

    @property
    def destination(self) -> Destination:
        """The first destination."""
        return self.parts[0].destination

    def part(self, destination: Destination) -> Part | None:
        """What of it goes there."""
        return next((one for one in self.parts if one.destination == destination), None)

    def put(self, part: Part) -> None:
        """This part has changed, the others have not."""
        self.parts = tuple(
            part if one.destination == part.destination else one for one in self.parts
        )

    def drop(self, destination: Destination) -> None:
        """Nothing of it goes there any more, and something goes elsewhere."""
        left = tuple(one for one in self.parts if one.destination != destination)
        self.parts = left or self.parts


def parts_of(letter: str, found: Legs, now: float, whole: Part) -> tuple[Part, ...]:
    """The parts of a message: of mail by MX each as its recipients' lines say.

    `whole` says when the message is due, and was tried, where it has no parts.
    """
    first = next(iter(found))
    if letter == "E" or not first.mx:
        return (replace(whole, destination=first),)
    return tuple(
        Part(
            destination,
            min((due_at(one.last_try, one.next_try, now) for one in those), default=now),
            any(one.last_try for one in those),
            float(min((one.last_try for one in those), default=0)),
        )
        for destination, those in found.items()
    )


@dataclass(slots=True)
class Found:
    """A directory entry that is new, or another file than before."""

    name: SpoolName
    inode: int


class Roster:
    """Every message of D_sender and D_resend that mdq knows."""

    def __init__(self, spool: Spool, see: Callable[[bytes], None] = lambda head: None) -> None:
        """`see` is given the first bytes of each file that is read."""
        self._spool = spool
        self._see = see
        self._seen: dict[str, dict[str, int]] = {}
        self.known: dict[str, Known] = {}

    def news(self, directory: str) -> tuple[list[Found], list[str]]:
        """Compare a directory with the last look at it: (new or replaced, left) by number.

        Sorted by number, the order of arrival.  Raises OSError where the directory
        cannot be read.
        """
        with self._spool.listing(directory) as place, os.scandir(place) as entries:
            now = {entry.name: entry.inode() for entry in entries}
        before = self._seen.get(directory, {})
        self._seen[directory] = now
        found: list[Found] = []
        for base, inode in now.items() - before.items():
            name = parse_name(base, directory)
            if name is None or name.letter == "T":
                continue
            known = self.known.get(name.number)
            if known is None or known.inode != inode or known.name != name:
                found.append(Found(name, inode))
        left = []
        for base in before.keys() - now.keys():
            known = self.known.get(base[1:])
            if known is not None and known.name.dir == directory and known.name.base == base:
                left.append(base[1:])
        found.sort(key=lambda one: (len(one.name.number), one.name.number))
        return found, left

    def unsee(self, name: SpoolName) -> None:
        """It could not be read: look again at the next scan."""
        self._seen.get(name.dir, {}).pop(name.base, None)

    def look(self, found: Found, now: float) -> Known | None:
        """Read a file's head and remember it; None when it is gone.

        Raises OSError, and NotRegular for what is no file of its own.
        """
        try:
            fd = open_regular(found.name.base, os.O_RDONLY, self._spool.dir_fd(found.name.dir))
        except FileNotFoundError:
            return None
        try:
            head = os.pread(fd, HEAD_BYTES, 0)
            facts = os.fstat(fd)
            place = of_head(found.name.letter, head)
            envelope = read_envelope(fd, facts.st_size) if place is None else None
        finally:
            os.close(fd)
        self._see(head)
        # Mail that was never tried has been written once: its term began when it was.
        tried = found.name.dir != SENDER
        state = parse(head, facts.st_size).state if tried else None
        due = due_at(state.last_try, state.next_try, now) if state else 0.0
        last_try = float(state.last_try) if state else 0.0
        whole = Part(place or Destination(()), due, tried, last_try)
        parts: tuple[Part, ...] = (whole,)
        if envelope is not None:
            letter = found.name.letter
            parts = parts_of(letter, legs(letter, envelope), now, whole)
        known = Known(
            found.name,
            facts.st_ino,
            parts,
            float(state.term) if state else facts.st_mtime,
            seen=now,
        )
        self.known[found.name.number] = known
        return known

    def forget(self, number: str) -> None:
        """The message has left, or is not ours to work on."""
        self.known.pop(number, None)
