"""The sections of an objects file, by the names that each version gave them.

4.1 says `:netobj (netobj`, NG `:network_objects (network_objects`, later versions
`:network_objects (`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from relay.config.checkpoint.tree import Document, Item

NETWORK_OBJECTS = "network_objects"
SERVICES = "services"
SERVERS = "servers"
RESOURCES = "resources"
PROPERTIES = "properties"

ALIASES: Mapping[str, str] = {
    "netobj": NETWORK_OBJECTS,
    "servobj": SERVICES,
    "resourcesobj": RESOURCES,
    "resources_types": RESOURCES,
    "props": PROPERTIES,
}
"""Other names of a section, each with the one by which it is called here."""


def canonical(name: str) -> str:
    """The name by which a section is called here."""
    return ALIASES.get(name, name)


def sections(document: Document) -> Iterator[tuple[str, Item]]:
    """Every section that can hold objects, with its name, in the order of the file."""
    for item in document.root.items:
        if item.name and not item.bare:
            yield canonical(item.name), item


def objects(section: Item) -> Iterator[tuple[str, Item]]:
    """The objects of a section, each with its own name."""
    for item in section.members():
        if not item.bare and item.own is not None:
            yield item.own.text, item


def objects_of(document: Document, table: str) -> Iterator[tuple[str, Item]]:
    """The objects of a table, wherever the file has it."""
    for name, section in sections(document):
        if name == table:
            yield from objects(section)
