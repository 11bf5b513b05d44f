"""One change of one object: a field set, a member added or taken out.

Each function returns the object's new bytes, read back and compared; no byte beside the
change differs.
"""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches

from relay.config.checkpoint.database import Slot
from relay.config.checkpoint.edits import (
    Edit,
    Layout,
    Leaf,
    Node,
    Unsayable,
    applied,
    insert,
    line_indent,
    remove,
    set_value,
)
from relay.config.checkpoint.known import fields_below, objection, spelt
from relay.config.checkpoint.syntax import decode
from relay.config.checkpoint.tree import Document, Item

REFERENCE = "ReferenceObject"


class CannotChange(ValueError):
    """Why a change is not made, for the person who asked for it."""


@dataclass(frozen=True, slots=True)
class Reference:
    """An object named by another: its table, its name, its identifier or ""."""

    table: str
    name: str
    uid: str = ""

    def node(self, name: str = "") -> Node:
        """The item that says so, as the value of a field or (without name) a member."""
        uid = (Leaf("Uid", self.uid),) if self.uid else ()
        return Node(name, REFERENCE, (Leaf("Name", self.name), Leaf("Table", self.table), *uid))


def modified(slot: Slot, steps: tuple[str, ...], value: str | Reference, layout: Layout) -> bytes:
    """The object with a field set.  Raises CannotChange or Unsayable."""
    document, item = slot.read()
    steps = _present(item, steps)
    found, rest = _walk(item, steps)
    why = objection(slot.table, item.text("type"), steps, value) if isinstance(value, str) else ""
    if why:
        raise CannotChange(f"{steps[-1]} {why}")
    if rest:
        _made_of_known(slot, item, steps, rest, found)
        return _proved(document, [_chain(document, found, rest, value, layout)], steps, value)
    if isinstance(value, Reference):
        return _proved(document, [_referring(document, found, value, layout)], steps, value)
    if found.items:
        what = "a reference: TABLE:OBJECT" if found.value == REFERENCE else "a list of fields"
        raise CannotChange(f"{':'.join(steps)} is {what}, not a value")
    return _proved(document, [set_value(found, value)], steps, value)


def added(
    slot: Slot, steps: tuple[str, ...], member: Reference, layout: Layout, *, bare: bool
) -> bytes:
    """The object with one more member in a list; `bare` members are mere words."""
    document, item = slot.read()
    found = _list_at(slot, item, steps)
    if _member(found, member) is not None:
        raise CannotChange(f"{member.name} is a member already")
    new: Leaf | Node = Leaf("", member.name, bare=True) if bare else member.node()
    source = applied(document.source, [insert(document, found, [new], layout)])
    again = _list_at(slot, decode(source, part=True).root.items[0], steps)
    if _member(again, member) is None:
        raise CannotChange(f"{member.name} cannot be written as a member")
    return source


def taken_out(slot: Slot, steps: tuple[str, ...], member: Reference) -> bytes:
    """The object with a member less."""
    document, item = slot.read()
    found = _member(_list_at(slot, item, steps), member)
    if found is None:
        raise CannotChange(f"{member.name} is no member")
    return applied(document.source, [remove(document, found)])


def reference_name(item: Item) -> str:
    """The name that a member or a field refers to: a reference's, or its plain word."""
    return item.text("Name") if item.value == REFERENCE else item.value


def _present(item: Item, steps: tuple[str, ...]) -> tuple[str, ...]:
    """The path as it is written in the object, else by the names of the parameters."""
    _, rest = _walk(item, steps)
    return spelt(steps) if rest else steps


def _walk(item: Item, steps: tuple[str, ...]) -> tuple[Item, tuple[str, ...]]:
    """The item as far along a path as there is one, and the steps that are left."""
    for index, step in enumerate(steps):
        below = item.find(step)
        if below is None and step.isdecimal():
            below = dict(enumerate(item.members())).get(int(step))
        if below is None:
            return item, steps[index:]
        item = below
    return item, ()


def _made_of_known(
    slot: Slot, item: Item, steps: tuple[str, ...], rest: tuple[str, ...], found: Item
) -> None:
    """Refuse steps that neither stand in the object nor are known to belong there."""
    if found.bare:
        raise CannotChange(f"{found.value} holds no fields")
    kind = item.text("type")
    for index in range(len(steps) - len(rest), len(steps)):
        known = fields_below(slot.table, kind, steps[:index])
        if steps[index] in known:
            continue
        there = (
            tuple(one.name for one in found.items if one.name) if steps[index] == rest[0] else ()
        )
        raise CannotChange(_no_field(steps[: index + 1], (*there, *known)))


def _no_field(steps: tuple[str, ...], names: tuple[str, ...]) -> str:
    near = get_close_matches(steps[-1], names, 1, 0.6)
    text = f"no field is called {':'.join(steps)!r}"
    return f"{text}; {':'.join((*steps[:-1], near[0]))}?" if near else text


def _chain(
    document: Document, parent: Item, rest: tuple[str, ...], value: str | Reference, layout: Layout
) -> Edit:
    """A field that was not there, with the fields in which it lies."""
    last = Leaf(rest[-1], value) if isinstance(value, str) else value.node(rest[-1])
    new: Leaf | Node = last
    for name in reversed(rest[:-1]):
        new = Node(name, "", (new,))
    return insert(document, parent, [new], layout)


def _referring(document: Document, found: Item, value: Reference, layout: Layout) -> Edit:
    if found.bare:
        raise CannotChange("a member without parentheses holds no reference")
    indent = line_indent(document.source, found.start)
    lines = b"".join(layout.lines([value.node(found.name)], indent))
    return Edit(found.start, found.end, lines.removeprefix(layout.newline + indent))


def _list_at(slot: Slot, item: Item, steps: tuple[str, ...]) -> Item:
    found, rest = _walk(item, steps)
    if rest:
        there = tuple(one.name for one in found.items if one.name)
        raise CannotChange(_no_field(steps[: len(steps) - len(rest) + 1], there))
    if found.bare:
        raise CannotChange(f"{':'.join(steps)} of {slot.name} is no list")
    return found


def _member(item: Item, wanted: Reference) -> Item | None:
    for one in item.members():
        if reference_name(one) == wanted.name and one.text("Table") in ("", wanted.table):
            return one
    return None


def _proved(
    document: Document, edits: list[Edit], steps: tuple[str, ...], value: str | Reference
) -> bytes:
    """The changed bytes, if they read back to what was asked for."""
    source = applied(document.source, edits)
    again = decode(source, part=True)
    found, rest = _walk(again.root.items[0], steps)
    wanted = value if isinstance(value, str) else value.name
    got = found.value if isinstance(value, str) else found.text("Name")
    if rest or got != wanted or len(again.severe) > len(document.severe):
        raise Unsayable(f"{wanted!r} would not be read back as it is")
    return source
