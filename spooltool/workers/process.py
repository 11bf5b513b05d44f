"""A worker as the screen has it: started, asked, listened to, ended.

Nothing here waits: what a worker tells arrives by the loop, what it is asked leaves as the
socket takes it.  Only `close` may take a moment.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Sequence

from spooltool.render.text import visible
from spooltool.workers.wire import Frame, Reading, encode

PATIENCE = 2.0
"""Seconds that a worker has to end by itself."""

_EVERY = 0.02
_COMPLAINT_BYTES = 1 << 16


class Worker:
    """One process `python -m spooltool.workers.NAME`, to be started once.

    `told` gets each frame that it sends; its descriptors are then `told`'s to close.
    `ended` gets one visible line when it ends by itself, and is not called after `close`.
    """

    def __init__(
        self,
        name: str,
        arguments: Sequence[str],
        told: Callable[[Frame], None],
        ended: Callable[[str], None],
    ) -> None:
        self.name = name
        self._arguments = list(arguments)
        self._told = told
        self._ended = ended
        self._socket: socket.socket | None = None
        self._unsent = bytearray()
        self._alive = False

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Start it, and listen to it on this loop.  Raises OSError."""
        ours, theirs = socket.socketpair()
        # Not a pipe, which would have to be read; a crash is told from what lies here.
        self._complaints = os.memfd_create(self.name, os.MFD_CLOEXEC)
        try:
            self._process = subprocess.Popen(
                self._argv(theirs.fileno()),
                stdin=subprocess.DEVNULL,
                stdout=self._complaints,
                stderr=self._complaints,
                pass_fds=[theirs.fileno()],
                start_new_session=True,  # the terminal's Ctrl-C is not for it
            )
        except OSError:
            ours.close()
            os.close(self._complaints)
            raise
        finally:
            theirs.close()
        self._alive = True
        ours.setblocking(False)
        self._loop, self._socket, self._reading = loop, ours, Reading(ours)
        loop.add_reader(ours, self._hear)

    @property
    def pid(self) -> int:
        """Of the process."""
        return self._process.pid

    @property
    def complaint(self) -> str:
        """The end of what it wrote to its standard error, as it is: not for a screen."""
        size = os.fstat(self._complaints).st_size
        data = os.pread(self._complaints, _COMPLAINT_BYTES, max(0, size - _COMPLAINT_BYTES))
        return data.decode("utf-8", "replace")

    def ask(self, question: object) -> None:
        """Send it something; what the socket does not take now follows by itself."""
        if self._socket is None:
            return
        waiting = bool(self._unsent)
        self._unsent += encode(question)
        if not waiting:
            self._send()

    def hurry(self) -> None:
        """Ask it to end, by SIGTERM."""
        if self._alive:
            self._process.send_signal(signal.SIGTERM)

    def close(self, patience: float | None = PATIENCE) -> None:
        """End it and reap it.  It is killed when it takes longer than `patience` to end.

        None waits as long as it takes, for a worker that must not stop half-way.
        """
        if not self._alive:
            return
        self._alive = False
        self._hang_up()
        for end in (None, signal.SIGTERM, signal.SIGKILL):
            if end is not None:
                self._process.send_signal(end)
            try:
                self._process.wait(patience)
                break
            except subprocess.TimeoutExpired:
                continue
        self._process.wait()
        os.close(self._complaints)

    def _argv(self, fd: int) -> list[str]:
        # -P: what lies in the current directory is not ours to import
        module = f"spooltool.workers.{self.name}"
        return [sys.executable, "-P", "-m", module, str(fd), *self._arguments]

    def _send(self) -> None:
        sock = self._socket
        if sock is None:
            return
        try:
            while self._unsent:
                del self._unsent[: sock.send(self._unsent)]
        except BlockingIOError:
            self._loop.add_writer(sock, self._send)
            return
        except OSError:
            self._unsent.clear()  # it has ended, which `_hear` will find
        self._loop.remove_writer(sock)

    def _hear(self) -> None:
        """What has come is told, a piece a turn, so that keys are not kept waiting."""
        try:
            self._reading.more()
        except BlockingIOError:
            return
        except (EOFError, OSError):
            self._hang_up()
            self._see_the_end(PATIENCE)
            return
        while self._socket is not None and (frame := self._reading.take()) is not None:
            self._told(frame)

    def _hang_up(self) -> None:
        if self._socket is not None:
            self._loop.remove_reader(self._socket)
            self._loop.remove_writer(self._socket)
            self._socket.close()
            self._socket = None
            self._reading.close()

    def _see_the_end(self, left: float) -> None:
        """It hung up, so it is about to end; it is killed when it does not."""
        if not self._alive:
            return
        status = self._process.poll()
        if status is None:
            if left <= 0:
                self._process.kill()
            self._loop.call_later(_EVERY, self._see_the_end, left - _EVERY)
            return
        self._alive = False
        line = self._last_words(status)
        os.close(self._complaints)
        self._ended(line)

    def _last_words(self, status: int) -> str:
        how = f"ended with {status}"
        if status < 0:
            how = f"was ended by {_signal_name(-status)}"
        said = self.complaint.strip().rpartition("\n")[2]
        return visible(f"{self.name} {how}" + (f": {said}" if said else ""))


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
