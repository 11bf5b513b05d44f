"""On NFS, CIFS or FUSE no part of the relay works without being told to."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from spooltool.errors import ExitCode
from spooltool.store.root import Spool
from tests.relay.service.test_service_cli import relay

_THERE = """
import sys
import relay.intake.asmtpd, relay.service, relay.supervisor
from spooltool.store import filesystem
filesystem._MOUNTS = sys.argv[1]

def works(*given, **named):
    print("it works")
    return 0

def started(supervisor):
    for child in supervisor._children:
        print(*child.arguments)
    return 0

relay.intake.asmtpd.run = works
relay.supervisor.Supervisor.run = started
sys.exit(relay.service.run(sys.argv[2:]))
"""
_TO = ("--listen", "127.0.0.1:0", "--dst", "10.1.5.2")
_COMMANDS = {"run": _TO, "asmtpd": _TO, "mdq": ("--once",)}


@pytest.mark.parametrize("command", _COMMANDS)
def test_it_refuses_without_force(tmp_path: Path, command: str) -> None:
    spool = tmp_path / "spool"
    Spool.create(str(spool)).close()
    device = os.stat(spool).st_dev
    mounts = tmp_path / "mountinfo"
    mounts.write_text(f"21 1 {os.major(device)}:{os.minor(device)} / / rw - nfs4 far:/mail rw\n")
    before = sorted(os.listdir(spool / ".spooltool"))
    words = (str(mounts), command, "--spool", str(spool), *_COMMANDS[command])
    code, out, err = relay(*words, code=_THERE)
    assert (code, out) == (ExitCode.SOME, "")
    assert "lies on nfs4: locks there" in err
    assert "--force" in err
    assert sorted(os.listdir(spool / ".spooltool")) == before
    code, out, err = relay(*words, "--force", code=_THERE)
    assert (code, err) == (0, "")
    if command == "run":
        assert [line.split()[-1] for line in out.splitlines()] == ["--force", "--force"]
