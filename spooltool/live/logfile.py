"""One log, followed over every kind of rotation; nothing is lost and nothing doubled.

Renamed (`mdq.elg` becomes `mdq.elg.0`): the old descriptor is read to its end before the
new file is begun, and for a while after, for writers that notice late.  Copied and
truncated: the part of the old content that was not yet read is taken from the copy.
Compressed: a descriptor that is open outlives it, and a compressed file is known by its
first bytes.  Rotations that happened between two looks are found among the rotated
files: those that are newer than the one known last.

Looking is a `stat` of the log and of its directory; it costs less than an inotify watch
(which would also have to be kept in step with each rotation), so following is polling.
What a copytruncate itself loses, lines written between its copy and its truncation,
nobody can bring back.
"""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Callable
from enum import Enum, auto

from spooltool.errors import Incomplete, NotPermitted
from spooltool.live.generation import Generation, begin_alike
from spooltool.live.siblings import Sibling, siblings
from spooltool.logs import line_time

LINGER = 60.0
"""Seconds without a new line after which a renamed file is let go."""

MAX_OPEN = 128
"""Rotated files that are read of one log; older ones are counted in `left_out`."""

_MAX_LATE = 16
_KNOWN = 256
_SETTLED = 0.1
_TRIES = 20
_NEAR = 1 << 16
_UNTIMED = 100


class Start(Enum):
    """Where to begin: with the oldest rotated file, or with what comes now."""

    BEGIN = auto()
    END = auto()


