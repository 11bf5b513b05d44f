"""The rules of a rule base that concern SMTP, as `[[rule]]` of relay.toml."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from relay.config.checkpoint.import_objects import table_name
from relay.config.checkpoint.objects import smtp_services
from relay.config.checkpoint.remarks import Remarks
from relay.config.checkpoint.rulebase import Column, Rule, RuleBase
from relay.config.checkpoint.tree import Document
from relay.config.networks import EVERYBODY, Member, Members
from relay.config.rules import ACTIONS, RuleTable

TRACKS: Mapping[str, str] = {
    "": "none",
    "none": "none",
    "log": "log",
    "long": "log",
    "short": "log",
    "account": "account",
    "accounting": "account",
    "alert": "alert",
}
"""Words of Track that mean the same here; any other raises an alert."""

ALWAYS = frozenset(("any", "gateways", "policy targets", "all"))
"""Words of Install On that mean this gateway, too."""


def rules_of(
    base: RuleBase | None, file: str, document: Document, remarks: Remarks
) -> tuple[tuple[RuleTable, ...], tuple[str, ...]]:
    """The rules, and the names of the network objects in them."""
    services = smtp_services(document)
    tables: list[RuleTable] = []
    named: dict[str, None] = {}
    for rule in base.rules if base is not None else ():
        made = list(_tables(rule, len(tables), services, file, remarks))
        if made:
            named |= dict.fromkeys(_names(rule.source) + _names(rule.destination))
        if made and made[0].number != rule.number:
            text = f"rule {rule.number} is [[rule]] {made[0].number}"
            remarks.add(file, rule.line, text)
        tables += made
    return tuple(tables), tuple(named)


def _tables(
    rule: Rule, before: int, services: frozenset[str], file: str, remarks: Remarks
) -> Iterator[RuleTable]:
    """What one rule becomes: one table for each resource, one for plain SMTP, or nothing."""

    def remark(text: str) -> None:
        remarks.add(file, rule.line, f"rule {rule.number}: {text}")

    resources = _resources(rule, services)
    if not resources:
        if not rule.disabled:
            remark(f"left out: {', '.join(rule.services.names)} is not SMTP")
        return
    action = rule.action
    if action not in ACTIONS:
        remark(f"action {action or '(none)'} is not known here: drop was taken")
        action = "drop"
    track = TRACKS.get(rule.track, "alert")
    if rule.track not in TRACKS:
        remark(f"track {rule.track} is an alert here")
    if any(column.negated and column.any for column in (rule.source, rule.destination)):
        remark("left out: it is about nobody")
        return
    install = () if _always(rule.install) else rule.install.names
    time = () if rule.time.any else rule.time.names
    if install:
        remark(f"install on {', '.join(install)} has no effect here")
    if time:
        remark(f"the rule holds always here, not only {', '.join(time)}")
    if not rule.through.any:
        remark(f"through {', '.join(rule.through.names)} has no effect here")
    for index, resource in enumerate(resources):
        yield RuleTable(
            before + index + 1,
            rule.name,
            _members(rule.source),
            _members(rule.destination),
            resource=resource,
            action=action,
            track=track,
            disabled=rule.disabled,
            comment=rule.comment,
            install=install,
            time=time,
        )


def _resources(rule: Rule, services: frozenset[str]) -> tuple[str, ...]:
    """The resources of a rule about SMTP, "" for SMTP without one; () for another rule."""
    members = list(rule.service_members())
    concerned = [one for one in members if one.name in services]
    if rule.services.any:
        return () if rule.services.negated else ("",)
    if rule.services.negated:
        return () if concerned else ("",)
    return tuple(dict.fromkeys(sorted((one.resource for one in concerned), key=lambda r: not r)))


def _members(column: Column) -> Members:
    if column.any:
        return EVERYBODY
    names = [table_name(name) for name in column.names]
    if column.negated:
        return tuple(Member(f"!{name}", True, name=name) for name in names)
    return tuple(Member(name, name=name) for name in names)


def _names(column: Column) -> tuple[str, ...]:
    return () if column.any else column.names


def _always(column: Column) -> bool:
    return column.any or all(name.lower() in ALWAYS for name in column.names)
