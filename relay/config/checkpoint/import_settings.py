"""Parameters of smtp.conf and of a gateway object to those of relay.toml."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches

from relay.config.checkpoint.known import SMTP_SETTINGS
from relay.config.checkpoint.remarks import Remarks, Source
from relay.config.checkpoint.sections import NETWORK_OBJECTS, objects_of
from relay.config.checkpoint.smtp_conf import Unread, read_smtp_conf
from relay.config.checkpoint.tree import Document, Item, text_of
from relay.config.kinds import Wrong, from_option
from relay.config.parameters import CHAPTER, PARAMETER

OFF = frozenset(("", "0", "false"))


@dataclass(frozen=True, slots=True)
class Placed:
    """A parameter as a file has it, with its place."""

    name: str
    value: str
    file: str
    line: int


def of_smtp_conf(source: Source | None, remarks: Remarks) -> Iterator[Placed]:
    """The parameters of smtp.conf, where there is one."""
    for one in read_smtp_conf(text_of(source.content)) if source is not None else ():
        assert source is not None
        if isinstance(one, Unread):
            remarks.add(source.name, one.line, f"not understood: {one.text}")
        else:
            yield Placed(one.name, one.value, source.name, one.line)


def of_gateway(document: Document, file: str, gateway: str, remarks: Remarks) -> Iterator[Placed]:
    """The parameters of the gateway object of this name, else of the first that has any."""
    having: list[tuple[str, Item, Item]] = []
    for name, item in objects_of(document, NETWORK_OBJECTS):
        settings = item.find(*SMTP_SETTINGS)
        if settings is not None and (not gateway or name == gateway):
            having.append((name, item, settings))
    if gateway and not having:
        remarks.add(file, 0, f"no gateway {gateway!r} with {':'.join(SMTP_SETTINGS)}")
    for name, item, _ in having[1:]:
        text = f"settings of gateway {name} left out: {having[0][0]}'s were taken (--gateway)"
        remarks.add(file, document.line(item.start), text)
    for _, _, settings in having[:1]:
        for one in settings.items:
            yield Placed(one.name, one.value, file, document.line(one.start))


def values_of(found: Iterable[Placed], remarks: Remarks) -> dict[str, object]:
    """Values by parameter; of two that differ the later counts."""
    values: dict[str, object] = {}
    places: dict[str, Placed] = {}
    for placed in found:
        read = _value(placed, remarks)
        if read is None:
            continue
        name, value = read
        if name in values and values[name] != value:
            before = places[name]
            taken = f"{placed.file} says {placed.value}, and that was taken"
            remarks.add(before.file, before.line, f"{name} = {before.value}: {taken}")
        values[name], places[name] = value, placed
    return values


def _value(placed: Placed, remarks: Remarks) -> tuple[str, object] | None:
    """The parameter and its value; None, with a remark, for what relay.toml cannot say."""
    parameter = PARAMETER.get(placed.name)
    if parameter is None or parameter.source != CHAPTER:
        near = get_close_matches(placed.name, PARAMETER, 1, 0.75)
        hint = f"; {near[0]}?" if near else ""
        remarks.add(placed.file, placed.line, f"no parameter is called {placed.name!r}{hint}")
        return None
    if not placed.value:
        return None
    if "$" in placed.value:
        text = f"{placed.name} = {placed.value} left out: it is a place on the old gateway"
        remarks.add(placed.file, placed.line, text)
        return None
    try:
        return parameter.name, parameter.read(from_option(parameter.form, (placed.value,)))
    except Wrong as wrong:
        remarks.add(placed.file, placed.line, f"{placed.name} left out: {wrong.text}")
        return None
