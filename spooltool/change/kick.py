"""What `kick` asks of the relay: to try mail now.  It changes no file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from spooltool.control import Kicked
from spooltool.errors import UsageError
from spooltool.live import client
from spooltool.render.text import visible
from spooltool.spool.hosts import parse_host

_HOST = "host:"


@dataclass(frozen=True, slots=True)
class Kicking:
    """What is to be tried: `ids`, a host's mail, or (neither) everything.

    `rate` is messages a second, None for all at once.
    """

    ids: tuple[str, ...] | None = None
    host: str = ""
    rate: float | None = None

    def carry(self, path: str) -> Kicked:
        """Have the relay of a spool do it.  Raises RelayUnreachable, NotPermitted."""
        everything = self.ids is None and not self.host
        return client.kick(
            path, everything=everything, ids=self.ids, host=self.host, rate=self.rate
        )


def check_kick(words: Sequence[str], *, everything: bool) -> None:
    """Whether the words can mean something to try.  Raises UsageError."""
    if everything == bool(words):
        raise UsageError(
            "--all takes no query beside it" if words else "which messages?",
            hint="kick QUERY, kick host:HOST, or kick --all",
        )


def kicked_host(words: Sequence[str]) -> str:
    """The host of `host:HOST[:PORT]`, "" where the words are a query.  Raises UsageError."""
    if not words or not words[0].startswith(_HOST):
        return ""
    host = parse_host(words[0].removeprefix(_HOST))
    if len(words) > 1 or host is None:
        raise UsageError(
            f"kick {visible(' '.join(words))}: host: wants one HOST or HOST:PORT and stands alone"
        )
    return str(host)
