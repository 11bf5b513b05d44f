"""`[[rule]]`: the rule base, in the order of the file.

A rule looks at the connection; one with a resource also at sender and recipient, and where
those do not fit, the rules below it are looked at.
"""

from __future__ import annotations

from dataclasses import dataclass

from relay.config import kinds
from relay.config.kinds import Wrong
from relay.config.networks import EVERYBODY, MEMBERS, Members, members
from relay.config.tables import TableKind, entry

ACTIONS = ("accept", "drop", "reject")
TRACKS = ("none", "log", "alert", "account")
SERVICES = ("smtp",)


def _words(value: object) -> tuple[str, ...]:
    """Text or a list of texts that nothing reads."""
    if isinstance(value, str):
        return (value,)
    if isinstance(value, list) and all(isinstance(word, str) for word in value):
        return tuple(value)
    raise Wrong(f"wants text or a list of texts, not {kinds.shown(value)}")


@dataclass(frozen=True, slots=True)
class RuleTable:
    """One rule; `number` counts from 1, disabled rules included."""

    number: int
    name: str = entry("", "text", kinds.line, "for people")
    source: Members = entry(EVERYBODY, MEMBERS, members, "clients that it is about")
    destination: Members = entry(
        EVERYBODY, MEMBERS, members, "servers that they were going to; else our own address"
    )
    service: str = entry(
        "smtp", "|".join(SERVICES), kinds.one_of(*SERVICES), "the relay serves no other"
    )
    resource: str = entry("", "name", kinds.line, "the [resource.NAME] that must match, too")
    action: str = entry(
        "drop",
        "|".join(ACTIONS),
        kinds.one_of(*ACTIONS),
        "accept; drop: 421, the client may try again; reject: 554, it must not",
        wanted=True,
    )
    track: str = entry(
        "log",
        "|".join(TRACKS),
        kinds.one_of(*TRACKS),
        "what is recorded; account: as log, with ACCT 1",
    )
    disabled: bool = entry(False, "true|false", kinds.flag, "as if it were not there")
    comment: str = entry("", "text", kinds.line, "for people")
    install: tuple[str, ...] = entry((), "text", _words, "kept, without effect")
    time: tuple[str, ...] = entry((), "text", _words, "kept, without effect")


RULE: TableKind[RuleTable] = TableKind("rule", "rules", "Rules", "a rule", "[[rule]]", RuleTable)
