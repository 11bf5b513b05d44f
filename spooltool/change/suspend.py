"""What `suspend` and `resume` ask of the relay: no attempts to a host, and their end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from spooltool.change.spans import read_span
from spooltool.control import Order, Resumed, Suspended, read_pattern
from spooltool.control.orders import EVERYTHING, MAX_SECONDS, MAX_WHY
from spooltool.errors import UsageError
from spooltool.live.client import ControlClient
from spooltool.render.text import visible
from spooltool.spool.hosts import HostPort

PATTERN_HELP = "HOST or HOST:PORT as DST has it, or '*.DOMAIN' (also .DOMAIN)"


@dataclass(frozen=True, slots=True)
class Suspension:
    """No attempts to the hosts of a pattern; `seconds` None: until it is resumed."""

    pattern: str
    seconds: float | None = None
    why: str = ""

    def carry(self, path: str, who: str) -> Suspended:
        """Have the relay of a spool do it.  Raises RelayUnreachable, NotPermitted."""
        with ControlClient(path) as client:
            return client.suspend(self.pattern, self.seconds, who=who, why=self.why)


def read_suspension(host: str | None, time: str, why: str) -> Suspension:
    """What HOST (None: every host), --for and --reason ask for.  Raises UsageError."""
    pattern = EVERYTHING if host is None else pattern_of("suspend", host)
    seconds = read_span("--for", time) if time else None
    if seconds is not None and not 0 < seconds <= MAX_SECONDS:
        raise UsageError(
            f"--for {visible(time)}: more than 0 and at most {MAX_SECONDS / 86400:.0f}d"
        )
    if len(why) > MAX_WHY:
        raise UsageError(f"--reason: at most {MAX_WHY} characters")
    return Suspension(pattern, seconds, why)


def pattern_of(verb: str, text: str) -> str:
    """A pattern of hosts in its usual spelling.  Raises UsageError."""
    if text.startswith("@"):
        domain = visible(text[1:]) or "DOMAIN"
        raise UsageError(
            f"{verb} {visible(text)}: mail is kept back by its host, not by a recipient's domain",
            hint=f"spooltool hold domain:{domain} sets that mail aside",
        )
    pattern = read_pattern(text) if text.isprintable() else None
    if pattern is None:
        raise UsageError(f"{verb} {visible(text)}: not a host", hint=PATTERN_HELP)
    return str(pattern)


Still = tuple[str, str]
"""A host that stays suspended, and the pattern that covers it."""


def read_hosts(hosts: Sequence[str], *, everything: bool) -> list[str] | None:
    """The patterns that `resume` means; None for all.  Raises UsageError."""
    if everything == bool(hosts):
        raise UsageError(
            "--all takes no host beside it" if hosts else "which host?",
            hint="resume HOST..., or resume --all; `spooltool suspend` lists them",
        )
    return None if everything else [pattern_of("resume", host) for host in hosts]


def resume(path: str, patterns: Sequence[str] | None) -> tuple[Resumed, list[Still]]:
    """Allow attempts again to hosts of these patterns (None: to all).

    Raises RelayUnreachable, NotPermitted.
    """
    with ControlClient(path) as client:
        reply = client.resume(patterns)
        left = client.status().orders if patterns else ()
    return reply, still_suspended((*reply.hosts, *reply.absent), left)


def still_suspended(hosts: Sequence[str], orders: Sequence[Order]) -> list[Still]:
    """Hosts that another order covers."""
    found = []
    for host in hosts:
        pattern = read_pattern(host)
        if pattern is None or "*" in host:
            continue
        for order in orders:
            if order.pattern.covers(HostPort(pattern.host, pattern.port)):
                found.append((host, order.host))
                break
    return found
