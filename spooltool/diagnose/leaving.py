"""How a message ended, from the log lines about it."""

from __future__ import annotations

from dataclasses import dataclass, field

from spooltool.logs import ElgLine

OUTCOMES: dict[str, str] = {
    "delivered": "every recipient's next hop took it",
    "partly": "some recipients' next hops took it, others refused it for good",
    "rejected": "refused for good",
    "notice": "given up; a server took the error mail",
    "trashed": "ended without a notice, kept in the trash",
    "deleted": "an operator deleted it",
    "left": "left the queue; the log does not say how",
}
"""Every way to leave, with its meaning."""

HAPPY = frozenset(("delivered", "deleted", "left"))
"""Outcomes that nobody needs to look at."""

_FINAL = ("delivered", "rejected", "unknown", "put-off")
_ENDS = {"notice-delivered": "notice", "trashed": "trashed"}


@dataclass
class Trail:
    """What the log said about one message so far.

    `last` maps a recipient to the last event about it; `host` and `reply` are of the line
    that counts most for a person: the last one.
    """

    last: dict[str, str] = field(default_factory=dict)
    end: str = ""
    host: str = ""
    reply: str = ""

    def add(self, line: ElgLine) -> None:
        """Take one line into account."""
        if line.event in _ENDS:
            self.end = _ENDS[line.event]
        elif line.event in _FINAL:
            self.last[line.fields.get("to", "")] = line.event
        else:
            return
        self.host = line.fields.get("host", self.host)
        self.reply = line.fields.get("reply", line.text or self.reply)

    @property
    def outcome(self) -> str:
        """A word of OUTCOMES, as far as known; "left" when nothing is."""
        if self.end:
            return self.end
        events = set(self.last.values())
        if "delivered" in events:
            return "partly" if "rejected" in events else "delivered"
        return "rejected" if "rejected" in events else "left"

    def explains_leaving(self, recipients: int) -> bool:
        """Whether the lines so far tell how a message of so many pending recipients ended."""
        if self.end:
            return True
        ended = sum(event in ("delivered", "rejected") for event in self.last.values())
        return ended > 0 and ended >= recipients
