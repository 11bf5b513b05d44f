"""What became of each recipient in one transaction, and the reason codes used for it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from relay.smtp.reply import Reply

REFUSED = "refused"
"""The peer refused the connection, or with a 5xx reply before any mail our service."""
TIMEOUT = "timeout"
"""The peer was silent for too long, or the connection was lost before the answer."""
PUT_OFF = "put-off"
"""A 4xx reply, or something that was no reply at all."""
REJECTED = "rejected"
"""A 5xx reply, or an extension that the message needs and the peer lacks."""
TLS = "tls"
"""Encryption is wanted of this host and did not come about."""
RULE_BASE = "rule-base"
"""No rule lets the mail go to this host."""
UNREADABLE = "unreadable"
"""The envelope holds what must not go on the wire (a spool file edited by hand)."""
TOO_MANY = "too-many"
"""The peer takes no more recipients in this transaction: the next one may follow at once.
Never a message's standing; whoever does not retry at once writes `PUT_OFF` in its place."""


class Kind(StrEnum):
    """The ways a recipient's attempt can end."""

    DELIVERED = "delivered"
    TEMPORARY = "temporary"
    PERMANENT = "permanent"
    UNKNOWN = "unknown"
    """The final dot was sent and its answer never came: delivered or not."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One recipient's end of one attempt.

    `reason` is one of this module's codes, or "" for delivered.  `reply` is what the peer
    said, None where it said nothing.  `text` is one short line for the spool file and
    the log.  `status` is the enhanced status code for a delivery notice (RFC 3463),
    always set: the peer's, else the general one of the kind.  `host` is who said so, ""
    while that is known from elsewhere.  `reports` tells that who took it for delivery offers
    DSN: whatever is to be reported from now on is his to report (RFC 3461 5.2.1).
    """

    kind: Kind
    reason: str
    reply: Reply | None
    text: str
    status: str
    host: str = ""
    reports: bool = False


_GENERAL = {"2": "2.0.0", "4": "4.0.0", "5": "5.0.0"}


def judge(reply: Reply, *, soft: bool = False, reports: bool = False) -> Outcome:
    """The outcome that a 2xx, 4xx or 5xx reply means; `soft` turns 5xx into temporary.

    `reports` tells that the peer offers DSN.
    """
    status = reply.enhanced or _GENERAL[str(reply.code)[0]]
    text = reply.single()
    if reply.positive:
        return Outcome(Kind.DELIVERED, "", reply, text, status, reports=reports)
    if reply.permanent and not soft:
        return Outcome(Kind.PERMANENT, REJECTED, reply, text, status)
    return Outcome(Kind.TEMPORARY, PUT_OFF, reply, text, "4" + status[1:])


def too_many(reply: Reply) -> Outcome:
    """The outcome of 452 and 552 to RCPT: not in this transaction (RFC 5321 4.5.3.1.10)."""
    status = "4" + (reply.enhanced or "4.5.3")[1:]
    return Outcome(Kind.TEMPORARY, TOO_MANY, reply, reply.single(), status)


def lacking(status: str, text: str, *, soft: bool = False) -> Outcome:
    """The outcome for a message that the peer cannot take by what it announced."""
    if soft:
        return Outcome(Kind.TEMPORARY, PUT_OFF, None, text, "4" + status[1:])
    return Outcome(Kind.PERMANENT, REJECTED, None, text, status)


def barred(address: str) -> Outcome:
    """The outcome for a recipient whom no rule lets this mail go to over an address."""
    return Outcome(Kind.PERMANENT, RULE_BASE, None, f"no rule lets it go to {address}", "5.7.1")


def held_back(reason: str, text: str) -> Outcome:
    """The outcome for who waits because nobody can judge the content now: `scanner`, `limit`."""
    return Outcome(Kind.TEMPORARY, reason, None, text, "4.7.0")


def unsendable(status: str, text: str) -> Outcome:
    """The outcome for an address that must not go on the wire: kept, for a person to mend."""
    return Outcome(Kind.TEMPORARY, UNREADABLE, None, text, status)


def broken(reason: str, text: str, *, after_dot: bool = False) -> Outcome:
    """The outcome of a lost or silent connection; after the final dot it is unknown."""
    status = "4.5.0" if reason == PUT_OFF else "4.4.2"
    return Outcome(Kind.UNKNOWN if after_dot else Kind.TEMPORARY, reason, None, text, status)
