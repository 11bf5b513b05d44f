"""Names in tables that must lead somewhere, and what a table asks of another.

Looked at whenever every header could be read, also beside other mistakes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from relay.config.destinations import DestinationTable
from relay.config.networks import NETWORK, Members, NetworkTable, circles
from relay.config.resources import RESOURCE, Resource
from relay.config.rules import RULE, RuleTable
from relay.config.scanners import SCANNER, ScannerTable
from relay.config.tables import nearest

Found = tuple[str, str, str]
"""The table's label, the parameter's path, the text."""


def references(
    networks: Sequence[NetworkTable],
    rules: Sequence[RuleTable],
    resources: Sequence[Resource],
    scanners: Sequence[ScannerTable],
    destinations: Sequence[DestinationTable],
) -> Iterator[Found]:
    """Every name that leads nowhere, and every table that cannot work as it stands."""
    known = {table.name: table for table in networks}
    for network in networks:
        yield from _members(NETWORK.label(network.name), "members", network.members, known)
    for circle in circles(known):
        yield NETWORK.label(circle[0]), "members", "goes in a circle: " + " > ".join(circle)
    for rule in rules:
        label = RULE.label(rule.number)
        yield from _members(label, "source", rule.source, known)
        yield from _members(label, "destination", rule.destination, known)
        if rule.resource:
            yield from _named(label, "resource", rule.resource, [one.name for one in resources])
    for resource in resources:
        label = RESOURCE.label(resource.name)
        if resource.server:
            names = [one.name for one in scanners]
            yield from _named(label, "cvp.server", resource.server, names, "scanner")
        elif resource.enable_cvp:
            yield label, "cvp.enable_cvp", "there is no cvp.server to scan the mail"
    yield from _scanners(scanners)


def _members(
    label: str, path: str, members: Members, known: dict[str, NetworkTable]
) -> Iterator[Found]:
    for member in members:
        if member.name:
            yield from _named(label, path, member.name, known, "network")


def _named(
    label: str, path: str, name: str, known: Iterable[str], what: str = "resource"
) -> Iterator[Found]:
    names = tuple(known)
    if name not in names:
        yield label, path, f"no {what} is called {name!r}; {nearest(name, names)}"


def _scanners(scanners: Sequence[ScannerTable]) -> Iterator[Found]:
    seen: dict[str, str] = {}
    for one in scanners:
        label, address = SCANNER.label(one.name), str(one.address)
        if one.address.port:
            if address in seen:
                text = f"{address} is scanner {seen[address]}'s, and mail names it by address alone"
                yield label, "address", text
            seen.setdefault(address, one.name)
        if one.socket and one.protocol != "clamd":
            yield label, "socket", f"{one.protocol} is spoken over TCP only"
        if one.service and one.protocol != "icap":
            yield label, "service", f"{one.protocol} knows no services"
        if one.protocol == "icap" and not one.service:
            yield label, "", "icap wants a service, as virus_scan or avscan"
