"""Certificates in running processes: renewed by SIGHUP, read by root alone, checked before."""

from __future__ import annotations

import os
import shutil
import signal
import smtplib
import socket
import ssl
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from relay.supervisor import child_environment
from spooltool.errors import ExitCode
from tests.harness.certificates import Authority, Pair
from tests.harness.gateway import Gateway
from tests.harness.process import PYTHON, wait_until


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("tls"))


def client(authority: Authority, port: int) -> tuple[smtplib.SMTP, str]:
    """A session under TLS, and the name in the certificate that it was shown."""
    smtp = smtplib.SMTP("127.0.0.1", port, "client.example", timeout=30)
    context = authority.context()
    context.check_hostname = False
    smtp.starttls(context=context)
    return smtp, shown(smtp)


def shown(smtp: smtplib.SMTP) -> str:
    assert isinstance(smtp.sock, ssl.SSLSocket)
    found = smtp.sock.getpeercert()
    assert found is not None
    return str(found["subjectAltName"][0][1])


def put(pair: Pair, certificate: Path, key: Path) -> None:
    shutil.copy(pair.certificate, certificate)
    shutil.copy(pair.key, key)


class Running(Gateway):
    """A relay with a certificate in files of its own."""

    def __init__(
        self,
        folder: Path,
        pair: Pair,
        *,
        dst: int = 9,
        python: str = PYTHON,
        env: Mapping[str, str] | None = None,
        **settings: object,
    ) -> None:
        self.certificate, self.key = folder / "gw.crt", folder / "gw.key"
        put(pair, self.certificate, self.key)
        chosen: dict[str, object] = {
            "tls_certificate": str(self.certificate),
            "tls_key": str(self.key),
            **settings,
        }
        super().__init__(folder, dst, settings=chosen, python=python, env=env)

    def log(self) -> str:
        return (self.spool / ".spooltool/log/asmtpd.elg").read_text()

    def tls_port(self) -> int:
        """Where TLS comes first."""
        sign = " listen_tls=127.0.0.1:"
        wait_until(lambda: sign in self.log(), what="a line of its start")
        return int(self.log().partition(sign)[2].split()[0])

    def reload(self) -> None:
        before = self.log().count(" reload")
        self.kill(signal.SIGHUP)
        wait_until(lambda: self.log().count(" reload") > before, what="the reload")


@pytest.fixture
def running(tmp_path: Path, authority: Authority) -> Iterator[Running]:
    with Running(tmp_path, authority.issue("old.example.org")) as gateway:
        yield gateway


def test_a_reload_shows_the_new_certificate_and_ends_no_session(
    running: Running, authority: Authority
) -> None:
    before, name = client(authority, running.port)
    assert name == "old.example.org"
    before.ehlo()
    assert before.mail("a@example.com")[0] == 250
    put(authority.issue("new.example.org"), running.certificate, running.key)
    running.reload()
    after, name = client(authority, running.port)
    assert name == "new.example.org"
    assert before.rcpt("b@example.org")[0] == 250
    assert before.data("Subject: x\r\n\r\nx\r\n")[0] == 250
    before.quit()
    after.quit()


def test_a_pair_that_does_not_fit_leaves_the_old_one_with_an_alert(
    running: Running, authority: Authority
) -> None:
    running.key.write_bytes(authority.issue("x.example.org").key.read_bytes())
    running.reload()
    assert "certificate not taken over: tls_key: is not the key" in running.log()
    (pid,) = running.processes()["asmtpd"]
    os.kill(pid, signal.SIGKILL)
    # What starts later has the old one from the supervisor, and says why.
    alert = "certificate not taken over: "
    wait_until(lambda: running.log().count(alert) == 2, what="another intake")
    smtp, name = client(authority, running.port)
    assert name == "old.example.org"
    smtp.close()
    running.certificate.unlink()
    running.reload()
    assert "gw.crt: No such file or directory" in running.log()
    smtp, name = client(authority, running.port)
    assert name == "old.example.org"
    smtp.close()


def test_tls_is_turned_on_and_off_by_a_reload(running: Running, authority: Authority) -> None:
    text = running.config.read_text()
    off = "\n".join(line for line in text.splitlines() if not line.startswith("tls_"))
    for configured, offered in ((off, False), (text, True)):
        running.config.write_text(configured)
        running.reload()
        with smtplib.SMTP("127.0.0.1", running.port, "client.example", timeout=30) as smtp:
            smtp.ehlo()
            assert smtp.has_extn("starttls") is offered


