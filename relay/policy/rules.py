"""One rule, and whether a connection and its mail are what it is about."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from relay.policy.cidr import Networks
from relay.policy.resources import Resource
from relay.policy.rewriting import spellings
from relay.policy.wildcard import Pattern
from relay.smtp.mailbox import Mailbox


class Action(StrEnum):
    """What a rule does with what it is about."""

    ACCEPT = "accept"
    DROP = "drop"
    REJECT = "reject"


class Track(StrEnum):
    """What is recorded of it."""

    NONE = "none"
    LOG = "log"
    ALERT = "alert"
    ACCOUNT = "account"


class Miss(StrEnum):
    """Why a rule is not about something."""

    DISABLED = "disabled"
    SOURCE = "source"
    DESTINATION = "destination"
    SENDER = "sender"
    RECIPIENT = "recipient"


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule of the rule base; a network of None is every address."""

    number: int
    action: Action
    source: Networks | None = None
    destination: Networks | None = None
    resource: Resource | None = None
    track: Track = Track.LOG
    disabled: bool = False
    name: str = ""

    def __str__(self) -> str:
        """How logs name it: "11 smtp_in"."""
        return f"{self.number} {self.resource.name}" if self.resource else str(self.number)

    @property
    def decisive(self) -> bool:
        """Whether it decides about a connection without looking at its mail."""
        return self.resource is None


def misses_connection(rule: Rule, source: str, destination: str) -> Miss | None:
    """Why a rule is not about connections between two IP addresses; None: it is."""
    if rule.disabled:
        return Miss.DISABLED
    if rule.source is not None and source not in rule.source:
        return Miss.SOURCE
    if rule.destination is not None and destination not in rule.destination:
        return Miss.DESTINATION
    return None


def misses_mail(rule: Rule, sender: Mailbox, recipient: Mailbox) -> Miss | None:
    """Why a rule's resource is not about mail of this sender to this recipient; None: it is.

    The null sender is matched only by a pattern that takes everything.  `<postmaster>`
    without a domain is everybody's: any rule that accepts takes it (RFC 5321 4.5.1), and a
    rule that refuses does so only where it refuses every recipient.
    """
    resource = rule.resource
    if resource is None:
        return None
    wanted = resource.match_sender
    if not (wanted.any or (sender.text and _matches(wanted, sender))):
        return Miss.SENDER
    wanted = resource.match_recipient
    if wanted.any or (not recipient.domain and rule.action is Action.ACCEPT):
        return None
    if not recipient.domain or not _matches(wanted, recipient):
        return Miss.RECIPIENT
    return None


def _matches(pattern: Pattern, mailbox: Mailbox) -> bool:
    """Whether one of the address's spellings is described: A-labels find U-labels and back."""
    return any(pattern.matches(one) for one in spellings(mailbox.local, mailbox.domain))
