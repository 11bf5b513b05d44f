"""The group commit, when something other than the disk goes wrong."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable

import pytest

from relay.intake.committer import Committer
from spooltool.errors import CannotCreate
from spooltool.spool.compose import NewMessage
from spooltool.spool.names import SENDER, STATE_DIR
from spooltool.spool.recipient import Path
from spooltool.store.filesystem import Syncer
from spooltool.store.incoming import Incoming
from spooltool.store.root import Spool
from tests.relay.intake.house import House, Play


def finished(spool: Spool, number: str) -> Incoming:
    message = Incoming(spool, number)
    message.begin(
        NewMessage(
            {"DST": "h", "ERR_SERVER": "h"}, 1.0, Path("a@b.example"), [Path("c@d.example")]
        ),
        b"",
        b"Received: x\n",
    )
    message.finish()
    return message


class Broken(Syncer):
    """Fails as only a bug can."""

    def sync(self, files: Collection[int], directories: Iterable[int]) -> None:
        raise ZeroDivisionError


def test_a_bug_in_the_thread_stores_nothing_and_is_told(spool: Spool, play: Play) -> None:
    async def scene(house: House) -> None:
        told: list[BaseException | None] = []
        broken = Broken(spool.path)
        broken.close()
        committer = Committer(spool, broken, lambda: None)
        for number in ("00000001", "00000002"):
            committer.submit(finished(spool, number), told.append)
        await committer.drain()
        await house.until(lambda: len(told) == 2)
        assert [type(error) for error in told] == [ZeroDivisionError] * 2
        assert house.everywhere == ([], [])
        committer.close()

    play(scene)


def test_a_target_that_exists_is_not_replaced_and_fails_alone(spool: Spool, play: Play) -> None:
    async def scene(house: House) -> None:
        os.close(os.open("R00000001", os.O_CREAT | os.O_WRONLY, dir_fd=spool.dir_fd(SENDER)))
        told: dict[str, BaseException | None] = {}
        for number in ("00000001", "00000002"):
            message = finished(spool, number)
            house.committer.submit(message, lambda error, n=number: told.update({n: error}))  # type: ignore[misc]
        await house.committer.drain()
        await house.until(lambda: len(told) == 2)
        assert isinstance(told["00000001"], FileExistsError)
        assert told["00000002"] is None
        assert os.stat("R00000001", dir_fd=spool.dir_fd(SENDER)).st_size == 0
        assert house.everywhere == ([], ["R00000001", "R00000002"])

    play(scene)


def test_a_directory_that_cannot_be_had_fails_the_batch(
    spool: Spool, play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scene(house: House) -> None:
        def no(directory: str) -> int:
            raise CannotCreate(f"{directory}: Read-only file system")

        monkeypatch.setattr(spool, "mail_dir", no)
        told: list[BaseException | None] = []
        house.committer.submit(finished(spool, "00000001"), told.append)
        await house.committer.drain()
        await house.until(lambda: bool(told))
        assert isinstance(told[0], CannotCreate)
        assert house.files(STATE_DIR) == []

    play(scene)
