"""Telling who started us how we are: systemd's notification protocol, and a child's readiness.

systemd hears READY only when every child has said that it works (sd_notify(3)); a child
says so through a pipe that it inherits from the supervisor, at its start and again after
each reading of its configuration.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterator, MutableMapping


class Notifier:
    """The service manager's end, as the environment names it; silent where there is none.

    Takes its variables out of `environment`, so that no child speaks in our name.
    """

    def __init__(self, environment: MutableMapping[str, str]) -> None:
        self._address = _address(environment.pop("NOTIFY_SOCKET", ""))
        mine = environment.pop("WATCHDOG_PID", "") in ("", str(os.getpid()))
        wanted = environment.pop("WATCHDOG_USEC", "")
        self.pause: float | None = None
        """Seconds between two signs of life, half of what the manager allows; None: none."""
        if self._address and mine and wanted.isdigit() and int(wanted):
            self.pause = int(wanted) / 2e6

    def ready(self, status: str) -> None:
        """Everything works, for the first time or again after `reloading`."""
        self._send("READY=1", f"STATUS={status}")

    def reloading(self) -> None:
        """The configuration is being read again."""
        now = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        self._send("RELOADING=1", f"MONOTONIC_USEC={now}")

    def stopping(self) -> None:
        """The end has begun."""
        self._send("STOPPING=1", "STATUS=ending in good order")

    def status(self, text: str) -> None:
        """One line for people."""
        self._send(f"STATUS={text}")

    def alive(self) -> None:
        """A sign of life, due each `pause` seconds."""
        self._send("WATCHDOG=1")

    def _send(self, *lines: str) -> None:
        if not self._address:
            return
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as sock:
                sock.sendto("\n".join(lines).encode(), self._address)
        except OSError:
            return  # a manager that does not listen must not end the mail


class Readiness:
    """A child's word to its supervisor, over an inherited descriptor; None without one."""

    def __init__(self, fd: int | None) -> None:
        self._fd = fd
        if fd is not None:
            os.set_inheritable(fd, False)

    def tell(self) -> None:
        """This process works, with the configuration as it is now."""
        if self._fd is None:
            return
        try:
            os.write(self._fd, f"{os.getpid()}\n".encode())
        except OSError:
            return  # the supervisor has gone; the kernel ends its children


def told(fd: int) -> Iterator[int]:
    """The pids that have said through a pipe that they work; does not wait."""
    try:
        data = os.read(fd, 65536)
    except BlockingIOError:
        return
    yield from (int(line) for line in data.split())


def _address(name: str) -> str | bytes:
    """A socket's path, or the abstract name that systemd writes with an `@`."""
    return b"\0" + os.fsencode(name[1:]) if name.startswith("@") else name
