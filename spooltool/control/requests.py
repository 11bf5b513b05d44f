"""What a client asks.

{"v":1,"do":"kick","all":true}   {"v":1,"do":"kick","ids":[...]}   {"v":1,"do":"kick","host":"h:25"}
{"v":1,"do":"status"}   {"v":1,"do":"reload"}
{"v":1,"do":"yield","ids":[...],"for":60}   {"v":1,"do":"done","ids":[...]}
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TypeAlias, assert_never

from spooltool.control import wire
from spooltool.control.replies import Refused
from spooltool.spool.hosts import parse_host

YIELD_SECONDS = 60.0
"""How long messages are left alone when the request does not say."""

MAX_YIELD_SECONDS = 3600.0
"""The longest that they may be asked for."""

_IDS_BYTES = wire.MAX_LINE - 1024


@dataclass(frozen=True, slots=True)
class Kick:
    """Try now: everything, these ids, or what goes to a host (`HOST` or `HOST:PORT`).

    Exactly one of the three; an empty tuple of ids is no message, not every message.
    """

    everything: bool = False
    ids: tuple[str, ...] | None = None
    host: str = ""

    def __post_init__(self) -> None:
        if self.everything + (self.ids is not None) + bool(self.host) != 1:
            raise ValueError("a kick is for everything, or for ids, or for a host")


@dataclass(frozen=True, slots=True)
class StatusWanted:
    """How the relay is."""


@dataclass(frozen=True, slots=True)
class Yield:
    """Let go of these messages and leave them alone for `seconds`, or until `Done`."""

    ids: tuple[str, ...]
    seconds: float = YIELD_SECONDS

    def __post_init__(self) -> None:
        if not 0 < self.seconds <= MAX_YIELD_SECONDS:
            raise ValueError(f"not a time to yield for: {self.seconds}")


@dataclass(frozen=True, slots=True)
class Done:
    """The change of these messages is finished: take them up again."""

    ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reload:
    """Read the configuration again."""


Request: TypeAlias = Kick | StatusWanted | Yield | Done | Reload


def encode_request(request: Request) -> bytes:
    """One line.  Raises ValueError where `split` should have been asked first."""
    match request:
        case Kick(everything=True):
            return wire.encode({"do": "kick", "all": True})
        case Kick(host=host) if host:
            return wire.encode({"do": "kick", "host": host})
        case Kick():
            return wire.encode({"do": "kick", "ids": request.ids})
        case StatusWanted():
            return wire.encode({"do": "status"})
        case Yield():
            return wire.encode({"do": "yield", "ids": request.ids, "for": request.seconds})
        case Done():
            return wire.encode({"do": "done", "ids": request.ids})
        case Reload():
            return wire.encode({"do": "reload"})
        case _:
            assert_never(request)


def decode_request(line: bytes) -> Request | Refused:
    """Read a line; a bad one is the error reply that answers it."""
    try:
        return _read(wire.decode(line))
    except wire.Malformed as error:
        return Refused(str(error))


def split(request: Request) -> Iterator[Request]:
    """The same request in parts, each short enough for one line and for its reply's line."""
    if isinstance(request, (StatusWanted, Reload)) or request.ids is None:
        yield request
        return
    rest = request.ids
    while True:
        size = taken = 0
        while taken < len(rest) and size + len(rest[taken]) + 3 <= _IDS_BYTES:
            size += len(rest[taken]) + 3
            taken += 1
        if rest and not taken:
            raise ValueError(f"not an id: one of {len(rest[0])} characters")
        yield replace(request, ids=rest[:taken])
        rest = rest[taken:]
        if not rest:
            return


def _read(content: wire.Object) -> Request:
    do = wire.text(content, "do")
    match do:
        case "kick":
            return _kick(content)
        case "status":
            return StatusWanted()
        case "yield":
            seconds = wire.seconds(content, "for")
            if seconds is not None and not 0 < seconds <= MAX_YIELD_SECONDS:
                raise wire.Malformed(f"`for` must be at most {MAX_YIELD_SECONDS:.0f} seconds")
            return Yield(wire.ids(content, "ids"), YIELD_SECONDS if seconds is None else seconds)
        case "done":
            return Done(wire.ids(content, "ids"))
        case "reload":
            return Reload()
        case _:
            raise wire.Malformed("`do` must be one of kick, status, yield, done, reload")


def _kick(content: wire.Object) -> Kick:
    named = [key for key in ("all", "ids", "host") if key in content]
    if len(named) != 1:
        raise wire.Malformed("a kick wants one of `all`, `ids`, `host`")
    match named[0]:
        case "all":
            if not wire.flag(content, "all"):
                raise wire.Malformed("`all` must be true")
            return Kick(everything=True)
        case "ids":
            return Kick(ids=wire.ids(content, "ids"))
        case _:
            host = wire.text(content, "host")
            if not host.isprintable() or parse_host(host) is None:
                raise wire.Malformed("`host` must be HOST or HOST:PORT")
            return Kick(host=host)
