"""What a live look at a host found: steps, visits to its addresses, the whole."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from spooltool.diagnose.certificate import Certificate
from spooltool.spool.hosts import HostPort

SMTP_PORT, SMTPS_PORT = 25, 465


class Tls(StrEnum):
    """How far TLS is looked at; the words are those of the relay's `tls`, and `implicit`."""

    OFF = "off"
    MAY = "may"
    REQUIRE = "require"
    VERIFY = "verify"
    IMPLICIT = "implicit"


def port_of(host: HostPort, tls: Tls) -> int:
    """The port that is connected to."""
    default = SMTPS_PORT if tls is Tls.IMPLICIT else SMTP_PORT
    return host.port if host.port is not None else default


@dataclass(frozen=True, slots=True)
class Step:
    """One step: its name, whether it went well, what was said, and its milliseconds.

    `noted`: something to know that is no failure.
    """

    name: str
    ok: bool
    said: str
    ms: float
    noted: bool = False


@dataclass(slots=True)
class Visit:
    """What one address showed.  `extensions` maps EHLO keywords to their arguments.

    `certificate` is the peer's, `verified` whether chain and name hold (None: no TLS), and
    `why_not` says what is wrong with them.
    """

    address: str
    steps: list[Step] = field(default_factory=list)
    extensions: dict[str, str] = field(default_factory=dict)
    certificate: Certificate | None = None
    verified: bool | None = None
    why_not: str = ""

    @property
    def ok(self) -> bool:
        """Whether every step went well."""
        return bool(self.steps) and all(step.ok for step in self.steps)

    @property
    def connected(self) -> bool:
        """Whether somebody took the connection."""
        return any(step.name == "connect" and step.ok and not step.noted for step in self.steps)


@dataclass(slots=True)
class Probe:
    """What a host showed: how its name resolved, and a visit to each address looked at.

    `addresses` are all that the name has.
    """

    host: HostPort
    resolved: Step
    addresses: tuple[str, ...] = ()
    visits: list[Visit] = field(default_factory=list)

    @property
    def last(self) -> Visit | None:
        """The visit that tells most: of those to one address after the other, the last."""
        return self.visits[-1] if self.visits else None

    @property
    def steps(self) -> list[Step]:
        """Resolving, and the steps of the last visit."""
        return [self.resolved, *(self.last.steps if self.last else ())]

    @property
    def extensions(self) -> dict[str, str]:
        """The extensions that the last visit found."""
        return self.last.extensions if self.last else {}

    @property
    def ok(self) -> bool:
        """Whether every step went well, and somebody was reached."""
        if not self.resolved.ok or not any(visit.connected for visit in self.visits):
            return False
        return all(visit.ok for visit in self.visits)

    @property
    def failure(self) -> str:
        """The first step that failed, with what was said; "" when none did."""
        steps = [self.resolved, *(step for visit in self.visits for step in visit.steps)]
        return next((f"{step.name}: {step.said}" for step in steps if not step.ok), "")

    @property
    def size_limit(self) -> int | None:
        """The largest message it takes in bytes; None when it names none."""
        text = self.extensions.get("SIZE", "")
        return int(text) or None if text.isascii() and text.isdigit() else None


def extensions_of(reply: str) -> dict[str, str]:
    """The keywords of a reply to EHLO with their arguments (RFC 5321 4.1.1.1)."""
    found = {}
    for line in reply.split("\n")[1:]:
        keyword, _, argument = line[4:].strip().partition(" ")
        if keyword:
            found[keyword.upper()] = argument
    return found
