"""Objects as `print` and `query` of `relay dbedit` show them."""

from __future__ import annotations

from collections.abc import Iterator

from relay.config.checkpoint.database import Slot
from relay.config.checkpoint.tree import Item

_INFO = "AdminInfo"


def details(slot: Slot) -> str:
    """An object: its head, then a field a line, those within a field indented below it."""
    _, item = slot.read()
    head = [f"Object Name: {slot.name}"]
    if uid := item.text(_INFO, "chkpf_uid"):
        head.append(f"Object UID: {uid}")
    if kind := item.text(_INFO, "ClassName"):
        head.append(f"Class Name: {kind}")
    head.append(f"Table Name: {slot.table}")
    if when := item.text(_INFO, "LastModified", "Time"):
        by = item.text(_INFO, "LastModified", "By")
        head.append(f"Last Modified: {when}" + (f" by {by}" if by else ""))
    if slot.changed:
        head.append("Not updated: yes")
    fields = [line for one in item.items if one.name != _INFO for line in _lines(one, 1)]
    return "\n".join((*head, "Fields Details", "--------------", *fields))


def row(slot: Slot) -> str:
    """An object in one line of a query."""
    _, item = slot.read()
    kind, address = item.text("type"), item.text("ipaddr")
    facts = ", ".join(fact for fact in (kind, address) if fact)
    return f"Object Name: {slot.name}" + (f"  ({facts})" if facts else "")


def _lines(item: Item, depth: int) -> Iterator[str]:
    indent = "    " * depth
    value = " ".join(item.value.split())
    if not item.items:
        yield f"{indent}{item.name + ': ' if item.name else ''}{value}"
        return
    yield f"{indent}{item.name + ': ' if item.name else ''}{value + ' ' if value else ''}("
    for one in item.items:
        yield from _lines(one, depth + 1)
    yield f"{indent})"
