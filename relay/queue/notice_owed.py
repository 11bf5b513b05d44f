"""Who is told by a notice, who of them has it already, and who asked for which kind.

An E file is sent to one or two addresses: the sender, and the postmaster, who gets a copy of
what is returned as undeliverable (chapter, postmaster).  Where one of them has it and the
other not yet, `reason` in STATE says so, so that nobody gets it again at each attempt and
neither is forgotten.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from relay.smtp.outcome import Kind, Outcome
from spooltool.spool.disposition import wants_notice
from spooltool.spool.notice_kind import NoticeKind
from spooltool.spool.recipient import Path, Recipient

REFUSED_BY_US = "5.7.1"
"""The status of a recipient whose mail our own policy stops (RFC 3463 3.8)."""


class Whom(StrEnum):
    """The addressees of a notice."""

    SENDER = "sender"
    POSTMASTER = "postmaster"


@dataclass(frozen=True, slots=True)
class NoticeTerms:
    """What decides who is told.

    `errmail` is ERRMAIL of the file, `postmaster` the parameter; `rule_base` whether the
    sender is told of what the rule base refuses (chapter, detailed_rb_err_mail).
    """

    errmail: bool = True
    postmaster: str = ""
    rule_base: bool = False


def addressees(kind: NoticeKind, sender: str, terms: NoticeTerms) -> dict[Whom, str]:
    """Whom a notice of this kind is for; nobody: it may not be sent.

    The sender is never the null sender (RFC 5321 6.1).  What is harmful is told to the
    postmaster even where the sender is not told.
    """
    found: dict[Whom, str] = {}
    if sender and terms.errmail and (kind is not NoticeKind.NOT_ALLOWED or terms.rule_base):
        found[Whom.SENDER] = sender
    copied = kind.fails and (bool(found) or kind is NoticeKind.INFECTED)
    same = terms.postmaster.lower() == found.get(Whom.SENDER, "").lower()
    if copied and terms.postmaster and not same:
        found[Whom.POSTMASTER] = terms.postmaster
    return found


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a notice has come with each addressee: P owed, D taken, F refused for good."""

    sender: str = "P"
    postmaster: str = "P"

    @property
    def word(self) -> str:
        """How STATE says it; "" where both are owed."""
        return _WORD_OF.get((self.sender, self.postmaster), "")

    @property
    def complete(self) -> bool:
        """Whether somebody has it and nobody refused it."""
        ends = self.sender + self.postmaster
        return "D" in ends and "F" not in ends

    def owed(self, whom: Iterable[Whom]) -> list[Whom]:
        """Those of the addressees that still wait."""
        return [one for one in whom if self._end(one) == "P"]

    def after(self, outcomes: Mapping[Whom, Outcome]) -> Progress:
        """The progress after an attempt."""
        ends = {one: _ENDS.get(outcome.kind, "P") for one, outcome in outcomes.items()}
        return replace(
            self,
            sender=ends.get(Whom.SENDER, self.sender),
            postmaster=ends.get(Whom.POSTMASTER, self.postmaster),
        )

    def _end(self, whom: Whom) -> str:
        return self.sender if whom is Whom.SENDER else self.postmaster


_ENDS = {Kind.DELIVERED: "D", Kind.PERMANENT: "F"}
_WORD_OF = {
    ("D", "P"): "told",
    ("F", "P"): "bounced",
    ("P", "D"): "copied",
    ("P", "F"): "uncopied",
}
_PROGRESS = {word: Progress(*ends) for ends, word in _WORD_OF.items()}


def progress(reason: str) -> Progress:
    """The progress that STATE of an E file tells by its reason."""
    return _PROGRESS.get(reason, Progress())


def sender_waits(sender: str, reason: str, *, errmail: bool) -> bool:
    """Whether the sender may be owed the notice of an E file, by its own keys alone."""
    return errmail and bool(sender) and progress(reason).sender == "P"


def may_notify(sender: Path, recipient: Recipient, *, errmail: bool) -> bool:
    """Whether a failure of this recipient may be told to the sender."""
    return errmail and wants_notice(sender, recipient)


def wants_delay(sender: Path, recipient: Recipient, *, errmail: bool) -> bool:
    """Whether the sender is told that this recipient waits: unless NOTIFY leaves DELAY out."""
    return errmail and bool(sender.address) and _asks(recipient, "DELAY", unless=True)


def wants_success(sender: Path, recipient: Recipient, *, errmail: bool) -> bool:
    """Whether the sender is told that this recipient's mail was handed on (NOTIFY=SUCCESS)."""
    return errmail and bool(sender.address) and _asks(recipient, "SUCCESS", unless=False)


def _asks(recipient: Recipient, word: str, *, unless: bool) -> bool:
    """Whether NOTIFY has a word; without NOTIFY it is `unless` (RFC 3461 4.1)."""
    notify = recipient.path.param("NOTIFY")
    return word in notify.upper().split(",") if notify else unless


def refused_by_us(recipients: Sequence[Recipient], text: str, now: float) -> list[Recipient]:
    """Recipients whose mail our own policy stops, as the E file of that notice holds them."""
    return [
        replace(
            one,
            mark="F",
            code=0,
            enhanced=REFUSED_BY_US,
            last_try=int(now),
            next_try=0,
            host="",
            text=text,
        )
        for one in recipients
    ]
