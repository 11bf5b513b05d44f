"""Workers that do what they must not; the rest of the mail flows on."""

from __future__ import annotations

import asyncio
import fcntl
import hashlib
import os
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
import uvloop

from relay.content import ContentPool, Judgement, Verdict
from relay.content.process import Limits
from tests.harness.process import wait_until

FILTER = "tests.harness.content_filters:Deeds"
HEAD, CONTENT = b"envelope\n", b"Subject: x\n\nsome words\n"
LIMITS = Limits(memory=256 << 20, cpu=60, silence=60.0)

Deed = Callable[..., Awaitable[Judgement]]


class Rig:
    """A message file and a pool, for one event loop."""

    def __init__(self, folder: Path, limits: Limits = LIMITS, workers: int = 2) -> None:
        path = folder / "message"
        path.write_bytes(HEAD + CONTENT)
        self.fd = os.open(path, os.O_RDWR)
        fcntl.flock(self.fd, fcntl.LOCK_EX)
        self.path = path
        self.folder = folder
        self.pool = ContentPool(FILTER, str(folder), workers=workers, limits=limits)

    async def do(self, deed: str) -> Judgement:
        """Ask a worker for a deed, and check what holds of every answer."""
        end = len(HEAD) + len(CONTENT)
        found = await self.pool.judge(self.fd, len(HEAD), end, {"do": deed})
        assert (found.output is not None) == (found.outcome.verdict is Verdict.CHANGED)
        return found

    def close(self) -> None:
        self.pool.close()
        os.close(self.fd)


def run(work: Callable[[Rig], Awaitable[None]], rig: Rig) -> None:
    """Do it on uvloop; afterwards no process and no descriptor is left."""

    async def whole() -> None:
        before = len(os.listdir("/proc/self/fd"))
        await work(rig)
        pids = rig.pool.pids
        rig.close()
        await asyncio.get_running_loop().shutdown_default_executor()
        assert len(os.listdir("/proc/self/fd")) <= before - 1
        wait_until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in pids))

    uvloop.run(whole())


def read(judgement: Judgement) -> bytes:
    assert judgement.output is not None
    with os.fdopen(judgement.output, "rb") as file:
        return os.pread(file.fileno(), 1 << 20, 0)


def test_a_verdict_comes_with_the_digest_of_what_may_be_sent(tmp_path: Path) -> None:
    async def work(rig: Rig) -> None:
        passed = await rig.do("pass")
        assert passed.outcome.verdict is Verdict.PASS
        assert (passed.size, passed.digest) == (len(CONTENT), hashlib.sha256(CONTENT).hexdigest())
        changed = await rig.do("upper")
        assert read(changed) == CONTENT.upper()
        assert changed.digest == hashlib.sha256(CONTENT.upper()).hexdigest()
        assert changed.outcome.removed == ("lower case",)
        blocked = await rig.do("block")
        assert (blocked.outcome.verdict, blocked.outcome.reason) == (
            Verdict.BLOCKED,
            "found something",
        )
        assert (blocked.size, blocked.digest, blocked.ended) == (0, "", True)
        assert os.listdir(rig.folder) == ["message"]

    run(work, Rig(tmp_path))


@pytest.mark.parametrize(
    ("deed", "reason", "ended"),
    [
        ("hog", "content needs more memory than content_memory allows", True),
        ("exit", "content worker ended with 3", False),
        ("crash", "content worker died of SIGSEGV", False),
        ("raise", "content filter failed: RuntimeError: what is this?", True),
        ("nest", "content filter failed: RecursionError: maximum recursion depth exceeded", True),
        ("garbage", "content worker answered nonsense (no JSON)", False),
        ("mute", "content worker closed its socket", False),
        ("fill", "content filter failed: OSError: [Errno 27] File too large", True),
        ("lie", "content worker wrote another number of octets than it says", True),
    ],
)
def test_a_worker_that_fails_defers_its_message_and_no_other(
    tmp_path: Path, deed: str, reason: str, ended: bool
) -> None:
    async def work(rig: Rig) -> None:
        bad, *good = await asyncio.gather(rig.do(deed), *(rig.do("pass") for _ in range(4)))
        assert bad.outcome.verdict is Verdict.DEFER
        assert bad.outcome.reason.startswith(reason)
        assert bad.ended == ended
        good += [await rig.do("pass") for _ in range(3)]
        assert {one.outcome.verdict for one in good} == {Verdict.PASS}

    run(work, Rig(tmp_path))


@pytest.mark.parametrize("deed", ["loop", "sleep"])
def test_silence_has_a_limit(tmp_path: Path, deed: str) -> None:
    async def work(rig: Rig) -> None:
        found = await rig.do(deed)
        assert found.outcome.reason == "content worker was silent for 1 s"
        assert not found.ended

    run(work, Rig(tmp_path, Limits(silence=1.0)))


def test_a_loop_has_a_limit_of_processor_time(tmp_path: Path) -> None:
    async def work(rig: Rig) -> None:
        found = await rig.do("loop")
        assert found.outcome.reason == "content worker took more than 1 s of processor time"

    run(work, Rig(tmp_path, Limits(cpu=1)))


