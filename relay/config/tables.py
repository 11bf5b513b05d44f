"""Tables of relay.toml: each kind is one declaration, and one reader reads them all.

A kind is a frozen dataclass.  Its first field is the table's name, or for a kind that is
written `[[…]]` its number; each other field is declared by `entry`, which holds everything
that is known of one line of the table: how it is read, its default, its meaning, and the
sub-table in which it stands.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Generic, TypeVar

from relay.config.kinds import Read, Wrong
from relay.config.statements import Statement

T = TypeVar("T")
V = TypeVar("V")

Wronged = Callable[[int, str, str], None]
"""Hears of a mistake: its line, the parameter or "", the text."""

_KEY = "entry"


@dataclass(frozen=True, slots=True)
class Entry:
    """One parameter of a table.

    `attribute` is the field that holds it, `name` what is written, in the sub-table `part`
    ("": in the table itself).  `kind` words its values, `read` is as for `Parameter`.  One
    that is `wanted` has no default.
    """

    attribute: str
    name: str
    part: str
    default: object
    kind: str
    read: Read
    meaning: str
    wanted: bool = False

    @property
    def path(self) -> str:
        """`name`, or `part.name`."""
        return f"{self.part}.{self.name}" if self.part else self.name


def entry(
    default: V,
    kind: str,
    read: Read,
    meaning: str,
    *,
    part: str = "",
    name: str = "",
    wanted: bool = False,
) -> V:
    """Declares a field of a table's dataclass."""

    def named(attribute: str) -> Entry:
        return Entry(attribute, name or attribute, part, default, kind, read, meaning, wanted)

    made: V = field(default=default, metadata={_KEY: named})
    return made


class TableKind(Generic[T]):
    """One kind of tables.

    `word` is the first word of its header, `attribute` where `Config` holds its tables,
    `title` the heading and `noun` one of them in a sentence.  `example` is a header, with the
    name called as `calls` says.  `read_name` makes a name of text or raises Wrong; without it
    the tables are numbered from 1.  `quoted` names always stand in quotes.
    """

    def __init__(
        self,
        word: str,
        attribute: str,
        title: str,
        noun: str,
        example: str,
        make: Callable[..., T],
        *,
        read_name: Callable[[str], object] | None = None,
        calls: str = "name",
        quoted: bool = False,
    ) -> None:
        self.word = word
        self.attribute = attribute
        self.title = title
        self.noun = noun
        self.example = example
        self.make = make
        self.read_name = read_name
        self.calls = calls
        self.quoted = quoted
        self.key, *_ = (one.name for one in fields(make))  # type: ignore[arg-type]  # a dataclass
        self.entries = tuple(_entries(make))
        self.entry: Mapping[tuple[str, str], Entry] = {(e.part, e.name): e for e in self.entries}
        self.parts = tuple(dict.fromkeys(e.part for e in self.entries if e.part))

    @property
    def numbered(self) -> bool:
        """Whether its tables are written `[[…]]` and have a number for a name."""
        return self.read_name is None

    def label(self, key: object) -> str:
        """What one of its tables is called wherever lines are looked up."""
        return f"{self.word}.{key}"

    def names(self, part: str) -> tuple[str, ...]:
        """What may stand in a sub-table, "" for the table itself."""
        return tuple(name for of, name in self.entry if of == part)


def _entries(make: object) -> Iterator[Entry]:
    for one in fields(make):  # type: ignore[arg-type]  # a dataclass
        named: Callable[[str], Entry] | None = one.metadata.get(_KEY)
        if named is not None:
            yield named(one.name)


