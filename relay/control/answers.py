"""Requests of the control socket, carried out by the dequeuer."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol, assert_never

from spooltool.control import (
    Accepted,
    ClockOk,
    ClockTaken,
    Done,
    Kick,
    Kicked,
    Refused,
    Reload,
    Reply,
    Request,
    Resume,
    Resumed,
    StatusWanted,
    Suspend,
    Suspended,
    Yield,
    Yielded,
    read_status,
)
from spooltool.errors import SpooltoolError


class Handler(Protocol):
    """What a dequeuer does for the control socket."""

    def kick_all(self, rate: float | None = None) -> Kicked:
        """Try everything now, or with `rate` that many messages a second."""
        ...

    def kick_ids(self, ids: Iterable[str], rate: float | None = None) -> Kicked:
        """Try these now."""
        ...

    def kick_host(self, text: str, rate: float | None = None) -> Kicked:
        """Try everything for a host (`HOST` or `HOST:PORT`) now."""
        ...

    async def suspend(self, wish: Suspend) -> Suspended:
        """No attempts to a host; those under way are let go."""
        ...

    async def resume(self, hosts: Iterable[str] | None) -> Resumed:
        """End orders; None means all."""
        ...

    def clock_ok(self, *, force: bool) -> ClockTaken:
        """The clock counts as right.  Raises Refused where mail says otherwise."""
        ...

    async def yield_ids(
        self, ids: Iterable[str], seconds: float
    ) -> tuple[list[str], list[str], list[str]]:
        """Let messages go for a change: (released, busy, absent)."""
        ...

    def done(self, ids: Iterable[str]) -> None:
        """The change is over: take these up again."""
        ...

    def status(self) -> dict[str, object]:
        """The keys of a status reply."""
        ...

    def reload(self) -> None:
        """Read the configuration again.  Raises SpooltoolError when it is wrong."""
        ...


async def answer(handler: Handler, request: Request) -> Reply:
    """The reply to a request, once it has been carried out."""
    try:
        return await _carry_out(handler, request)
    except SpooltoolError as error:
        return Refused(error.message)


async def _carry_out(handler: Handler, request: Request) -> Reply:
    match request:
        case Kick(everything=True, rate=rate):
            return handler.kick_all(rate)
        case Kick(ids=None, host=host, rate=rate):
            return handler.kick_host(host, rate)
        case Kick(ids=ids, rate=rate):
            return handler.kick_ids(ids or (), rate)
        case StatusWanted():
            return read_status(handler.status())
        case Yield(ids, seconds):
            released, busy, absent = await handler.yield_ids(ids, seconds)
            return Yielded(tuple(released), tuple(busy), tuple(absent))
        case Done(ids):
            handler.done(ids)
            return Accepted()
        case Reload():
            handler.reload()
            return Accepted()
        case Suspend():
            return await handler.suspend(request)
        case Resume(hosts, everything):
            return await handler.resume(None if everything else hosts)
        case ClockOk(force):
            return handler.clock_ok(force=force)
        case _:
            assert_never(request)
