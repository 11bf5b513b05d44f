"""What is allowed in relay.toml and still worth a word to the person who wrote it."""

from __future__ import annotations

from collections.abc import Iterator

from relay.config.networks import addresses
from relay.config.parameters import Config
from relay.config.references import Found
from relay.config.resources import RESOURCE, Resource
from relay.config.rules import RULE, RuleTable
from relay.config.spans import covers


def notes(config: Config) -> Iterator[Found]:
    """Rules that nothing reaches, parameters without effect, resources that nobody names."""
    yield from _unreachable(config)
    for rule in config.rules:
        for name in ("install", "time"):
            if getattr(rule, name):
                yield RULE.label(rule.number), name, "has no effect: the rule holds always, here"
    named = {rule.resource for rule in config.rules}
    for resource in config.resources:
        if resource.name not in named:
            yield RESOURCE.label(resource.name), "", f"no rule names the resource {resource.name}"
    if config.rules and not any(
        rule.action == "accept" and not rule.disabled for rule in config.rules
    ):
        yield RULE.label(config.rules[0].number), "", "no rule accepts anything"


def takes_all(resource: Resource | None) -> bool:
    """Whether a rule with this resource, or without one, leaves no mail to the next rule."""
    return resource is None or (resource.match_sender.any and resource.match_recipient.any)


def _unreachable(config: Config) -> Iterator[Found]:
    tables = {table.name: table for table in config.networks}
    resources = {resource.name: resource for resource in config.resources}
    enabled = [rule for rule in config.rules if not rule.disabled]
    about = {
        rule.number: (addresses(rule.source, tables), addresses(rule.destination, tables))
        for rule in enabled
    }

    def before(first: RuleTable, rule: RuleTable) -> bool:
        if not takes_all(resources.get(first.resource)) and first.resource != rule.resource:
            return False
        wide, narrow = about[first.number], about[rule.number]
        return covers(wide[0], narrow[0]) and covers(wide[1], narrow[1])

    for index, rule in enumerate(enabled):
        for first in enabled[:index]:
            if before(first, rule):
                text = f"rule {rule.number} is never reached: rule {first.number} takes all of it"
                yield RULE.label(rule.number), "", text
                break
