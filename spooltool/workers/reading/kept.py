"""One message as the columns have it; what they do not tell is read from its file."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from spooltool.diagnose.row import Row
from spooltool.spool.names import SpoolName, queue_key
from spooltool.workers.reading.counting import NEVER
from spooltool.workers.reading.stock import Stock
from spooltool.workers.reading.strings import Route
from spooltool.workers.table import DIRS, LETTERS, REASON_WORDS, STANDING_WORDS, UNKNOWN, Flag

_MOST = 0xFFFFFFFF
_NO_ROUTE = Route("")
_UNREADABLE = int(Flag.UNREADABLE)


class Departed(Exception):
    """The file that should be read is not there any more."""


class Kept:
    """A row of the query language, `at` one slot after the other.

    It is what `diagnose.row.Row` is to the queries, the groups and the sort keys, for the
    attributes that they ask.  `now` is the clock of ages.  Whatever reads the file raises
    Departed when it has left.
    """

    __slots__ = ("_read", "_row", "_stock", "now", "slot")

    def __init__(self, stock: Stock, read: Callable[[SpoolName], Row | None]) -> None:
        self._stock = stock
        self._read = read
        self._row: Row | None = None
        self.slot = 0
        self.now = 0.0

    def at(self, slot: int) -> Kept:
        """The same object, another message."""
        self.slot = slot
        self._row = None
        return self

    @property
    def row(self) -> Row:
        """Read from the file."""
        if self._row is None:
            self._row = self._read(self.name)
            if self._row is None:
                raise Departed
        return self._row

    @property
    def name(self) -> SpoolName:
        """Directory, letter and number."""
        return SpoolName(self.dir, self.letter, self.id)

    @property
    def id(self) -> str:
        """The number."""
        return self._stock.draft.number(self.slot)

    @property
    def dir(self) -> str:
        """Directory on disk."""
        return DIRS[self._stock.draft.place[self.slot] // len(LETTERS)]

    @property
    def letter(self) -> str:
        """T, R or E."""
        return LETTERS[self._stock.draft.place[self.slot] % len(LETTERS)]

    @property
    def file(self) -> str:
        """Path inside the spool."""
        return self.name.file

    @property
    def readable(self) -> bool:
        """Whether the envelope could be read."""
        return not self._stock.draft.flags[self.slot] & _UNREADABLE

    @property
    def head(self) -> bytes | None:
        """None where the envelope could not be read; what it holds is for `row` to tell."""
        return b"" if self.readable else None

    @property
    def standing(self) -> str:
        """One word of STANDINGS."""
        return STANDING_WORDS[self._stock.draft.standing[self.slot]]

    @property
    def reason(self) -> str:
        """One word of REASONS, or ""."""
        return REASON_WORDS[self._stock.draft.reason[self.slot]]

    @property
    def route(self) -> Route:
        """Where it goes."""
        stock = self._stock
        return stock.strings.routes.get(stock.draft.dst[self.slot], _NO_ROUTE)

    @property
    def dst(self) -> Sequence[tuple[str, int | None]]:
        """Hosts of DST with their own ports."""
        return self.route.dst

    @property
    def dport(self) -> int | None:
        """DPORT."""
        return self.route.dport

    @property
    def arrived(self) -> float | None:
        """When it came in."""
        arrived = self._stock.arrived[self.slot]
        return None if arrived == NEVER else arrived

    @property
    def age(self) -> float | None:
        """Seconds since then."""
        arrived = self._stock.arrived[self.slot]
        return None if arrived == NEVER else self.now - arrived

    @property
    def key(self) -> tuple[float, int, str]:
        """Its place in the queue's order."""
        return queue_key(self._stock.arrived[self.slot], self.id)

    @property
    def attempts(self) -> int | None:
        """How often it was tried."""
        attempts = self._stock.draft.attempts[self.slot]
        return None if attempts == UNKNOWN else attempts

    @property
    def size(self) -> int:
        """Bytes of the file; the column ends at 4 GiB."""
        size = self._stock.draft.size[self.slot]
        return size if size < _MOST else self.row.size

    @property
    def sender(self) -> str | None:
        """Envelope sender."""
        return self.row.sender

    @property
    def recipients(self) -> Sequence[str]:
        """Addresses of all recipients."""
        return self.row.recipients

    @property
    def code(self) -> int | None:
        """The last reply code."""
        return self.row.code

    @property
    def host(self) -> str | None:
        """The host of the last attempt."""
        return self.row.host

    @property
    def rule(self) -> str | None:
        """RULE."""
        return self.row.rule

    @property
    def resource(self) -> str | None:
        """RESOURCE."""
        return self.row.resource

    def header(self, name: str) -> Sequence[str] | None:
        """Values of a header field."""
        return self.row.header(name)

    def text(self) -> bytes | None:
        """The message."""
        return self.row.text()
