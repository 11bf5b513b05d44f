"""What a rule base may not be: beside the implicit rule, leading nowhere, open to anybody.

An open relay takes mail from anybody for anybody.  What limits it is the source of a rule,
the recipients of its resource, or a server that is named; one of them must.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from relay.config.contradictions import to_itself
from relay.config.networks import Members, NetworkTable, addresses
from relay.config.origin import wide_list
from relay.config.parameters import Config
from relay.config.references import Found
from relay.config.resources import RESOURCE, Resource
from relay.config.rules import RULE, RuleTable
from relay.config.spans import Span
from relay.config.wildcard import Pattern

_STRANGERS = tuple(f"someone@nobody-of-ours.{top}" for top in ("com", "net", "org", "invalid"))
"""A pattern that takes one of these limits nothing."""

_WIDEST = {4: 1 << 24, 6: 1 << 112}
"""Addresses in a row beyond which they are no network of one's own."""

_UNIQUE_LOCAL: Span = (6, 0xFC << 120, (0xFE << 120) - 1)

Line = Callable[[str, str], int]
"""The line of a table's parameter; 0 where it has none."""


def rules_at_fault(config: Config, line: Line) -> Iterator[Found]:
    """Every rule or parameter that contradicts the rule base as a whole."""
    if not config.rules:
        return
    yield from _beside_the_implicit_rule(config, line)
    tables = {table.name: table for table in config.networks}
    resources = {resource.name: resource for resource in config.resources}
    for rule in config.rules:
        if rule.action == "accept" and not rule.disabled:
            resource = resources.get(rule.resource)
            yield from _nowhere(rule, resource, config)
            yield from _open(rule, resource, config, tables)
    for resource in config.resources:
        for name in ("mail_delivery_server", "error_mail_delivery_server"):
            for text in to_itself(config, getattr(resource, name)):
                yield RESOURCE.label(resource.name), name, text


def takes_strangers(pattern: Pattern) -> bool:
    """Whether a pattern of recipients leaves the domain open."""
    return any(pattern.matches(stranger) for stranger in _STRANGERS)


def _beside_the_implicit_rule(config: Config, line: Line) -> Iterator[Found]:
    first = line(RULE.label(config.rules[0].number), "")
    for name in ("dst", "accept_from"):
        if getattr(config, name):
            text = f"there are rules (the first in line {first}), and they decide instead: leave"
            yield "", name, f"{text} {name} out, or the rules"


def _nowhere(rule: RuleTable, resource: Resource | None, config: Config) -> Iterator[Found]:
    if config.default_server or config.original_destination != "off":
        return
    if resource is None:
        text = "the mail has nowhere to go: default_server is empty, original_destination off"
        yield RULE.label(rule.number), "action", text
    elif not (resource.mail_delivery_server or resource.deliver_messages_using_dns_mx_records):
        text = (
            f"the mail has nowhere to go: {resource.name} names no mail_delivery_server, "
            "default_server is empty, original_destination off"
        )
        yield RULE.label(rule.number), "resource", text


def _open(
    rule: RuleTable,
    resource: Resource | None,
    config: Config,
    tables: Mapping[str, NetworkTable],
) -> Iterator[Found]:
    if not _anybody(rule.source, tables):
        return
    if resource is not None and not takes_strangers(resource.match_recipient):
        return
    label = RULE.label(rule.number)
    if _by_mx(resource, config):
        yield (
            label,
            "resource" if resource is not None else "source",
            "relays for anybody to anywhere: the source is anybody, and mail for any recipient "
            "goes by MX; name your domains in match.recipient of a resource",
        )
        return
    if resource is not None and resource.mail_delivery_server:
        return
    named = config.original_networks and not wide_list(config.original_networks)
    if config.original_destination != "off" and not named and _anybody(rule.destination, tables):
        yield (
            label,
            "source",
            "relays for anybody to anywhere: narrow source or destination, or name your "
            "servers' networks in original_networks",
        )


def _by_mx(resource: Resource | None, config: Config) -> bool:
    """Whether mail of a rule goes by MX, or does where its client was led to no server."""
    if resource is not None and resource.deliver_messages_using_dns_mx_records:
        return True
    named = resource.mail_delivery_server if resource is not None else ""
    return (named or config.default_server) == "mx"


def _anybody(members: Members, tables: Mapping[str, NetworkTable]) -> bool:
    """Whether a list holds a block of addresses that is nobody's own."""
    return any(
        high - low >= _WIDEST[version] and not (version == 6 and _local(low, high))
        for version, low, high in addresses(members, tables)
    )


def _local(low: int, high: int) -> bool:
    return _UNIQUE_LOCAL[1] <= low and high <= _UNIQUE_LOCAL[2]
