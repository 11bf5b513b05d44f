"""The process that follows the logs, of a relay that really runs."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from spooltool.look.sight import Sight
from spooltool.workers.log_messages import (
    Everything,
    Followed,
    Line,
    Lines,
    Looked,
    OneMessage,
    Rates,
    Show,
)
from spooltool.workers.process import Worker
from spooltool.workers.wire import Frame
from tests.harness.gateway import Gateway
from tests.harness.live_sink import LiveSink
from tests.harness.sample import make_sample
from tests.harness.sink_plan import SinkPlan
from tests.harness.submit import submit


class Following:
    """The process, and what it has told about the choice that was made last."""

    def __init__(self, spool: Path) -> None:
        self.lines: list[Line] = []
        self.rates: list[Rates] = []
        self.followed: Followed | None = None
        self.done = False
        self.ended: list[str] = []
        self._serial = 0
        self._news = asyncio.Event()
        sight = Sight(spool_option=str(spool))
        self.worker = Worker("logs", sight.handed_over(), self._told, self._end)
        self.worker.start(asyncio.get_running_loop())

    def show(self, about: Any) -> None:
        self._serial += 1
        self.lines, self.done = [], False
        self.worker.ask(Show(self._serial, about))

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(60):
            while not condition():
                await self._news.wait()
                self._news.clear()

    def _told(self, frame: Frame) -> None:
        match frame.value:
            case Lines(serial, lines, older) if serial == self._serial:
                self.lines = [*lines, *self.lines] if older else [*self.lines, *lines]
            case Looked(serial, done=done) if serial == self._serial:
                self.done = done
            case Rates() as rates:
                self.rates.append(rates)
            case Followed() as followed:
                self.followed = followed
        self._news.set()

    def _end(self, line: str) -> None:
        self.ended.append(line)
        self._news.set()


def following(spool: Path, part: Callable[[Following], Awaitable[None]]) -> None:
    async def whole() -> None:
        one = Following(spool)
        try:
            await part(one)
        finally:
            one.worker.close()

    asyncio.run(whole())


def test_a_relays_messages_are_each_told_once_over_rotation(tmp_path: Path) -> None:
    sink = LiveSink()
    sink.use(SinkPlan())
    relay = Gateway(tmp_path, sink.port)
    try:
        first = [submit(relay.port, make_sample(f"log-{number}")) for number in range(5)]
        relay.wait_empty()

        async def part(one: Following) -> None:
            one.show(Everything())
            await one.until(lambda: one.done)
            later: list[str] = []
            logs = relay.spool / ".spooltool" / "log"
            for number in range(5, 10):
                sample = make_sample(f"log-{number}")
                later.append(await asyncio.to_thread(submit, relay.port, sample))
                for name in ("asmtpd.elg", "mdq.elg") if number == 7 else ():
                    os.rename(logs / name, logs / f"{name}.0")
            everyone = [*first, *later]
            await one.until(lambda: len(_numbers(one, "delivered")) >= len(everyone))
            assert _numbers(one, "stored") == everyone
            assert sorted(_numbers(one, "delivered")) == sorted(everyone)
            await one.until(lambda: bool(one.rates) and one.rates[-1].delivered.second >= 0.5)
            one.show(OneMessage(first[2]))
            await one.until(lambda: one.done)
            assert {line.number for line in one.lines} == {first[2]}
            assert _numbers(one, "stored") == _numbers(one, "delivered") == [first[2]]
            assert one.followed is not None and "mdq.elg" in one.followed.logs
            assert one.ended == []

        following(relay.spool, part)
    finally:
        relay.stop()
        sink.close()


def _numbers(one: Following, event: str) -> list[str]:
    """Messages of which asmtpd or mdq says so; tracker.log may say it once more."""
    return [
        line.number
        for line in one.lines
        if line.kind.value == event and line.words[:3] in ("asm", "mdq")
    ]


def test_a_crash_is_told(tmp_path: Path) -> None:
    (tmp_path / "D_sender").mkdir()

    async def part(one: Following) -> None:
        one.show(Everything())
        await one.until(lambda: one.done)
        os.kill(one.worker.pid, signal.SIGKILL)
        await one.until(lambda: bool(one.ended))
        assert one.ended == ["logs was ended by SIGKILL"]

    following(tmp_path, part)


def test_it_ends_with_the_screen(tmp_path: Path) -> None:
    (tmp_path / "D_sender").mkdir()

    async def part(one: Following) -> None:
        one.show(Everything())
        await one.until(lambda: one.done)
        one.worker.close()
        assert one.worker.pid > 0 and one.ended == []
        assert not Path(f"/proc/{one.worker.pid}").exists()

    following(tmp_path, part)
