"""The mark: on the sockets that deliver, and the one right that is kept for it."""

from __future__ import annotations

import asyncio
import os
import pwd
import socket
import subprocess
import sys

import pytest

from relay.delivery.mark import check_mark, keep_right, marked_socket
from relay.delivery.pool import Pool
from relay.policy.hops import Hops
from relay.tls.trust import Trust
from spooltool.errors import NotPermitted
from spooltool.spool.hosts import HostPort
from tests.harness.process import ROOT
from tests.harness.sink import SinkProcess

MARK = 0x5EA1
NET_ADMIN = 1 << 12


def may_mark() -> bool:
    try:
        check_mark(MARK)
    except NotPermitted:
        return False
    return True


needs_right = pytest.mark.skipif(not may_mark(), reason="SO_MARK wants CAP_NET_ADMIN")
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="other accounts need root")


def run(text: str) -> dict[str, int]:
    """Run a few lines in a process of their own; the capabilities that it printed."""
    done = subprocess.run(
        [sys.executable, "-c", text],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    pairs = (line.split(":") for line in done.stdout.splitlines() if line.startswith("Cap"))
    return {name: int(value, 16) for name, value in pairs}


START = f"""
import os
from relay.delivery import mark
def nobody():
    os.setgroups([])
    os.setgid({pwd.getpwnam("nobody").pw_gid})
    os.setuid({pwd.getpwnam("nobody").pw_uid})
"""
SAY = "print(open('/proc/self/status').read())\n"
EXEC = "os.execv('/bin/cat', ['cat', '/proc/self/status'])\n"
NOTHING = {"CapInh": 0, "CapPrm": 0, "CapEff": 0, "CapAmb": 0}
ALONE = dict.fromkeys(NOTHING, NET_ADMIN)


def without_bounds(found: dict[str, int]) -> dict[str, int]:
    return {name: value for name, value in found.items() if name != "CapBnd"}


@needs_root
@needs_right
@pytest.mark.parametrize("end", [SAY, EXEC], ids=["same-process", "after-exec"])
def test_one_right_is_kept_over_the_change_of_account(end: str) -> None:
    text = START + "mark.keep_right(nobody)\nmark.check_mark(7)\n"
    assert without_bounds(run(text + end)) == ALONE


@needs_root
@needs_right
@pytest.mark.parametrize("end", [SAY, EXEC], ids=["same-process", "after-exec"])
def test_the_intake_gives_it_up(end: str) -> None:
    text = START + "mark.keep_right(nobody)\nmark.give_up_right()\n"
    assert without_bounds(run(text + end)) == NOTHING


@needs_root
def test_where_there_is_no_such_right_nothing_is_kept_and_the_check_tells() -> None:
    text = START + (
        "sets = mark._capabilities()\n"
        "sets[0].permitted &= ~(1 << 12); sets[0].effective &= ~(1 << 12)\n"
        "mark._set_capabilities(sets)\n"
        "mark.keep_right(nobody)\n"
        "try:\n    mark.check_mark(7)\n"
        "except Exception as error:\n    assert 'mark = 7 wants CAP_NET_ADMIN' in str(error)\n"
        "else:\n    raise SystemExit('it was allowed')\n"
    )
    assert without_bounds(run(text + SAY)) == NOTHING


def test_no_mark_wants_no_right() -> None:
    check_mark(0)


def test_without_root_only_the_call_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    called: list[int] = []
    keep_right(lambda: called.append(1))
    assert called == [1]


@needs_right
@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_the_socket_carries_it(address: str) -> None:
    with marked_socket(address, MARK) as sock:
        assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_MARK) == MARK


@needs_right
def test_a_pool_marks_what_it_opens() -> None:
    async def scene(port: int) -> None:
        pool = Pool("gate.example", 20.0, hops=Hops(), trust=Trust(), eightbit="send", mark=MARK)
        connection, failure = await pool.connect((HostPort("127.0.0.1", port),), 25)
        assert connection is not None, failure
        sock = connection._transport.get_extra_info("socket")  # type: ignore[union-attr]
        assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_MARK) == MARK
        closed, refused = await pool.connect((HostPort("127.0.0.1", 1),), 25)
        assert closed is None
        assert refused.text == "connect 127.0.0.1:1: Connection refused"
        pool.close()

    with SinkProcess() as sink:
        asyncio.run(scene(sink.port))
