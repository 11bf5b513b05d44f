"""TLS with programs of others, on both sides: swaks, openssl, Postfix; and with ourselves."""

from __future__ import annotations

import os
import pwd
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.harness.certificates import Authority, Pair
from tests.harness.gateway import Gateway, after_received, peak_memory, read_results
from tests.harness.postfix import Postfix, open_to_others
from tests.harness.process import wait_until
from tests.harness.programs import need, need_postfix, need_root
from tests.harness.sample import make_sample
from tests.harness.sink import SinkProcess
from tests.harness.submit import submit
from tests.interop.test_interop_memory import LIMIT, large
from tests.interop.test_interop_ownership import interpreter_for
from tests.relay.service.test_service_tls import Running, client, put

USING = re.compile(rb"\(using TLSv1\.3 with cipher [A-Z0-9_]+ \(\d+ bits\)\)")


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="module")
def pair(authority: Authority) -> Pair:
    return authority.issue("localhost", "127.0.0.1", "gw.example.org")


class Site:
    """A relay with a certificate, and a plain sink behind it."""

    def __init__(self, gateway: Running, sink: SinkProcess) -> None:
        self.gateway, self.sink = gateway, sink
        self.tls_port = gateway.tls_port()

    def next_one(self, count: int) -> bytes:
        """The only message that came after the first `count`."""
        wait_until(lambda: len(self.sink.entries()) > count, what="one more message at the sink")
        assert len(self.sink.entries()) == count + 1
        return self.sink.contents()[count]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, pair: Pair) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("site")
    with (
        SinkProcess(log=folder / "sink.log", keep=folder / "taken") as sink,
        Running(folder, pair, dst=sink.port, listen_tls=["127.0.0.1:0"]) as gateway,
    ):
        yield Site(gateway, sink)


