"""The mark of the sockets that deliver, and the right that setting it wants.

A packet filter that turns connections for mail servers towards this relay must spare the
relay's own (docs/redirect.md).  SO_MARK wants CAP_NET_ADMIN (socket(7)), which a relay
started as root keeps as an ambient capability when it becomes another account, so that the
dequeuer, started by the supervisor, has it and every time it is started anew.  The intake
gives it up.
"""

from __future__ import annotations

import ctypes
import os
import socket
from collections.abc import Callable
from typing import Final

from spooltool.errors import NotPermitted

_NET_ADMIN: Final = 12
_VERSION_3: Final = 0x20080522
_KEEP_CAPABILITIES: Final = 8
_AMBIENT: Final = 47
_AMBIENT_RAISE: Final = 2

_LIBC = ctypes.CDLL(None, use_errno=True)


class _Header(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class _Set(ctypes.Structure):
    _fields_ = tuple((name, ctypes.c_uint32) for name in ("effective", "permitted", "inheritable"))


def marked_socket(address: str, mark: int) -> socket.socket:
    """A TCP socket, not yet connected, whose packets carry a mark.

    Raises OSError where the mark may not be set.
    """
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_MARK, mark)
    except OSError:
        sock.close()
        raise
    return sock


def check_mark(mark: int) -> None:
    """Raises NotPermitted where this process may not set the mark; 0 wants no right."""
    if not mark:
        return
    try:
        marked_socket("127.0.0.1", mark).close()
    except PermissionError as error:
        raise NotPermitted(
            f"mark = {mark} wants CAP_NET_ADMIN, which this process does not have",
            hint="start the relay as root, or with AmbientCapabilities=CAP_NET_ADMIN",
        ) from error


def keep_right(change_account: Callable[[], None]) -> None:
    """Run what makes root another account, and keep CAP_NET_ADMIN over it.

    Nothing else of root's rights stays.  Without root nothing but the call happens.
    """
    if os.geteuid() != 0:
        change_account()
        return
    _prctl(_KEEP_CAPABILITIES, 1)
    try:
        change_account()
    finally:
        if os.geteuid() != 0:
            _restrict()
        _prctl(_KEEP_CAPABILITIES, 0)


def _restrict() -> None:
    """Have CAP_NET_ADMIN alone, in every set, where it may be had; `check_mark` tells."""
    bit = 1 << _NET_ADMIN
    sets = _capabilities()
    has = sets[0].permitted & bit
    sets[0].effective = sets[0].permitted = sets[0].inheritable = has
    sets[1].effective = sets[1].permitted = sets[1].inheritable = 0
    _set_capabilities(sets)
    if has:
        _prctl(_AMBIENT, _AMBIENT_RAISE, _NET_ADMIN)


def give_up_right() -> None:
    """Have CAP_NET_ADMIN no longer, and hand it on to nobody; root is left as it is."""
    if os.geteuid() == 0:
        return
    bit = 1 << _NET_ADMIN
    rest = ~bit & 0xFFFFFFFF
    sets = _capabilities()
    if not (sets[0].permitted | sets[0].inheritable) & bit:
        return
    sets[0].effective &= rest
    sets[0].permitted &= rest
    sets[0].inheritable &= rest
    _set_capabilities(sets)


def _capabilities() -> ctypes.Array[_Set]:
    sets = (_Set * 2)()
    _check(_LIBC.capget(ctypes.byref(_Header(_VERSION_3, 0)), ctypes.byref(sets)))
    return sets


def _set_capabilities(sets: ctypes.Array[_Set]) -> None:
    _check(_LIBC.capset(ctypes.byref(_Header(_VERSION_3, 0)), ctypes.byref(sets)))


def _prctl(option: int, first: int, second: int = 0) -> None:
    arguments = (ctypes.c_ulong(one) for one in (first, second, 0, 0))
    _check(_LIBC.prctl(option, *arguments))


def _check(result: int) -> None:
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
