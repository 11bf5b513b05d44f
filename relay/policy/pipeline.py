"""Content through all that a resource asks of it, in one place.

::

    size, characters, structure -> parts stripped -> HTML weeded -> the filtered form

Who calls it has content that can be read by offset and gets a `Plan`: the verdict, and the
edits that make the filtered form.  The dequeuer's workers and `relay replay` run the same
code.  Antivirus comes after it (`antivirus`), on the filtered form.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import cast

from relay.config.resources import Resource
from relay.message.headers import find
from relay.message.html import Weeding
from relay.message.line_view import Content
from relay.message.mime import (
    DEFAULT_LIMITS,
    Edit,
    Limits,
    Removal,
    Scanner,
    Splicer,
    Tree,
    removal_edits,
)
from relay.message.words import plain
from relay.policy.content import Blocked, ContentRules, Stripped, judge
from relay.policy.html_parts import Found, weed_parts
from relay.policy.verdict import Outcome, Verdict
from relay.policy.wildcard import Pattern, compile_pattern
from spooltool.spool.checks import Check, check_of

ANTIVIRUS = "antivirus"
"""The rule by which an infected part goes."""


@dataclass(frozen=True, slots=True)
class Orders:
    """What is asked of one message's content.

    `resource` and `rule` are for people.  Patterns are "" for none, `mail_capacity` is in
    KB, 0 without a limit.  `scanned` tells that a scanner will look at the result, `passed`
    what an operator waived.  `header_size` and `header_fields` are what the intake allows.
    """

    resource: str = ""
    rule: str = ""
    strip_mime_of_type: str = ""
    strip_file_by_name: str = ""
    mail_capacity: int = 0
    seven_bit: bool = False
    weeding: Weeding = field(default_factory=Weeding)
    scanned: bool = False
    passed: frozenset[Check] = frozenset()
    header_size: int = DEFAULT_LIMITS.header
    header_fields: int = DEFAULT_LIMITS.fields

    @property
    def limits(self) -> Limits:
        """How much of structure is read."""
        return Limits(header=self.header_size, fields=self.header_fields)

    @property
    def rules(self) -> ContentRules:
        """The part of it that is about structure.  Raises BadPattern."""
        return ContentRules(
            _pattern(self.strip_mime_of_type),
            _pattern(self.strip_file_by_name),
            self.mail_capacity,
            self.seven_bit,
            looked_into=self.scanned or self.weeding.any,
        )


def orders_of(
    resource: Resource | None,
    *,
    rule: str = "",
    scanned: bool = False,
    passed: Iterable[Check] = (),
    limits: Limits = DEFAULT_LIMITS,
) -> Orders:
    """What a resource asks as it is defined now; None where mail matched none."""
    common = Orders(
        rule=rule,
        scanned=scanned,
        passed=frozenset(passed),
        header_size=limits.header,
        header_fields=limits.fields,
    )
    if resource is None:
        return common
    return replace(
        common,
        resource=resource.name,
        strip_mime_of_type=resource.strip_mime_of_type,
        strip_file_by_name=resource.strip_file_by_name,
        mail_capacity=resource.mail_capacity,
        seven_bit=resource.allowed_characters == "7_bit",
        weeding=Weeding(
            resource.strip_script_tags,
            resource.strip_applet_tags,
            resource.strip_activex_tags,
            resource.strip_ftp_links,
            resource.strip_port_strings,
        ),
    )


def encode_orders(orders: Orders) -> dict[str, object]:
    """Orders in the kinds that JSON has."""
    return {**asdict(orders), "passed": sorted(check.word for check in orders.passed)}


def decode_orders(found: Mapping[str, object]) -> Orders:
    """Inverse of `encode_orders`; passes over keys that are not of it."""
    names = Orders.__dataclass_fields__
    given = {name: value for name, value in found.items() if name in names}
    words = map(check_of, cast("list[str]", given.pop("passed", [])))
    passed = frozenset(check for check in words if check is not None)
    weeding = Weeding(**cast("dict[str, bool]", given.pop("weeding", {})))
    return Orders(**given, passed=passed, weeding=weeding)  # type: ignore[arg-type]  # ours


@dataclass(frozen=True, slots=True)
class Plan:
    """What becomes of content: the outcome, its structure, the edits of CHANGED in order."""

    outcome: Outcome
    tree: Tree
    edits: tuple[Edit, ...] = ()


def survey(content: Content, limits: Limits) -> Tree:
    """The structure of content."""
    scanner = Scanner(limits)
    for chunk in content.chunks():
        scanner.feed(chunk)
    return scanner.end()


def plan(content: Content, orders: Orders) -> Plan:
    """Judge content (LF line ends).  Raises OSError where it cannot be read, and nothing
    on what stands in it."""
    tree = survey(content, orders.limits)
    verdict = judge(tree, orders.rules, orders.passed)
    if isinstance(verdict, Blocked):
        return Plan(_blocked(verdict.check, verdict.reason, orders), tree)
    removals = verdict.removals if isinstance(verdict, Stripped) else ()
    weeded = weed_parts(content, tree, {one.part.path for one in removals}, orders.weeding)
    if weeded.odd and Check.HTML not in orders.passed:
        return Plan(_blocked(Check.HTML, weeded.odd[0], orders), tree)
    removals += tuple(weeded.removals)
    if not removals and not weeded.edits:
        return Plan(Outcome(Verdict.PASS), tree)
    edits = (*removal_edits(tree, removals, orders.resource), *weeded.edits)
    told = tuple(_told(removals, weeded))
    outcome = Outcome(Verdict.CHANGED, "", tuple(_signatures(content, tree)), told)
    return Plan(outcome, tree, tuple(sorted(edits, key=lambda one: one.start)))


def replacing(content: Content, infected: Mapping[str, str], orders: Orders) -> Plan:
    """Put a text in the place of parts: `infected` says by path what was found in each.

    Raises ValueError for a path that is none of the content's.
    """
    tree = survey(content, orders.limits)
    parts = {part.path: part for part in tree.parts}
    if not infected.keys() <= parts.keys():
        raise ValueError("a part that the content does not have")
    removals = [Removal(parts[path], ANTIVIRUS, names) for path, names in infected.items()]
    edits = removal_edits(tree, removals, orders.resource)
    notes = tuple(_signatures(content, tree))
    outcome = Outcome(Verdict.CHANGED, "", notes, tuple(_told(removals, Found())))
    return Plan(outcome, tree, edits)


def filtered(content: Content, edits: Iterable[Edit]) -> Iterator[bytes]:
    """The content with edits applied, piece by piece; every other byte as it came."""
    splicer = Splicer(edits)
    for chunk in content.chunks():
        if piece := splicer.feed(chunk):
            yield piece
    if piece := splicer.end():
        yield piece


def _blocked(check: Check, reason: str, orders: Orders) -> Outcome:
    return Outcome(Verdict.BLOCKED, f"{label(orders)}{reason}", check=check)


def label(orders: Orders) -> str:
    """By whose order something is done, as the beginning of a text for people."""
    resource = f"resource {orders.resource}" if orders.resource else ""
    rule = f"rule {orders.rule}" if orders.rule not in ("", "0") else ""
    return f"{', '.join(filter(None, (resource, rule)))}: " if resource or rule else ""


def _told(removals: Iterable[Removal], weeded: Found) -> Iterator[str]:
    """What was removed, a line each."""
    for one in removals:
        name = f' "{plain(one.part.all_names[0])}"' if one.part.all_names else ""
        what = f"part {one.part.path} {plain(one.part.type)}{name}"
        yield f"{what}: {one.rule} ({plain(one.matched)})"
    for part, kinds in weeded.weeded:
        counts = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))
        yield f"part {part.path} {plain(part.type)}: {counts or 'written anew'}"


def _signatures(content: Content, tree: Tree) -> Iterator[str]:
    """What does not verify any more once the body is another."""
    header = tree.parts[0].header
    block = b"".join(content.chunks(header.start, header.end))
    if find(block, "DKIM-Signature") is not None:
        yield "DKIM broken by the change"


def _pattern(text: str) -> Pattern | None:
    return compile_pattern(text) if text else None
