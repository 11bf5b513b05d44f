"""Hosts that a person suspended: kept in `.spooltool/orders`, obeyed by the schedule.

Orders come into force only once they are durable, so that a restart never forgets one
that was confirmed.  Nothing is written into messages: what waits by an order is as it was.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from relay.dequeue.destination import Destination
from relay.dequeue.lanes import Lane
from relay.dequeue.records import Records
from relay.queue.schedule import Schedule
from spooltool.control import Suspend, Suspended
from spooltool.control.orders import MAX_ORDERS, Order, blocking, decode_orders, encode_orders
from spooltool.errors import Refused, SpooltoolError
from spooltool.logs.instant import rfc3339
from spooltool.spool.hosts import HostPort
from spooltool.store.own_file import read_own, write_own
from spooltool.store.root import Spool

FILE = "orders"
"""Name of the file below `.spooltool/`."""


class Suspensions:
    """The orders in force.  `lanes` are the attempts under way, `wake` has it look at once."""

    def __init__(
        self,
        spool: Spool,
        records: Records,
        schedule: Schedule[Destination],
        lanes: set[Lane],
        wake: Callable[[], None],
    ) -> None:
        self.orders: dict[str, Order] = {}
        self._spool = spool
        self._records = records
        self._schedule = schedule
        self._lanes = lanes
        self._wake = wake
        self._writing = asyncio.Lock()

    def load(self) -> None:
        """Take up what was in force before.  What cannot be read is told, never guessed."""
        try:
            orders, wrong = decode_orders(read_own(self._spool, FILE))
        except (SpooltoolError, OSError) as error:
            self._records.alert(f"no host is suspended: {FILE} cannot be read: {error}")
            return
        for text in wrong:
            self._records.alert(f"an order is lost: {FILE}, {text}")
        now = time.time()
        self._obey({order.host: order for order in orders if not order.over(now)})

    def shut(self, destination: Destination) -> bool:
        """Whether no host of a destination may be tried."""
        return blocking(self.orders.values(), destination.hosts) is not None

    def open_hosts(self, hosts: Sequence[HostPort]) -> Sequence[HostPort]:
        """Of these hosts those that may be tried."""
        if not self.orders:
            return hosts
        orders = self.orders.values()
        return [host for host in hosts if blocking(orders, (host,)) is None]

    async def suspend(self, wish: Suspend) -> Suspended:
        """Put an order in force, in place of one with the same pattern.

        Attempts under way are let go, short of the final dot.  Raises Refused when there
        are too many orders, CannotWrite.
        """
        async with self._writing:
            now = time.time()
            until = None if wish.seconds is None else now + wish.seconds
            order = Order(wish.host, now, until, wish.who, wish.why)
            wanted = {**self.orders, order.host: order}
            if len(wanted) > MAX_ORDERS:
                raise Refused(f"{MAX_ORDERS} orders are in force: resume some first")
            await self._keep(wanted)
        told = {"until": rfc3339(until)} if until is not None else {}
        if order.why:
            told["reason"] = order.why
        self._records.event("", "suspend", host=order.host, who=order.who, **told)
        released, busy = self._let_go(order)
        counted = {one.host: one for one in self.told(now)}
        return Suspended(counted.get(order.host, order), released, busy)

    async def resume(self, hosts: Iterable[str] | None) -> tuple[list[str], list[str]]:
        """End orders (None: all): (those that were in force, the others).  Raises CannotWrite."""
        async with self._writing:
            named = list(self.orders) if hosts is None else list(dict.fromkeys(hosts))
            ended = [host for host in named if host in self.orders]
            if ended:
                left = {h: order for h, order in self.orders.items() if h not in ended}
                await self._keep(left)
        for host in ended:
            self._records.event("", "resume", host=host)
        return ended, [host for host in named if host not in ended]

    def tick(self) -> None:
        """End what was to last until now.  The file follows with the next order."""
        now = time.time()
        over = [order.host for order in self.orders.values() if order.over(now)]
        if over:
            self._obey({h: order for h, order in self.orders.items() if h not in over})
            for host in over:
                self._records.event("", "resume", host=host, reason="its time is over")
            self._wake()

    def told(self, now: float) -> list[Order]:
        """Every order with the number of messages that it keeps back."""
        if not self.orders:
            return []
        waiting = dict.fromkeys(self.orders, 0)
        for view in self._schedule.view(now):
            if not view.suspended:
                continue
            for host, order in self.orders.items():
                if any(order.pattern.covers(one) for one in view.destination.hosts):
                    waiting[host] += view.due + view.waiting
        return [replace(order, waiting=waiting[h]) for h, order in self.orders.items()]

    def _let_go(self, order: Order) -> tuple[int, int]:
        """End attempts at the hosts of an order: how many, and how many are past the dot."""
        released = busy = 0
        for lane in list(self._lanes):
            if not any(order.pattern.covers(host) for host in lane.destination.hosts):
                continue
            lane.ends = True
            if lane.past_dot:
                busy += 1
            elif lane.may_drop and lane.drop():  # else its result is written
                released += 1
        return released, busy

    async def _keep(self, orders: dict[str, Order]) -> None:
        loop = asyncio.get_running_loop()
        data = encode_orders(orders.values())
        await loop.run_in_executor(None, write_own, self._spool, FILE, data)
        self._obey(orders)
        self._wake()

    def _obey(self, orders: dict[str, Order]) -> None:
        self.orders = orders
        self._schedule.suspend(self.shut, time.time())
