"""Fields of a resource of type smtp, as an objects file has them.

How the original spells them is not public.  These are the names of the management API's
`resource-smtp`, with `_` or `-`, its groups as nodes (`match`, `action_1`, `action_2`,
`cvp`), or flat with the group's name before them (docs/decisions/checkpoint.md).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from relay.config.checkpoint.tree import Item
from relay.config.kinds import Wrong, from_option
from relay.config.resources import RESOURCE, FieldRewrite, Rewrite
from relay.config.tables import Entry

COMMENT = "comments"
"""Our `comment`, as every object has it."""

_NO_FIELDS = frozenset(("admininfo", "color", "name", "icon", "type"))
_SIDES = ("original", "rewritten")
_SERVERS = frozenset(("mail_delivery_server", "error_mail_delivery_server", "server"))


def plain(name: str) -> str:
    """A name with `_` for `-`, in small letters."""
    return name.replace("-", "_").lower()


def names_below(steps: tuple[str, ...]) -> tuple[str, ...]:
    """Names of fields at a path in a resource."""
    if not steps:
        own = (COMMENT if one.name == "comment" else one.name for one in _of(""))
        return (*own, *RESOURCE.parts)
    if len(steps) == 1:
        return tuple(one.name for one in _of(steps[0]))
    one = RESOURCE.entry.get((steps[0], steps[1])) if len(steps) == 2 else None
    return sides(one) if one is not None else ()


def sides(one: Entry) -> tuple[str, ...]:
    """The fields of a rewriting; () for an entry that is a single value."""
    if one.attribute == "rewrite_field":
        return ("field", *_SIDES)
    return _SIDES if one.attribute.startswith("rewrite_") else ()


def found_fields(resource: Item) -> Iterator[tuple[Entry | None, Item]]:
    """Every field of a resource object with its entry, None where it is none of ours."""
    for item in resource.items:
        name = plain(item.name)
        if not name or name in _NO_FIELDS:
            continue
        if name in RESOURCE.parts:
            for inner in item.items:
                yield RESOURCE.entry.get((name, plain(inner.name))), inner
            continue
        yield _flat("comment" if name == COMMENT else name), item


def read_field(one: Entry, item: Item) -> object:
    """The value of a field; the entry's default where it is empty.  Raises Wrong."""
    if names := sides(one):
        texts = {name: _side(item, name) for name in names}
        return one.read(texts) if any(texts.values()) else one.default
    text = item.text("Name") if item.items else item.value.strip()
    if not text:
        return one.default
    return one.read(_shaped(one, text))


def text_of_value(one: Entry, value: Any) -> str | dict[str, str]:
    """A value as the file has it: text, or the fields of a rewriting."""
    match value:
        case bool():
            return "true" if value else "false"
        case Rewrite():
            return {"original": value.original.text, "rewritten": value.rewritten.text}
        case FieldRewrite():
            pieces = {"original": value.original.text, "rewritten": value.rewritten.text}
            return {"field": value.field, **pieces}
        case _:
            return str(getattr(value, "text", value))


def objection(steps: tuple[str, ...], value: str) -> str:
    """Why a value cannot stand in a field of a resource, "" where it can."""
    key = ("", steps[0]) if len(steps) == 1 else (steps[0], steps[1])
    one = RESOURCE.entry.get((plain(key[0]), plain(key[1]))) if len(steps) <= 2 else None
    if one is None or sides(one) or not value:
        return ""
    try:
        one.read(_shaped(one, value))
    except Wrong as wrong:
        return wrong.text
    return ""


def _of(part: str) -> Iterator[Entry]:
    return (one for one in RESOURCE.entries if one.part == part)


def _flat(name: str) -> Entry | None:
    """The entry that a field outside the groups is: by its name, or its group's before it."""
    for one in RESOURCE.entries:
        if name in (
            one.name if not one.part or one.part == "action_2" else "",
            f"{one.part}_{one.name}",
        ):
            return one
    return None


def _side(item: Item, name: str) -> str:
    for inner in item.items:
        if plain(inner.name) == name:
            return inner.value
    return ""


def _shaped(one: Entry, text: str) -> object:
    """A text in the shape in which relay.toml would give it."""
    if isinstance(one.default, bool):
        return from_option("flag", (text,))
    if isinstance(one.default, int):
        return from_option("number", (text,))
    if one.name in _SERVERS:
        return text.replace(" ", "")
    if one.name in ("exception_track", "allowed_characters", "reply_order"):
        return text.removeprefix("exception ").replace(" ", "_").replace("-", "_")
    return text
