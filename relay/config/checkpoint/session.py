"""A session of `relay dbedit`: lines in, answers out.

The caller shows what is `Said` and `Failed`, writes the file at `Write`, and stops at
`Ended`.  Nothing is written before `update`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from relay.config.checkpoint.change import (
    CannotChange,
    Reference,
    added,
    modified,
    taken_out,
)
from relay.config.checkpoint.commands import VERBS, Argument, Command, Lines, Mistake
from relay.config.checkpoint.database import Database, Slot
from relay.config.checkpoint.edits import Unsayable
from relay.config.checkpoint.known import CLASSES
from relay.config.checkpoint.printing import details, row
from relay.config.checkpoint.sections import ALIASES, canonical
from relay.config.checkpoint.tree import text_of

_NAME = re.compile(r"[A-Za-z0-9_.-]{1,100}\Z")


@dataclass(frozen=True, slots=True)
class Said:
    """Text for the person, one or more lines."""

    text: str


@dataclass(frozen=True, slots=True)
class Failed:
    """A command that was not carried out, and why."""

    text: str


@dataclass(frozen=True, slots=True)
class Write:
    """Write the file: `content` is all of it, `text` says which objects changed."""

    content: bytes
    text: str


@dataclass(frozen=True, slots=True)
class Ended:
    """The person wants to stop."""


Answer = Said | Failed | Write | Ended


class Session:
    """Takes lines and changes a database.

    `bare_members` tells that groups of this file list their members as mere words, as 4.1
    does.
    """

    def __init__(self, database: Database, *, bare_members: bool = False) -> None:
        self._database = database
        self._bare = bare_members
        self._lines = Lines()
        self._verbs: Mapping[str, Callable[[tuple[Argument, ...]], Iterator[Answer]]] = {
            "modify": self._modify,
            "addelement": self._add,
            "rmelement": self._take_out,
            "create": self._create,
            "delete": self._delete,
            "update": self._update,
            "update_all": self._update_all,
            "print": self._print,
            "query": self._query,
            "help": _help,
            "quit": self._quit,
        }

    @property
    def waiting(self) -> bool:
        """Whether the last command goes on in the next line."""
        return self._lines.waiting

    @property
    def not_updated(self) -> tuple[str, ...]:
        """Objects with changes that were not written, each as `TABLE NAME`."""
        return tuple(f"{slot.table} {slot.name}" for slot in self._database.changed())

    def take(self, line: str) -> Iterator[Answer]:
        """Carry out what a line says."""
        yield from self._all(self._lines.take(line))

    def end(self) -> Iterator[Answer]:
        """No line follows."""
        yield from self._all(self._lines.end())

    def _all(self, found: Iterable[Command | Mistake]) -> Iterator[Answer]:
        for one in found:
            if isinstance(one, Mistake):
                yield Failed(one.text)
                continue
            try:
                yield from self._verbs[one.verb.name](one.words)
            except (CannotChange, Unsayable) as wrong:
                yield Failed(str(wrong))

    def _modify(self, words: tuple[Argument, ...]) -> Iterator[Answer]:
        slot = self._object(words[0].text, words[1].text)
        steps = _steps(words[2].text)
        if not steps:
            raise CannotChange("modify wants the name of a field")
        value = self._reference(words[3])
        slot.current = modified(slot, steps, value or words[3].text, self._database.layout)
        yield from ()

    def _add(self, words: tuple[Argument, ...]) -> Iterator[Answer]:
        slot = self._object(words[0].text, words[1].text)
        member = self._member(words[3])
        layout = self._database.layout
        slot.current = added(slot, _steps(words[2].text), member, layout, bare=self._bare)
        yield from ()

    def _take_out(self, words: tuple[Argument, ...]) -> Iterator[Answer]:
        slot = self._object(words[0].text, words[1].text)
        table, _, name = words[3].text.rpartition(":")
        member = Reference(canonical(table), name)
        slot.current = taken_out(slot, _steps(words[2].text), member)
        yield from ()

    def _create(self, words: tuple[Argument, ...]) -> Iterator[Answer]:
        made = CLASSES.get(words[0].text)
        if made is None:
            raise CannotChange(_unknown("class", words[0].text, tuple(CLASSES)))
        table, name = self._table(made.table), words[1].text
        if not _NAME.match(name):
            raise CannotChange(f"{name!r} is no name: letters, digits, - _ . and at most 100")
        before = self._database.slot(table, name)
        if before is not None and before.current is not None:
            raise CannotChange(f"{table} {name} is there already")
        self._database.create(table, name, made.items())
        yield from ()

    def _delete(self, words: tuple[Argument, ...]) -> Iterator[Answer]:
        slot = self._object(words[0].text, words[1].text)
        users = [
            f"{one.table} {one.name}"
            for one in self._database.everything()
            if one is not slot and _names(one, slot.name)
        ]
        if users:
            more = f" and {len(users) - 3} more" if len(users) > 3 else ""
            raise CannotChange(f"{slot.name} is named by {', '.join(users[:3])}{more}")
        slot.current = None
        yield from ()

    def _update(self, words: tuple[Argument, ...]) -> Iterator[Answer]:
        table = self._table(words[0].text)
        slot = self._database.slot(table, words[1].text)
        if slot is None:
            slot = self._object(table, words[1].text)
        if not slot.changed:
            yield Said(f"{table} {slot.name} has no changes")
            return
        self._database.commit(slot)
        yield Write(self._database.written(), f"{table} {slot.name} updated")

    def _update_all(self, words: tuple[Argument, ...]) -> Iterator[Answer]:
        slots = list(self._database.changed())
        if not slots:
            yield Said("nothing has changes")
            return
        for slot in slots:
            self._database.commit(slot)
        names = ", ".join(f"{slot.table} {slot.name}" for slot in slots)
        yield Write(self._database.written(), f"{names} updated")

    def _print(self, words: tuple[Argument, ...]) -> Iterator[Answer]:
        slot = self._object(words[0].text, words[1].text)
        yield Said(details(slot))

    def _query(self, words: tuple[Argument, ...]) -> Iterator[Answer]:
        table = self._table(words[0].text.removesuffix(","))
        condition = "".join(word.text for word in words[1:])
        path, equals, value = condition.partition("=")
        if condition and not (path and equals):
            raise CannotChange("a condition is FIELD=VALUE")
        for name in self._database.names(table):
            slot = self._object(table, name)
            _, item = slot.read()
            if not condition or item.text(*_steps(path)) == value.strip("'\""):
                yield Said(row(slot))

    def _quit(self, words: tuple[Argument, ...]) -> Iterator[Answer]:
        if words and words[0].text.strip() not in ("-update_all", "update_all"):
            raise CannotChange("quit wants -update_all or nothing")
        if words:
            yield from self._update_all(())
        yield Ended()

    def _table(self, name: str) -> str:
        table = canonical(name)
        if table not in self._database.tables:
            known = (*self._database.tables, *ALIASES)
            raise CannotChange(_unknown("table", name, known, self._database.tables))
        return table

    def _object(self, table: str, name: str) -> Slot:
        table = self._table(table)
        slot = self._database.slot(table, name)
        if slot is None or slot.current is None:
            raise CannotChange(
                _unknown(f"object of {table}", name, self._database.names(table), ())
            )
        return slot

    def _reference(self, word: Argument) -> Reference | None:
        """A value `table:object`, where it names an object; None for a plain value."""
        table, colon, name = word.text.partition(":")
        if word.quoted or not colon:
            return None
        if table in ("owned", "link", "CPMILinkOwned"):
            raise CannotChange(f"{table}: values are not made here; quotes make it a plain value")
        if canonical(table) not in self._database.tables:
            return None
        slot = self._object(table, name)
        _, item = slot.read()
        return Reference(slot.table, name, item.text("AdminInfo", "chkpf_uid"))

    def _member(self, word: Argument) -> Reference:
        member = self._reference(word)
        if member is None:
            raise CannotChange(f"a member is TABLE:OBJECT, not {word.text!r}")
        return member


def _help(words: tuple[Argument, ...]) -> Iterator[Answer]:
    for verb in VERBS.values():
        yield Said(f"{verb.name + ' ' + verb.form:<44} {verb.meaning}")


def _steps(path: str) -> tuple[str, ...]:
    return tuple(step for step in path.split(":") if step)


def _names(slot: Slot, name: str) -> bool:
    """Whether an object names another, as a reference or as a member."""
    pattern = rf'^[ \t]*:(?:Name \(| ?)"?{re.escape(name)}"?\)?[ \t]*$'
    return (
        re.search(pattern, text_of(slot.current or b"").replace("\r", ""), re.MULTILINE) is not None
    )


def _unknown(
    what: str, name: str, known: tuple[str, ...], shown: tuple[str, ...] | None = None
) -> str:
    near = get_close_matches(name, known, 1, 0.5)
    text = f"no {what} is called {name!r}"
    if near:
        return f"{text}; {near[0]}?"
    listed = known if shown is None else shown
    return f"{text}; there are {', '.join(listed)}" if listed else text
