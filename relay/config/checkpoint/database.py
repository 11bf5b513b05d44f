"""An objects file cut into its objects, so that one can change while all others stay bytes.

Each object is a slot of its own lines with two states: as the file has it, and as commands
left it.  `written` joins the first, `commit` makes the second of one object the first.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from relay.config.checkpoint.edits import Layout, Leaf, Node, line_indent, remove
from relay.config.checkpoint.sections import objects, sections
from relay.config.checkpoint.syntax import decode
from relay.config.checkpoint.tree import Document, Item


@dataclass(slots=True)
class Slot:
    """One object: its lines as the file has them and as they shall be; None: not there."""

    table: str
    name: str
    saved: bytes | None
    current: bytes | None

    @property
    def changed(self) -> bool:
        """Whether it waits for `update`."""
        return self.saved != self.current

    def read(self) -> tuple[Document, Item]:
        """The object as commands left it.  ValueError where it is not there."""
        if self.current is None:
            raise ValueError(f"{self.name} was deleted")
        document = decode(self.current, part=True)
        return document, document.root.items[0]


@dataclass(slots=True)
class _End:
    """Where new objects of a table go, and what must stand around them."""

    indent: bytes
    before: bytes = b""
    after: bytes = b""
    slots: list[Slot] = field(default_factory=list)


class Database:
    """The objects of a file by table and name.

    `layout` is how the file is laid out.  Of two objects of one name and table the first is
    the object; the second stays as it is.
    """

    def __init__(self, document: Document) -> None:
        self.layout = Layout.of(document)
        self._pieces: list[bytes | Slot | _End] = []
        self._slots: dict[str, dict[str, Slot]] = {}
        self._ends: dict[str, _End] = {}
        at = 0
        for table, section in sections(document):
            if self._holds_objects(section):
                at = self._cut(document, table, section, at)
        self._pieces.append(document.source[at:])

    @property
    def tables(self) -> tuple[str, ...]:
        """The tables that the file has."""
        return tuple(self._slots)

    def names(self, table: str) -> tuple[str, ...]:
        """The objects of a table that are there now.  KeyError for an unknown table."""
        return tuple(n for n, slot in self._slots[table].items() if slot.current is not None)

    def slot(self, table: str, name: str) -> Slot | None:
        """An object, also one that was deleted and not yet updated."""
        return self._slots[table].get(name)

    def changed(self) -> Iterator[Slot]:
        """The objects that wait for `update`, in the order of the file."""
        for slots in self._slots.values():
            yield from (slot for slot in slots.values() if slot.changed)

    def everything(self) -> Iterator[Slot]:
        """Every object that is there now."""
        for slots in self._slots.values():
            yield from (slot for slot in slots.values() if slot.current is not None)

    def create(self, table: str, name: str, items: tuple[Leaf | Node, ...]) -> Slot:
        """A new object behind the others of its table.  Raises Unsayable."""
        end = self._ends[table]
        lines = b"".join(self.layout.lines([Node("", name, items)], end.indent))
        text = lines.removeprefix(self.layout.newline) + self.layout.newline
        slot = self._slots[table].get(name)
        if slot is None:
            slot = Slot(table, name, None, None)
            self._slots[table][name] = slot
            end.slots.append(slot)
        slot.current = text
        return slot

    def commit(self, slot: Slot) -> None:
        """Take an object over as it is now."""
        slot.saved = slot.current

    def written(self) -> bytes:
        """The file with what was committed."""
        return b"".join(self._rendered(saved=True))

    def wanted(self) -> bytes:
        """The file as it would be with everything committed."""
        return b"".join(self._rendered(saved=False))

    def _rendered(self, *, saved: bool) -> Iterator[bytes]:
        for piece in self._pieces:
            match piece:
                case bytes():
                    yield piece
                case Slot():
                    yield (piece.saved if saved else piece.current) or b""
                case _End():
                    new = [(s.saved if saved else s.current) or b"" for s in piece.slots]
                    if any(new):
                        yield from (piece.before, *new, piece.after)

    @staticmethod
    def _holds_objects(section: Item) -> bool:
        """Whether a section is a list of objects: 4.1's properties are plain values."""
        if section.close < 0 or any(True for _ in objects(section)):
            return section.close >= 0
        return not section.items and section.value in ("", section.name)

    def _cut(self, document: Document, table: str, section: Item, at: int) -> int:
        """Cut a section into slots, from `at` on; how far that came."""
        slots = self._slots.setdefault(table, {})
        source, outer = document.source, line_indent(document.source, section.start)
        indent, last = outer + self.layout.unit, -1
        for name, item in objects(section):
            if name in slots:
                continue
            span = remove(document, item)
            piece = source[span.start : span.end]
            slots[name] = slot = Slot(table, name, piece, piece)
            self._pieces += [source[at : span.start], slot]
            at = last = span.end
            indent = line_indent(source, item.start)
        if table in self._ends:
            return at
        self._ends[table] = end = _End(indent)
        if last < 0:
            at = self._opened(document, section, end, at)
        elif not source[:last].endswith(b"\n"):
            end.before = self.layout.newline
        self._pieces.append(end)
        return at

    def _opened(self, document: Document, section: Item, end: _End, at: int) -> int:
        """Prepare a section without objects for its first; how far it was cut."""
        source = document.source
        place = section.own.end if section.own is not None else section.open + 1
        if below := source.find(b"\n", place, section.close) + 1:
            place = below
        else:
            end.before = self.layout.newline
            end.after = line_indent(source, section.start)
        self._pieces.append(source[at:place])
        return place
