"""What all connections of one intake process share."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol

from relay.intake.committer import Committer
from relay.intake.reception import Client, Reception
from relay.intake.records import Records
from relay.intake.settings import Settings
from relay.intake.space import Space
from relay.intake.wheel import Wheel
from relay.smtp.reply import Reply
from spooltool.store.counter import Counter
from spooltool.store.incoming import Incoming
from spooltool.store.root import Spool


class Guest(Protocol):
    """A connection as the process sees it."""

    deadline: float
    client: Client

    def timed_out(self) -> None:
        """The deadline is over."""
        ...

    def drain(self) -> None:
        """Finish the message in hand, then end."""
        ...

    def shut(self) -> None:
        """End now."""
        ...


class Intake:
    """The spool and who is sending to it.

    `settings` may be replaced at any time and count for new connections; `now` is the
    loop's clock in seconds; `waiting` counts connections of proxies before their header.
    """

    def __init__(
        self,
        settings: Settings,
        spool: Spool,
        committer: Committer,
        space: Space,
        records: Records,
        now: Callable[[], float],
    ) -> None:
        self.settings = settings
        self.committer = committer
        self.space = space
        self.records = records
        self.now = now
        self.wheel: Wheel[Guest] = Wheel()
        self.guests: set[Guest] = set()
        self.waiting = 0
        self._from: dict[str, int] = {}
        self._emptied: asyncio.Event | None = None
        self._spool = spool
        self._counter = Counter(spool)

    def room_for(self, address: str) -> bool:
        """Whether one more connection from this address may be open."""
        settings = self.settings
        return (
            len(self.guests) + self.waiting < settings.clients
            and self._from.get(address, 0) < settings.clients_per_address
        )

    def room_for_proxy(self) -> bool:
        """Whether one more connection may be open of which no client is known yet."""
        return len(self.guests) + self.waiting < self.settings.clients

    def turned_away(self, address: str, port: int, reply: Reply) -> None:
        """A client was one too many."""
        self.records.refused_client(Client(address, port), reply)

    def opened(self, guest: Guest) -> None:
        """A connection stands."""
        address = guest.client.address
        self._from[address] = self._from.get(address, 0) + 1
        self.guests.add(guest)
        self.wheel.add(guest)

    def closed(self, guest: Guest) -> None:
        """A connection is gone; harmless for one that is not there."""
        if guest not in self.guests:
            return
        address = guest.client.address
        self._from[address] -= 1
        if not self._from[address]:
            del self._from[address]
        self.guests.discard(guest)
        self.wheel.discard(guest)
        if not self.guests and self._emptied is not None:
            self._emptied.set()

    async def emptied(self, seconds: float) -> None:
        """Wait until no connection is left, at most so long."""
        if not self.guests:
            return
        self._emptied = asyncio.Event()
        try:
            async with asyncio.timeout(seconds):
                await self._emptied.wait()
        except TimeoutError:
            return

    def new_file(self) -> Incoming:
        """A file in D_state for a message that begins.  Raises CannotWrite."""
        return Incoming(self._spool, self._counter.take())

    def stored(self, client: Client, reception: Reception) -> None:
        """A message is durable: count and record it."""
        self.space.accepted()
        self.records.stored(client, reception)

    def tick(self) -> None:
        """Once a second: end what is over its deadline, look at the space."""
        for guest in self.wheel.tick(self.now()):
            guest.timed_out()
        self.space.tick(self.now(), self.settings)
