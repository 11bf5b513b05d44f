"""spool_limit and min_free."""

from __future__ import annotations

import asyncio
import errno
import os
from dataclasses import replace

import pytest

from relay.config.kinds import MinFree
from relay.intake.failures import NO_SPACE
from relay.intake.space import Free, Space, SpoolGate, count_messages
from spooltool.spool.names import RESEND, SENDER
from spooltool.store.root import Spool
from tests.relay.intake.house import House, Play


@pytest.mark.parametrize(
    ("limit", "counts", "closed"),
    [
        (0, [0, 10**9], [False, False]),
        (100, [99, 100, 99, 96, 95, 99, 100], [False, True, True, True, False, False, True]),
        (1, [0, 1, 1, 0], [False, True, True, False]),
        (100, [500, 20], [True, False]),
    ],
)
def test_gate_closes_at_the_limit_and_opens_at_95_percent(
    limit: int, counts: list[int], closed: list[bool]
) -> None:
    gate = SpoolGate()
    assert [gate.update(count, limit) for count in counts] == closed


@pytest.mark.parametrize(
    ("free", "wanted", "lacking"),
    [
        (Free(50, 1000, 50, 1000), MinFree(percent=5.0), ""),
        (Free(49, 1000, 50, 1000), MinFree(percent=5.0), "bytes"),
        (Free(50, 1000, 49, 1000), MinFree(percent=5.0), "inodes"),
        (Free(50, 1000, 0, 0), MinFree(percent=5.0), ""),
        (Free(99, 1000, 0, 1000), MinFree(octets=100), "bytes"),
        (Free(100, 1000, 0, 1000), MinFree(octets=100), ""),
    ],
)
def test_free(free: Free, wanted: MinFree, lacking: str) -> None:
    assert free.lacks(wanted) == lacking


def put(spool: Spool, directory: str, *names: str) -> None:
    for name in names:
        os.close(os.open(name, os.O_CREAT | os.O_WRONLY, dir_fd=spool.dir_fd(directory)))


def test_spool_limit_counts_both_directories_and_opens_again(spool: Spool, play: Play) -> None:
    async def scene(house: House) -> None:
        put(spool, SENDER, "R00000001", "R00000002")
        put(spool, RESEND, "R00000003", "E00000004")
        assert count_messages(spool) == 4
        said: list[str] = []
        space = Space(spool, said.append)
        settings = replace(house.intake.settings, min_free=MinFree())
        space.tick(0.0, settings)
        await house.until(lambda: bool(said))
        assert space.refusal() is NO_SPACE
        assert said == ["spool_limit 4 reached: 4 messages"]
        os.unlink("R00000001", dir_fd=spool.dir_fd(SENDER))
        space.tick(1.0, settings)
        await asyncio.sleep(0)
        assert space.refusal() is NO_SPACE, "it is counted again after the period only"
        space.tick(61.0, settings)
        await house.until(lambda: len(said) == 2)
        assert space.refusal() is None
        space.accepted()
        put(spool, SENDER, "R00000005")
        space.tick(62.0, settings)
        await house.until(lambda: len(said) == 3)
        assert space.refusal() is NO_SPACE, "near the limit the count comes early"

    play(scene, spool_limit=4)


def test_min_free_closes_the_intake_before_the_disk_is_full(spool: Spool, play: Play) -> None:
    async def scene(house: House) -> None:
        said: list[str] = []
        free = [Free(40, 1000, 900, 1000)]
        space = Space(spool, said.append, lambda fd: free[0])
        space.tick(0.0, house.intake.settings)
        assert space.refusal() is NO_SPACE
        free[0] = Free(60, 1000, 900, 1000)
        space.tick(1.0, house.intake.settings)
        assert space.refusal() is None
        assert said == ["min_free 5%: too few bytes free", ""]

    play(scene)


def test_a_folder_that_cannot_be_counted_opens_nothing(
    spool: Spool, play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last count stands: a closed intake stays closed, an open one open."""

    async def scene(house: House) -> None:
        put(spool, SENDER, "R00000001", "R00000002")
        said: list[str] = []
        space = Space(spool, said.append)
        settings = replace(house.intake.settings, min_free=MinFree())
        space.tick(0.0, settings)
        await house.until(lambda: bool(said))
        asked: list[int] = []

        def closed(_: Spool) -> int:
            asked.append(1)
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

        monkeypatch.setattr("relay.intake.space.count_messages", closed)
        space.tick(61.0, settings)
        await house.until(lambda: bool(asked) and space._counting is None)
        assert space.refusal() is NO_SPACE
        assert len(said) == 1

    play(scene, spool_limit=2)
