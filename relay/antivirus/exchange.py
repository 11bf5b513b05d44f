"""One conversation over one connection: content goes out while the answer is awaited."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Protocol

from relay.antivirus.link import Link, LinkLost
from relay.antivirus.wire.orders import Conversation, Finished, Keep, Send

Chunks = Callable[[], Iterator[bytes]]
"""Begins the content anew: it is sent a second time where a kept connection was stale."""


class Sink(Protocol):
    """Where content goes that the scanner gives back."""

    def write(self, data: bytes, /) -> object:
        """Take more of it."""


class TooLarge(Exception):
    """There is more content than the scanner is to be sent."""


async def converse(
    link: Link,
    conversation: Conversation,
    chunks: Chunks,
    sink: Sink | None,
    too_large: Callable[[int], bool],
) -> Finished:
    """Scan content; `too_large` is asked with the octets so far.

    Raises TooLarge, and whatever `chunks` and `sink` raise; a lost connection is an outcome.
    """
    may_go_on = asyncio.Event()
    out = _Outgoing(link, conversation, may_go_on)
    sending = asyncio.create_task(out.run(chunks, too_large))
    try:
        finished = await _answer(link, conversation, sink, out)
    finally:
        sending.cancel()
        await asyncio.wait([sending])
    if not sending.cancelled() and (error := sending.exception()) is not None:
        raise error
    return finished


class _Outgoing:
    """The sending half: it waits where the conversation says so."""

    def __init__(self, link: Link, conversation: Conversation, go_on: asyncio.Event) -> None:
        self._link = link
        self._conversation = conversation
        self._go_on = go_on
        self._first = b""

    def go_on(self, data: bytes) -> None:
        """Send this, then more content."""
        self._first = data
        self._go_on.set()

    async def run(self, chunks: Chunks, too_large: Callable[[int], bool]) -> None:
        """Send everything.  Once sending fails, what the other side said before is the answer."""
        try:
            await self._send(chunks, too_large)
        except LinkLost:
            return
        except BaseException:
            self._link.end()
            raise

    async def _send(self, chunks: Chunks, too_large: Callable[[int], bool]) -> None:
        await self._link.send(self._conversation.opening())
        octets = 0
        for chunk in chunks():
            octets += len(chunk)
            if too_large(octets):
                raise TooLarge
            await self._link.send(self._conversation.content(chunk))
            if self._conversation.holding or self._go_on.is_set():
                await self._go_on.wait()
                self._go_on.clear()
                await self._link.send(self._first)
        await self._link.send(self._conversation.ended())


async def _answer(
    link: Link, conversation: Conversation, sink: Sink | None, out: _Outgoing
) -> Finished:
    while True:
        try:
            data = await link.receive()
        except LinkLost:
            data = b""
        if not data:
            return Finished(conversation.lost())
        for order in conversation.receive(data):
            match order:
                case Send(more):
                    out.go_on(more)
                case Keep(content):
                    if sink is not None:
                        sink.write(content)
                case Finished():
                    return order
