"""From query arguments to messages.

The same for every verb: ids are bound to the files that exist; a directory or file that cannot
be read is remembered and named, never passed over in silence.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from spooltool.diagnose.down import Down
from spooltool.diagnose.row import Content, Found, Row
from spooltool.diagnose.suspension import Keeper
from spooltool.errors import SpooltoolError
from spooltool.look.relay_view import Holders, find_holders
from spooltool.look.sight import Sight
from spooltool.spool.codec import Envelope
from spooltool.spool.names import TRASH, SpoolName, in_trash
from spooltool.store.root import Spool
from spooltool.store.scan import Entry, Scan, read_again, read_entry, scan

if TYPE_CHECKING:
    from spooltool.diagnose.relay import RelayView
    from spooltool.query import Query
    from spooltool.store.message import MessageFile

_FEW = 50
"""Up to so many ids are looked up one by one; more are found by reading all names."""


@dataclass
class Selection:
    """The messages that a command means.  `rows` reads them; the rest tells what is amiss.

    `typed` None means everything.  `names` are the files to look at (None: all).
    `missing` are ids that no file answers to, `doubled` those that several do.
    `unreadable` (directory, why) and `unjudged` fill while `rows` runs.
    """

    spool: Spool
    typed: Query | None
    rows_of: RowMaker
    names: list[SpoolName] | None = None
    missing: tuple[str, ...] = ()
    doubled: tuple[tuple[str, tuple[str, ...]], ...] = ()
    unreadable: list[tuple[str, str]] = field(default_factory=list)
    unjudged: list[Row] = field(default_factory=list)
    _listed: list[SpoolName] | None = field(default=None, repr=False)

    @property
    def query(self) -> Query:
        """The query, its ids bound to files; the empty one where nothing was typed."""
        from spooltool.query import Query

        return Query() if self.typed is None else self.typed

    def rows(self) -> Iterator[Row]:
        """Every message that matches, directory by directory.

        What the query could not judge goes to `unjudged` instead.
        """
        judge = self.typed.matches if self.typed else _yes
        for row in self.all_rows():
            verdict = judge(row)
            if verdict:
                yield row
            elif verdict is None:
                self.unjudged.append(row)

    def sorted_rows(self) -> list[Row]:
        """The same in the queue's order."""
        return sorted(self.rows(), key=lambda row: row.key)

    def all_names(self) -> list[SpoolName]:
        """Every file to look at; directories that cannot be listed go to `unreadable`."""
        if self._listed is None:
            look = self.scan()
            self._listed = list(look.names()) if self.names is None else self.names
            self.unreadable = look.unreadable
        return self._listed

    def all_rows(self) -> Iterator[Row]:
        """Every message that was looked at, matched or not."""
        for entry in self.scan().entries(self.all_names()):
            yield self.rows_of(entry)

    def scan(self) -> Scan:
        """A pass over the directories that the query can mean."""
        directories, typed = self.spool.directories, self.typed
        if typed and typed.fields & {"dir", "standing"} and "trash" in typed.unparse():
            directories = (*directories, TRASH)
        return scan(self.spool, directories)


class RowMaker:
    """Rows from a scan's entries, with the clock and the holders of the moment.

    With `heads_only` a row knows what its head tells: a long envelope is not read for it.
    """

    def __init__(self, sight: Sight, *, heads_only: bool = False) -> None:
        self.spool = sight.spool
        self._heads_only = heads_only
        self._around = sight.around
        self.hear(sight.relay, find_holders(self.spool, sight.relay))

    def hear(self, relay: RelayView, holders: Holders) -> None:
        """What the relay says now, and who holds what."""
        self._holders = holders
        self._down = Down(relay.destinations)
        self._keeper = Keeper(relay.orders)
        self._around = replace(self._around, relay_up=relay.up)

    def at(self, now: float) -> None:
        """Another moment: the rows made from now on are of then."""
        self._around = replace(self._around, now=now)

    def __call__(self, entry: Entry) -> Row:
        """The row of one file."""
        row = self._row(entry)
        if row.facts.kind is None and row.state is None and b"\nSTATE:" in (row.head or b""):
            entry = read_again(self.spool, entry)  # its writer may have been between two bytes
            row = self._row(entry)
        return self._keeper.mark(self._down.mark(row))

    def named(self, name: SpoolName) -> Row | None:
        """The row of a file by name; None when it is gone."""
        entry = read_entry(self.spool, name)
        return self(entry) if entry else None

    def _row(self, entry: Entry) -> Row:
        around, since = self._around, None
        if self._holders:
            holder, since = self._holders.of(entry.name.number, entry.inode)
            if holder:
                around = replace(around, holder=holder)
        found = Found(
            entry.name,
            entry.inode,
            entry.size,
            entry.mtime,
            entry.head,
            entry.error,
            entry.irregular,
        )
        whole = None if self._heads_only else self._envelope
        return Row(found, around, self._content, whole, since)

    def _content(self, name: SpoolName) -> Content | None:
        message = self._opened(name)
        if message is None:
            return None
        try:
            parts, end = message.parts, max(message.envelope.end, 0)
            headers = message.read(parts.modified)
            return Content(headers, message.read((end, message.size - end)))
        finally:
            message.close()

    def _envelope(self, name: SpoolName) -> Envelope | None:
        message = self._opened(name)
        if message is None:
            return None
        message.close()
        return message.envelope

    def _opened(self, name: SpoolName) -> MessageFile | None:
        from spooltool.store.message import MessageFile  # start-up: few lists read messages

        try:
            return MessageFile(self.spool, name)
        except SpooltoolError:
            return None


def select(
    sight: Sight,
    arguments: Sequence[str] | None,
    *,
    piped: Sequence[str] | None = None,
    trash: bool = False,
) -> Selection:
    """The messages that query arguments mean; none at all mean everything.

    `piped` are the ids that `-` stands for.  With `trash` an id or path that means nothing
    in the spool is looked for in the trash.

    Raises QueryError, UsageError, NoSpool.  Ids that mean nothing, or two files, are in
    the result: the verb decides whether that stops it.
    """
    words = list(arguments or ())
    if not words:  # start-up: the language is not needed to mean everything
        return Selection(sight.spool, None, RowMaker(sight))
    from spooltool.query import parse

    query = parse(words, piped)
    spool = sight.spool
    rows_of = RowMaker(sight)
    if not query.ids:
        return Selection(spool, query, rows_of)
    candidates = list(_candidates(spool, query))
    if trash:
        candidates += _in_trash(spool, query, candidates)
    bound = query.bind(candidates)
    files = set(bound.found.values())
    names = [name for name in candidates if name.file in files]
    return Selection(spool, bound.query, rows_of, names, bound.missing, bound.doubled)


def _candidates(spool: Spool, query: Query) -> Iterable[SpoolName]:
    numbers = dict.fromkeys(number for word in query.ids for number in word.numbers)
    if len(numbers) > _FEW:
        return (name for name in scan(spool).names() if name.number in numbers)
    return (name for number in numbers for name in spool.find(number))


def _in_trash(spool: Spool, query: Query, found: Iterable[SpoolName]) -> Iterable[SpoolName]:
    """The files in the trash that ids mean which mean nothing else, or that paths name."""
    there = {name.number for name in found}
    wanted = {
        number
        for word in query.ids
        for number in word.numbers
        if in_trash(word.file) or not there.intersection(word.numbers)
    }
    if not wanted:
        return ()
    return [name for name in scan(spool, (TRASH,)).names() if name.number in wanted]


def _yes(row: Row) -> bool:
    return True
