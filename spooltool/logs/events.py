"""The closed table of events: every word that the relay writes after the id of a line."""

from __future__ import annotations

from dataclasses import dataclass

ASMTPD = "asmtpd"
MDQ = "mdq"
BOTH = "both"

_OUTCOME = ("host", "to", "sender", "reply", "tls")


@dataclass(frozen=True, slots=True)
class Event:
    """One event: its word, who writes it, its meaning, and the fields that it may have."""

    name: str
    process: str
    meaning: str
    fields: tuple[str, ...] = ()


EVENTS: tuple[Event, ...] = (
    Event("start", BOTH, "the process is ready", ("version", "listen", "listen_tls", "spool")),
    Event("stop", BOTH, "the process ends in good order", ("reason",)),
    Event("reload", BOTH, "the configuration was read again", ("config",)),
    Event("alert", BOTH, "a person should look", ("text",)),
    Event("connect", ASMTPD, "a client connected", ("src", "sport", "dst", "dport", "rule")),
    Event("disconnect", ASMTPD, "a client left", ("src", "messages", "seconds", "reason")),
    Event(
        "refused",
        ASMTPD,
        "a connection, command or message was refused",
        ("src", "verb", "code", "enhanced", "reply", "sender", "to", "helo", "proxy", "reason"),
    ),
    Event("tls-failed", BOTH, "a TLS handshake failed or took too long", ("src", "host", "text")),
    Event("aborted", ASMTPD, "a client left in the middle of a message", ("src", "size", "reason")),
    Event(
        "stored",
        ASMTPD,
        "a message is durable and its 250 goes out",
        ("src", "helo", "sender", "rcpts", "size", "rule", "proto", "resource", "tls", "proxy"),
    ),
    Event(
        "rewritten",
        ASMTPD,
        "addresses or header fields were changed as the rule says",
        ("rule", "resource", "changed", "deleted", "refused", "reason", "dkim_broken"),
    ),
    Event("closed", ASMTPD, "the intake stops taking mail", ("reason", "limit", "value")),
    Event("opened", ASMTPD, "the intake takes mail again", ("reason", "limit", "value")),
    Event(
        "converted",
        MDQ,
        "8-bit parts were made quoted-printable for a host without 8BITMIME",
        ("host", "parts", "dkim_broken"),
    ),
    Event("not-converted", MDQ, "that cannot be done with this message", ("host", "reason")),
    Event(
        "exception",
        MDQ,
        "a content check or a scanner found or changed something",
        ("resource", "action", "reason"),
    ),
    Event("delivered", MDQ, "a recipient's next hop took the message", _OUTCOME),
    Event("put-off", MDQ, "a recipient failed for now", _OUTCOME),
    Event("rejected", MDQ, "a recipient failed for good", _OUTCOME),
    Event("unknown", MDQ, "the connection was lost after the final dot", _OUTCOME),
    Event("notice-due", MDQ, "an error mail is owed", ("expired", "notice", "kind")),
    Event("notice-delivered", MDQ, "the error mail was taken, the message ends", _OUTCOME),
    Event("notice-put-off", MDQ, "the error mail failed for now", _OUTCOME),
    Event("notice-rejected", MDQ, "the error mail failed for good", _OUTCOME),
    Event("notice-unknown", MDQ, "the connection was lost after the error mail's dot", _OUTCOME),
    Event("trashed", MDQ, "ended without a notice, kept in the trash", ("expired", "reason")),
    Event("trash-cleared", MDQ, "it was in the trash for longer than trash_keep"),
    Event("left-over-cleared", MDQ, "what a crash had left of a change was removed", ("text",)),
    Event("set-aside", MDQ, "moved to D_hold for a person to look at", ("reason",)),
    Event("scan-stop", MDQ, "due mail of a healthy host found no slot (max_conns)", ("conns",)),
    Event("down", MDQ, "a destination does not answer, one probe speaks for it", ("host", "text")),
    Event("up", MDQ, "a destination answers again", ("host", "seconds")),
    Event("kick", MDQ, "an operator asked for an attempt now", ("ids", "host", "rate")),
    Event("suspend", MDQ, "no attempts to a host from now on", ("host", "who", "until", "reason")),
    Event("resume", MDQ, "a suspended host may be tried again", ("host", "reason")),
    Event("clock-ok", MDQ, "an operator vouched for the clock", ("text", "seconds")),
    Event("yield", MDQ, "an operator asked for messages", ("ids", "released", "busy")),
)
"""Every event, in the order of a message's life.

Readers take other words, too: logs outlive the programs that wrote them.
"""

EVENT: dict[str, Event] = {event.name: event for event in EVENTS}
"""The same by name."""
