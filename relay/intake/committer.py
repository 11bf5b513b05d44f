"""The group commit: finished messages are made durable together.

While one batch is synced in a thread the next one gathers, so that a sync, the dear part,
is shared by as many messages as arrive during it.  A batch whose sync fails has failed
whole: its files are removed, nothing is synced a second time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from queue import SimpleQueue
from threading import Thread

from spooltool.errors import SpooltoolError
from spooltool.store.filesystem import Syncer
from spooltool.store.incoming import Incoming, make_durable, place
from spooltool.store.root import Spool

_Work = tuple[Sequence[Incoming], Sequence[OSError | None]]
Done = Callable[[BaseException | None], None]


class Committer:
    """Commits messages of one spool, one batch at a time.

    `after` is called once a batch, when its messages have been released: it wakes mdq.
    """

    def __init__(self, spool: Spool, syncer: Syncer, after: Callable[[], None]) -> None:
        self._spool = spool
        self._syncer = syncer
        self._after = after
        self._loop = asyncio.get_running_loop()
        # A thread and a queue of its own: an executor's futures cost more than a sync saves.
        self._work: SimpleQueue[_Work | None] = SimpleQueue()
        self._thread = Thread(target=self._sync, name="commit", daemon=True)
        self._thread.start()
        self._waiting: list[tuple[Incoming, Done]] = []
        self._batch: list[tuple[Incoming, Done]] = []
        self._idle: asyncio.Future[None] | None = None

    @property
    def busy(self) -> bool:
        """Whether a message has been handed over whose `done` was not called yet."""
        return bool(self._batch or self._waiting)

    def submit(self, message: Incoming, done: Done) -> None:
        """Take a finished message; `done(None)` follows once it is durable and released.

        `done(error)` says that it was not stored; then its file is gone.
        """
        self._waiting.append((message, done))
        if not self._batch and len(self._waiting) == 1:
            # One turn of the loop later: what else finishes in this one shares the sync.
            self._loop.call_soon(self._start)

    async def drain(self) -> None:
        """Wait until every message handed over has had its `done`."""
        while self.busy:
            self._idle = self._loop.create_future()
            await self._idle

    def close(self) -> None:
        """End the thread; to be called when nothing is busy."""
        self._work.put(None)
        self._thread.join()

    def _start(self) -> None:
        if self._batch or not self._waiting:
            return
        self._batch, self._waiting = self._waiting, []
        messages = [message for message, _ in self._batch]
        # Only the sync goes to the thread: each rename there would hand the interpreter
        # over and back, at more cost than the rename.
        try:
            placed = place(self._spool, messages)
        except SpooltoolError as error:
            self._tell([error] * len(messages))
            return
        self._work.put((messages, placed))

    def _sync(self) -> None:
        """The thread: batch after batch, until it is given None."""
        while (work := self._work.get()) is not None:
            messages, placed = work
            results: Sequence[BaseException | None]
            try:
                results = make_durable(self._spool, messages, placed, self._syncer)
            except Exception as error:  # noqa: BLE001  # whatever it is: nothing was stored
                results = [error] * len(messages)
            self._loop.call_soon_threadsafe(self._tell, results)

    def _tell(self, results: Sequence[BaseException | None]) -> None:
        batch, self._batch = self._batch, []
        self._start()
        for (message, done), error in zip(batch, results, strict=True):
            if error is None:
                message.release()
            else:
                message.abort()
            # Each in a call of its own: one that fails takes no other with it.
            self._loop.call_soon(done, error)
        if None in results:
            self._after()
        if self._idle is not None and not self.busy:
            self._idle.set_result(None)
            self._idle = None