class LogFile:
    """A log at `path`, which need not exist yet, read from `start` on.

    `start` may be a time (unix seconds): then lines before it are left out; a line without
    a time goes with the one before it.  `poll` gives lines until `caught_up`.  Raises
    NotPermitted when the log may not be read, Incomplete when it cannot be; rotated files
    that cannot be read are listed in `problems`.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        start: Start | float = Start.BEGIN,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.path = os.fspath(path)
        self.caught_up = False
        self.left_out = 0
        self.problems: list[str] = []
        self._clock = clock
        self._since = None if isinstance(start, Start) else start
        self._wanted = self._since is None
        self._backlog: deque[Generation] = deque()
        self._late: deque[tuple[Generation, float]] = deque()
        self._known: deque[bytes] = deque(maxlen=_KNOWN)
        self._seen_directory = -1
        self._unsteady = False
        self._current = self._open()
        self._chained = self._current is not None and self._current.head != b""
        self._begin(start)

    def close(self) -> None:
        """Let every file go."""
        for generation in (*self._backlog, *(one for one, _ in self._late)):
            generation.close()
        self._backlog.clear()
        self._late.clear()
        if self._current is not None:
            self._current.close()
            self._current = None

    def poll(self) -> list[bytes]:
        """The next lines, without their ends: at most about a megabyte a call.

        `caught_up` is true when there are no more at present.
        """
        try:
            lines = self._lines()
        except OSError as error:
            raise _failure(self.path, error) from None
        return self._after_since(lines)

    def finish(self) -> list[bytes]:
        """The unfinished lines at the ends of the files, for a reader that will not wait."""
        open_ones = [one for one, _ in self._late]
        if self._current is not None:
            open_ones.append(self._current)
        return self._after_since([line for one in open_ones for line in one.rest()])

    # reading

    def _lines(self) -> list[bytes]:
        self.caught_up = self._unsteady = False
        lines = self._late_lines()
        if self._backlog:
            first = self._backlog[0]
            more = first.read()
            if more is None:
                self._backlog.popleft()
                lines += self._retire(first)
            return lines + (more or [])
        if self._current is None or not self._chained:
            self._chain()
        if self._current is not None and not self._backlog:
            more = self._current.read() if self._chained else None
            if more is not None:
                return lines + more
            lines += self._look(self._current)
        self.caught_up = not (self._backlog or self._unsteady or self._unread())
        return lines

    def _unread(self) -> bool:
        """Whether the log has bytes beyond what was read: then this is not its end."""
        return self._current is not None and self._current.size > self._current.offset

    def _late_lines(self) -> list[bytes]:
        lines: list[bytes] = []
        now = self._clock()
        for _ in range(len(self._late)):
            generation, quiet_since = self._late.popleft()
            more = generation.read()
            if more is not None:
                lines += more
                quiet_since = now
            if now - quiet_since > LINGER:
                lines += generation.rest()
                generation.close()
            else:
                self._late.append((generation, quiet_since))
        return lines

    def _retire(self, generation: Generation) -> list[bytes]:
        """A generation that was read to its end: kept for late writers, or closed."""
        self._known.append(generation.head)
        if generation.damaged:
            self.problems.append(f"{generation.path}: the compressed file is damaged")
        if not generation.compressed:
            self._late.append((generation, self._clock()))
            if len(self._late) <= _MAX_LATE:
                return []
            generation, _ = self._late.popleft()
        left = generation.rest()
        generation.close()
        return left

    def _after_since(self, lines: list[bytes]) -> list[bytes]:
        if self._since is None:
            return [line.lstrip(b"\0") for line in lines] if lines else lines
        kept = []
        for line in lines:
            # a writer that does not append leaves a hole of NULs after a truncation
            line = line.lstrip(b"\0")
            when = line_time(line)
            if when is not None:
                self._wanted = when >= self._since
            if self._wanted:
                kept.append(line)
        return kept

    # beginning

    def _open(self) -> Generation | None:
        try:
            return Generation(self.path)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise _failure(self.path, error) from None

    def _begin(self, start: Start | float) -> None:
        found = self._rotated()
        if start is Start.END:
            self._pass_over(found)
            if self._current is not None:
                self._current.skip_to_end()
            return
        if self._since is not None:
            found = self._from(found, self._since)
        self._backlog.extend(found)

    def _rotated(self) -> list[Generation]:
        """Every rotated generation, oldest first, opened while no name changed."""
        for _ in range(_TRIES):
            listed = siblings(self.path)
            self.left_out = max(0, len(listed) - MAX_OPEN)
            opened: list[Generation] = []
            for sibling in listed[-MAX_OPEN:]:
                try:
                    opened.append(Generation.of(sibling))
                except FileNotFoundError:
                    break
                except OSError as error:
                    self._problem(sibling.path, error)
            else:
                if self._still(listed, opened):
                    return self._without_current(opened)
            for one in opened:
                one.close()
        raise Incomplete(f"{self.path}: its rotated files change faster than they can be read")

    def _without_current(self, opened: list[Generation]) -> list[Generation]:
        kept = []
        current = self._current
        for one in opened:
            copy = current is not None and (one.inode == current.inode or current.same(one.head))
            if copy or not one.head:
                one.close()
            else:
                kept.append(one)
        return kept

    def _from(self, found: list[Generation], since: float) -> list[Generation]:
        """Those that may hold lines from `since` on; the first one is searched for it."""
        first = len(found)
        begins_after = self._current is None or _begins_after(self._current, since)
        while begins_after and first > 0:
            first -= 1
            begins_after = _begins_after(found[first], since)
        self._pass_over(found[:first])
        kept = found[first:]
        earliest = kept[0] if kept else self._current
        if earliest is not None and not earliest.compressed:
            earliest.skip(_offset_of(earliest, since))
        return kept

    def _pass_over(self, found: list[Generation]) -> None:
        """Leave out old generations; the youngest may still get lines of late writers."""
        for one in found:
            self._known.append(one.head)
            if one is found[-1] and not one.compressed:
                one.skip_to_end()
                self._late.append((one, self._clock()))
            else:
                one.close()

    # looking for rotations

    def _chain(self) -> None:
        """Begin with the current generation: first those between the last known one and it.

        An empty file has no head to be known by: it may be filled, copied and emptied
        again between two looks, so the directory is watched until it has one.
        """
        current = self._current = self._current or self._open()
        if current is None:
            return
        current.restart()
        if not current.head and not self._directory_changed():
            return
        newer = self._newer(current)
        if newer is None:
            return
        if current.head and current.cut():
            # Emptied while we looked: its content is among the newer ones, or will be.
            self._take(newer, [])
            return
        if current.head:
            self._chained = True
        else:
            current.restart()  # what is being copied now is not of the past
        self._take(newer, _copies(newer, current))

    def _look(self, current: Generation) -> list[bytes]:
        """Find out whether the log was rotated; returns an unfinished last line, if any."""
        if current.cut():
            return self._truncated(current)
        there = _inode(self.path)
        if there is None:
            if self._directory_changed() and (newer := self._newer(current)) is not None:
                self._take(newer, _copies(newer, current))
        elif there != current.inode and (self._chained or current.size == 0):
            opened = self._open()  # before anything is changed: it may be forbidden
            self._backlog.append(current)
            self._current = opened
            self._chained = False
        return []

    def _truncated(self, current: Generation) -> list[bytes]:
        """What was not read before the truncation is in a copy, if one was made."""
        newer = self._newer(current)
        if newer is None:
            return []  # it stays truncated, and is looked at again
        copies = _copies(newer, current)
        left: list[bytes] = []
        if copies:
            copies[0].skip(current.offset, current.carry)
        else:
            left = current.rest()
        self._take(newer, [one for one in newer if one not in copies[:1]])
        self._known.append(current.head)
        self._chained = False
        current.restart()
        return left

    def _take(self, newer: list[Generation], but: list[Generation]) -> None:
        for one in newer:
            if one in but:
                one.close()
            else:
                self._backlog.append(one)

    def _newer(self, current: Generation) -> list[Generation] | None:
        """Rotated generations that were not read yet, oldest first.

        None while names change faster than they can be looked at: then nothing was learnt,
        and the next poll looks again.  The last one known ends the search, and so does the
        current one, as far as it was read already; copies of it are among those returned.
        """
        for _ in range(_TRIES):
            opened: list[Generation] = []
            steady = True
            listed = siblings(self.path)
            for sibling in reversed(listed):
                try:
                    one = Generation.of(sibling)
                except FileNotFoundError:
                    steady = False
                    break
                except OSError as error:
                    self._problem(sibling.path, error)
                    continue
                opened.append(one)
                if self._is_known(one) or (current.offset > 0 and current.same(one.head)):
                    break
            if steady and self._still(listed, opened):
                return self._unread_ones(opened, current)
            for one in opened:
                one.close()
        self._seen_directory = -1
        self._unsteady = True
        return None

    def _still(self, listed: list[Sibling], opened: list[Generation]) -> bool:
        """Whether the rotated files are what was listed.

        A file that is renamed while a directory is read may be missed under both names,
        so it is read once more.
        """
        return all(map(_is_named, opened)) and siblings(self.path) == listed

    def _unread_ones(self, opened: list[Generation], current: Generation) -> list[Generation]:
        """Without the known and the current one itself; oldest first."""
        unread = []
        for one in reversed(opened):
            if one.head and one.inode != current.inode and not self._is_known(one):
                unread.append(one)
                continue
            if not one.head:
                self._seen_directory = -1  # empty as yet: a copy may be in the making
            one.close()
        return unread

    def _is_known(self, one: Generation) -> bool:
        held = (*self._backlog, *(late for late, _ in self._late))
        if not one.head:
            return False
        return any(one.inode == other.inode or other.same(one.head) for other in held) or any(
            begin_alike(one.head, head) for head in self._known
        )

    def _directory_changed(self) -> bool:
        """Whether a name may have changed since the last look.

        Two changes may share one time stamp, so a young one counts as another change.
        """
        try:
            changed_at = os.stat(os.path.dirname(self.path) or ".").st_mtime_ns
        except FileNotFoundError:
            return False
        if changed_at == self._seen_directory:
            return False
        settled = time.time_ns() - changed_at > _SETTLED * 1e9
        self._seen_directory = changed_at if settled else -1
        return True

    def _problem(self, path: str, error: OSError) -> None:
        text = f"{path}: {error.strerror}"
        if text not in self.problems:
            self.problems.append(text)


def _is_named(generation: Generation) -> bool:
    return _inode(generation.path) == generation.inode


def _inode(path: str) -> tuple[int, int] | None:
    try:
        about = os.stat(path)
    except OSError:
        return None
    return about.st_dev, about.st_ino


def _copies(generations: list[Generation], current: Generation) -> list[Generation]:
    return [one for one in generations if current.same(one.head)]


def _begins_after(generation: Generation, since: float) -> bool:
    """Whether the first time in a generation's head is after `since`, or there is none."""
    times = map(line_time, generation.head.split(b"\n"))
    first = next((when for when in times if when is not None), None)
    return first is None or first >= since


def _offset_of(generation: Generation, since: float) -> int:
    """Where to begin in a plain file, so that no line from `since` on is before it.

    Writers of one file are not in order to the millisecond, hence the margin.
    """
    low, high = 0, generation.size
    while high - low > _NEAR:
        middle = (low + high) // 2
        at, line = generation.line_at(middle)
        for _ in range(_UNTIMED):
            if at >= high or not line or line_time(line) is not None:
                break
            at, line = generation.line_at(at + len(line) + 1)
        when = line_time(line)
        if at >= high or when is None or when >= since:
            high = middle
        else:
            low = at
    start, _ = generation.line_at(max(0, low - _NEAR))
    return min(start, low)


def _failure(path: str, error: OSError) -> NotPermitted | Incomplete:
    if isinstance(error, PermissionError):
        return NotPermitted(f"{path}: permission denied")
    return Incomplete(f"{path}: {error.strerror or error}")
