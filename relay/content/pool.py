"""The content workers of mdq: how many there are, who is idle, and what a fallen one means."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from itertools import count

from relay.content.judgement import Judgement, Outcome, Result, Task, Verdict
from relay.content.process import Fallen, Limits, WorkerProcess
from relay.content.scratch import open_scratch, reopen_to_read


class ContentPool:
    """Up to `workers` processes that run the filter MODULE:NAME, started when asked for.

    `folder` is where filtered content is written, in files without a name.  `workers` and
    `limits` may be set at any time: running workers are replaced when they are idle.
    Everything is for one event loop, and nothing in it waits but in coroutines.
    """

    def __init__(self, filter_name: str, folder: str, *, workers: int, limits: Limits) -> None:
        self._filter = filter_name
        self._folder = folder
        self.workers = workers
        self.limits = limits
        self._idle: list[WorkerProcess] = []
        self._all: set[WorkerProcess] = set()
        self._taken = 0
        self._freed = asyncio.Condition()
        self._numbers = count(1)
        self._closed = False

    @property
    def pids(self) -> list[int]:
        """The worker processes."""
        return sorted(worker.pid for worker in self._all)

    async def judge(self, fd: int, start: int, end: int, orders: Mapping[str, object]) -> Judgement:
        """Have the octets from `start` to before `end` of a file judged.

        The descriptor is not given away.  A worker that falls, by a limit or by itself,
        makes the judgement DEFER with `ended` false.  Cancelled, it kills the worker.
        """
        await self._take_slot()
        try:
            return await self._judge(Task(next(self._numbers), start, end, orders), fd)
        finally:
            self._taken -= 1
            async with self._freed:
                self._freed.notify()

    async def _take_slot(self) -> None:
        async with self._freed:
            await self._freed.wait_for(lambda: self._taken < self.workers)
            self._taken += 1

    async def _judge(self, task: Task, fd: int) -> Judgement:
        try:
            output = open_scratch(self._folder)
        except OSError as error:
            return _deferred(f"no place for filtered content: {error.strerror}")
        kept = False
        try:
            source = reopen_to_read(fd)
            try:
                result = await self._ask(task, source, output)
            finally:
                os.close(source)
            judgement = _judgement(result, output)
            kept = judgement.output is not None
            return judgement
        except Fallen as error:
            return _deferred(str(error), ended=False)
        except OSError as error:
            return _deferred(f"content cannot be given to a worker: {error.strerror}")
        finally:
            if not kept:
                os.close(output)

    async def _ask(self, task: Task, source: int, output: int) -> Result:
        worker = await self._worker()
        sound = False
        try:
            result = await worker.ask(task, source, output)
            sound = True
            return result
        finally:
            if sound and not self._closed and worker.limits == self.limits and not worker.spent:
                self._idle.append(worker)
            else:
                self._let_go(worker)

    async def _worker(self) -> WorkerProcess:
        while self._idle:
            worker = self._idle.pop()
            if worker.limits == self.limits and not worker.spent:
                return worker
            self._let_go(worker)
        worker = await WorkerProcess.start(self._filter, self.limits)
        self._all.add(worker)
        return worker

    def _let_go(self, worker: WorkerProcess) -> None:
        self._all.discard(worker)
        worker.end()

    def close(self) -> None:
        """Kill every worker; tasks under way end in DEFER."""
        self._closed = True
        for worker in self._idle:
            self._let_go(worker)
        self._idle.clear()
        for worker in self._all:
            worker.kill()


def _deferred(reason: str, *, ended: bool = True) -> Judgement:
    return Judgement(Outcome(Verdict.DEFER, reason), ended=ended)


def _judgement(result: Result, output: int) -> Judgement:
    if result.outcome.verdict is not Verdict.CHANGED:
        return Judgement(result.outcome, result.size, result.digest)
    if os.fstat(output).st_size != result.size:
        return _deferred("content worker wrote another number of octets than it says")
    return Judgement(result.outcome, result.size, result.digest, output)