def test_who_works_is_not_silent(tmp_path: Path) -> None:
    async def work(rig: Rig) -> None:
        assert (await rig.do("work_on")).outcome.verdict is Verdict.PASS

    run(work, Rig(tmp_path, Limits(silence=2.0)))


def test_the_loop_goes_on_while_workers_hang_and_fall(tmp_path: Path) -> None:
    """It turns thousands of times in that while; one that waited for a worker would not."""

    async def work(rig: Rig) -> None:
        deeds = asyncio.gather(*(rig.do(deed) for deed in ("loop", "exit", "sleep", "hog")))
        turns = 0
        while not deeds.done():
            turns += 1
            await asyncio.sleep(0)
        assert turns > 1000

    run(work, Rig(tmp_path, Limits(silence=1.0, memory=256 << 20)))


def test_workers_are_used_again_and_replaced_after_their_number_of_tasks(tmp_path: Path) -> None:
    async def work(rig: Rig) -> None:
        pids = [(await rig.do("pass")).outcome.notes for _ in range(6)]
        assert pids[0] == pids[1] == pids[2]
        assert pids[3] == pids[4] == pids[5] != pids[0]

    run(work, Rig(tmp_path, Limits(jobs=3)))


def test_there_are_no_more_workers_than_wanted_and_new_limits_bring_new_ones(
    tmp_path: Path,
) -> None:
    async def work(rig: Rig) -> None:
        found = await asyncio.gather(*(rig.do("pass") for _ in range(8)))
        assert len({one.outcome.notes for one in found}) <= 2
        before = set(rig.pool.pids)
        rig.pool.limits = Limits(memory=300 << 20)
        await asyncio.gather(*(rig.do("pass") for _ in range(4)))
        assert not before & set(rig.pool.pids)

    run(work, Rig(tmp_path))


def test_one_that_speaks_without_being_asked_is_not_asked_again(tmp_path: Path) -> None:
    async def work(rig: Rig) -> None:
        assert (await rig.do("speak_late")).outcome.verdict is Verdict.PASS
        (worker,) = rig.pool._idle
        while not worker.spent:
            await asyncio.sleep(0.01)
        assert (await rig.do("pass")).outcome.verdict is Verdict.PASS
        assert worker.pid not in rig.pool.pids

    run(work, Rig(tmp_path))


def test_a_task_that_is_given_up_takes_its_worker_with_it(tmp_path: Path) -> None:
    async def work(rig: Rig) -> None:
        task = asyncio.create_task(rig.do("sleep"))
        while not rig.pool.pids:
            await asyncio.sleep(0.01)
        (pid,) = rig.pool.pids
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert rig.pool.pids == []
        while Path(f"/proc/{pid}").exists():
            await asyncio.sleep(0.01)
        assert (await rig.do("pass")).outcome.verdict is Verdict.PASS

    run(work, Rig(tmp_path, workers=1))


def test_closing_ends_what_is_under_way(tmp_path: Path) -> None:
    async def work(rig: Rig) -> None:
        task = asyncio.create_task(rig.do("sleep"))
        while not rig.pool.pids:
            await asyncio.sleep(0.01)
        rig.pool.close()
        found = await task
        assert (found.outcome.reason, found.ended) == ("content worker died of SIGKILL", False)

    run(work, Rig(tmp_path))


def test_a_worker_neither_writes_the_message_nor_holds_its_lock(tmp_path: Path) -> None:
    async def work(rig: Rig) -> None:
        assert (await rig.do("lock")).outcome.reason == "Bad file descriptor"
        task = asyncio.create_task(rig.do("sleep"))
        while not rig.pool.pids:
            await asyncio.sleep(0.01)
        fcntl.flock(rig.fd, fcntl.LOCK_UN)
        other = os.open(rig.path, os.O_RDWR)
        fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.close(other)
        task.cancel()

    run(work, Rig(tmp_path))


def test_a_worker_holds_nothing_from_one_task_to_the_next(tmp_path: Path) -> None:
    async def work(rig: Rig) -> None:
        counts = {(await rig.do("descriptors")).outcome.reason for _ in range(5)}
        assert counts == {"7"}  # three of the standard, socket, source, output, the listing

    run(work, Rig(tmp_path))


def test_a_message_cut_short_is_deferred(tmp_path: Path) -> None:
    async def work(rig: Rig) -> None:
        os.truncate(rig.path, len(HEAD) + 3)
        found = await rig.do("pass")
        assert found.outcome.verdict is Verdict.DEFER
        assert "shorter than its content" in found.outcome.reason

    run(work, Rig(tmp_path))


def test_without_a_place_for_the_filtered_form_nothing_is_judged(tmp_path: Path) -> None:
    async def work(rig: Rig) -> None:
        rig.pool._folder = str(tmp_path / "message")
        found = await rig.do("pass")
        assert found.outcome.reason == "no place for filtered content: Not a directory"

    run(work, Rig(tmp_path))


def test_a_filter_that_does_not_exist_defers(tmp_path: Path) -> None:
    async def work(rig: Rig) -> None:
        rig.pool._filter = "tests.harness.content_filters:Nobody"
        assert (await rig.do("pass")).outcome.reason == "content worker ended with 1"

    run(work, Rig(tmp_path))
