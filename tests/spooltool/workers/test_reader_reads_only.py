"""The reader takes no lock and writes nothing; what it may not read is told."""

from __future__ import annotations

import fcntl
import json
import os
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from spooltool.workers.queue import LookAgain
from tests.spooltool.workers.seeing import Seen, mail, put

See = Callable[..., Seen]
NOBODY = 65534
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")


def state(spool: Path) -> list[tuple[str, int, int, int]]:
    found = [(str(path), path.lstat()) for path in sorted(spool.rglob("*"))]
    return [(path, one.st_ino, one.st_mtime_ns, one.st_ctime_ns) for path, one in found]


def test_nothing_is_locked_and_nothing_written(
    gateway: Path, see: See, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[int] = []
    for name in ("flock", "lockf", "fcntl"):
        monkeypatch.setattr(fcntl, name, lambda fd, *_: taken.append(fd))
    before = state(gateway)
    seen = see(gateway)
    for query, sort in (("stuck", ""), ("subject:x", "rcpt"), ("dir:trash or held", "-from")):
        seen.show(query, sort, "domain")
    seen.ask(LookAgain())
    seen.touch("001njd6k", "nothere1")
    assert taken == []
    assert state(gateway) == before
    assert not (gateway / ".spooltool").exists()


def test_every_file_is_opened_for_reading(
    gateway: Path, see: See, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[int] = []
    real = os.open

    def noted(path: Any, flags: int, *more: Any, **named: Any) -> int:
        opened.append(flags)
        return real(path, flags, *more, **named)

    monkeypatch.setattr(os, "open", noted)
    seen = see(gateway)
    seen.show("text:invoice")
    assert len(opened) > 100
    assert [flags for flags in opened if flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)] == []


def somebody_else(spool: Path, folder: Path, work: Callable[[Seen], Any]) -> Any:
    """What a reader of another user tells; it lives in a forked child."""
    result = folder / "result"
    result.touch(mode=0o666)
    os.chmod(result, 0o666)
    out = os.open(result, os.O_WRONLY)
    child = os.fork()
    if child == 0:
        try:
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)
            seen = Seen(spool)
            os.write(out, json.dumps(work(seen)).encode())
        except BaseException:  # noqa: BLE001 - a child must not go on as a second pytest
            os.write(out, traceback.format_exc().encode())
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    os.close(out)
    return json.loads(result.read_text())


def opened_to_all(spool: Path) -> None:
    for path in (spool, *spool.rglob("*")):
        os.chmod(path, 0o755 if path.is_dir() else 0o644)
    for above in spool.parents:
        if above.stat().st_uid == os.geteuid() and str(above).startswith("/tmp/"):
            os.chmod(above, above.stat().st_mode | 0o011)


@as_root
def test_what_may_not_be_read_is_told_and_the_rest_is_listed(spool: Path, tmp_path: Path) -> None:
    put(spool, "D_resend/R00000001", mail())
    put(spool, "D_resend/R00000002", mail())
    put(spool, "D_hold/R00000003", mail())
    opened_to_all(spool)
    os.chmod(spool / "D_resend/R00000002", 0o600)
    os.chmod(spool / "D_hold", 0o700)

    def work(seen: Seen) -> Any:
        seen.show()
        whys = {row["file"]: row["why"] for row in seen.rows}
        return whys, seen.picture.facts.unreadable, seen.picture.matched.reasons

    before = state(spool)
    whys, unreadable, reasons = somebody_else(spool, tmp_path, work)
    assert whys == {
        "D_resend/R00000001": "refused: connect port 25",
        "D_resend/R00000002": "unreadable: permission denied",
    }
    assert unreadable == [["D_hold", "Permission denied"]]
    assert reasons == {"refused": 1, "unreadable": 1}
    assert state(spool) == before


@as_root
def test_a_file_that_becomes_readable_is_read(spool: Path, tmp_path: Path) -> None:
    put(spool, "D_resend/R00000001", mail())
    put(spool, "D_resend/R00000002", mail())
    opened_to_all(spool)
    os.chmod(spool / "D_resend/R00000001", 0o600)
    told, asked = os.pipe(), os.pipe()

    def work(seen: Seen) -> Any:
        seen.show()
        before = [row["reason"] for row in seen.rows]
        os.write(told[1], b".")
        os.read(asked[0], 1)
        seen.step(10.0)
        return before, sorted(row["file"][-1] + row["reason"] for row in seen.rows)

    changer = os.fork()
    if changer == 0:
        os.read(told[0], 1)
        os.chmod(spool / "D_resend/R00000001", 0o644)
        os.chmod(spool / "D_resend/R00000002", 0o600)
        os.write(asked[1], b".")
        os._exit(0)
    before, after = somebody_else(spool, tmp_path, work)
    os.waitpid(changer, 0)
    for fd in (*told, *asked):
        os.close(fd)
    assert sorted(before) == ["refused", "unreadable"]
    assert after == ["1refused", "2unreadable"]
