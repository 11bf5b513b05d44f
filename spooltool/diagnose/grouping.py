"""Messages by one or two keys, against age.

A key is a field of the query language whose values can be counted, so that each group has
a query that selects it: `ls` with that query lists what the group counts.  A message with
several values (recipients in two domains, a list of hosts) therefore counts once in each
of its groups, and once in the total.

Groups of two halves of a spool add up to those of the whole; `packed` and `unpacked` carry
them between processes.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache, partial
from itertools import product
from operator import attrgetter
from typing import Any, NamedTuple, TypeAlias

from spooltool.diagnose.row import Row
from spooltool.query.grammar import CHOICES, GRAMMAR, Field, Kind
from spooltool.query.patterns import Pattern, Range
from spooltool.query.tree import Choice, Hosts, Match, Node, Not, Within, Word
from spooltool.spool.hosts import HostPort, parse_host

Value: TypeAlias = str | None
"""One value of a key: text, "" where the message has none, None where it cannot be read."""

AGES: tuple[tuple[str, float], ...] = (
    ("<5m", 300.0),
    ("20m", 1200.0),
    ("1h", 3600.0),
    ("4h", 14400.0),
    ("1d", 86400.0),
    (">1d", float("inf")),
)
"""The ladder: the heading of each column, and the age in seconds that it ends below."""

UNKNOWN_AGE = "?"
"""The heading of the column of messages whose age nothing tells."""

_STEPS = tuple(end for _, end in AGES[:-1])
_COLUMNS = len(AGES) + 1
_UNREADABLE: tuple[Value, ...] = (None,)
_NONE: tuple[Value, ...] = ("",)
_DEFAULT_PORT = 25


class Key(NamedTuple):
    """Something to group by.

    `values` are those of a message, `node` is the query that selects one value, None where
    the language has no word for it.
    """

    name: str
    meaning: str
    values: Callable[[Row], Sequence[Value]]
    node: Callable[[str], Node | None]


class Cells:
    """Messages and bytes of one group: in all, and by age (the last one is age unknown)."""

    __slots__ = ("bytes", "messages")

    def __init__(self, messages: Sequence[int] = (), bytes: Sequence[int] = ()) -> None:
        self.messages = list(messages) or [0] * _COLUMNS
        self.bytes = list(bytes) or [0] * _COLUMNS

    def merge(self, other: Cells) -> None:
        """Add another's counts."""
        for mine, theirs in ((self.messages, other.messages), (self.bytes, other.bytes)):
            for at, number in enumerate(theirs):
                mine[at] += number


Group: TypeAlias = tuple[tuple[Value, ...], Cells]


class Groups:
    """Counts by the values of `keys`.  `several` counts messages that are in more than one."""

    def __init__(self, keys: Sequence[Key]) -> None:
        self.keys = tuple(keys)
        self.total = Cells()
        self.several = 0
        self._cells: dict[tuple[Value, ...], Cells] = {}
        self._single = keys[0].values if len(keys) == 1 else None

    def add(self, row: Row) -> None:
        """Count one message."""
        age, size = row.age, row.size
        column = _COLUMNS - 1 if age is None else bisect_right(_STEPS, age)
        self.total.messages[column] += 1
        self.total.bytes[column] += size
        several = 0
        for values in self._values(row):
            several += 1
            cells = self._cells.get(values)
            if cells is None:
                cells = self._cells[values] = Cells()
            cells.messages[column] += 1
            cells.bytes[column] += size
        self.several += several > 1

    def _values(self, row: Row) -> Iterable[tuple[Value, ...]]:
        if self._single is not None:
            return [(value,) for value in self._single(row)]
        return product(*(key.values(row) for key in self.keys))

    def __len__(self) -> int:
        return len(self._cells)

    def groups(self, *, by_bytes: bool = False) -> list[Group]:
        """Every group, those with most messages (or bytes) first, then by value."""

        def order(group: Group) -> tuple[int, int, tuple[tuple[bool, str], ...]]:
            values, cells = group
            messages, size = sum(cells.messages), sum(cells.bytes)
            first, second = (size, messages) if by_bytes else (messages, size)
            return -first, -second, tuple((value is None, value or "") for value in values)

        return sorted(self._cells.items(), key=order)

    def query(self, values: tuple[Value, ...]) -> list[Node] | None:
        """The terms that select a group; None where one of its values cannot be said."""
        nodes = []
        for key, value in zip(self.keys, values, strict=True):
            node = None if value is None else key.node(value)
            if node is None:
                return None
            nodes.append(node)
        return nodes

    def fresh(self) -> Groups:
        """No counts, by the same keys."""
        return Groups(self.keys)

    def merge(self, other: Groups) -> None:
        """Add the counts of other messages."""
        self.total.merge(other.total)
        self.several += other.several
        for values, cells in other._cells.items():
            mine = self._cells.get(values)
            if mine is None:
                self._cells[values] = cells
            else:
                mine.merge(cells)

    def packed(self) -> tuple[Any, ...]:
        """Plain values, for `unpacked` in another process."""
        cells = [(values, one.messages, one.bytes) for values, one in self._cells.items()]
        return self.total.messages, self.total.bytes, self.several, cells

    def unpacked(self, packed: tuple[Any, ...]) -> Groups:
        """The groups that were `packed`, by the same keys."""
        other = self.fresh()
        messages, size, other.several, cells = packed
        other.total = Cells(messages, size)
        other._cells = {values: Cells(*counts) for values, *counts in cells}
        return other