@pytest.mark.parametrize("option", ["-tls", "-tlsc"])
def test_swaks(site: Site, option: str) -> None:
    before = len(site.sink.entries())
    port = site.tls_port if option == "-tlsc" else site.gateway.port
    done = subprocess.run(
        [
            *(need("swaks"), "--server", "127.0.0.1", "--port", str(port), "--timeout", "30"),
            *(option, "--from", "a@example.com", "--to", "b@example.org"),
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert "=== TLS started with cipher TLSv1.3:" in done.stdout
    assert "\n<~  250 2.0.0 R" in done.stdout
    received, _ = after_received(site.next_one(before))
    assert b"with ESMTPS id" in received
    assert USING.search(received.replace(b"\r\n\t", b" "))


@pytest.mark.parametrize("starttls", [True, False])
@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
def test_openssl(site: Site, authority: Authority, version: str, starttls: bool) -> None:
    before = len(site.sink.entries())
    port = site.gateway.port if starttls else site.tls_port
    session = (
        "EHLO client.example\nMAIL FROM:<a@example.com>\nRCPT TO:<b@example.org>\nDATA\n"
        "Subject: openssl\n\nx\n.\nQUIT\n"
    )
    done = subprocess.run(
        [
            *(need("openssl"), "s_client", "-connect", f"127.0.0.1:{port}", "-crlf", "-quiet"),
            *("-CAfile", str(authority.ca), "-verify_return_error", "-verify_hostname"),
            *("gw.example.org", version, *(("-starttls", "smtp") if starttls else ())),
        ],
        input=session,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "250 2.0.0 R" in done.stdout, done.stderr
    assert "221 2.0.0 bye" in done.stdout
    received, _ = after_received(site.next_one(before))
    wanted = "TLSv1.2" if version == "-tls1_2" else "TLSv1.3"
    assert f"(using {wanted} with cipher ".encode() in received.replace(b"\r\n\t", b" ")


def test_what_is_too_old_is_refused(site: Site) -> None:
    done = subprocess.run(
        [
            *(need("openssl"), "s_client", "-connect", f"127.0.0.1:{site.gateway.port}"),
            *("-starttls", "smtp", "-tls1_1", "-cipher", "ALL:@SECLEVEL=0"),
        ],
        input="",
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode != 0
    wait_until(lambda: "unsupported protocol" in site.gateway.log(), what="a line in the log")


def test_postfix_as_client_encrypts(site: Site, authority: Authority, tmp_path: Path) -> None:
    need_postfix()
    shutil.copy(authority.ca, tmp_path / "ca.pem")
    before = len(site.sink.entries())
    settings = {
        "smtp_tls_security_level": "secure",
        "smtp_tls_secure_cert_match": "gw.example.org",
        "smtp_tls_CAfile": str(tmp_path / "ca.pem"),
        "smtp_tls_loglevel": "1",
    }
    sample = make_sample("from-postfix")
    with Postfix(tmp_path / "postfix", next_hop=site.gateway.port, settings=settings) as postfix:
        submit_anywhere(postfix.port, sample.content)
        wait_until(lambda: postfix.queued() == 0, seconds=60, what="an empty Postfix queue")
        log = postfix.log.read_text("utf-8", "replace")
    assert "Verified TLS connection established to 127.0.0.1" in log
    assert "status=sent (250 2.0.0 R" in log
    received, _ = after_received(site.next_one(before))
    assert b"from postfix.example" in received
    assert b"with ESMTPS id" in received


def submit_anywhere(port: int, content: bytes) -> None:
    """Hand a message to a server that gives no numbers of ours."""
    import smtplib

    with smtplib.SMTP("127.0.0.1", port, "client.example", timeout=30) as smtp:
        smtp.sendmail("anna@example.com", ["carl@example.org"], content)


@pytest.mark.parametrize("policy", ["may", "require", "verify"])
def test_postfix_as_next_hop(tmp_path: Path, authority: Authority, pair: Pair, policy: str) -> None:
    need_postfix()
    shutil.copy(pair.certificate, tmp_path / "hop.crt")
    shutil.copy(pair.key, tmp_path / "hop.key")
    server = {
        "smtpd_tls_security_level": "encrypt" if policy != "may" else "may",
        "smtpd_tls_cert_file": str(tmp_path / "hop.crt"),
        "smtpd_tls_key_file": str(tmp_path / "hop.key"),
        "smtpd_tls_received_header": "yes",
    }
    with (
        Postfix(tmp_path / "postfix", maildir=True, settings=server) as postfix,
        Gateway(
            tmp_path, postfix.port, settings={"tls": policy, "tls_ca": str(authority.ca)}
        ) as gateway,
    ):
        for n in range(20):
            submit(gateway.port, make_sample(f"hop-{n}", recipients=("carl@example.org",)))
        gateway.wait_empty()
        new = postfix.maildir / "new"
        wait_until(
            lambda: new.is_dir() and len(list(new.iterdir())) == 20, seconds=120, what="the maildir"
        )
        contents = [path.read_bytes() for path in new.iterdir()]
        elg = gateway.spool / ".spooltool/log/mdq.elg"
        wait_until(lambda: elg.read_text().count(" delivered ") == 20, what="a line for each")
        lines = elg.read_text().splitlines()
        log = postfix.log.read_text("utf-8", "replace")
    assert all(b"(using TLSv1.3 with cipher " in content for content in contents)
    delivered = [line for line in lines if " delivered " in line]
    assert all(" tls=TLSv1.3:TLS_" in line for line in delivered)
    assert re.findall(r"lost connection after (?!CONNECT)\w+", log) == []


def test_a_certificate_of_another_name_makes_mail_wait_and_a_table_mends_it(
    tmp_path: Path, authority: Authority
) -> None:
    need_postfix()
    other = authority.issue("other.example.org")
    shutil.copy(other.certificate, tmp_path / "hop.crt")
    shutil.copy(other.key, tmp_path / "hop.key")
    server = {
        "smtpd_tls_security_level": "may",
        "smtpd_tls_cert_file": str(tmp_path / "hop.crt"),
        "smtpd_tls_key_file": str(tmp_path / "hop.key"),
    }
    with (
        Postfix(tmp_path / "postfix", settings=server) as postfix,
        Gateway(
            tmp_path, postfix.port, settings={"tls": "verify", "tls_ca": str(authority.ca)}
        ) as gateway,
    ):
        number = submit(gateway.port, make_sample("waits"))
        file = gateway.spool / "D_resend" / f"R{number}"
        wait_until(file.exists, what="the message in D_resend")
        (row,) = gateway.listed()
        assert row["stuck"] == "tls"
        assert "IP address mismatch" in read_results(file)[0].text
        table = f'\n[destination."127.0.0.1:{postfix.port}"]\ntls_name = "other.example.org"\n'
        with gateway.config.open("a") as config:
            config.write(table)
        gateway.kill(signal.SIGHUP)
        gateway.wait_empty()


def test_100_mb_within_80_mb_under_tls(tmp_path: Path, authority: Authority, pair: Pair) -> None:
    """From one relay to another: delivery of the first, intake of the second."""
    sample = large()
    first, second = tmp_path / "first", tmp_path / "second"
    first.mkdir()
    second.mkdir()
    with (
        SinkProcess(log=tmp_path / "sink.log") as sink,
        Running(second, pair, dst=sink.port, max_mail_size=200_000, hostname="b.example") as far,
        Gateway(
            first,
            far.port,
            settings={
                "max_mail_size": 200_000,
                "tls": "verify",
                "tls_ca": str(authority.ca),
            },
        ) as near,
    ):
        submit(near.port, sample)
        wait_until(lambda: len(sink.entries()) == 1, seconds=120, what="the message at the sink")
        (entry,) = sink.entries()
        assert entry["body_sha256"] == sample.body_sha256
        assert "proto=ESMTPS tls=TLSv1.3:" in far.log()
        peaks = {
            name: peak_memory(gateway.processes()[process][0])
            for name, gateway, process in (("mdq", near, "mdq"), ("asmtpd", far, "asmtpd"))
        }
    assert {name: peak for name, peak in peaks.items() if peak > LIMIT} == {}


def test_a_key_that_only_root_may_read(tmp_path: Path, authority: Authority) -> None:
    """It is read before root is given up, survives restarts, and a reload that cannot read it."""
    need_root()
    account = pwd.getpwnam("nobody")
    python, env = interpreter_for(account, tmp_path)
    spool = tmp_path / "spool"
    spool.mkdir(mode=0o700)
    os.chown(spool, account.pw_uid, account.pw_gid)
    open_to_others(tmp_path)
    old = authority.issue("old.example.org")
    with Running(tmp_path, old, python=python, env=env) as running:
        running.config.chmod(0o644)
        assert running.key.stat().st_mode & 0o777 == 0o600
        (pid,) = running.processes()["asmtpd"]
        assert f"Uid:\t{account.pw_uid}\t" in Path(f"/proc/{pid}/status").read_text()
        running.reload()
        assert "not taken over" not in running.log(), "nothing has changed: nothing to say"
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: running.log().count(" start ") == 2, what="another intake")
        smtp, name = client(authority, running.port)
        assert name == "old.example.org"
        put(authority.issue("new.example.org"), running.certificate, running.key)
        running.reload()
        assert "certificate not taken over: tls_key: " in running.log()
        assert "Permission denied" in running.log()
        other, name = client(authority, running.port)
        assert name == "old.example.org"
        os.chown(running.key, account.pw_uid, -1)
        running.reload()
        third, name = client(authority, running.port)
        assert name == "new.example.org"
        for one in (smtp, other, third):
            one.quit()
