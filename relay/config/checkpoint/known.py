"""What is known of objects: the classes that can be made, the fields that they may have.

A field that stands in an object is taken as it is.  One that does not is made only where it
is listed here, so that a slip of the pen does not become a field that nothing reads.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from relay.config.checkpoint import resource_fields
from relay.config.checkpoint.edits import Leaf, Node
from relay.config.checkpoint.sections import NETWORK_OBJECTS, RESOURCES, SERVICES
from relay.config.kinds import Wrong, from_option
from relay.config.parameters import CHAPTER, PARAMETER, PARAMETERS

SMTP_SETTINGS = ("firewall_settings", "smtp")
"""Where a gateway object has the parameters of the SMTP Security Server."""

SMTP_NAMES = tuple(one.name for one in PARAMETERS if one.source == CHAPTER)
"""Those parameters, by the chapter's names."""

NO_GATEWAY = frozenset(("network", "machines_range", "group", "domain"))
"""Types of network objects that are no machine."""


@dataclass(frozen=True, slots=True)
class ObjectClass:
    """A class of objects: what `create` calls it, its table, its type and first fields."""

    name: str
    table: str
    type: str
    fields: tuple[str, ...]

    def items(self) -> tuple[Leaf | Node, ...]:
        """The lines of a new object, its fields empty."""
        info = Node("AdminInfo", "", (Leaf("ClassName", self.name), Leaf("table", self.table)))
        leaves = [Leaf(field) for field in self.fields]
        return (info, Leaf("color", "black"), Leaf("comments"), *leaves, Leaf("type", self.type))


_CLASSES = (
    ObjectClass("host_plain", NETWORK_OBJECTS, "host", ("ipaddr",)),
    ObjectClass("gateway_plain", NETWORK_OBJECTS, "gateway", ("ipaddr",)),
    ObjectClass("network", NETWORK_OBJECTS, "network", ("ipaddr", "netmask")),
    ObjectClass(
        "address_range", NETWORK_OBJECTS, "machines_range", ("ipaddr_first", "ipaddr_last")
    ),
    ObjectClass("network_object_group", NETWORK_OBJECTS, "group", ()),
    ObjectClass("tcp_service", SERVICES, "Tcp", ("port",)),
    ObjectClass("service_group", SERVICES, "group", ()),
    ObjectClass("smtp_resource", RESOURCES, "smtp", ()),
)
CLASSES: Mapping[str, ObjectClass] = {one.name: one for one in _CLASSES}
"""Every class that can be made, by its name."""

_ALWAYS = ("color", "comments", "type")


def fields_below(table: str, kind: str, steps: tuple[str, ...]) -> tuple[str, ...]:
    """Names of fields that may stand at a path in an object of a table and type."""
    if table == RESOURCES and kind == "smtp":
        return (*(() if steps else _ALWAYS), *resource_fields.names_below(steps))
    if not steps:
        return _top(table, kind)
    if table == NETWORK_OBJECTS and kind not in NO_GATEWAY:
        if steps == SMTP_SETTINGS[:1]:
            return SMTP_SETTINGS[1:]
        if steps == SMTP_SETTINGS:
            return SMTP_NAMES
    return ()


def _top(table: str, kind: str) -> tuple[str, ...]:
    own = [
        field
        for one in CLASSES.values()
        if one.table == table and one.type.lower() == kind.lower()
        for field in one.fields
    ]
    if table == NETWORK_OBJECTS and kind not in NO_GATEWAY:
        own.append(SMTP_SETTINGS[0])
    return (*_ALWAYS, *own)


def spelt(steps: tuple[str, ...]) -> tuple[str, ...]:
    """A path with an alias of a parameter replaced by its name."""
    if steps[:-1] == SMTP_SETTINGS and (parameter := PARAMETER.get(steps[-1])) is not None:
        return (*steps[:-1], parameter.name)
    return steps


def objection(table: str, kind: str, steps: tuple[str, ...], value: str) -> str:
    """Why a value cannot stand in a field, "" where it can or nothing is known of it."""
    if table == RESOURCES and kind == "smtp":
        return resource_fields.objection(steps, value)
    if steps[:-1] != SMTP_SETTINGS:
        return ""
    parameter = PARAMETER.get(steps[-1])
    if parameter is None or parameter.form not in ("number", "flag") or not value:
        return ""
    try:
        parameter.read(from_option(parameter.form, (value,)))
    except Wrong as wrong:
        return wrong.text
    return ""
