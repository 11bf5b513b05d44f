"""Root starts the relay and root retargets; the mail is, and stays, another account's."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import sysconfig
from pathlib import Path

import pytest

from tests.harness.gateway import Gateway, read_results
from tests.harness.postfix import open_to_others
from tests.harness.process import PYTHON, ROOT, wait_until
from tests.harness.programs import need_root
from tests.harness.sample import make_sample
from tests.harness.sink import SinkProcess
from tests.harness.submit import submit

ACCOUNT = "nobody"


def interpreter_for(account: pwd.struct_passwd, folder: Path) -> tuple[str, dict[str, str]]:
    """An interpreter that this account may run, with the environment in which relay works.

    That of the tests may lie in root's home; then Debian's own with the same packages, or
    with a copy of them in `folder`.
    """
    need_root()
    installed = sysconfig.get_paths()["purelib"]
    debian = shutil.which("python3", path="/usr/bin") or PYTHON
    for python, places in ((PYTHON, (ROOT, installed)), (debian, (ROOT, installed))):
        env = {"PYTHONPATH": os.pathsep.join(map(str, places))}
        if may_run(account, python, env):
            return python, env
    copy = folder / "packages"
    shutil.copytree(installed, copy, ignore=shutil.ignore_patterns("mypy*", "ruff*", "pip*"))
    for package in ("relay", "spooltool"):
        shutil.copytree(ROOT / package, copy / package)
    open_to_others(copy)
    env = {"PYTHONPATH": str(copy)}
    assert may_run(account, debian, env), f"{account.pw_name} cannot run {debian} with {copy}"
    return debian, env


def may_run(account: pwd.struct_passwd, python: str, env: dict[str, str]) -> bool:
    """Whether the account can start this interpreter and load the relay by it."""
    tried = subprocess.run(
        ["/usr/bin/env", python, "-c", "import relay.service, uvloop"],
        env={**os.environ, **env},
        cwd="/",
        user=account.pw_uid,
        group=account.pw_gid,
        extra_groups=[],
        capture_output=True,
        check=False,
    )
    return tried.returncode == 0


def owners(spool: Path) -> set[tuple[int, int]]:
    """uid and gid of everything below the spool, itself included."""
    found = [spool, *spool.rglob("*")]
    return {(facts.st_uid, facts.st_gid) for facts in map(os.lstat, found)}


def identity(pid: int) -> dict[str, set[str]]:
    """Real, effective, saved and file system ids of a process, and its groups."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    fields = dict(line.split(":", 1) for line in lines)
    return {name: set(fields[name].split()) for name in ("Uid", "Gid", "Groups")}


@pytest.mark.parameter("user")
@pytest.mark.parametrize("named", [False, True], ids=["spool-owner", "user-named"])
def test_root_retargets_and_the_owner_delivers(tmp_path: Path, *, named: bool) -> None:
    need_root()
    account = pwd.getpwnam(ACCOUNT)
    python, env = interpreter_for(account, tmp_path)
    spool = tmp_path / "spool"
    if not named:  # with `user` the relay makes the spool itself
        spool.mkdir(mode=0o700)
        os.chown(spool, account.pw_uid, account.pw_gid)
    open_to_others(tmp_path)
    settings = {"resend_period": 60, **({"user": ACCOUNT} if named else {})}
    mine = {(account.pw_uid, account.pw_gid)}
    with (
        SinkProcess(mode="refuse") as nowhere,
        SinkProcess(log=tmp_path / "sink.log") as sink,
        Gateway(tmp_path, nowhere.port, settings=settings, python=python, env=env) as gateway,
    ):
        pids = [gateway.pid, *(pid for pids in gateway.processes().values() for pid in pids)]
        assert len(pids) == 3
        for pid in pids:
            found = identity(pid)
            assert found["Uid"] == {str(account.pw_uid)}
            assert found["Gid"] == {str(account.pw_gid)}
            assert found["Groups"] == {
                str(group) for group in os.getgrouplist(ACCOUNT, account.pw_gid)
            }
        sample = make_sample("owned")
        number = submit(gateway.port, sample)
        file = spool / "D_resend" / f"R{number}"
        wait_until(
            lambda: file.exists() and read_results(file)[0].attempts == 1,
            what="a first attempt that was refused",
        )
        assert owners(spool) == mine
        before = os.stat(file)
        assert os.geteuid() == 0
        done = gateway.spooltool("retarget", number, "--to", f"127.0.0.1:{sink.port}", "--yes")
        assert done.returncode == 0, done.stderr
        after = os.stat(file)
        assert f"DPORT:\t{sink.port}\n".encode() in file.read_bytes()
        assert (after.st_uid, after.st_gid, after.st_mode) == (
            before.st_uid,
            before.st_gid,
            before.st_mode,
        )
        assert owners(spool) == mine
        kicked = gateway.spooltool("kick", number)
        assert kicked.returncode == 0, kicked.stderr
        gateway.wait_empty()
        assert [entry["body_sha256"] for entry in sink.entries()] == [sample.body_sha256]
        assert owners(spool) == mine


def test_interpreter_closed_to_the_owner_ends_the_relay(tmp_path: Path) -> None:
    need_root()
    account = pwd.getpwnam(ACCOUNT)
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    python = closed / "python"
    python.symlink_to(os.path.realpath(PYTHON))
    spool = tmp_path / "spool"
    spool.mkdir(mode=0o700)
    os.chown(spool, account.pw_uid, account.pw_gid)
    open_to_others(tmp_path)
    packages = os.pathsep.join([str(ROOT), sysconfig.get_paths()["purelib"]])
    argv = [str(python), "-m", "relay", "run", "--spool", str(spool), "--dst", "127.0.0.1:9"]
    done = subprocess.run(
        [*argv, "--listen", "127.0.0.1:0"],
        env={**os.environ, "PYTHONPATH": packages},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 77, (done.stdout, done.stderr)
    assert "asmtpd cannot be started" in done.stdout and "Permission denied" in done.stdout


def test_another_account_is_stopped_before_the_first_change(tmp_path: Path) -> None:
    need_root()
    account = pwd.getpwnam(ACCOUNT)
    python, env = interpreter_for(account, tmp_path)
    open_to_others(tmp_path)
    with (
        SinkProcess(mode="refuse") as nowhere,
        Gateway(tmp_path, nowhere.port, settings={"resend_period": 60}) as gateway,
    ):
        number = submit(gateway.port, make_sample("not-yours"))
        file = gateway.spool / "D_resend" / f"R{number}"
        wait_until(
            lambda: file.exists() and read_results(file)[0].attempts == 1,
            what="a first attempt that was refused",
        )
        content = file.read_bytes()
        argv = [python, "-m", "spooltool", "retarget", number]
        argv += ["--to", "127.0.0.1:25", "--yes", "--spool", str(gateway.spool)]
        done = subprocess.run(
            argv,
            env={**os.environ, **env},
            cwd="/",
            user=account.pw_uid,
            group=account.pw_gid,
            extra_groups=[],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 77, (done.stdout, done.stderr)
        assert done.stderr == f"spooltool: {gateway.spool}: permission denied\n"
        assert file.read_bytes() == content
