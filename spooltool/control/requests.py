"""What a client asks.

{"v":1,"do":"kick","all":true}   {"v":1,"do":"kick","ids":[...]}   {"v":1,"do":"kick","host":"h:25"}
{"v":1,"do":"kick","all":true,"rate":0.5}   (messages a second)
{"v":1,"do":"status"}   {"v":1,"do":"reload"}   {"v":1,"do":"clock-ok","force":false}
{"v":1,"do":"yield","ids":[...],"for":60}   {"v":1,"do":"done","ids":[...]}
{"v":1,"do":"suspend","host":"*.example.de","for":7200,"who":"jo","why":"migration"}
{"v":1,"do":"resume","hosts":[...]}   {"v":1,"do":"resume","all":true}
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TypeAlias, assert_never

from spooltool.control import wire
from spooltool.control.orders import (
    MAX_ORDERS,
    MAX_SECONDS,
    MAX_WHO,
    MAX_WHY,
    pattern_text,
    short_text,
    usual_spelling,
)
from spooltool.control.replies import Refused
from spooltool.spool.hosts import parse_host

YIELD_SECONDS = 60.0
"""How long messages are left alone when the request does not say."""

MAX_YIELD_SECONDS = 3600.0
"""The longest that they may be asked for."""

SLOWEST, FASTEST = 1 / 3600, 10_000.0
"""The bounds of a kick's rate: messages a second."""

_IDS_BYTES = wire.MAX_LINE - 1024


@dataclass(frozen=True, slots=True)
class Kick:
    """Try now: everything, these ids, or what goes to a host (`HOST` or `HOST:PORT`).

    Exactly one of the three; an empty tuple of ids is no message, not every message.
    `rate` spreads them over time: at most so many messages a second (None: at once).
    """

    everything: bool = False
    ids: tuple[str, ...] | None = None
    host: str = ""
    rate: float | None = None

    def __post_init__(self) -> None:
        if self.everything + (self.ids is not None) + bool(self.host) != 1:
            raise ValueError("a kick is for everything, or for ids, or for a host")
        if self.rate is not None and not SLOWEST <= self.rate <= FASTEST:
            raise ValueError(f"not a rate of messages a second: {self.rate}")


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


@dataclass(frozen=True, slots=True)
class Suspend:
    """No attempts to the hosts of a pattern, for `seconds` or (None) until it is ended."""

    host: str
    seconds: float | None = None
    who: str = ""
    why: str = ""

    def __post_init__(self) -> None:
        if self.seconds is not None and not 0 < self.seconds <= MAX_SECONDS:
            raise ValueError(f"not a time to suspend for: {self.seconds}")


@dataclass(frozen=True, slots=True)
class Resume:
    """End the orders of these patterns, or of all; exactly one of the two."""

    hosts: tuple[str, ...] = ()
    everything: bool = False

    def __post_init__(self) -> None:
        if self.everything == bool(self.hosts):
            raise ValueError("a resume is for hosts, or for everything")


@dataclass(frozen=True, slots=True)
class ClockOk:
    """The clock is right: what it was doubted for is over.  `force` against the evidence."""

    force: bool = False


Request: TypeAlias = Kick | StatusWanted | Yield | Done | Reload | Suspend | Resume | ClockOk


def encode_request(request: Request) -> bytes:
    """One line.  Raises ValueError where `split` should have been asked first."""
    match request:
        case Kick(everything=True):
            return wire.encode({"do": "kick", "all": True, **_rate(request)})
        case Kick(host=host) if host:
            return wire.encode({"do": "kick", "host": host, **_rate(request)})
        case Kick():
            return wire.encode({"do": "kick", "ids": request.ids, **_rate(request)})
        case StatusWanted():
            return wire.encode({"do": "status"})
        case Yield():
            return wire.encode({"do": "yield", "ids": request.ids, "for": request.seconds})
        case Done():
            return wire.encode({"do": "done", "ids": request.ids})
        case Reload():
            return wire.encode({"do": "reload"})
        case Suspend():
            content = {"host": request.host, "who": request.who, "why": request.why}
            span = {} if request.seconds is None else {"for": request.seconds}
            return wire.encode({"do": "suspend", **content, **span})
        case Resume(everything=True):
            return wire.encode({"do": "resume", "all": True})
        case Resume():
            return wire.encode({"do": "resume", "hosts": request.hosts})
        case ClockOk():
            return wire.encode({"do": "clock-ok", "force": request.force})
        case _:
            assert_never(request)


def _rate(kick: Kick) -> dict[str, object]:
    return {} if kick.rate is None else {"rate": kick.rate}


def decode_request(line: bytes) -> Request | Refused:
    """Read a line; a bad one is the error reply that answers it."""
    try:
        return _read(wire.decode(line))
    except wire.Malformed as error:
        return Refused(str(error))


def split(request: Request) -> Iterator[Request]:
    """The same request in parts, each short enough for one line and for its reply's line."""
    if not isinstance(request, (Kick, Yield, Done)) or request.ids is None:
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
        case "suspend":
            return _suspend(content)
        case "resume":
            return _resume(content)
        case "clock-ok":
            return ClockOk(wire.flag(content, "force", False))
        case _:
            known = "kick, status, yield, done, reload, suspend, resume, clock-ok"
            raise wire.Malformed(f"`do` must be one of {known}")


def _suspend(content: wire.Object) -> Suspend:
    seconds = wire.seconds(content, "for")
    if seconds is not None and not 0 < seconds <= MAX_SECONDS:
        raise wire.Malformed(f"`for` must be at most {MAX_SECONDS:.0f} seconds")
    return Suspend(
        pattern_text(content, "host"),
        seconds,
        short_text(content, "who", MAX_WHO),
        short_text(content, "why", MAX_WHY),
    )


def _resume(content: wire.Object) -> Resume:
    if ("all" in content) == ("hosts" in content):
        raise wire.Malformed("a resume wants one of `all`, `hosts`")
    if "all" in content:
        if not wire.flag(content, "all"):
            raise wire.Malformed("`all` must be true")
        return Resume(everything=True)
    hosts = wire.texts(content, "hosts")
    if not 0 < len(hosts) <= MAX_ORDERS:
        raise wire.Malformed(f"`hosts` must name 1 to {MAX_ORDERS}")
    return Resume(tuple(usual_spelling(host, "hosts") for host in hosts))


def _kick(content: wire.Object) -> Kick:
    named = [key for key in ("all", "ids", "host") if key in content]
    if len(named) != 1:
        raise wire.Malformed("a kick wants one of `all`, `ids`, `host`")
    rate = wire.seconds(content, "rate")
    if rate is not None and not SLOWEST <= rate <= FASTEST:
        raise wire.Malformed(f"`rate` must be {SLOWEST:.5f} to {FASTEST:.0f} messages a second")
    match named[0]:
        case "all":
            if not wire.flag(content, "all"):
                raise wire.Malformed("`all` must be true")
            return Kick(everything=True, rate=rate)
        case "ids":
            return Kick(ids=wire.ids(content, "ids"), rate=rate)
        case _:
            host = wire.text(content, "host")
            if not host.isprintable() or parse_host(host) is None:
                raise wire.Malformed("`host` must be HOST or HOST:PORT")
            return Kick(host=host, rate=rate)
