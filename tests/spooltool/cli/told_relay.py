"""A relay that only listens at its control socket and remembers what it was asked."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from spooltool.control import (
    Accepted,
    Done,
    Kick,
    Kicked,
    Refused,
    Reply,
    Request,
    Status,
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
        if self.refuses and isinstance(request, (Kick, Yield)):
            return Refused(self.refuses)
        match request:
            case Kick(ids=ids):
                return Kicked(7 if ids is None else len(ids))
            case Yield(ids=ids):
                if self._on_yield is not None:
                    self._on_yield(ids)
                return Yielded(released=ids)
            case Done():
                return Accepted()
            case _:
                return Status(pid=os.getpid())

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
