"""What a line of a log means to somebody who watches the mail go by."""

from __future__ import annotations

from enum import Enum

from spooltool.diagnose.logrow import number_of


class Kind(Enum):
    """The kinds of lines.  Each has words of its own in the line; colours only repeat it."""

    STORED = "stored"
    """A message came in."""
    DELIVERED = "delivered"
    """A next hop took it, or its notice."""
    PUT_OFF = "put off"
    """It failed for now."""
    FAILED = "failed"
    """It failed for good, was refused, or went to the trash."""
    TROUBLE = "trouble"
    """A person should look: a host is down, a limit is reached, the intake is closed."""
    OPERATOR = "operator"
    """A person did something."""
    OTHER = "other"


_KINDS: dict[Kind, tuple[str, ...]] = {
    Kind.STORED: ("stored",),
    Kind.DELIVERED: ("delivered", "notice-delivered"),
    Kind.PUT_OFF: ("put-off", "unknown", "notice-put-off", "notice-unknown"),
    Kind.FAILED: (
        *("rejected", "notice-rejected", "notice-due", "trashed", "refused", "aborted"),
        *("reject", "drop"),
    ),
    Kind.TROUBLE: (
        *("alert", "down", "scan-stop", "closed", "set-aside", "tls-failed", "exception"),
        "not-converted",
    ),
    Kind.OPERATOR: ("kick", "suspend", "resume", "clock-ok", "yield"),
}
_KIND = {event: kind for kind, events in _KINDS.items() for event in events}

_NOTICE = "notice-"


def kind_of(event: str) -> Kind:
    """The kind of an event of an .elg file or of an action of the tracker."""
    return _KIND.get(event, Kind.OTHER)


def name_of(id: str, event: str) -> str:
    """Letter and number, as far as the event tells the letter; "" for a line about no message.

    A message that has only its notice left to send is E, any other one R; it may be
    another by now.
    """
    if not id or id != number_of(id):
        return id
    return ("E" if event.startswith(_NOTICE) else "R") + id


class Flow(Enum):
    """What is counted of the mail that goes by."""

    STORED = "stored"
    DELIVERED = "delivered"
    PUT_OFF = "put off"
    FAILED = "failed"


FLOWS: dict[str, Flow] = {
    "stored": Flow.STORED,
    "delivered": Flow.DELIVERED,
    "put-off": Flow.PUT_OFF,
    "unknown": Flow.PUT_OFF,
    "rejected": Flow.FAILED,
    "notice-due": Flow.FAILED,
    "trashed": Flow.FAILED,
}
"""Events of the .elg files that are counted, by message."""
