"""What a delivery writes before what, and that its sockets are nobody else's to replace."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

import pytest

from relay.config import Config, load
from relay.control import serve
from relay.dequeue import process
from relay.smtp.reply import Reply
from spooltool.errors import Busy
from spooltool.spool.codec import parse
from spooltool.store.lock import OwnLock
from tests.harness.disk_calls import DiskCalls

World = Any
Play = Any
Target = Any
NOBODY = Reply(550, "5.1.1", "no such user")


def test_the_last_recipient_is_marked_before_the_file_is_unlinked(
    world: World, play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever still has the file open sees that it was delivered."""

    async def scenario(target: Target) -> None:
        number = world.put(target.port, "anna@example.org", "ben@example.org")
        with open(f"{world.spool.path}/D_sender/R{number}", "rb") as file:
            calls = DiskCalls(world.spool.path, monkeypatch)
            await world.dequeuer().run(once=True)
            assert [r.mark for r in parse(file.read()).recipients] == ["D", "D"]
        name = f"D_sender/R{number}"
        written = [one for one in calls if one in (f"pwrite {name}", f"unlink {name}")]
        assert written[-1] == f"unlink {name}"
        assert written.count(f"unlink {name}") == 1

    play(scenario)


def test_a_notice_of_its_own_is_on_disk_before_the_marks_it_stands_for(
    world: World, play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scenario(target: Target) -> None:
        number = world.put(target.port, "anna@example.org", "ben@example.org",
                           ERR_SERVER="127.0.0.1:1")  # fmt: skip
        target.plan["anna@example.org"] = [NOBODY]
        target.plan["ben@example.org"] = [Reply(451, "4.7.1", "slow down")]
        mdq = world.dequeuer()
        mdq.desk.syncer.by_syncfs = False
        calls = DiskCalls(world.spool.path, monkeypatch)
        await mdq.run(once=True)
        notice = next(one for one in world.files() if "/E" in one)
        marks = calls.index(f"pwrite D_sender/R{number}", calls.index(f"fsync {notice}"))
        assert calls.index(f"fsync {notice}") < calls.index("fsync D_resend") < marks

    play(scenario)


def test_a_second_dequeuer_leaves_the_sockets_of_the_first(tmp_path: Path, world: World) -> None:
    loaded = load("", {"rundir": world.spool.path, "dst": "10.1.5.2"})
    assert isinstance(loaded, Config)
    own = Path(world.spool.path, ".spooltool")
    first = OwnLock(world.spool, "mdq")
    for name in ("control", "wake"):
        (own / name).touch()
    before = [os.stat(own / name).st_ino for name in ("control", "wake")]
    with pytest.raises(Busy, match=f"pid {os.getpid()}"):
        process.run(loaded, world.spool.path, serve=serve)
    assert [os.stat(own / name).st_ino for name in ("control", "wake")] == before
    first.close()


def test_mail_that_went_to_the_trash_is_synced_there_first(
    world: World, play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scenario(target: Target) -> None:
        number = world.put(target.port, sender="")
        target.plan["anna@example.org"] = [NOBODY]
        mdq = world.dequeuer()
        mdq.desk.syncer.by_syncfs = False
        calls = DiskCalls(world.spool.path, monkeypatch)
        await mdq.run(once=True)
        await asyncio.sleep(0)
        assert world.trash() == [f"R{number}"]
        moved = calls.index(f"move D_sender/R{number} -> .spooltool/trash/R{number}")
        rest = calls[moved:]
        assert rest.index("fsync .spooltool/trash") < rest.index("fsync D_sender")

    play(scenario)
