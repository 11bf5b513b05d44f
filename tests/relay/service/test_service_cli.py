"""The command line: options, configuration, exit codes."""

from __future__ import annotations

import os
import socket
import subprocess
from pathlib import Path

import pytest

from relay.supervisor import child_environment
from spooltool.errors import ExitCode
from spooltool.store.lock import OwnLock
from spooltool.store.root import Spool
from tests.harness.process import PYTHON


def relay(*arguments: str, cwd: Path | None = None, code: str = "") -> tuple[int, str, str]:
    """Run the command, or `code` with its arguments: (exit code, stdout, stderr)."""
    done = subprocess.run(
        [PYTHON, *(("-c", code) if code else ("-m", "relay")), *arguments],
        capture_output=True,
        text=True,
        cwd=cwd,
        env=child_environment(os.environ),
    )
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize(
    ("options", "problems"),
    [
        (["--listen", "0.0.0.0:0"], ["--listen: 0.0.0.0:0 can be reached from outside"]),
        (["--listen", "0.0.0.0:0", "--dst", "10.1.1.1"], ["accept_from names nobody"]),
        (
            ["--listen", "here", "--dst", "a b", "--accept-from", "10.0.0.5/8"],
            ["--listen: ", "--dst: ", "--accept-from: "],
        ),
        (["--config", "/nonexistent/relay.toml"], ["/nonexistent/relay.toml: No such file"]),
    ],
)
@pytest.mark.parametrize("command", ["run", "asmtpd"])
def test_a_wrong_configuration_is_78_with_every_mistake(
    command: str,
    options: list[str],
    problems: list[str],
    tmp_path: Path,
) -> None:
    spool = tmp_path / "spool"
    code, out, err = relay(command, "--spool", str(spool), *options)
    assert (code, out) == (ExitCode.CONFIG, "")
    assert [problem for problem in problems if problem not in err] == []
    assert not spool.exists()


def test_config_check_names_each_mistake_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "relay.toml"
    file.write_text("timeout = 'long'\n\nresend_periode = 5\nmax_conns = 0\n")
    code, _, err = relay("config", "check", "--config", str(file))
    assert code == ExitCode.CONFIG
    assert [f"{file}:{line}: " in err for line in (1, 3, 4)] == [True, True, True]
    file.write_text("timeout = 30\n")
    assert relay("config", "check", str(file)) == (0, f"relay: {file}: no mistakes\n", "")


def test_config_show_reads_back(tmp_path: Path) -> None:
    file = tmp_path / "relay.toml"
    file.write_text("timeout = 30\nmax_conns = 100\n")
    assert relay("config", "show", "--non-default", str(file)) == (0, "timeout = 30\n", "")
    whole = tmp_path / "whole.toml"
    whole.write_text(relay("config", "show", str(file))[1])
    assert relay("config", "show", "--non-default", str(whole)) == (0, "timeout = 30\n", "")


@pytest.mark.parametrize(
    ("arguments", "code", "text"),
    [
        (["mdq", "--spool", "nowhere"], ExitCode.NO_SPOOL, "no such directory"),
        (["restart", "--spool", "nowhere"], ExitCode.NO_SPOOL, "no such directory"),
        (["restart", "postfix"], ExitCode.USAGE, "neither asmtpd nor mdq"),
        (["mdq", "--listen", "x"], ExitCode.USAGE, "--listen"),
        (["fly"], ExitCode.USAGE, "fly"),
    ],
)
def test_what_cannot_be_is_said_on_stderr(
    arguments: list[str],
    code: ExitCode,
    text: str,
    tmp_path: Path,
) -> None:
    found, out, err = relay(*arguments, cwd=tmp_path)
    assert (found, out) == (code, "")
    assert text in err


def test_a_second_dequeuer_names_the_first(tmp_path: Path) -> None:
    with Spool.create(str(tmp_path)) as spool:
        lock = OwnLock(spool, "mdq")
        code, _, err = relay("mdq", "--once", "--spool", str(tmp_path))
        assert code == ExitCode.SOME
        assert f"pid {os.getpid()}" in err
        lock.close()


def test_restart_without_a_supervisor_is_69(tmp_path: Path) -> None:
    Spool.create(str(tmp_path)).close()
    code, _, err = relay("restart", "--spool", str(tmp_path))
    assert code == ExitCode.NO_RELAY
    assert "no `relay run` works on" in err


def test_a_taken_port_is_73(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        here = f"127.0.0.1:{taken.getsockname()[1]}"
        code, _, err = relay("asmtpd", "--spool", str(tmp_path), "--listen", here, "--dst", "h")
    assert code == ExitCode.CANNOT_CREATE
    assert f"cannot listen on {here}: Address already in use" in err


_AS_STRANGER = """
import os, sys, relay.control, relay.dequeue.process, relay.service
os.setgroups([]); os.setgid(65533); os.setuid(65533)
sys.exit(relay.service.run(sys.argv[1:]))
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="becoming another user wants root")
@pytest.mark.parametrize("who", ["stranger", "root"])
def test_only_the_owner_of_a_spool_works_on_it(who: str) -> None:
    """A stranger is refused; root takes the owner's account before it writes."""
    folder = Path(os.path.realpath("/tmp"), f"owned-{os.getpid()}-{who}")
    folder.mkdir(mode=0o755)
    try:
        spool = folder / "spool"
        Spool.create(str(spool)).close()
        for path in (folder, spool, *spool.rglob("*")):
            os.chown(path, 65534, 65534)
        os.chmod(spool, 0o755)
        if who == "stranger":
            code, _, err = relay("mdq", "--once", "--spool", str(spool), code=_AS_STRANGER)
            assert code == ExitCode.NOT_PERMITTED, err
        else:
            assert relay("mdq", "--once", "--spool", str(spool)) == (0, "", "")
            assert {path.stat().st_uid for path in spool.rglob("*")} == {65534}
    finally:
        subprocess.run(["rm", "-r", str(folder)], check=True)
