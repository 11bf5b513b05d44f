"""Parameters of the relay itself, and of who may send where, seen from outside a running one."""

from __future__ import annotations

import json
import smtplib
import socket
import ssl
import stat
from contextlib import closing
from pathlib import Path

import pytest

from tests.harness.certificates import Authority
from tests.harness.gateway import Gateway, spool_files
from tests.harness.process import PYTHON, Child, wait_until
from tests.harness.sample import make_sample
from tests.harness.sink import SinkProcess
from tests.harness.sink_plan import SinkPlan
from tests.harness.submit import submit


def answer(port: int, before: bytes, *commands: str) -> list[str]:
    """The first line of each reply, greeting first, after the client has said `before`."""
    told = []
    with closing(socket.create_connection(("127.0.0.1", port), 60)) as sock:
        sock.sendall(before)
        lines = sock.makefile("rb")
        for command in (*commands, "QUIT"):
            line = lines.readline()
            told.append(line.decode().rstrip())
            while line[3:4] == b"-":
                line = lines.readline()
            sock.sendall(command.encode() + b"\r\n")
    return told


@pytest.mark.parameter("rundir", "logdir", "listen", "dst")
def test_a_file_alone_says_where_all_of_it_is(tmp_path: Path) -> None:
    with SinkProcess(log=tmp_path / "sink.log") as sink:
        settings = {
            "rundir": str(tmp_path / "mail"),
            "logdir": str(tmp_path / "logs"),
            "listen": ["127.0.0.4:0"],
            "dst": f"127.0.0.1:{sink.port}",
            "min_free": "1%",
        }
        file = tmp_path / "relay.toml"
        file.write_text("".join(f"{key} = {json.dumps(one)}\n" for key, one in settings.items()))
        (tmp_path / "mail").mkdir(mode=0o700)
        (tmp_path / "logs").mkdir()
        with Child([PYTHON, "-m", "relay", "run", "--config", str(file)]) as child:
            while "listening on" not in (line := child.line(seconds=60)):
                pass
            place = line.rpartition(" ")[2].partition(":")
            assert place[0] == "127.0.0.4"
            with smtplib.SMTP(place[0], int(place[2]), "client.example", timeout=60) as smtp:
                smtp.sendmail("a@example.com", ["b@example.org"], "Subject: x\r\n\r\nx\r\n")
            wait_until(lambda: len(sink.entries()) == 1, what="the mail at dst")
        assert (tmp_path / "mail/D_sender").is_dir()
        assert (tmp_path / "logs/mdq.elg").exists()
        assert not (tmp_path / "mail/.spooltool/log").exists()


@pytest.mark.parameter("alert_command", "rule.track")
def test_an_alert_runs_the_command(tmp_path: Path) -> None:
    script, trace = tmp_path / "told", tmp_path / "trace"
    script.write_text(f"#!/bin/sh\nenv > {trace}.new && mv {trace}.new {trace}\n")
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    with SinkProcess() as sink:
        tables = '[[rule]]\naction = "accept"\ntrack = "alert"\n'
        settings = {"alert_command": [str(script)], "default_server": f"127.0.0.1:{sink.port}"}
        with Gateway(tmp_path, None, tables=tables, settings=settings) as gateway:
            submit(gateway.port, make_sample("one"))
            wait_until(trace.exists, what="the command's trace")
    assert "RELAY_ALERT" in trace.read_text()


@pytest.mark.parameter("postmaster", "detailed_smtp_err_mail", "error_server")
def test_error_mail_goes_to_its_server_with_the_reason_and_a_copy(tmp_path: Path) -> None:
    reply = "550 5.1.1 there is nobody of that name"
    with (
        SinkProcess(plan=SinkPlan(recipients={"*": reply})) as sink,
        SinkProcess(log=tmp_path / "errors.log", keep=tmp_path / "errors") as errors,
    ):
        settings = {
            "postmaster": "post@relay.example",
            "error_server": f"127.0.0.1:{errors.port}",
            "detailed_smtp_err_mail": True,
        }
        with Gateway(tmp_path, sink.port, settings=settings) as gateway:
            submit(gateway.port, make_sample("one"))
            gateway.wait_empty()
        told = {address for one in errors.entries() for address in one["recipients"]}
        assert told == {"billing@example.com", "post@relay.example"}
        assert b"there is nobody of that name" in errors.contents()[0]


