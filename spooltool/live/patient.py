"""A log as somebody follows it who does not give up, and who wants to read backwards, too."""

from __future__ import annotations

from spooltool.errors import SpooltoolError
from spooltool.live.generation import Generation, begin_alike
from spooltool.live.logfile import MAX_OPEN, LogFile
from spooltool.live.past import Stretch
from spooltool.live.siblings import Sibling, siblings

_TRIES = 20


class PatientLog(LogFile):
    """A log that may come, go and be forbidden: `trouble` says why it cannot be read now.

    Its beginning still raises Incomplete, when its rotated files change too fast.
    """

    trouble = ""

    @property
    def found(self) -> bool:
        """Whether it was there when it was looked for last; between two files it still is."""
        return self._current is not None

    def poll(self) -> list[bytes]:
        """The next lines; none while it cannot be read."""
        self.trouble = ""
        try:
            return super().poll()
        except SpooltoolError as error:
            self.trouble = error.message
            self.caught_up = True
            return []

    def passed(self, most: int = MAX_OPEN) -> list[Stretch]:
        """All that was read or passed over so far, the newest generation first.

        What `poll` gives from now on is not in it, and nothing is in neither.  At most
        `most` rotated files are opened; the caller closes what it gets.
        """
        for _ in range(_TRIES):
            listed = siblings(self.path)
            opened = self._opened(listed[-most:])
            if opened is not None:
                if self._still(listed, opened):
                    return self._ends(opened)
                for one in opened:
                    one.close()
        self.trouble = f"{self.path}: its rotated files change faster than they can be read"
        return []

    def _open(self) -> Generation | None:
        try:
            return super()._open()
        except SpooltoolError as error:
            self.trouble = error.message
            return None

    def _opened(self, rotated: list[Sibling]) -> list[Generation] | None:
        """These files and the log itself; None when a name has changed meanwhile."""
        opened: list[Generation] = []
        for sibling in (*rotated, Sibling(self.path, compressed=False)):
            try:
                opened.append(Generation.of(sibling))
            except FileNotFoundError:
                if sibling.path != self.path:
                    for one in opened:
                        one.close()
                    return None
            except OSError as error:
                self._problem(sibling.path, error)
        return opened

    def _ends(self, opened: list[Generation]) -> list[Stretch]:
        """How far each was read; what was not read at all is closed."""
        reading = [one for one, _ in self._late]
        reading += [*list(self._backlog)[:1], *([self._current] if self._current else [])]
        by_inode = {one.inode: one for one in reading if not one.cut()}
        found = [by_inode.get(one.inode) for one in opened]
        matched = [one for one in found if one is not None]
        stretches: list[Stretch] = []
        for one, same in zip(opened, found, strict=True):
            held = same or next((other for other in reading if other.same(one.head)), None)
            if held is not None and (same or held not in matched):
                matched.append(held)
                stretches.append(Stretch(one, held.offset - len(held.carry)))
            elif held is None and any(begin_alike(one.head, head) for head in self._known):
                stretches.append(Stretch(one, None))
            else:
                one.close()  # a copy in the making, or not yet read
        return stretches[::-1]
