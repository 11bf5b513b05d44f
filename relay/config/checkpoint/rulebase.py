"""Rule bases (rulebases_5_0.fws, *.W) as values."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from relay.config.checkpoint.change import reference_name
from relay.config.checkpoint.tree import Document, Item

ANY = "any"
_HEADING = "security_header_rule"


@dataclass(frozen=True, slots=True)
class Column:
    """The members of one column of a rule; `negated` for all but these."""

    names: tuple[str, ...]
    negated: bool = False

    @property
    def any(self) -> bool:
        """Whether it is Any, or empty."""
        return not self.names or any(name.lower() == ANY for name in self.names)


@dataclass(frozen=True, slots=True)
class Service:
    """One service of a rule, with the resource of `smtp->NAME`, "" for none."""

    name: str
    resource: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule; `number` counts from 1 as the rule base does, `line` is where it begins."""

    number: int
    line: int
    name: str
    source: Column
    destination: Column
    services: Column
    action: str
    track: str
    disabled: bool
    comment: str
    install: Column
    time: Column
    through: Column

    def service_members(self) -> Iterator[Service]:
        """The services, each parted from its resource."""
        for name in self.services.names:
            service, _, resource = name.partition("->")
            yield Service(service, resource)


@dataclass(frozen=True, slots=True)
class RuleBase:
    """A policy: its name and its rules, headings left out."""

    name: str
    line: int
    rules: tuple[Rule, ...]


def rule_bases(document: Document) -> tuple[RuleBase, ...]:
    """Every rule base of a file."""
    return tuple(
        RuleBase(
            item.value.removeprefix("##"), document.line(item.start), tuple(_rules(document, item))
        )
        for item in document.root.all("rule-base")
    )


def _rules(document: Document, base: Item) -> Iterator[Rule]:
    number = 0
    for item in base.all("rule"):
        heading = item.text("AdminInfo", "ClassName") == _HEADING
        if heading or (item.text("header_text") and item.find("src") is None):
            continue
        number += 1
        yield Rule(
            number,
            document.line(item.start),
            item.text("name"),
            _column(item, "src"),
            _column(item, "dst"),
            _column(item, "services"),
            _word(item, "action").lower(),
            _word(item, "track").lower(),
            item.text("disabled").lower() == "true",
            " ".join(item.text("comments").split()),
            _column(item, "install"),
            _column(item, "time"),
            _column(item, "through"),
        )


def _column(rule: Item, name: str) -> Column:
    item = rule.find(name)
    if item is None:
        return Column(())
    names = [reference_name(one) for one in item.members()]
    for compound in item.all("compound"):
        names += [reference_name(one) for one in compound.members()]
    return Column(tuple(names), item.text("op").lower() in ("not in", "not"))


def _word(rule: Item, name: str) -> str:
    """What an action or a track is: its type, else its name."""
    item = rule.find(name)
    first = next(item.members(), None) if item is not None else None
    if first is None:
        return ""
    return first.text("type") or reference_name(first)
