"""A worker's life, with real processes: asked, telling, ended by either side."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import textwrap
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from spooltool.workers.process import Worker
from spooltool.workers.serving import Screen
from spooltool.workers.table import order
from spooltool.workers.wire import Frame
from tests.harness.process import wait_until

ECHO = Path(__file__).with_name("echo_worker.py")


class Echo(Worker):
    def _argv(self, fd: int) -> list[str]:
        return [sys.executable, str(ECHO), str(fd), *self._arguments]


class Life:
    """A worker that is under way; `next` is what it tells, `end` how it ended."""

    def __init__(self) -> None:
        self.told: asyncio.Queue[Frame] = asyncio.Queue()
        self.ended: asyncio.Queue[str] = asyncio.Queue()
        self.worker = Echo("echo", ["--one", "two"], self.told.put_nowait, self.ended.put_nowait)

    async def next(self) -> Any:
        return (await asyncio.wait_for(self.told.get(), 30)).value

    async def end(self) -> str:
        return await asyncio.wait_for(self.ended.get(), 30)


def living(part: Callable[[Life], Awaitable[None]]) -> Life:
    """Run a part of a worker's life, which has begun; it is closed after it."""

    async def whole() -> Life:
        life = Life()
        life.worker.start(asyncio.get_running_loop())
        try:
            began = await life.next()
            assert began == ("began", ["--one", "two"], os.nice(0) + 5, signal.SIG_IGN)
            await part(life)
        finally:
            life.worker.close()
        return life

    return asyncio.run(whole())


def reaped(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def test_what_is_asked_is_answered_in_order() -> None:
    async def part(life: Life) -> None:
        for number in range(100):
            life.worker.ask(number)
        assert [await life.next() for _ in range(100)] == list(range(100))

    life = living(part)
    assert reaped(life.worker.pid)
    assert life.ended.empty()


def test_what_is_larger_than_the_socket_waits_and_arrives_whole() -> None:
    large = [os.urandom(1 << 20) for _ in range(8)]

    async def part(life: Life) -> None:
        for piece in large:
            life.worker.ask(piece)
        assert [await life.next() for _ in large] == large

    living(part)


def test_descriptors_come_with_their_frame() -> None:
    async def part(life: Life) -> None:
        for count in (2, 0, 3):
            life.worker.ask(["memory", count])
        for count in (2, 0, 3):
            frame = await asyncio.wait_for(life.told.get(), 30)
            assert [order(fd, 1)[0] for fd in frame.fds] == list(range(count))

    living(part)


def test_descriptors_that_nobody_takes_are_closed() -> None:
    def count() -> int:
        return len(os.listdir("/proc/self/fd"))

    before = count()

    async def part(life: Life) -> None:
        life.worker.ask(["memory", 8])
        for fd in (await asyncio.wait_for(life.told.get(), 30)).fds:
            os.close(fd)

    living(part)
    assert count() == before


def test_a_worker_knows_whether_the_screen_listens() -> None:
    async def part(life: Life) -> None:
        life.worker.ask(["listens", 10_000])
        assert await life.next() == bytes(10_000)
        before, _ = await life.next()
        assert before is True

    living(part)


def test_a_worker_knows_that_the_screen_does_not_listen() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        screen = Screen(theirs)
        assert screen.listens
        screen.tell("one")
        assert not screen.listens
        ours.recv(1 << 16)
        assert screen.listens


def test_a_crash_is_told_in_one_visible_line() -> None:
    async def part(life: Life) -> None:
        life.worker.ask("raise")
        assert await life.end() == (
            "echo ended with 1: RuntimeError: [/b] ^[[2J is what I think of it"
        )

    assert reaped(living(part).worker.pid)


def test_a_kill_is_told() -> None:
    async def part(life: Life) -> None:
        life.worker.ask("kill")
        assert await life.end() == "echo was ended by SIGKILL: not for the screen"

    living(part)


def test_who_is_asked_after_the_end_does_not_answer() -> None:
    async def part(life: Life) -> None:
        life.worker.ask("kill")
        await life.end()
        life.worker.ask("anything")

    assert living(part).told.empty()


def test_a_worker_that_does_not_end_is_killed() -> None:
    async def part(life: Life) -> None:
        life.worker.ask("deaf")
        assert await life.next() == "deaf"
        life.worker.close(0.05)

    life = living(part)
    assert reaped(life.worker.pid)
    assert life.ended.empty()


def test_a_worker_ends_when_the_screen_is_killed(tmp_path: Path) -> None:
    """However the screen ended: nobody is left behind."""
    script = tmp_path / "screen.py"
    script.write_text(
        textwrap.dedent(f"""
        import asyncio, sys
        sys.path.insert(0, {str(Path(__file__).parents[3])!r})
        from tests.spooltool.workers.test_process import Echo

        async def main():
            worker = Echo("echo", [], lambda frame: print(worker.pid, flush=True), print)
            worker.start(asyncio.get_running_loop())
            await asyncio.sleep(3600)

        asyncio.run(main())
        """)
    )
    with subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE) as screen:
        assert screen.stdout is not None
        pid = int(screen.stdout.readline())
        screen.kill()
    wait_until(lambda: reaped(pid) or _is_zombie(pid), what="the worker has ended")


def _is_zombie(pid: int) -> bool:
    """Dead; whoever inherited it has not looked yet."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def test_the_interrupt_of_a_terminal_does_not_reach_it() -> None:
    async def part(life: Life) -> None:
        assert os.getsid(life.worker.pid) != os.getsid(0)
        os.kill(life.worker.pid, signal.SIGINT)
        life.worker.ask("still here")
        assert await life.next() == "still here"

    living(part)


def test_what_cannot_be_started_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Echo, "_argv", lambda self, fd: ["/nowhere/python"])
    before = len(os.listdir("/proc/self/fd"))

    async def start() -> None:
        Life().worker.start(asyncio.get_running_loop())

    with pytest.raises(FileNotFoundError):
        asyncio.run(start())
    assert len(os.listdir("/proc/self/fd")) == before
