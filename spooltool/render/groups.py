"""Groups against age: a table for a screen, tabs for a pipe, records for a program."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import Any

from spooltool.diagnose.grouping import AGES, UNKNOWN_AGE, Cells, Group, Groups, Key, Value
from spooltool.errors import QueryError
from spooltool.query.parser import parse
from spooltool.query.query import Query
from spooltool.query.tree import both
from spooltool.render.record import VERSION, Cleaner
from spooltool.render.text import columns, fit, fit_right, visible
from spooltool.render.units import count, plural, rfc3339, size

_HEADINGS = (*(name for name, _ in AGES), UNKNOWN_AGE)
_NUMBER = 4
_KEY_LEAST = 8
_TOTAL = "total"


def shown_value(value: Value) -> str:
    """A value as a person reads it: `-` for none, `?` for what cannot be read."""
    return "?" if value is None else visible(value) or "-"


def screen_table(
    groups: Groups, listed: Sequence[Group], width: int, *, by_bytes: bool = False
) -> list[str]:
    """Heading, a line a group, the total.  Nothing at all where nothing was counted."""
    if not listed:
        return []
    unknown = groups.total.messages[-1] > 0
    heads = ["ALL", *(_HEADINGS if unknown else _HEADINGS[:-1]), "MSGS" if by_bytes else "BYTES"]
    names = [[shown_value(value) for value in values] for values, _ in listed]
    numbers = [
        _numbers(cells, by_bytes=by_bytes, unknown=unknown)
        for cells in (*(cells for _, cells in listed), groups.total)
    ]
    widths = [
        max(_NUMBER, *(columns(line[at]) for line in (heads, *numbers))) for at in range(len(heads))
    ]
    keys = [key.name.upper() for key in groups.keys]
    names = [keys, *names, [_TOTAL, *("" for _ in keys[1:])]]
    room = width - sum(widths) - len(widths)
    key_widths = _shared(
        [max(columns(line[at]) for line in names) for at in range(len(keys))], room
    )
    return [
        _line(line, key_widths, cells, widths)
        for line, cells in zip(names, [heads, *numbers], strict=True)
    ]


def _line(
    names: Sequence[str], key_widths: Sequence[int], cells: Sequence[str], widths: Sequence[int]
) -> str:
    left = "  ".join(fit(name, width) for name, width in zip(names, key_widths, strict=True))
    right = (fit_right(cell, width) for cell, width in zip(cells, widths, strict=True))
    return f"{left} {' '.join(right)}"


def _numbers(cells: Cells, *, by_bytes: bool, unknown: bool) -> list[str]:
    measure, other = (cells.bytes, cells.messages) if by_bytes else (cells.messages, cells.bytes)
    said, beside = (size, count) if by_bytes else (count, size)
    ladder = measure if unknown else measure[:-1]
    return [
        said(sum(measure)),
        *(
            said(number) if messages else "."
            for number, messages in zip(ladder, cells.messages, strict=False)
        ),
        beside(sum(other)),
    ]


def _shared(widths: list[int], room: int) -> list[int]:
    """Widths of the key columns within `room`: the widest gives way first."""
    room -= 2 * (len(widths) - 1)
    while sum(widths) > room and max(widths) > _KEY_LEAST:
        widths[widths.index(max(widths))] -= 1
    return widths


def pipe_header(groups: Groups, *, by_bytes: bool = False) -> str:
    """The line above the groups in a pipe."""
    keys = (key.name.upper() for key in groups.keys)
    return "#" + "\t".join((*keys, "ALL", *_HEADINGS, "MSGS" if by_bytes else "BYTES"))


def pipe_line(group: Group, *, by_bytes: bool = False) -> str:
    """One group in a pipe: the same columns in plain numbers, age unknown always among them."""
    values, cells = group
    measure, other = (cells.bytes, cells.messages) if by_bytes else (cells.messages, cells.bytes)
    return "\t".join(
        (*map(shown_value, values), str(sum(measure)), *map(str, measure), str(sum(other)))
    )


def several_line(groups: Groups) -> str:
    """That messages stand in more than one row; "" when none does."""
    if not groups.several:
        return ""
    stand = "stands" if groups.several == 1 else "stand"
    return f"  {plural(groups.several, 'message')} {stand} in more than one row, once in the total"


def next_line(groups: Groups, listed: Sequence[Group], query: Query) -> str:
    """The command that lists the first group; of the first that can be said in a query."""
    for values, cells in listed:
        words = _arguments(groups, values, query)
        if words is not None and all(word.isascii() and word.isprintable() for word in words):
            command = " ".join(("spooltool ls", *map(shlex.quote, words)))
            return f"next: {command}    {_these(sum(cells.messages))}"
    return ""


def _these(number: int) -> str:
    return "lists this message" if number == 1 else f"lists these {number:,}"


def _arguments(groups: Groups, values: tuple[Value, ...], query: Query) -> list[str] | None:
    """The query of one group as shell arguments; None where the language cannot say it."""
    nodes = groups.query(values)
    if nodes is None:
        return None
    whole = Query(both((query.node, *nodes)))
    words = ["from:null" if word == "from:<>" else word for word in whole.arguments()]
    try:
        return words if parse(words) == whole else None
    except QueryError:
        return None


def group_record(groups: Groups, group: Group, query: Query, now: float) -> dict[str, Any]:
    """One group of `group --json`; docs/schema/group.json."""
    values, cells = group
    clean = Cleaner()
    arguments = _arguments(groups, values, query)
    return {
        "v": VERSION,
        "by": [key.name for key in groups.keys],
        "values": [
            None if value is None else clean.text(f"values.{at}", value)
            for at, value in enumerate(values)
        ],
        "messages": sum(cells.messages),
        "bytes": sum(cells.bytes),
        "ages": _age_records(cells),
        "query": None if arguments is None else clean.texts("query", arguments),
        "as_of": rfc3339(now),
        "raw": clean.raw or None,
    }


def summary_record(groups: Groups, looked: int, now: float) -> dict[str, Any]:
    """The last object of `group --json`: every message once."""
    return {
        "v": VERSION,
        "summary": True,
        "by": [key.name for key in groups.keys],
        "groups": len(groups),
        "messages": sum(groups.total.messages),
        "bytes": sum(groups.total.bytes),
        "ages": _age_records(groups.total),
        "several": groups.several,
        "looked": looked,
        "as_of": rfc3339(now),
    }


def _age_records(cells: Cells) -> list[dict[str, int | None]]:
    """Messages and bytes by age: `from` and `to` in seconds, both null for age unknown."""
    records: list[dict[str, int | None]] = []
    start = 0
    for (_, end), messages, octets in zip(AGES, cells.messages, cells.bytes, strict=False):
        to = None if end == float("inf") else int(end)
        records.append({"from": start, "to": to, "messages": messages, "bytes": octets})
        start = to or 0
    if cells.messages[-1]:
        last = {"messages": cells.messages[-1], "bytes": cells.bytes[-1]}
        records.append({"from": None, "to": None, **last})
    return records


def keys_help(keys: Sequence[Key]) -> str:
    """The keys with their meaning, for the help: one a line."""
    width = max(len(key.name) for key in keys)
    return "\n".join(f"  {key.name.ljust(width)}  {key.meaning}" for key in keys)
