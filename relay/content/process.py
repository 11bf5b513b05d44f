"""One content worker, as mdq sees it: started, asked, killed by its pid."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
from dataclasses import dataclass

from relay.content.judgement import Progress, Result, Task
from relay.content.protocol import LARGEST, Nonsense, decode_answer, encode_task

GRACE = 1.0
"""Seconds that a worker which let go of its socket has to end by itself."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a worker may take.

    `memory` in octets of address space; `cpu` in seconds of processor time for a task;
    `silence` in seconds without a sign of life; `jobs` before it is replaced.
    """

    memory: int = 512 << 20
    cpu: int = 300
    silence: float = 90.0
    jobs: int = 1000


class Fallen(Exception):
    """A worker that did not answer its task; the text says why, for logs."""


class WorkerProcess:
    """A running worker; make it with `start`, end it with `end`."""

    def __init__(self, popen: subprocess.Popen[bytes], sock: socket.socket, limits: Limits) -> None:
        self._popen = popen
        self._sock = sock
        self.limits = limits
        self._last = False

    @classmethod
    async def start(cls, filter_name: str, limits: Limits) -> WorkerProcess:
        """Start one, by exec, off the loop.  Raises OSError."""
        loop = asyncio.get_running_loop()
        starting = loop.run_in_executor(None, _start, filter_name, limits)
        try:
            popen, sock = await asyncio.shield(starting)
        except asyncio.CancelledError:
            starting.add_done_callback(_discard)
            raise
        return cls(popen, sock, limits)

    @property
    def pid(self) -> int:
        """Its process."""
        return self._popen.pid

    @property
    def spent(self) -> bool:
        """Whether it is of no more use: it has ended, or speaks without being asked."""
        if self._last or self._popen.poll() is not None:
            return True
        try:
            self._sock.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return False
        except OSError:
            return True
        return True

    async def ask(self, task: Task, source: int, output: int) -> Result:
        """Have a task done.  Raises Fallen; then nothing but `end` is left to do."""
        try:
            socket.send_fds(self._sock, [encode_task(task)], [source, output])
        except OSError as error:
            raise Fallen(f"content worker {await self._how_it_ended()}") from error
        octets = -1
        deadline = self._deadline()
        while True:
            data = await self._receive(deadline)
            try:
                answer = decode_answer(data, task)
            except Nonsense as error:
                raise Fallen(f"content worker answered nonsense ({error})") from error
            if isinstance(answer, Result):
                self._last = answer.last
                return answer
            octets, deadline = self._alive(answer, octets, deadline)

    def _deadline(self) -> float:
        return asyncio.get_running_loop().time() + self.limits.silence

    def _alive(self, progress: Progress, octets: int, deadline: float) -> tuple[int, float]:
        """A sign of life counts only where it tells of work done."""
        if progress.octets <= octets:
            return octets, deadline
        return progress.octets, self._deadline()

    async def _receive(self, deadline: float) -> bytes:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout_at(deadline):
                data = await loop.sock_recv(self._sock, LARGEST + 1)
        except TimeoutError as error:
            raise Fallen(f"content worker was silent for {self.limits.silence:g} s") from error
        except OSError:
            data = b""
        if not data:
            raise Fallen(f"content worker {await self._how_it_ended()}")
        return data

    async def _how_it_ended(self) -> str:
        code = await asyncio.get_running_loop().run_in_executor(None, _wait, self._popen)
        if code is None:
            return "closed its socket"
        if code == -signal.SIGXCPU:
            return f"took more than {self.limits.cpu} s of processor time"
        return f"died of {signal.Signals(-code).name}" if code < 0 else f"ended with {code}"

    def kill(self) -> None:
        """Kill it; who asks it something learns that it fell."""
        if self._popen.poll() is None:
            self._popen.kill()

    def end(self) -> None:
        """Kill it and let go of it; nothing waits for that.  Also for one that has ended."""
        self._sock.close()
        if self._popen.poll() is None:
            self._popen.kill()
            asyncio.get_running_loop().run_in_executor(None, self._popen.wait)


def _start(filter_name: str, limits: Limits) -> tuple[subprocess.Popen[bytes], socket.socket]:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        numbers = (theirs.fileno(), filter_name, limits.memory, limits.cpu, limits.jobs)
        argv = [sys.executable, "-P", "-m", "relay.content.worker", *map(str, numbers)]
        path = os.pathsep.join(one or os.getcwd() for one in sys.path)
        try:
            popen = subprocess.Popen(
                argv,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                cwd="/",
                env={**os.environ, "PYTHONPATH": path},
                pass_fds=(theirs.fileno(),),
            )
        except OSError:
            ours.close()
            raise
    ours.setblocking(False)
    return popen, ours


def _discard(starting: asyncio.Future[tuple[subprocess.Popen[bytes], socket.socket]]) -> None:
    """One that came when nobody wanted it any more."""
    if not starting.cancelled() and starting.exception() is None:
        popen, sock = starting.result()
        sock.close()
        popen.kill()
        asyncio.get_running_loop().run_in_executor(None, popen.wait)


def _wait(popen: subprocess.Popen[bytes]) -> int | None:
    try:
        return popen.wait(GRACE)
    except subprocess.TimeoutExpired:
        return None
