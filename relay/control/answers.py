"""Requests of the control socket, carried out by the dequeuer."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol, assert_never

from spooltool.control import (
    Accepted,
    Done,
    Kick,
    Kicked,
    Refused,
    Reload,
    Reply,
    Request,
    StatusWanted,
    Yield,
    Yielded,
    read_status,
)
from spooltool.errors import SpooltoolError


class Handler(Protocol):
    """What a dequeuer does for the control socket."""

    def kick_all(self) -> int:
        """Try everything now; how many messages that is."""
        ...

    def kick_ids(self, ids: Iterable[str]) -> int:
        """Try these now; how many of them are here and not under way."""
        ...

    def kick_host(self, text: str) -> int:
        """Try everything for a host (`HOST` or `HOST:PORT`) now."""
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
        case Kick(everything=True):
            return Kicked(handler.kick_all())
        case Kick(ids=None, host=host):
            return Kicked(handler.kick_host(host))
        case Kick(ids=ids):
            return Kicked(handler.kick_ids(ids or ()))
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
        case _:
            assert_never(request)
