"""Network objects, services and servers of an objects file, as values."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass

from relay.config.checkpoint.change import reference_name
from relay.config.checkpoint.sections import (
    NETWORK_OBJECTS,
    SERVERS,
    SERVICES,
    objects_of,
)
from relay.config.checkpoint.tree import Document, Item

SMTP_PORT = "25"
_MACHINES = frozenset(("host", "gateway", "gateway_cluster", "cluster_member", "gateway_ckp"))


@dataclass(frozen=True, slots=True)
class NetworkObject:
    """A host, gateway, network, range or group; `line` is where it begins.

    `addresses` are `a`, `a/n` or `a-b`, `members` names of other objects.  `problem` says why
    it has neither.
    """

    name: str
    line: int
    addresses: tuple[str, ...] = ()
    members: tuple[str, ...] = ()
    comment: str = ""
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Server:
    """A server object: a CVP server's host and port."""

    name: str
    line: int
    type: str
    host: str
    port: int
    comment: str = ""


CVP_PORT = 18181
"""The port of CVP servers."""


def network_objects(document: Document) -> dict[str, NetworkObject]:
    """Every network object by its name; the first of a name counts."""
    found: dict[str, NetworkObject] = {}
    for name, item in objects_of(document, NETWORK_OBJECTS):
        found.setdefault(name, _network_object(name, item, document.line(item.start)))
    return found


def smtp_services(document: Document) -> frozenset[str]:
    """Names of the services that are SMTP, groups with one among them."""
    groups: dict[str, set[str]] = {}
    found = {"smtp"}
    for name, item in objects_of(document, SERVICES):
        kind = item.text("type").lower()
        if kind == "group":
            groups[name] = {reference_name(one) for one in item.members()}
        elif kind == "tcp" and item.text("port").strip() == SMTP_PORT:
            found.add(name)
    grown = True
    while grown:
        more = {name for name, members in groups.items() if members & found} - found
        found |= more
        grown = bool(more)
    return frozenset(found)


def cvp_servers(document: Document) -> dict[str, Server]:
    """The CVP servers by their names."""
    found: dict[str, Server] = {}
    for name, item in objects_of(document, SERVERS):
        kind = item.text("type").lower()
        if kind != "cvp":
            continue
        server = item.find("server")
        port = item.text("port")
        found[name] = Server(
            name,
            document.line(item.start),
            kind,
            reference_name(server) if server is not None else "",
            int(port) if port.isdecimal() else CVP_PORT,
            comment_of(item),
        )
    return found


def comment_of(item: Item) -> str:
    """The comment of an object, in one line."""
    return " ".join((item.text("comments") or item.text("comment")).split())


def _network_object(name: str, item: Item, line: int) -> NetworkObject:
    kind = item.text("type").lower()
    comment = comment_of(item)
    if kind == "group":
        members = tuple(dict.fromkeys(reference_name(one) for one in item.members()))
        problem = "" if members else "the group is empty"
        return NetworkObject(name, line, members=members, comment=comment, problem=problem)
    try:
        addresses = tuple(dict.fromkeys(_addresses(kind, item)))
    except ValueError as error:
        return NetworkObject(name, line, comment=comment, problem=str(error))
    problem = "" if addresses else f"an object of type {kind or '(none)'} has no address here"
    return NetworkObject(name, line, addresses, comment=comment, problem=problem)


def _addresses(kind: str, item: Item) -> Iterator[str]:
    """The addresses of an object; ValueError for what is none."""
    if kind == "network":
        yield str(ipaddress.IPv4Network((item.text("ipaddr"), item.text("netmask")), strict=False))
    elif kind == "machines_range":
        first, last = item.text("ipaddr_first"), item.text("ipaddr_last")
        yield f"{ipaddress.IPv4Address(first)}-{ipaddress.IPv4Address(last)}"
    elif kind in _MACHINES:
        yield str(ipaddress.IPv4Address(item.text("ipaddr")))
        interfaces = item.find("interfaces")
        for one in interfaces.members() if interfaces is not None else ():
            if address := one.text("ipaddr"):
                yield str(ipaddress.IPv4Address(address))
