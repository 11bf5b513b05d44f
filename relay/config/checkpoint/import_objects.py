"""Network objects, resources and CVP servers to tables of relay.toml."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from relay.config.checkpoint.import_settings import OFF
from relay.config.checkpoint.objects import CVP_PORT, cvp_servers, network_objects
from relay.config.checkpoint.remarks import Remarks
from relay.config.checkpoint.resource_fields import found_fields, plain, read_field
from relay.config.checkpoint.sections import RESOURCES, objects_of
from relay.config.checkpoint.tree import Document, Item
from relay.config.kinds import Wrong
from relay.config.networks import NetworkTable, members
from relay.config.networks import read_name as network_name
from relay.config.resources import RESOURCE, Resource
from relay.config.resources import read_name as resource_name
from relay.config.scanners import ScannerTable
from relay.config.show import encode
from relay.config.tables import Entry, header
from spooltool.spool.hosts import HostPort

_ODD = re.compile(r"[^A-Za-z0-9_-]")


def table_name(name: str) -> str:
    """The name of an object as `[network.NAME]` can have it: `n_` and `.20` for a blank."""
    try:
        return network_name(name)
    except Wrong:
        return ("n_" + _ODD.sub(lambda odd: f".{ord(odd[0]):02x}", name))[:64]


def networks_of(
    document: Document, file: str, named: Iterable[str], remarks: Remarks
) -> tuple[NetworkTable, ...]:
    """Tables for these objects and all that they name; a circle of groups is cut nowhere."""
    objects = network_objects(document)
    tables: dict[str, NetworkTable] = {}
    waiting, seen, taken = list(named), set[str](), set[str]()
    while waiting:
        name = waiting.pop(0)
        one = objects.get(name)
        if name in seen or one is None:
            continue
        seen.add(name)
        if one.problem:
            remarks.add(file, one.line, f"{name} left out: {one.problem}; define it by hand")
            continue
        key = table_name(name)
        if key != name:
            remarks.add(file, one.line, f"{name} is called {key} in relay.toml")
        if key in taken:
            remarks.add(file, one.line, f"{name} left out, with another object called {key}")
            tables.pop(key, None)
            continue
        taken.add(key)
        texts = [*one.addresses, *(table_name(member) for member in one.members)]
        for member in one.members:
            if member not in objects:
                remarks.add(file, one.line, f"{name} names {member}, which is not in the file")
        tables[key] = NetworkTable(key, members(texts), one.comment)
        waiting += one.members
    return tuple(tables.values())


OddFields = Mapping[str, Sequence[tuple[str, str]]]
"""Fields of resources that could not be read, by resource: name and value."""


def resources_of(
    document: Document, file: str, remarks: Remarks
) -> tuple[tuple[Resource, ...], OddFields]:
    """Every resource of type smtp; the first of a name counts.

    Also their fields that are not off and could not be read: one of them may have kept mail
    back.
    """
    found: dict[str, Resource] = {}
    odd: dict[str, list[tuple[str, str]]] = {}
    for name, item in objects_of(document, RESOURCES):
        if item.text("type").lower() != "smtp" or name in found:
            continue
        try:
            resource_name(name)
        except Wrong as wrong:
            text = f"resource {name!r} left out: {wrong.text}"
            remarks.add(file, document.line(item.start), text)
            continue
        values: dict[str, object] = {}
        for entry, field in found_fields(item):
            if entry is not None and (why := _read_into(values, entry, field)) is None:
                continue
            if entry is None:
                why = "no such field is known"
            text = f"resource {name}: {field.name} not taken over: {why}"
            remarks.add(file, document.line(field.start), text)
            if field.items or field.value.lower() not in OFF:
                odd.setdefault(name, []).append((plain(field.name), field.value))
        found[name] = Resource(name, **values)  # type: ignore[arg-type]  # read by entry
    return tuple(found.values()), odd


def _read_into(values: dict[str, object], entry: Entry, field: Item) -> str | None:
    try:
        values[entry.attribute] = read_field(entry, field)
    except Wrong as wrong:
        return "; ".join(text for text in (wrong.text, *wrong.items.values()) if text)
    return None


def with_odd_fields(text: str, odd: OddFields) -> str:
    """relay.toml with those fields in their resources, where reading it names each."""
    for name, fields in odd.items():
        head = header(RESOURCE, name) + "\n"
        lines = [
            f"{encode(field) if _ODD.search(field) else field} = {encode(value)}\n"
            for field, value in dict(fields).items()
        ]
        text = text.replace(head, head + "".join(lines), 1)
    return text


def scanners_of(
    document: Document, file: str, resources: Sequence[Resource], remarks: Remarks
) -> tuple[ScannerTable, ...]:
    """Tables for the CVP servers that resources name, to be completed by a person."""
    servers, objects = cvp_servers(document), network_objects(document)
    tables: dict[str, ScannerTable] = {}
    for resource in resources:
        server = servers.get(resource.server)
        if server is None or resource.server in tables:
            continue
        host = objects.get(server.host)
        if host is None or not host.addresses:
            text = f"scanner {server.name} left out: its host {server.host!r} has no address"
            remarks.add(file, server.line, text)
            continue
        address = HostPort(host.addresses[0], server.port or CVP_PORT)
        tables[server.name] = ScannerTable(server.name, "clamd", address, comment=server.comment)
        remarks.add(
            file,
            server.line,
            f"scanner {server.name}: CVP is not spoken here; its mail waits until [scanner."
            f"{server.name}] has the address of a clamd or ICAP server",
        )
    return tuple(tables.values())
