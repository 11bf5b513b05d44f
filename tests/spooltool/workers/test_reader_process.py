"""The reader as the screen has it: a real process over a spool at which somebody works."""

from __future__ import annotations

import asyncio
import os
import random
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path

from spooltool.look.sight import Sight
from spooltool.workers.process import Worker
from spooltool.workers.queue import Freeze, LookAgain, Misread, Picture, Show
from spooltool.workers.table import Block, Order, block, order
from spooltool.workers.wire import Frame
from tests.harness.process import wait_until
from tests.spooltool.cli.calling import AS_OF
from tests.spooltool.workers.seeing import Seen, file_of, mail, put

See = Callable[..., Seen]


class Watched:
    """The reader's process, and what it told last."""

    def __init__(self, spool: Path, as_of: str | None = None) -> None:
        self.sight = Sight(spool_option=str(spool), as_of=as_of)
        self.picture: Picture | None = None
        self.misread: Misread | None = None
        self.pictures = 0
        self.ended: list[str] = []
        self._block: Block | None = None
        self._order: Order | None = None
        self._news = asyncio.Event()
        self.worker = Worker("reader", self.sight.handed_over(), self._told, self._over)

    def _told(self, frame: Frame) -> None:
        if isinstance(frame.value, Misread):
            self.misread = frame.value
        else:
            self.picture = frame.value
            self.pictures += 1
            self._block = block(frame.fds[0], frame.value.rows)
            self._order = order(frame.fds[1], frame.value.listed)
        self._news.set()

    def _over(self, why: str) -> None:
        self.ended.append(why)
        self._news.set()

    @property
    def files(self) -> list[str]:
        assert self._block is not None and self._order is not None
        return [file_of(self._block[self._order[row]]) for row in range(len(self._order))]

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait for a picture of which this is true."""
        async with asyncio.timeout(60):
            while self.picture is None or not condition():
                assert not self.ended, self.ended
                self._news.clear()
                await self._news.wait()

    async def end(self) -> str:
        async with asyncio.timeout(60):
            while not self.ended:
                self._news.clear()
                await self._news.wait()
        return self.ended[0]


def watching(
    spool: Path, part: Callable[[Watched], Awaitable[None]], as_of: str | None = None
) -> None:
    async def whole() -> None:
        watched = Watched(spool, as_of)
        watched.worker.start(asyncio.get_running_loop())
        try:
            await part(watched)
        finally:
            watched.worker.close()
            watched.sight.close()

    asyncio.run(whole())


def files_of(spool: Path) -> list[str]:
    return sorted(str(path.relative_to(spool)) for path in spool.glob("D_*/R*"))


def test_a_writer_at_work_is_followed(spool: Path) -> None:
    """What comes, moves and goes is seen by the kernel's word, long before the next pass."""
    chance = random.Random(3)
    data = mail()

    def work() -> None:
        for number in range(150):
            put(spool, f"D_sender/R{number:07d}w", data)
            there = sorted(spool.glob("D_*/R*"))
            one = chance.choice(there)
            match chance.randrange(3):
                case 0:
                    one.unlink()
                case 1:
                    os.rename(one, spool / "D_resend" / one.name)

    async def part(watched: Watched) -> None:
        watched.worker.ask(Show(1, ""))
        await watched.until(lambda: watched.picture is not None and watched.picture.reading is None)
        writer = asyncio.to_thread(work)
        await writer
        await watched.until(lambda: sorted(watched.files) == files_of(spool))
        assert watched.picture is not None
        assert watched.picture.matched.messages == len(files_of(spool))
        os.unlink(spool / files_of(spool)[0])
        await watched.until(lambda: sorted(watched.files) == files_of(spool))

    watching(spool, part)


