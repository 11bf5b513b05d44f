"""What a resource takes out of a message, and what it keeps from being delivered.

The scanner finds the structure, this decides, the surgery carries it out.  In this order:
capacity, characters, structure, then what is stripped.  Nothing that can be read in two
ways is ever clean (docs/decisions/content.md).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from relay.message.mime import Part, Removal, Tree
from relay.policy.wildcard import Pattern
from spooltool.spool.checks import Check

KB = 1024
_LONG = 40


_CHECKS = (Check.CAPACITY, Check.CHARACTERS, Check.STRUCTURE)


@dataclass(frozen=True, slots=True)
class ContentRules:
    """What is asked of content.

    A pattern that is None takes nothing.  `mail_capacity` is in KB of the whole content,
    0 without a limit.  `looked_into` tells that something else depends on the structure:
    weeding, a scanner.
    """

    strip_mime_of_type: Pattern | None = None
    strip_file_by_name: Pattern | None = None
    mail_capacity: int = 0
    seven_bit: bool = False
    looked_into: bool = False

    @property
    def needs_structure(self) -> bool:
        """Whether a message must have one reading alone."""
        return bool(self.strip_mime_of_type or self.strip_file_by_name or self.looked_into)


@dataclass(frozen=True, slots=True)
class Clean:
    """Nothing is to be done."""


@dataclass(frozen=True, slots=True)
class Stripped:
    """These parts go, and what is left may be delivered."""

    removals: tuple[Removal, ...]


@dataclass(frozen=True, slots=True)
class Blocked:
    """It must not be delivered: which check says so, and why, in words."""

    check: Check
    reason: str


Verdict = Clean | Stripped | Blocked


def judge(tree: Tree, rules: ContentRules, passed: Collection[Check] = ()) -> Verdict:
    """What becomes of a message; the checks in `passed` were waived by an operator."""
    for check in _CHECKS:
        if check not in passed and (reason := _against(check, tree, rules)):
            return Blocked(check, reason)
    removals = tuple(_removals(tree, rules))
    return Stripped(removals) if removals else Clean()


def _against(check: Check, tree: Tree, rules: ContentRules) -> str:
    """What that check has against a message; "" when nothing."""
    match check:
        case Check.CAPACITY:
            if rules.mail_capacity and tree.size > rules.mail_capacity * KB:
                return f"larger than {rules.mail_capacity} KB"
        case Check.CHARACTERS:
            if rules.seven_bit and tree.eightbit >= 0:
                return f"8-bit characters, the first at byte {tree.eightbit}"
        case Check.STRUCTURE:
            if rules.needs_structure and (odd := next(tree.ambiguities, None)):
                part, found = odd
                path = part.path if len(part.path) <= _LONG else part.path[:_LONG] + "..."
                return f"part {path} can be read in two ways: {found.defect.meaning}"
    return ""


def _removals(tree: Tree, rules: ContentRules) -> Iterator[Removal]:
    """The parts that a rule takes, those inside of one that goes left out."""
    gone: set[int] = set()
    for number, part in enumerate(tree.parts):
        if part.parent in gone:
            gone.add(number)
        elif removal := _removal(part, rules):
            gone.add(number)
            yield removal


def _removal(part: Part, rules: ContentRules) -> Removal | None:
    """Whether a part goes: for what it is, or for what an encoded message in it holds."""
    for pattern, rule, values in (
        (rules.strip_mime_of_type, "strip_mime_of_type", part.all_types),
        (rules.strip_file_by_name, "strip_file_by_name", part.all_names),
    ):
        if pattern is not None and (matched := _first(pattern, values)) is not None:
            return Removal(part, rule, matched)
    for inner in part.inner:
        if removal := next(_removals(inner, rules), None):
            return Removal(part, removal.rule, removal.matched)
    return None


def _first(pattern: Pattern, values: Iterable[str]) -> str | None:
    return next((value for value in values if pattern.matches(value)), None)
