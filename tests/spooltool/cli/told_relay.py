"""A relay that only listens at its control socket and remembers what it was asked."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self

from spooltool.control import (
    Accepted,
    ClockOk,
    ClockTaken,
    Done,
    Kick,
    Kicked,
    Order,
    Refused,
    Reply,
    Request,
    Resume,
    Resumed,
    Status,
    Suspend,
    Suspended,
    Yield,
    Yielded,
    decode_request,
    encode_reply,
)


class ToldRelay:
    """`asked` has every request; `on_yield` is called with ids before they are let go."""

    def __init__(self, spool: Path, on_yield: Callable[[tuple[str, ...]], None] | None = None):
        self.asked: list[Request | Refused] = []
        self.refuses = ""
        self.suspended = 0
        self.orders: dict[str, Order] = {}
        self.waiting = 119
        self.now = 1795545851.0
        self.status = Status(pid=os.getpid())
        self._on_yield = on_yield
        (spool / ".spooltool").mkdir(mode=0o700, exist_ok=True)
        self._path = spool / ".spooltool" / "control"
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.bind(os.path.relpath(self._path))
        self._socket.listen()
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            connection, _ = self._socket.accept()
            with connection, connection.makefile("rwb", 0) as stream:
                for line in stream:
                    if line == b"end\n":
                        return
                    request = decode_request(line)
                    self.asked.append(request)
                    stream.write(encode_reply(self._reply(request)))

    def _reply(self, request: Request | Refused) -> Reply:
        if self.refuses and isinstance(request, (Kick, Yield, Suspend, Resume)):
            return Refused(self.refuses)
        match request:
            case Kick(ids=ids, rate=rate):
                count = (7 if ids is None else len(ids)) - self.suspended
                return Kicked(count, self.suspended, (count - 1) / rate if rate else 0.0)
            case Suspend(host, seconds, who, why):
                until = None if seconds is None else self.now + seconds
                order = Order(host, self.now, until, who, why, self.waiting)
                self.orders[host] = order
                return Suspended(order, 3 if self.waiting else 0, 1 if self.waiting else 0)
            case Resume(hosts, everything):
                named = tuple(self.orders) if everything else hosts
                ended = tuple(host for host in named if self.orders.pop(host, None))
                absent = tuple(host for host in named if host not in ended)
                waiting = self.waiting if ended else 0
                return Resumed(ended, absent, waiting, min(waiting, 2))
            case ClockOk():
                return ClockTaken(self.now, True, 864000.0, self.now - 60, 0)
            case Yield(ids=ids):
                if self._on_yield is not None:
                    self._on_yield(ids)
                return Yielded(released=ids)
            case Done():
                return Accepted()
            case _:
                return replace(self.status, orders=tuple(self.orders.values()))

    def requests(self, kind: type[Request]) -> list[Request]:
        """What was asked of one kind."""
        return [request for request in self.asked if isinstance(request, kind)]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with socket.socket(socket.AF_UNIX) as last:
            last.connect(os.path.relpath(self._path))
            last.sendall(b"end\n")
        self._thread.join()
        self._socket.close()
        self._path.unlink()
