"""Asking the running relay, and who holds which message.

The control socket knows best; where it does not answer, /proc/locks still tells that
somebody works on a file.  Nothing here takes a lock.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING

from spooltool.diagnose.relay import Destination, RelayView
from spooltool.errors import NotPermitted, RelayUnreachable, SpooltoolError
from spooltool.spool.hosts import HostPort
from spooltool.spool.names import OWN_DIR
from spooltool.store.lock import holders
from spooltool.store.root import Spool

if TYPE_CHECKING:
    from spooltool.control import Status


def ask_relay(spool: Spool) -> RelayView:
    """The dequeuer's state; a view that is not up when nobody answers."""
    return unasked(spool) or ask_at(spool.path)


def unasked(spool: Spool) -> RelayView | None:
    """What is known without asking; None where there is somebody to ask."""
    try:
        os.stat("control", dir_fd=spool.dir_fd(OWN_DIR), follow_symlinks=False)
    except PermissionError:
        return RelayView(why_not=f"{OWN_DIR} is another's")
    except OSError:
        return RelayView()
    return None


def ask_at(path: str) -> RelayView:
    """The answer on the control socket of the spool at a path; waits some seconds for it."""
    from spooltool.live.client import status  # start-up: only where there is a socket

    try:
        return _view(status(path))
    except NotPermitted:
        return RelayView(why_not="its control socket is another's")
    except RelayUnreachable as error:
        told = error.message.removeprefix("the relay is not running")
        return RelayView(why_not=told.removeprefix("the relay "))
    except SpooltoolError as error:  # it answers, and refuses
        return RelayView(why_not=error.message.removeprefix("the relay "))


def _view(status: Status) -> RelayView:
    return RelayView(
        up=True,
        pid=status.pid,
        host=status.host,
        version=status.version,
        started=status.started,
        scanned=status.scanned,
        conns=status.conns,
        max_conns=status.max_conns,
        messages=status.messages,
        delivered_hour=status.delivered_hour,
        intake=status.intake,
        clock_ok=status.clock_ok,
        clock=status.clock,
        orders=status.orders,
        delivering={one.id: (one.host, one.since) for one in status.delivering},
        destinations=tuple(
            Destination(
                one.name,
                one.due,
                one.waiting,
                one.active,
                one.down,
                one.since,
                one.last_success,
                one.error,
                tuple(HostPort(host, port) for host, port in one.hosts),
                one.next_probe,
            )
            for one in status.destinations
        ),
    )


class Holders:
    """Who holds a message's lock, by number (control socket) or inode (/proc/locks)."""

    __slots__ = ("_by_id", "_by_inode")

    def __init__(self, by_id: Mapping[str, tuple[str, float]], by_inode: Mapping[int, str]) -> None:
        self._by_id = by_id
        self._by_inode = by_inode

    def __bool__(self) -> bool:
        return bool(self._by_id) or bool(self._by_inode)

    def of(self, number: str, inode: int) -> tuple[str, float | None]:
        """Holder and since when (unix seconds): `mdq 4172`; "" when nobody is known to."""
        return self._by_id.get(number) or (self._by_inode.get(inode, ""), None)

    def numbers(self) -> frozenset[str]:
        """The messages that the relay says it works on."""
        return frozenset(self._by_id)

    def inodes(self) -> frozenset[int]:
        """Files on the spool's device that somebody holds a lock of."""
        return frozenset(self._by_inode)


def find_holders(spool: Spool, relay: RelayView) -> Holders:
    """Who works on the messages of this spool now."""
    mdq = f"mdq {relay.pid}"
    by_id = {number: (mdq, since) for number, (_, since) in relay.delivering.items()}
    device = os.fstat(spool.fd).st_dev
    names: dict[int, str] = {}
    by_inode = {}
    for (on, inode), pid in holders().items():
        if on == device:
            by_inode[inode] = names.setdefault(pid, process_name(pid))
    return Holders(by_id, by_inode)


def process_name(pid: int) -> str:
    """`mdq 4172`, `asmtpd 4171`, `pid 77`; the lock of another name space has no pid."""
    if pid <= 0:
        return "another process"
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            words = file.read(4096).split(b"\0")
    except OSError:
        return f"pid {pid}"
    for role in ("mdq", "asmtpd"):
        if role.encode() in words or any(word.endswith(b":" + role.encode()) for word in words):
            return f"{role} {pid}"
    return f"pid {pid}"
