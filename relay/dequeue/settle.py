"""The sync that many deliveries share.

Unsynced unlinks of delivered mail all come back after a power cut (measured on ext4 and
xfs), and each would be delivered twice.  So the directories are synced every 50 ms or
50 deliveries, whichever comes first, and while a slow disk leaves 100 unsynced no attempt
begins: that, and the attempts under way, is the window of double delivery.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable

from spooltool.spool.names import FLAT, HOLD, RESEND, SENDER, TRASH
from spooltool.store.filesystem import Syncer
from spooltool.store.root import Spool

WINDOW_SECONDS = 0.05
WINDOW_DELIVERIES = 100
"""Deliveries that may be unsynced when an attempt begins; half of them begin a sync."""

_TARGETS_FIRST = (TRASH, RESEND, HOLD, SENDER)
"""Mail moves towards the front of this list: where it went is on disk before where it was."""


class Settler:
    """Collects what was written and syncs it together, in a thread.

    `failed` is told of a sync error: what was delivered stays delivered, the operator
    must know that the disk fails.
    """

    def __init__(self, spool: Spool, syncer: Syncer, failed: Callable[[OSError], None]) -> None:
        self._spool = spool
        self._syncer = syncer
        self._failed = failed
        self._count = 0
        self._syncing = 0
        self._files: list[int] = []
        self._timer: asyncio.TimerHandle | None = None
        self._running: asyncio.Future[None] | None = None

    def changed(self, fd: int | None = None) -> None:
        """A message was unlinked or moved; with `fd`, results in a file that stays.

        The file is opened once more and synced with the others; its lock is not kept.
        """
        self._count += 1
        if fd is not None and not self._syncer.by_syncfs:
            # Opened anew, not duplicated: a duplicate would keep the message's lock.
            self._files.append(os.open(f"/proc/self/fd/{fd}", os.O_RDONLY | os.O_CLOEXEC))
        if self._running is not None:
            return
        if self._count >= WINDOW_DELIVERIES // 2:
            self._start()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(WINDOW_SECONDS, self._start)

    async def room(self) -> None:
        """Wait while the window is full: what a power cut brings back is bounded by it."""
        while self._running is not None and self._count + self._syncing >= WINDOW_DELIVERIES:
            await asyncio.wait([self._running])

    async def flush(self) -> None:
        """Wait until everything reported so far is on disk."""
        while self._running is not None or self._count:
            if self._running is None:
                self._start()
            if self._running is not None:
                await asyncio.wait([self._running])

    def _start(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._running is not None or not self._count:
            return
        files, self._files = self._files, []
        self._syncing, self._count = self._count, 0
        self._running = asyncio.get_running_loop().run_in_executor(None, self._sync, files)
        self._running.add_done_callback(self._ended)

    def _sync(self, files: list[int]) -> None:
        directories = []
        for name in (TRASH, FLAT) if self._spool.flat else _TARGETS_FIRST:
            try:
                directories.append(self._spool.dir_fd(name))
            except FileNotFoundError:
                continue
        try:
            self._syncer.sync(files, directories)
        finally:
            for fd in files:
                os.close(fd)

    def _ended(self, future: asyncio.Future[None]) -> None:
        self._running = None
        self._syncing = 0
        error = future.exception()
        if isinstance(error, OSError):
            self._failed(error)
        if self._count >= WINDOW_DELIVERIES // 2:
            self._start()
        elif self._count and self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(WINDOW_SECONDS, self._start)
