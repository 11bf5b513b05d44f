"""`[network.NAME]`: a name for addresses, and the members of which such lists are made.

A member is an address, a network, a range `a-b`, `any`, or the name of another table; with
`!` before it, it is taken out.  A list with nothing but such members begins from all
addresses: `["!internal"]` is everybody else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from relay.config import kinds
from relay.config.kinds import Wrong
from relay.config.spans import EVERYTHING, Spans, joined, read_span, without
from relay.config.tables import TableKind, entry

ANY = "any"

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,63}\Z")
MEMBERS = "address, network, a-b, name, any; ! before one takes it out"


@dataclass(frozen=True, slots=True)
class Member:
    """One member of a list: addresses, or the `name` of a network table; `out`: taken out."""

    text: str
    out: bool = False
    spans: Spans = ()
    name: str = ""

    def __str__(self) -> str:
        return self.text


Members = tuple[Member, ...]
EVERYBODY: Members = (Member(ANY, spans=EVERYTHING),)


def members(value: object) -> Members:
    """A list of members, or a single one."""
    if isinstance(value, str):
        value = [value]
    found = tuple(kinds.members(value, "an address, a network or a name", _member))
    if not found:
        raise Wrong("names nobody; any is everybody")
    return found


def _member(text: str) -> Member:
    inner = text[1:].strip() if text.startswith("!") else text
    out = inner is not text
    shown = f"!{inner}" if out else inner
    if inner.lower() == ANY:
        return Member(shown, out, EVERYTHING)
    if _NAME.match(inner):
        return Member(shown, out, name=inner)
    span = read_span(inner)
    if isinstance(span, str):
        raise Wrong(span)
    return Member(shown, out, (span,))


def read_name(text: str) -> str:
    """The name of a network table."""
    if not _NAME.match(text) or text.lower() == ANY:
        raise Wrong(
            f"{kinds.shown(text)} is no name of a network: a letter, then letters, digits, - _ ."
        )
    return text


@dataclass(frozen=True, slots=True)
class NetworkTable:
    """Addresses under a name."""

    name: str
    members: Members = entry((), MEMBERS, members, "the addresses that are meant", wanted=True)
    comment: str = entry("", "text", kinds.line, "for people")


NETWORK: TableKind[NetworkTable] = TableKind(
    "network",
    "networks",
    "Networks",
    "a network",
    "[network.NAME]",
    NetworkTable,
    read_name=read_name,
)


def addresses(of: Members, tables: Mapping[str, NetworkTable]) -> Spans:
    """The addresses that a list comes to.

    KeyError for a name without a table, RecursionError for names that go in a circle: both
    are mistakes that reading relay.toml has told.
    """

    def spans(member: Member) -> Spans:
        return addresses(tables[member.name].members, tables) if member.name else member.spans

    meant = [span for member in of if not member.out for span in spans(member)]
    taken = [span for member in of if member.out for span in spans(member)]
    begin = joined(meant) if any(not member.out for member in of) else EVERYTHING
    return without(begin, taken)


def circles(tables: Mapping[str, NetworkTable]) -> Iterator[tuple[str, ...]]:
    """Names that lead back to themselves, each circle once, from its first table on."""
    done: set[str] = set()

    def walk(name: str, way: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
        if name in way:
            yield (*way[way.index(name) :], name)
            return
        if name in done or name not in tables:
            return
        for member in tables[name].members:
            if member.name:
                yield from walk(member.name, (*way, name))
        done.add(name)

    for name in tables:
        yield from walk(name, ())
