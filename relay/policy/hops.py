"""How each next hop is spoken to: with or without TLS, whose certificate, soft bounces.

relay.toml says it for all hosts and, in tables, for some.  Where several tables are about
one host, the narrowest that says something decides, parameter by parameter: a table about
one host that sets `soft_bounce` alone does not undo what its domain's table asks of TLS.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, StrEnum, auto

from relay.config.destinations import DestinationTable


class Tls(StrEnum):
    """What is asked of the encryption towards a host."""

    OFF = "off"
    MAY = "may"
    """Encrypted where the host offers it, unverified; in clear where that fails."""
    REQUIRE = "require"
    """Encrypted, unverified, or not at all."""
    VERIFY = "verify"
    """Encrypted, with a certificate that bears the host's name and is vouched for."""


class Step(Enum):
    """What follows when a host has answered EHLO."""

    PROCEED = auto()
    STARTTLS = auto()
    GIVE_UP = auto()
    """The host lacks the encryption that is asked of it."""


@dataclass(frozen=True, slots=True)
class Hop:
    """What is asked of one host.  Connections of equal hops to one address are alike.

    `name` and `ca` count for `VERIFY` only and are "" otherwise: the name that the
    certificate must bear, and a file of authorities ("": the system's).
    """

    tls: Tls = Tls.MAY
    name: str = ""
    ca: str = ""
    soft_bounce: bool = False

    def after_ehlo(self, *, offered: bool, secure: bool) -> Step:
        """The next step; `offered` is whether the host announced STARTTLS."""
        if secure or self.tls is Tls.OFF:
            return Step.PROCEED
        if offered:
            return Step.STARTTLS
        return Step.PROCEED if self.tls is Tls.MAY else Step.GIVE_UP

    @property
    def in_clear_if_it_fails(self) -> bool:
        """Whether a failed handshake is followed by a connection without TLS."""
        return self.tls is Tls.MAY


MOST_KNOWN = 10_000
"""Hosts whose hop is remembered."""


class Hops:
    """The hop for each host; what the tables leave out is as for all."""

    def __init__(
        self,
        tables: Sequence[DestinationTable] = (),
        *,
        tls: str = "may",
        ca: str = "",
        soft_bounce: bool = False,
    ) -> None:
        self._tables = sorted(tables, key=lambda one: one.pattern.narrowness, reverse=True)
        self._tls, self._ca, self._soft_bounce = tls, ca, soft_bounce
        self._known: dict[tuple[str, int], Hop] = {}

    def of(self, host: str, port: int) -> Hop:
        """What is asked of a host, by the name or address that DST has for it."""
        known = self._known.get((host, port))
        if known is None:
            if len(self._known) >= MOST_KNOWN:
                self._known.clear()
            known = self._known[host, port] = self._decide(host.lower().rstrip("."), port)
        return known

    def _decide(self, host: str, port: int) -> Hop:
        tables = [table for table in self._tables if table.pattern.matches(host, port)]
        tls, ca, soft_bounce, name = self._tls, self._ca, self._soft_bounce, host
        for table in reversed(tables):
            tls = tls if table.tls is None else table.tls
            ca = ca if table.tls_ca is None else table.tls_ca
            name = table.tls_name or name
            soft_bounce = soft_bounce if table.soft_bounce is None else table.soft_bounce
        if tls != Tls.VERIFY:
            return Hop(Tls(tls), soft_bounce=soft_bounce)
        return Hop(Tls.VERIFY, name, ca, soft_bounce)