class TableReader(Generic[T]):
    """Reads the tables of one kind, statement by statement; `wrong` hears of mistakes.

    `lines` has the line of each header and each entry, by the table's label and the entry's
    path, "" for the header; `whole` is whether every header could be read.
    """

    def __init__(self, kind: TableKind[T], wrong: Wronged) -> None:
        self._kind = kind
        self._wrong = wrong
        self._values: dict[object, dict[str, object]] = {}
        self._open: object = None
        self._part = ""
        self._headers: dict[tuple[object, str], int] = {}
        self.lines: dict[tuple[str, str], int] = {}
        self.whole = True

    def open(self, statement: Statement, value: object) -> None:
        """A header; `value` is what stands below its first word."""
        self._open, self._part = None, ""
        found = self._numbered(value) if self._kind.numbered else self._named(value)
        if isinstance(found, str):
            self.whole = False
            self._wrong(statement.line, "", found)
            return
        key, part = found
        if (before := self._headers.get((key, part))) is not None:
            self._wrong(
                statement.line, "", f"{self._header(key, part)} stands in line {before} already"
            )
            return
        self._headers[key, part] = statement.line
        self._values.setdefault(key, {})
        label = self._kind.label(key)
        if not part or (label, "") not in self.lines:
            self.lines[label, ""] = statement.line
        self._open, self._part = key, part

    def take(self, statement: Statement, name: str, value: object, elsewhere: bool) -> None:
        """A parameter below the header; `elsewhere` tells that the relay has one of its name."""
        if not self._part and name in self._kind.parts:
            if not isinstance(value, dict):
                self._wrong(statement.line, name, "is a table of its own")
                return
            for inner, what in value.items():
                self._take(statement, name, inner, what, elsewhere=False)
        else:
            self._take(statement, self._part, name, value, elsewhere=elsewhere)

    def tables(self) -> tuple[T, ...]:
        """What was read, in the order of the file; what a table lacks is told."""
        made = []
        for key, values in self._values.items():
            label = self._kind.label(key)
            for one in self._kind.entries:
                if one.wanted and (label, one.path) not in self.lines:
                    self._wrong(self.lines[label, ""], "", f"{self._header(key)} wants {one.path}")
            made.append(self._kind.make(key, **values))
        return tuple(made)

    def _take(
        self, statement: Statement, part: str, name: str, value: object, *, elsewhere: bool
    ) -> None:
        if self._open is None:
            return  # below a header that was wrong
        one = self._kind.entry.get((part, name))
        if one is None:
            self._wrong(statement.line, "", self._unknown(part, name, elsewhere))
            return
        place = self._kind.label(self._open), one.path
        if (before := self.lines.get(place)) is not None:
            self._wrong(statement.line, one.path, f"stands in line {before} already")
            return
        self.lines[place] = statement.line
        try:
            self._values[self._open][one.attribute] = one.read(value)
        except Wrong as wrong:
            for line, text in said(statement, wrong):
                self._wrong(line, one.path, text)

    def _numbered(self, value: object) -> tuple[object, str] | str:
        word = self._kind.word
        if value != [{}]:
            return f"two pairs of brackets and one word: [[{word}]]"
        return len(self._values) + 1, ""

    def _named(self, value: object) -> tuple[object, str] | str:
        """The name and the sub-table that a header opens, or what is wrong with it."""
        kind = self._kind
        name, inner = next(iter(value.items())) if isinstance(value, dict) and value else ("", {})
        if not name:
            article = "an" if kind.calls[0] in "aeiou" else "a"
            return f"[{kind.word}] wants {article} {kind.calls}: {kind.example}"
        if isinstance(inner, list):
            return f'one pair of brackets: [{kind.word}."{name}"]'
        part = ""
        if inner != {}:
            part, deeper = next(iter(inner.items()))
            if not kind.parts or deeper != {}:
                return f'quotes belong around the {kind.calls}: [{kind.word}."…"]'
            if part not in kind.parts:
                return f"{self._no('part', part)}; {nearest(part, kind.parts)}"
        assert kind.read_name is not None
        try:
            return kind.read_name(name), part
        except Wrong as wrong:
            return wrong.text

    def _header(self, key: object, part: str = "") -> str:
        return header(self._kind, key, part)

    def _no(self, what: str, name: str) -> str:
        return f"no {what} of {self._kind.noun} is called {name!r}"

    def _unknown(self, part: str, name: str, elsewhere: bool) -> str:
        kind = self._kind
        if elsewhere:
            return f"{name} is no parameter of {kind.noun}: it stands above the first [table]"
        for of in ("", *kind.parts):
            if of != part and (of, name) in kind.entry:
                place = f"[{kind.word}.NAME.{of}]" if of else f"[{kind.word}.NAME] itself"
                return f"{name} belongs into {place}"
        return f"{self._no('parameter', name)}; {nearest(name, kind.names(part))}"


def said(statement: Statement, wrong: Wrong) -> Iterator[tuple[int, str]]:
    """What is wrong with a value, each mistake with the line of its member."""
    if wrong.text:
        yield statement.line, wrong.text
    for index, what in wrong.items.items():
        members = statement.members
        yield members[index] if index < len(members) else statement.line, what


def nearest(name: str, known: tuple[str, ...]) -> str:
    """The known name that was probably meant, as a question; else all that there are."""
    from difflib import get_close_matches  # only a mistake pays for it

    near = get_close_matches(name.lower().replace("-", "_"), known, 1, 0.6)
    if near:
        return f"{near[0]}?"
    return "there are " + ", ".join(known) if known else "there is none"


def header(kind: TableKind[Any], key: object, part: str = "") -> str:
    """The header of a table as it is written."""
    if kind.numbered:
        return f"[[{kind.word}]]"
    name = str(key)
    bare = name.isascii() and name.replace("-", "").replace("_", "").isalnum()
    if kind.quoted or not bare:
        name = '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return f"[{kind.word}.{name}{'.' + part if part else ''}]"