def test_it_answers_what_it_is_asked(gateway: Path, see: See) -> None:
    seen = see(gateway)

    async def part(watched: Watched) -> None:
        watched.worker.ask(Show(1, "stuck"))
        await watched.until(lambda: bool(watched.picture and watched.picture.serial == 1))
        watched.worker.ask(Show(2, "stuck dst:"))
        await watched.until(lambda: watched.misread is not None)
        assert watched.misread is not None
        assert watched.misread.serial == 2
        watched.worker.ask(Show(3, "from:@example.com", "-size"))
        await watched.until(lambda: done(watched, 3))
        seen.show("from:@example.com", "-size")
        assert watched.files == seen.files
        watched.worker.ask(Freeze(True))
        await watched.until(lambda: bool(watched.picture and watched.picture.frozen))
        (gateway / watched.files[0]).unlink()
        await watched.until(lambda: bool(watched.picture and watched.picture.gone == 1))
        assert watched.files == seen.files

    watching(gateway, part, str(AS_OF))


def done(watched: Watched, serial: int) -> bool:
    picture = watched.picture
    assert picture is not None
    return (picture.serial, picture.reading, picture.judging) == (serial, None, None)


def test_what_is_written_into_a_file_is_seen_when_it_is_told_to_look(spool: Path) -> None:
    """No event tells of it: a change from the screen asks for a look."""
    put(spool, "D_resend/R00000001", mail())

    async def part(watched: Watched) -> None:
        watched.worker.ask(Show(1, "dst:10.9.9.9"))
        await watched.until(lambda: done(watched, 1))
        assert watched.files == []
        (spool / "D_resend/R00000001").write_bytes(mail(dst="10.9.9.9"))
        watched.worker.ask(LookAgain())
        await watched.until(lambda: watched.files == ["D_resend/R00000001"])

    watching(spool, part)


def test_another_spool_at_the_same_path_is_followed(spool: Path, tmp_path: Path) -> None:
    async def part(watched: Watched) -> None:
        watched.worker.ask(Show(1, ""))
        await watched.until(lambda: done(watched, 1))
        os.rename(spool, tmp_path / "old")
        (spool / "D_sender").mkdir(parents=True)
        put(spool, "D_sender/R00000001", mail())
        watched.worker.ask(LookAgain())
        await watched.until(lambda: watched.files == ["D_sender/R00000001"])
        put(spool, "D_sender/R00000002", mail())
        await watched.until(lambda: len(watched.files) == 2)

    watching(spool, part)


def octets_read(pid: int) -> int:
    words = Path(f"/proc/{pid}/io").read_text().split()
    return int(words[words.index("rchar:") + 1])


def test_no_picture_is_made_while_nobody_takes_them(spool: Path) -> None:
    """A screen that was stopped gets one picture when it goes on, not a minute's worth."""
    data = mail()

    async def part(watched: Watched) -> None:
        watched.worker.ask(Show(1, ""))
        await watched.until(lambda: done(watched, 1))
        before, pid = watched.pictures, watched.worker.pid
        for number in range(30):  # the loop does not turn: nothing is taken
            read = octets_read(pid)
            put(spool, f"D_sender/R{number:07d}s", data)
            wait_until(lambda read=read: octets_read(pid) >= read + len(data), what="it was read")
        await watched.until(lambda: len(watched.files) == 30)
        assert watched.pictures - before <= 3

    watching(spool, part)


def test_a_crash_is_told(spool: Path) -> None:
    async def part(watched: Watched) -> None:
        watched.worker.ask(Show(1, ""))
        await watched.until(lambda: done(watched, 1))
        os.kill(watched.worker.pid, signal.SIGSEGV)
        assert (await watched.end()).startswith("reader was ended by SIGSEGV")

    watching(spool, part)


def test_a_spool_that_cannot_be_opened_ends_it_with_the_reason(tmp_path: Path) -> None:
    async def part(watched: Watched) -> None:
        end = await watched.end()
        assert end.startswith("reader ended with 1: ")
        assert end.endswith("nowhere: no such directory")

    watching(tmp_path / "nowhere", part)
