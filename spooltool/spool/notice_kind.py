"""What an E file tells whom: its kind of notice, the value of NOTICE.

::

    NOTICE:<TAB>delay 1796420591
    NOTICE:<TAB>infected Eicar-Test-Signature in invoice.zip

A message that was given up becomes E by a rename and has no such key: its notice tells of a
failure.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from spooltool.spool.fields import NOTICE_KINDS, escape_text, unescape_text

_MAX_TEXT = 400


class NoticeKind(StrEnum):
    """The kinds of notices; `fields.NOTICE_KINDS` says what each is about."""

    FAILURE = "failure"
    DELAY = "delay"
    RELAYED = "relayed"
    BLOCKED = "blocked"
    INFECTED = "infected"
    NOT_ALLOWED = "not-allowed"

    @property
    def meaning(self) -> str:
        """What it tells, in words for a person."""
        return NOTICE_KINDS[self]

    @property
    def called(self) -> str:
        """What such a notice is called: `notice of delay`; that of a failure is just a notice."""
        return _NAMES.get(self, "notice")

    @property
    def fails(self) -> bool:
        """Whether it tells that somebody will never get the message."""
        return self not in (NoticeKind.DELAY, NoticeKind.RELAYED)

    @property
    def judged(self) -> bool:
        """Whether it tells what our own policy has decided of a message."""
        return self in (NoticeKind.BLOCKED, NoticeKind.INFECTED, NoticeKind.NOT_ALLOWED)


_NAMES = {
    NoticeKind.DELAY: "notice of delay",
    NoticeKind.RELAYED: "notice of success",
    NoticeKind.BLOCKED: "notice of blocked content",
    NoticeKind.INFECTED: "notice of a virus",
    NoticeKind.NOT_ALLOWED: "notice of the rule base",
}


@dataclass(frozen=True, slots=True)
class Notice:
    """A kind, with what its notice must know besides: the explanation of a verdict; of a delay
    the unix second until which the message is tried."""

    kind: NoticeKind = NoticeKind.FAILURE
    text: str = ""

    @property
    def until(self) -> int:
        """Until when a delayed message is tried, unix seconds; 0 when that is not known."""
        text = self.text
        return int(text) if text.isascii() and text.isdigit() and len(text) < 11 else 0


def encode_notice(notice: Notice) -> str:
    """The value of NOTICE."""
    return f"{notice.kind} {escape_text(notice.text[:_MAX_TEXT])}".rstrip(" ")


def parse_notice(value: str | None) -> Notice | None:
    """Read the value of NOTICE, None for an absent key; None when it names no kind."""
    if value is None:
        return Notice()
    word, _, text = value.partition(" ")
    if word not in NOTICE_KINDS:
        return None
    return Notice(NoticeKind(word), unescape_text(text))
