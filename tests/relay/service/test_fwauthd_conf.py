"""fwauthd_conf in relay.toml: its line lets the intake run, and only where it is named."""

from __future__ import annotations

import os
import signal
import smtplib
import subprocess
from pathlib import Path

import pytest

from relay.supervisor import child_environment
from spooltool.errors import ExitCode
from spooltool.store.root import Spool
from tests.harness.gateway import Gateway
from tests.harness.process import PYTHON, wait_until

LINE = "25       fwssd       in.asmtpd       wait    {}\n"


def relay(*arguments: str) -> tuple[int, str]:
    done = subprocess.run(
        [PYTHON, "-m", "relay", *arguments],
        capture_output=True,
        text=True,
        env=child_environment(os.environ),
        timeout=60,
    )
    return done.returncode, done.stderr


def send(port: int) -> None:
    with smtplib.SMTP("127.0.0.1", port, timeout=30) as client:
        client.sendmail("anna@example.org", ["bert@example.net"], "Subject: x\r\n\r\nx\r\n")


@pytest.mark.parameter("fwauthd_conf")
def test_its_line_starts_as_many_intakes_as_it_says(tmp_path: Path) -> None:
    conf = tmp_path / "fwauthd.conf"
    conf.write_text("# servers\n" + LINE.format(-2))
    # Nothing is listening at port 1: what is taken stays in the spool.
    with Gateway(tmp_path, 1, settings={"fwauthd_conf": str(conf)}) as gateway:
        wait_until(lambda: len(gateway.processes().get("asmtpd", [])) == 2, what="two intakes")
        send(gateway.port)
        assert len(gateway.files()) == 1


def test_a_reload_with_the_line_gone_says_so_and_changes_nothing(tmp_path: Path) -> None:
    conf = tmp_path / "fwauthd.conf"
    conf.write_text(LINE.format(0))
    with Gateway(tmp_path, 1, settings={"fwauthd_conf": str(conf)}) as gateway:
        conf.write_text("#" + LINE.format(0))
        gateway.kill(signal.SIGHUP)
        log = gateway.spool / ".spooltool/log/asmtpd.elg"
        wait_until(lambda: f"{conf}:1: the line of in.asmtpd" in log.read_text(), what="the log")
        send(gateway.port)
        code, err = relay("config", "check", str(gateway.config))
        assert code == ExitCode.CONFIG
        assert f"{conf}:1: the line of in.asmtpd is commented out" in err


@pytest.mark.parametrize("command", ["run", "asmtpd"])
@pytest.mark.parametrize(
    ("text", "where", "why"),
    [
        ("#" + LINE.format(0), ":1", "the line of in.asmtpd is commented out: no mail is taken"),
        ("80 fwssd in.ahttpd wait 0\n", "", "no line starts in.asmtpd: no mail is taken"),
        (None, "", "No such file or directory"),
    ],
)
def test_without_its_line_the_intake_does_not_start(
    tmp_path: Path, command: str, text: str | None, where: str, why: str
) -> None:
    conf, config, spool = tmp_path / "fwauthd.conf", tmp_path / "relay.toml", tmp_path / "spool"
    if text is not None:
        conf.write_text(text)
    config.write_text(f'fwauthd_conf = "{conf}"\nlisten = ["127.0.0.1:0"]\ndst = "127.0.0.1:1"\n')
    code, err = relay(command, "--config", str(config), "--spool", str(spool))
    assert code == ExitCode.CONFIG
    assert f"{conf}{where}: {why}" in err
    assert not spool.exists()


def test_the_dequeuer_runs_without_the_line(tmp_path: Path) -> None:
    conf, config, spool = tmp_path / "fwauthd.conf", tmp_path / "relay.toml", tmp_path / "spool"
    conf.write_text("#" + LINE.format(0))
    config.write_text(f'fwauthd_conf = "{conf}"\n')
    Spool.create(str(spool)).close()
    assert relay("mdq", "--once", "--config", str(config), "--spool", str(spool))[0] == 0


def test_a_file_that_relay_toml_does_not_name_decides_nothing(tmp_path: Path) -> None:
    (tmp_path / "fwauthd.conf").write_text("#" + LINE.format(0))
    with Gateway(tmp_path, 1) as gateway:
        send(gateway.port)
