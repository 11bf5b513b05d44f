"""Tables of relay.toml as objects: networks, resources, scanners."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass

from relay.config.checkpoint.change import Reference
from relay.config.checkpoint.edits import Leaf, Node, Unsayable, encode_word
from relay.config.checkpoint.remarks import Remarks
from relay.config.checkpoint.resource_fields import COMMENT, text_of_value
from relay.config.checkpoint.sections import NETWORK_OBJECTS
from relay.config.networks import ANY, Member, Members, NetworkTable
from relay.config.resources import RESOURCE, Resource
from relay.config.scanners import ScannerTable

_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f]")


def prose(text: str, what: str, remarks: Remarks) -> str:
    """Text for people as the syntax can hold it, with a remark where that is another."""
    try:
        encode_word(text)
    except Unsayable:
        plain = _UNPRINTABLE.sub(" ", text.replace('"', "'"))
        text = plain.encode("cp1252", "replace").decode("cp1252")
        remarks.add("", 0, f"{what} is written as {text!r}")
    return text


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a rule: not `whole` where it takes nobody out although the rule does.

    `nobody` tells that the rule is about nobody whom the files know.
    """

    node: Node
    whole: bool
    nobody: bool


class Objects:
    """The network objects of an export; addresses without a name get one.

    `taken` are the names of the tables.
    """

    def __init__(self, taken: set[str], remarks: Remarks) -> None:
        self._taken = set(taken)
        self._made: dict[str, str] = {}
        self._remarks = remarks
        self.nodes: list[Node] = []

    def add_table(self, table: NetworkTable) -> None:
        """A network table as one object, or as a group."""
        what = f"[network.{table.name}]"
        comment = prose(table.comment, f"{what}: comment", self._remarks)
        first = table.members[0]
        if len(table.members) == 1 and not (first.out or first.name):
            node = _address_object(table.name, first.text, comment)
            if node is None:
                self._remarks.add("", 0, f"{what} left out: {first.text} cannot be an object")
            else:
                self.nodes.append(node)
            return
        if any(member.out for member in table.members):
            self._remarks.add("", 0, f"{what} left out: a group takes nobody out")
            return
        names = [self._name(member, what) for member in table.members]
        members = [Reference(NETWORK_OBJECTS, name).node() for name in names if name]
        leaves = (Leaf(COMMENT, comment), Leaf("type", "group"))
        self.nodes.append(Node("", table.name, (*leaves, *members)))

    def column(self, name: str, members: Members, what: str) -> Column:
        """A column of a rule.  An address that no IPv4 object holds is nobody's there."""
        negated = all(member.out for member in members)
        whole = negated or not any(member.out for member in members)
        kept = [member for member in members if member.out == negated]
        if any(member.text.removeprefix("!").lower() == ANY for member in kept):
            return Column(Node(name, "", (_any(),)), whole, nobody=negated)
        names = [self._name(member, what) for member in kept]
        items = [Reference(NETWORK_OBJECTS, one).node() for one in names if one]
        op = (Leaf("op", "not in"),) if negated and items else ()
        node = Node(name, "", (*(items or [_any()]), *op))
        return Column(node, whole, nobody=not (items or negated))

    def free_name(self, name: str) -> str:
        """A name that no table has."""
        while name in self._taken:
            name += "_"
        return name

    def host(self, address: str) -> str:
        """The name of a host object of this address."""
        return self._name(Member(address), address)

    def _name(self, member: Member, what: str) -> str:
        """The name of an object for a member; "" where there can be none."""
        if member.name:
            return member.name
        text = member.text.removeprefix("!")
        if text in self._made:
            return self._made[text]
        name = self.free_name("net_" + text.replace("/", "_"))
        node = _address_object(name, text, "")
        if node is None:
            self._remarks.add("", 0, f"{what}: {text} left out, it cannot be an object")
            return ""
        self._remarks.add("", 0, f"{what}: {text} is called {name}")
        self._taken.add(name)
        self._made[text] = name
        self.nodes.append(node)
        return name


def resource_node(resource: Resource, remarks: Remarks) -> Node | None:
    """A resource object with what differs from the defaults; None where it cannot be said."""
    what = f"[resource.{resource.name}]"
    items: list[Leaf | Node] = [Leaf(COMMENT, prose(resource.comment, f"{what}: comment", remarks))]
    for part in ("", *RESOURCE.parts):
        fields: list[Leaf | Node] = []
        for one in RESOURCE.entries:
            value = getattr(resource, one.attribute)
            if one.part != part or value == one.default or one.name == "comment":
                continue
            text = text_of_value(one, value)
            try:
                for single in (text,) if isinstance(text, str) else text.values():
                    encode_word(single)
            except Unsayable as wrong:
                remarks.add("", 0, f"{what} left out: {one.path}: {wrong}")
                return None
            if one.name == "server":
                fields.append(Reference("servers", resource.server).node("server"))
            elif isinstance(text, str):
                fields.append(Leaf(one.name, text))
            else:
                fields.append(Node(one.name, "", tuple(Leaf(k, v) for k, v in text.items())))
        items += [Node(part, "", tuple(fields))] if part and fields else fields
    return Node("", resource.name, (*items, Leaf("type", "smtp")))


def scanner_node(scanner: ScannerTable, objects: Objects, remarks: Remarks) -> Node:
    """A CVP server in a scanner's place."""
    what = f"[scanner.{scanner.name}]"
    remarks.add("", 0, f"{what}: {scanner.protocol} becomes CVP, which the scanner may not speak")
    host = objects.host(scanner.address.host)
    return Node(
        "",
        scanner.name,
        (
            Leaf(COMMENT, prose(scanner.comment, f"{what}: comment", remarks)),
            Leaf("port", str(scanner.address.port)),
            Reference(NETWORK_OBJECTS, host).node("server"),
            Leaf("type", "cvp"),
        ),
    )


def _any() -> Node:
    return Reference("globals", "Any").node()


def _address_object(name: str, text: str, comment: str) -> Node | None:
    """A host, network or range; None for what IPv4 objects cannot say."""
    leaves: tuple[Leaf, ...]
    first, dash, last = (piece.strip() for piece in text.partition("-"))
    try:
        if dash:
            ipaddress.IPv4Address(first), ipaddress.IPv4Address(last)
            leaves = (Leaf("ipaddr_first", first), Leaf("ipaddr_last", last))
            kind = "machines_range"
        elif "/" in text:
            network = ipaddress.IPv4Network(text)
            leaves = (
                Leaf("ipaddr", str(network.network_address)),
                Leaf("netmask", str(network.netmask)),
            )
            kind = "network"
        else:
            leaves = (Leaf("ipaddr", str(ipaddress.IPv4Address(text))),)
            kind = "host"
    except ValueError:
        return None
    return Node("", name, (Leaf(COMMENT, comment), *leaves, Leaf("type", kind)))
