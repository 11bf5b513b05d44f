"""What a server announced in reply to EHLO (RFC 5321 4.1.1.1)."""

from __future__ import annotations

from dataclasses import dataclass, field

from relay.smtp.reply import Reply


@dataclass(frozen=True, slots=True)
class Extensions:
    """The extensions of one server: keyword in upper case → its parameters."""

    offered: dict[str, str] = field(default_factory=dict)

    def __contains__(self, keyword: str) -> bool:
        return keyword in self.offered

    @property
    def size_limit(self) -> int | None:
        """The largest message it takes, octets; None when it names no limit (RFC 1870 4)."""
        value = self.offered.get("SIZE", "")
        if not (value.isascii() and value.isdigit() and len(value) <= 20):
            return None
        return int(value) or None


def parse_extensions(reply: Reply) -> Extensions:
    """Read the reply to EHLO; its first line only greets.  Old "AUTH=" forms read too."""
    offered: dict[str, str] = {}
    for line in reply.text.split("\n")[1:]:
        keyword, _, value = line.strip().partition(" ")
        if "=" in keyword:
            keyword, _, first = keyword.partition("=")
            value = f"{first} {value}"
        if keyword.isascii():
            offered[keyword.upper()] = value.strip()
    return Extensions(offered)