# the keys


def _key_of(field: Field) -> Key | None:
    """The key that a field of the query language makes; None where it cannot be counted.

    Ages and sizes have as many values as there are messages, headers and text are not read.
    """
    if field.target:
        return None
    values: Callable[[Row], Sequence[Value]]
    node: Callable[[str], Node | None]
    match field.kind:
        case Kind.HOST:
            values, node = _hosts, _hosts_node
        case Kind.ADDRESS:
            values = _sender if field.name == "from" else _recipients
            node = partial(_match_node, field.name)
        case Kind.DOMAIN:
            values, node = _domains, partial(_match_node, field.name)
        case Kind.NAME:
            values, node = _text(field.name), partial(_match_node, field.name)
        case Kind.WORD:
            closed = {value: word for word, value in CHOICES[field.name].items()}
            values, node = _word(field.name, closed), partial(_choice_node, field.name)
        case Kind.CODE | Kind.COUNT:
            values, node = _number(field.name), partial(_number_node, field.name)
        case _:
            return None
    return Key(field.name, re.split("[,;]", field.meaning)[0], values, node)


def _hosts(row: Row) -> Sequence[Value]:
    if row.head is None:
        return _UNREADABLE
    return _hosts_of(row.dst, row.dport)


@lru_cache(4096)
def _hosts_of(hosts: tuple[tuple[str, int | None], ...], dport: int | None) -> tuple[Value, ...]:
    """Each host once, with its port where that is not 25."""
    found = []
    for host, own in hosts:
        port = own or dport or _DEFAULT_PORT
        found.append(str(HostPort(host, None if port == _DEFAULT_PORT else port)))
    return tuple(dict.fromkeys(found)) or _NONE


def _hosts_node(value: str) -> Node | None:
    host = parse_host(value)
    if host is None:
        return None
    return Hosts(((Pattern((host.host,)), host.port or _DEFAULT_PORT),))


def _sender(row: Row) -> Sequence[Value]:
    if row.head is None:
        return _UNREADABLE
    sender = row.sender
    return _NONE if sender is None else ((sender.lower() or "<>"),)


def _recipients(row: Row) -> Sequence[Value]:
    if row.head is None:
        return _UNREADABLE
    return tuple(dict.fromkeys(address.lower() for address in row.recipients)) or _NONE


def _domains(row: Row) -> Sequence[Value]:
    if row.head is None:
        return _UNREADABLE
    found = dict.fromkeys(address.rpartition("@")[2].lower() if "@" in address else ""
                          for address in row.recipients)  # fmt: skip
    return tuple(found) or _NONE


def _sender_domain(row: Row) -> Sequence[Value]:
    if row.head is None:
        return _UNREADABLE
    sender = row.sender
    if sender == "":
        return ("<>",)
    return (sender.rpartition("@")[2].lower() if sender and "@" in sender else "",)


def _sender_domain_node(value: str) -> Node | None:
    if value == "<>":
        return _match_node("from", value)
    return Match("from", (Pattern((value,), domain=True),)) if value else None


def _match_node(field: str, value: str) -> Node | None:
    if value == "<>" and field == "from":
        return Match(field, (Pattern(("",)),))
    return Match(field, (Pattern((value,)),)) if value else None


def _text(name: str) -> Callable[[Row], Sequence[Value]]:
    get: Callable[[Row], str | None] = attrgetter(name)

    def values(row: Row) -> Sequence[Value]:
        return _UNREADABLE if row.head is None else ((get(row) or "").lower(),)

    return values


def _word(name: str, closed: dict[str, str]) -> Callable[[Row], Sequence[Value]]:
    get: Callable[[Row], str] = attrgetter(name)
    known: dict[str, tuple[Value, ...]] = {value: (word,) for value, word in closed.items()}
    return lambda row: known.get(get(row), _NONE)


def _choice_node(field: str, value: str) -> Node | None:
    if value:
        return Choice(field, (value,))
    return Not(Word("stuck")) if field == "reason" else None


def _number(name: str) -> Callable[[Row], Sequence[Value]]:
    get: Callable[[Row], int | None] = attrgetter(name)

    def values(row: Row) -> Sequence[Value]:
        if row.head is None:
            return _UNREADABLE
        number = get(row)
        return _NONE if number is None else (str(number),)

    return values


def _number_node(field: str, value: str) -> Node | None:
    return Within(field, (Range(int(value), int(value)),)) if value else None


KEYS: tuple[Key, ...] = (
    *filter(None, map(_key_of, GRAMMAR)),
    Key("from-domain", "the domain of the envelope sender", _sender_domain, _sender_domain_node),
    Key("standing", "what it is doing", lambda row: (row.standing,), Word),
)
"""Every key: the fields of the query language that can be counted, and two besides."""

KEY: dict[str, Key] = {key.name: key for key in KEYS}
"""The same by name."""
