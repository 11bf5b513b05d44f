"""What is known of the running relay, as a value."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from spooltool.spool.hosts import HostPort

if TYPE_CHECKING:
    from spooltool.control import Order


class Destination(NamedTuple):
    """One next hop as the dequeuer sees it.  Times are unix seconds, None for never.

    While it is `down`, one probe at `next_probe` speaks for all its mail.
    """

    name: str
    due: int = 0
    waiting: int = 0
    active: int = 0
    down: bool = False
    since: float | None = None
    last_success: float | None = None
    error: str = ""
    hosts: tuple[HostPort, ...] = ()
    next_probe: float | None = None


class RelayView(NamedTuple):
    """The dequeuer's answer to `status`; `up` False and the rest empty when none answers.

    `why_not` says why, where that is more than "nobody is there".  `delivering` maps a
    message's number to the host it goes to and since when.  `clock` says why the clock is
    doubted, `orders` which hosts are suspended.
    """

    up: bool = False
    why_not: str = ""
    pid: int = 0
    host: str = ""
    version: str = ""
    started: float = 0.0
    scanned: float | None = None
    conns: int = 0
    max_conns: int = 0
    messages: int = 0
    delivered_hour: int = 0
    intake: bool = False
    clock_ok: bool = True
    clock: str = ""
    orders: tuple[Order, ...] = ()
    delivering: Mapping[str, tuple[str, float]] = {}
    destinations: tuple[Destination, ...] = ()