@pytest.mark.parameter("errmail", "trash_keep")
def test_without_error_mail_the_trash_has_it_for_as_long_as_it_is_kept(tmp_path: Path) -> None:
    with (
        SinkProcess(mode="reject-rcpt") as sink,
        SinkProcess(log=tmp_path / "errors.log") as errors,
    ):
        settings = {"errmail": False, "error_server": f"127.0.0.1:{errors.port}"}
        with Gateway(tmp_path, sink.port, settings=settings) as gateway:
            submit(gateway.port, make_sample("one"))
            gateway.wait_empty()
            wait_until(lambda: len(spool_files(gateway.spool, ".spooltool/trash")) == 1)
        assert errors.entries() == []
        with Gateway(tmp_path, sink.port, settings={**settings, "trash_keep": 0}) as gateway:
            wait_until(lambda: spool_files(gateway.spool, ".spooltool/trash") == [])


@pytest.mark.parameter("original_destination", "original_networks", "default_server")
def test_the_server_that_a_client_meant_decides_and_default_server_where_there_is_none(
    tmp_path: Path,
) -> None:
    with SinkProcess(log=tmp_path / "sink.log") as sink:
        settings = {
            "original_destination": "proxy",
            "proxy_from": ["127.0.0.1"],
            "original_networks": ["192.0.2.0/24"],
            "default_server": f"127.0.0.1:{sink.port}",
        }
        mail = ("EHLO x", "MAIL FROM:<a@example.com>", "RCPT TO:<b@example.org>")
        with Gateway(tmp_path, None, settings=settings) as gateway:
            here = "PROXY TCP4 127.0.0.1 {} 4000 25\r\n".format
            assert answer(gateway.port, here("192.0.2.25").encode(), *mail)[-1][:4] == "250 "
            refused = answer(gateway.port, here("203.0.113.25").encode())
            assert refused == ["554 5.7.1 no mail is accepted for 203.0.113.25"]
            content = ("DATA", "Subject: x\r\n\r\nx\r\n.")
            told = answer(gateway.port, b"PROXY UNKNOWN\r\n", *mail, *content)
            assert [line[:3] for line in told] == ["220", "250", "250", "250", "354", "250"]
            gateway.wait_empty()
        assert [one["recipients"] for one in sink.entries()] == [["b@example.org"]]


@pytest.mark.parameter("tls_certificate", "tls_key", "tls_required", "tls_minimum", "listen_tls")
def test_no_mail_is_taken_in_clear_or_by_an_old_version(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    pair = authority.issue("relay.example")
    settings = {
        "tls_certificate": str(pair.certificate),
        "tls_key": str(pair.key),
        "tls_required": True,
        "tls_minimum": "1.3",
        "listen_tls": ["127.0.0.1:0"],
    }
    with Gateway(tmp_path, "127.0.0.1:1", settings=settings) as gateway:
        with smtplib.SMTP("127.0.0.1", gateway.port, "client.example", timeout=60) as smtp:
            smtp.ehlo()
            assert smtp.docmd("MAIL FROM:<a@example.com>")[0] == 530
            context = authority.context()
            context.check_hostname = False
            smtp.starttls(context=context)
            smtp.ehlo()
            assert smtp.docmd("MAIL FROM:<a@example.com>")[0] == 250
            assert smtp.sock.version() == "TLSv1.3"
        log = gateway.spool / ".spooltool/log/asmtpd.elg"
        assert " listen_tls=127.0.0.1:" in log.read_text()
        old = authority.context()
        old.check_hostname = False
        old.maximum_version = old.minimum_version = ssl.TLSVersion.TLSv1_2
        with smtplib.SMTP("127.0.0.1", gateway.port, "client.example", timeout=60) as smtp:
            with pytest.raises((OSError, smtplib.SMTPException)):
                smtp.starttls(context=old)
            smtp.close()
