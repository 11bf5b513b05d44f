"""One message looked at closely, without a lock: its row, and its file, open for reading.

What was opened stays readable when the message leaves its place.  Reading happens in
steps of a few milliseconds, for a screen that answers keys meanwhile.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from spooltool.diagnose.row import Found, Row
from spooltool.diagnose.suspension import Keeper
from spooltool.errors import Gone, SpooltoolError
from spooltool.look.selection import RowMaker
from spooltool.look.sight import Sight
from spooltool.render.message import Shown
from spooltool.render.text import visible
from spooltool.spool.codec import Envelope
from spooltool.spool.defects import Defect
from spooltool.spool.names import SpoolName
from spooltool.store.patient import PatientFile

MOST_HEADERS = 256 * 1024
"""Bytes of a header set that are looked at."""


class OpenMessage:
    """A message and what it holds.  `close` it after use.

    `file` is None where it cannot be opened, and `trouble` says why in words.
    """

    def __init__(self, sight: Sight, row: Row) -> None:
        """Open the file of a row.  Raises Gone."""
        self.sight = sight
        self.trouble = ""
        self.file: PatientFile | None = None
        try:
            self.file = PatientFile(sight.spool, row.name)
        except Gone:
            raise
        except SpooltoolError as error:
            self.trouble = visible(str(error))
        except OSError as error:
            self.trouble = visible(f"{row.file}: {error.strerror}")
        self.row = row if self.file is None else self._with_own_envelope(row)

    @property
    def whole(self) -> bool:
        """Whether the envelope is read to its end; before, there are no headers and no body."""
        return self.file is None or self.file.whole

    def look_again(self, sight: Sight, row: Row) -> bool:
        """Take the row of a later moment; False where its file has another content by now.

        A file in which results were written is the same: no byte of it has moved.
        """
        file = self.file
        if file is None or (row.inode, row.size) != (file.inode, file.size) or not row.readable:
            return False
        try:
            file.begin()
        except OSError as error:
            self.trouble = visible(f"{row.file}: {error.strerror}")
        self.sight, self.row = sight, self._with_own_envelope(row)
        return True

    def work(self) -> bool:
        """Read the next piece of a long envelope; whether there is more."""
        if self.file is None:
            return False
        try:
            more = self.file.read_on()
        except OSError as error:
            self.trouble = visible(f"{self.row.file}: {error.strerror}")
            return False
        if not more:
            self.row = self._with_own_envelope(self.row)
        return more

    def read(self, offset: int, length: int) -> bytes:
        """Bytes of the file; fewer, or none, where it cannot give them."""
        if self.file is None or length <= 0:
            return b""
        try:
            return self.file.read((offset, length))
        except OSError as error:
            self.trouble = visible(f"{self.row.file}: {error.strerror}")
            return b""

    @property
    def size(self) -> int:
        """Length of the file, 0 without one."""
        return 0 if self.file is None else self.file.size

    def headers(self) -> tuple[bytes, bytes]:
        """Original and modified headers, at most MOST_HEADERS bytes of each."""
        if self.file is None:
            return b"", b""
        original, modified = self.file.parts.original, self.file.parts.modified
        return (
            self.read(original[0], min(original[1], MOST_HEADERS)),
            self.read(modified[0], min(modified[1], MOST_HEADERS)),
        )

    @property
    def defects(self) -> tuple[Defect, ...]:
        """Of place, envelope and parts, as far as it is read."""
        file = self.file
        if file is None:
            return self.row.defects
        return tuple(dict.fromkeys((*self.row.defects, *file.part_defects)))

    def shown(self) -> Shown:
        """Everything but the headers, as `show` has it."""
        body = 0 if self.file is None else self.file.parts.body[1]
        return Shown(
            self.row,
            b"",
            b"",
            body,
            given_up=given_up(self.sight, self.row),
            order=Keeper(self.sight.relay.orders).of(self.row),
            more=self._more(),
            more_at="all of them: envelope",
        )

    def close(self) -> None:
        """Let go of the file."""
        if self.file is not None:
            self.file.close()
            self.file = None

    def _more(self) -> Mapping[str, int]:
        """Recipients beyond those that the row knows, by mark."""
        outline = self.file.outline if self.file is not None else None
        if outline is None:
            return {}
        return outline.marks - Counter(one.mark for one in self.row.results)

    def _with_own_envelope(self, row: Row) -> Row:
        """The same row, whose envelope is that of this file, as far as it is read."""
        found = Found(row.name, row.inode, row.size, row.mtime, row.head, row.error, row.irregular)
        return Row(found, row.around, None, self._envelope, row.held_since)

    def _envelope(self, name: SpoolName) -> Envelope | None:
        return self.file.envelope if self.file is not None else None


def find_row(sight: Sight, name: SpoolName) -> Row | None:
    """The row of a message, wherever its file stands by now; None when it has left.

    It knows what the head of the file tells.
    """
    rows_of = RowMaker(sight, heads_only=True)
    row = rows_of.named(name)
    if row is not None:
        return row
    for other in sight.spool.find(name.number):
        row = rows_of.named(other)
        if row is not None:
            return row
    return None


def given_up(sight: Sight, row: Row) -> float | None:
    """When a message is given up, unix seconds; None when that is not known."""
    state = row.state
    return state.term + sight.settings.abandon_time if state and state.term else None
