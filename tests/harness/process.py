"""Child processes of a test: started, waited for by a condition, stopped by pid."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.harness.readable import readable

ROOT = Path(__file__).parents[2]
PYTHON = sys.executable


class NotReady(Exception):
    """A child ended, or said nothing, before it was ready."""


def free_port() -> int:
    """A loopback port that was free a moment ago, for programs that cannot bind port 0."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until(condition: Callable[[], bool], *, seconds: float = 30.0, what: str = "") -> None:
    """Returns as soon as `condition` holds; raises NotReady after `seconds`."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise NotReady(f"after {seconds:g} s still not: {what or condition}")
        time.sleep(0.01)


def accepts_connections(port: int) -> bool:
    """Whether something listens on a loopback port."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False


def family(pid: int) -> list[int]:
    """A process and what it has started, parents first."""
    found = [pid]
    for parent in found:
        for task in Path(f"/proc/{parent}/task").glob("*"):  # of any thread
            try:
                found += map(int, (task / "children").read_text().split())
            except FileNotFoundError:
                continue
    return found


class Child:
    """One child process in a session of its own, ended with everything it started.

    As a context manager it is stopped on leaving.  `stdout` is a pipe read by `line`.
    """

    def __init__(
        self,
        argv: Sequence[str],
        *,
        env: Mapping[str, str] | None = None,
        cwd: Path | str = ROOT,
        stderr: int | None = None,
    ) -> None:
        self.argv = list(argv)
        self.popen = subprocess.Popen(
            self.argv,
            env={**os.environ, **(env or {})},
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=stderr,
            start_new_session=True,
        )
        self._seen = b""

    @property
    def pid(self) -> int:
        """Its process id."""
        return self.popen.pid

    def line(self, *, seconds: float = 30.0) -> str:
        """The next line of its standard output; NotReady when none comes in time."""
        assert self.popen.stdout is not None
        descriptor = self.popen.stdout.fileno()
        deadline = time.monotonic() + seconds
        while b"\n" not in self._seen:
            left = deadline - time.monotonic()
            if left <= 0 or not readable(descriptor, left):
                raise NotReady(f"{self.argv[:4]} said nothing within {seconds:g} s")
            chunk = os.read(descriptor, 4096)
            if not chunk:
                raise NotReady(f"{self.argv[:4]} ended with {self.popen.wait()}")
            self._seen += chunk
        line, _, self._seen = self._seen.partition(b"\n")
        return line.decode("utf-8", "replace")

    def kill(self, number: signal.Signals = signal.SIGKILL) -> None:
        """Sends a signal to the process alone, not to its children."""
        if self.popen.poll() is None:
            self.popen.send_signal(number)

    def stop(self, *, seconds: float = 10.0) -> int:
        """SIGTERM to its process group, SIGKILL when that does not end it; its exit status."""
        self._signal_group(signal.SIGTERM)
        try:
            self.popen.wait(seconds)
        except subprocess.TimeoutExpired:
            pass
        self._signal_group(signal.SIGKILL)
        if self.popen.stdout is not None:
            self.popen.stdout.close()
        return self.popen.wait()

    def kill_all(self) -> None:
        """SIGKILL to the process and to everything it started; on return it is dead."""
        self._signal_group(signal.SIGKILL)
        self.popen.wait()
        if self.popen.stdout is not None:
            self.popen.stdout.close()

    def wait(self, *, seconds: float) -> int:
        """Its exit status, once it has ended by itself; NotReady when it does not."""
        try:
            return self.popen.wait(seconds)
        except subprocess.TimeoutExpired as late:
            raise NotReady(f"{self.argv[:4]} still runs after {seconds:g} s") from late

    def _signal_group(self, number: signal.Signals) -> None:
        try:
            os.killpg(self.popen.pid, number)
        except ProcessLookupError:
            return

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