def test_tls_from_the_start_has_a_port_of_its_own(tmp_path: Path, authority: Authority) -> None:
    with Running(
        tmp_path,
        authority.issue("gw.example.org"),
        listen_tls=["127.0.0.1:0"],
        intake_workers=2,
    ) as running:
        port = running.tls_port()
        context = authority.context()
        context.check_hostname = False
        for _ in range(8):
            with smtplib.SMTP_SSL("127.0.0.1", port, "c.example", timeout=30, context=context) as s:
                s.ehlo()
                assert not s.has_extn("starttls")
                s.sendmail("a@example.com", ["b@example.org"], "Subject: x\r\n\r\nx\r\n")
        assert len(running.files()) == 8
        with socket.create_connection(("127.0.0.1", port), timeout=30) as speaks_first:
            speaks_first.sendall(b"EHLO c\r\nMAIL FROM:<a@example.com>\r\n")
            assert speaks_first.recv(1000) == b""
        wait_until(lambda: "tls-failed src=127.0.0.1" in running.log(), what="a line in the log")
        plain, name = client(authority, running.port)
        assert name == "gw.example.org"
        plain.quit()


def test_a_proxy_speaks_before_tls(tmp_path: Path, authority: Authority) -> None:
    pair = authority.issue("gw.example.org")
    with Running(
        tmp_path,
        pair,
        listen_tls=["127.0.0.1:0"],
        proxy_from=["127.0.0.1"],
        accept_from=["192.0.2.0/24"],
    ) as running:
        for port, first in ((running.tls_port(), True), (running.port, False)):
            raw = socket.create_connection(("127.0.0.1", port), timeout=30)
            raw.sendall(b"PROXY TCP4 192.0.2.7 192.0.2.1 40000 25\r\n")
            smtp = smtplib.SMTP(timeout=30)
            context = authority.context()
            smtp.sock = context.wrap_socket(raw, server_hostname="gw.example.org") if first else raw
            assert smtp.getreply()[0] == 220
            if not first:
                smtp._host = "gw.example.org"  # type: ignore[attr-defined]  # what connect() sets
                smtp.starttls(context=context)
            smtp.sendmail("a@example.com", ["b@example.org"], "Subject: x\r\n\r\nx\r\n")
            smtp.quit()
        sign = "src=192.0.2.7"
        wait_until(lambda: running.log().count(sign) == 2, what="both in the log")
        assert running.log().count(" tls=TLSv1.3:") == 2


def relay(*arguments: str) -> tuple[int, str, str]:
    done = subprocess.run(
        [PYTHON, "-m", "relay", *arguments],
        capture_output=True,
        text=True,
        env=child_environment(os.environ),
    )
    return done.returncode, done.stdout, done.stderr


def test_config_check_looks_at_the_files(tmp_path: Path, authority: Authority) -> None:
    file = tmp_path / "relay.toml"
    good, old = authority.issue("gw.example.org"), authority.issue("gw.example.org", days=-1)
    file.write_text(
        f'timeout = 5\ntls_certificate = "{old.certificate}"\ntls_key = "{old.key}"\n'
        f'tls_ca = "{authority.ca}"\n'
    )
    assert relay("config", "check", str(file)) == (
        0,
        f"relay: note: {file}:2: tls_certificate: the certificate has expired\n"
        f"relay: {file}: no mistakes\n",
        "",
    )
    file.write_text(
        f'tls_certificate = "{good.certificate}"\ntls_key = "{old.key}"\ntls_ca = "/nowhere"\n'
        f'[destination."MX.example.org"]\ntls = "verify"\ntls_ca = "{file}"\n'
    )
    code, out, err = relay("config", "check", str(file))
    assert (code, out) == (ExitCode.CONFIG, "")
    assert err == (
        "relay: the configuration cannot be used\n"
        f"  {file}:2: tls_key: is not the key of the certificate\n"
        f"  {file}:3: tls_ca: /nowhere: No such file or directory\n"
        f"  {file}:6: tls_ca: {file}: no certificates in PEM form\n"
    )


@pytest.mark.parametrize("command", ["run", "asmtpd"])
def test_a_certificate_that_cannot_be_used_is_78(
    command: str, tmp_path: Path, authority: Authority
) -> None:
    file, spool = tmp_path / "relay.toml", tmp_path / "spool"
    file.write_text(f'\ntls_certificate = "{authority.ca}"\n')
    code, out, err = relay(
        *(command, "--config", str(file), "--spool", str(spool), "--listen", "127.0.0.1:0"),
        *("--dst", "127.0.0.1:9"),
    )
    assert (code, out) == (ExitCode.CONFIG, "")
    assert f"{file}:2: tls_certificate: holds no private key in PEM form" in err
    assert not spool.exists()
