"""asmtpd as a process: load, kill -9, big messages, limits of the system, its end."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import smtplib
import socket
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from spooltool.spool.names import RESEND, SENDER, STATE_DIR
from spooltool.store.message import MessageFile
from spooltool.store.root import Spool
from spooltool.store.scan import scan
from tests.harness.client import ClientProcess
from tests.harness.process import PYTHON, Child, NotReady, wait_until

LISTENING = "relay: listening on 127.0.0.1:"


class Asmtpd(Child):
    """`relay asmtpd` on a free port; ready when made."""

    def __init__(
        self, spool: Path, config: str = "", *, prefix: tuple[str, ...] = (), listen: str = ""
    ) -> None:
        spool.mkdir(exist_ok=True)
        file = spool.parent / "relay.toml"
        file.write_text(config)
        super().__init__(
            [
                *prefix,
                *(PYTHON, "-m", "relay", "asmtpd", "--spool", str(spool)),
                *("--listen", listen or "127.0.0.1:0", "--dst", "127.0.0.1:9"),
                *("--config", str(file)),
            ],
            stderr=subprocess.DEVNULL,
        )
        try:
            line = self.line()
        except NotReady:
            self.stop()
            raise
        assert line.startswith(LISTENING)
        self.port = int(line.removeprefix(LISTENING))

    def smtp(self) -> smtplib.SMTP:
        """A client that has said EHLO."""
        client = smtplib.SMTP("127.0.0.1", self.port, "client.example", timeout=30)
        client.ehlo()
        return client


@contextmanager
def asmtpd(spool: Path, config: str = "", prefix: tuple[str, ...] = ()) -> Iterator[Asmtpd]:
    with Asmtpd(spool, config, prefix=prefix) as process:
        yield process


def acked(path: Path) -> dict[str, str]:
    """Body digest of each message that a client was told is stored, by its number."""
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert all(line["id"] for line in lines)
    return {line["id"]: line["body_sha256"] for line in lines}


def whole_in(path: Path) -> dict[str, str]:
    """Body digest (with CRLF line ends) of each message in D_sender, its DIGEST found right."""
    found = {}
    with Spool.open(str(path)) as spool:
        for entry in scan(spool, [SENDER]).entries():
            message = MessageFile(spool, entry.name)
            assert message.digest_ok() is True, entry.name
            assert message.envelope.defects == (), entry.name
            digest = hashlib.sha256()
            for chunk in message.chunks(message.parts.body):
                digest.update(chunk.replace(b"\n", b"\r\n"))
            found[entry.name.number] = digest.hexdigest()
            message.close()
    return found


def test_a_thousand_messages_are_all_there_and_whole(tmp_path: Path) -> None:
    spool, acks = tmp_path / "spool", tmp_path / "acks"
    with asmtpd(spool) as process:
        with ClientProcess(
            *("--port", str(process.port), "--messages", "1000", "--sessions", "10"),
            *("--per-connection", "20", "--ack", str(acks)),
        ) as client:
            tally = client.tally()
        assert (tally.acked, tally.refused) == (1000, 0)
        assert process.stop() == 0
    told = acked(acks)
    assert len(told) == 1000
    assert whole_in(spool) == told
    assert os.listdir(spool / STATE_DIR) == []
    stored = (spool / ".spooltool/log/asmtpd.elg").read_text().count(" stored ")
    accepted = (spool / ".spooltool/log/tracker.log").read_text().count(" accept ")
    assert (stored, accepted) == (1000, 1000)


def test_what_was_acknowledged_survives_kill_9(tmp_path: Path) -> None:
    spool, acks = tmp_path / "spool", tmp_path / "acks"
    acks.touch()
    process = Asmtpd(spool)
    with ClientProcess(
        *("--port", str(process.port), "--messages", "100000", "--sessions", "8"),
        *("--ack", str(acks)),
    ) as client:
        wait_until(lambda: acks.read_bytes().count(b"\n") >= 600)
        process.kill()
        tally = client.tally()
    process.stop()
    told = acked(acks)
    assert len(told) == tally.acked >= 600
    there = whole_in(spool)
    assert told.items() <= there.items()
    # The next process takes over: nothing partial is taken for mail, no number comes twice.
    with asmtpd(spool) as again, again.smtp() as smtp:
        smtp.sendmail("a@example.com", ["b@example.org"], b"Subject: next\r\n\r\nnext\r\n")
    new = whole_in(spool).keys() - there.keys()
    assert len(new) == 1
    assert max(there) < new.pop()


def test_a_large_message_needs_no_memory(tmp_path: Path) -> None:
    spool = tmp_path / "spool"
    size = 100 << 20
    with asmtpd(spool, "max_mail_size = 200_000\n") as process:
        line = b"0123456789abcdef" * 4 + b"\r\n"
        block = line * 4096
        with socket.create_connection(("127.0.0.1", process.port)) as sock:
            sock.sendall(b"EHLO c.example\r\nMAIL FROM:<a@example.com>\r\n")
            sock.sendall(b"RCPT TO:<b@example.org>\r\nDATA\r\n")
            read_until(sock, b"354 ")
            sock.sendall(b"Subject: large\r\n\r\n")
            for _ in range(size // len(block)):
                sock.sendall(block)
            sock.sendall(b".\r\n")
            read_until(sock, b" stored\r\n")
        peak = next(
            int(line.split()[1])
            for line in Path(f"/proc/{process.pid}/status").read_text().splitlines()
            if line.startswith("VmHWM")
        )
        assert peak < 80 << 10, f"{peak} KiB"
    digest = hashlib.sha256()
    for _ in range(size // len(block)):
        digest.update(block)
    assert list(whole_in(spool).values()) == [digest.hexdigest()]


def read_until(sock: socket.socket, wanted: bytes) -> bytes:
    seen = b""
    while wanted not in seen:
        data = sock.recv(65536)
        assert data, seen
        seen += data
    return seen


def test_a_file_that_may_not_grow_is_452_and_leaves_nothing(tmp_path: Path) -> None:
    spool = tmp_path / "spool"
    limit = ("prlimit", f"--fsize={300 << 10}")
    with asmtpd(spool, prefix=limit) as process, process.smtp() as smtp:
        with pytest.raises(smtplib.SMTPDataError) as refused:
            smtp.sendmail("a@example.com", ["b@example.org"], b"X: y\r\n\r\n" + b"z\r\n" * 200_000)
        assert refused.value.smtp_code == 452
        assert os.listdir(spool / STATE_DIR) == []
        smtp.sendmail("a@example.com", ["b@example.org"], b"Subject: small\r\n\r\nfits\r\n")
    assert len(whole_in(spool)) == 1


def test_a_full_disk_is_452_at_mail_and_opens_again(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("mounting a small file system wants root")
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(disk)], capture_output=True
    )
    if mounted.returncode:
        pytest.skip(f"no mount here: {mounted.stderr.decode()}")
    spool = disk / "spool"
    try:
        with asmtpd(spool, 'min_free = "10%"\n') as process, process.smtp() as smtp:
            filler = disk / "filler"
            filler.write_bytes(b"x" * (1900 << 10))
            wait_until(lambda: smtp.docmd("MAIL FROM:<a@example.com>")[0] == 452 or reset(smtp))
            filler.unlink()
            wait_until(lambda: smtp.docmd("MAIL FROM:<a@example.com>")[0] == 250)
            smtp.rset()
            # Full in the middle of a message, before the next look.
            smtp.docmd("MAIL FROM:<a@example.com>")
            smtp.docmd("RCPT TO:<b@example.org>")
            assert smtp.docmd("DATA")[0] == 354
            assert smtp.sock is not None
            smtp.sock.sendall(b"Subject: large\r\n\r\n" + b"z" * 70 + b"\r\n")
            filler.write_bytes(b"x" * (1500 << 10))
            smtp.sock.sendall((b"z" * 70 + b"\r\n") * 13_000 + b".\r\n")
            assert smtp.getreply()[0] == 452
            assert os.listdir(spool / STATE_DIR) == []
            filler.unlink()
            wait_until(lambda: smtp.docmd("MAIL FROM:<a@example.com>")[0] == 250)
            assert smtp.docmd("RCPT TO:<b@example.org>")[0] == 250
            assert smtp.data(b"Subject: small\r\n\r\nfits\r\n")[0] == 250
        assert len(whole_in(spool)) == 1
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)


def reset(smtp: smtplib.SMTP) -> bool:
    smtp.rset()
    return False


def test_one_client_too_many_is_421_and_a_free_place_is_used(tmp_path: Path) -> None:
    with asmtpd(tmp_path / "spool", "max_clients = 2\n") as process:
        first = process.smtp()
        with process.smtp(), socket.create_connection(("127.0.0.1", process.port)) as third:
            assert third.recv(1000).startswith(b"421 4.7.0 ")
            assert third.recv(1000) == b""
            first.quit()

            def welcome() -> bool:
                with socket.create_connection(("127.0.0.1", process.port)) as again:
                    return again.recv(1000).startswith(b"220 ")

            wait_until(welcome)


def test_without_descriptors_clients_wait_and_are_served_later(tmp_path: Path) -> None:
    limit = ("prlimit", "--nofile=40:40")
    spool = tmp_path / "spool"
    with asmtpd(spool, prefix=limit) as process, ExitStack() as early, ExitStack() as late:
        for _ in range(50):
            early.enter_context(socket.create_connection(("127.0.0.1", process.port)))
        last = late.enter_context(socket.create_connection(("127.0.0.1", process.port)))
        log = spool / ".spooltool/log/asmtpd.elg"
        wait_until(lambda: "accepting pauses" in log.read_text())
        early.close()
        read_until(last, b"220 ")
        late.close()
        with process.smtp() as smtp:
            smtp.sendmail("a@example.com", ["b@example.org"], b"Subject: x\r\n\r\ny\r\n")
    assert len(whole_in(spool)) == 1


def test_sigterm_finishes_what_is_in_hand(tmp_path: Path) -> None:
    spool = tmp_path / "spool"
    with asmtpd(spool) as process, process.smtp() as idle, process.smtp() as busy:
        for command in ("MAIL FROM:<a@example.com>", "RCPT TO:<b@example.org>", "DATA"):
            busy.docmd(command)
        assert busy.sock is not None
        assert idle.sock is not None
        process.kill(signal.SIGTERM)
        assert idle.getreply()[0] == 421
        busy.sock.sendall(b"Subject: last\r\n\r\nlast\r\n.\r\n")
        code, text = busy.getreply()
        assert (code, text.endswith(b"stored")) == (250, True)
        assert busy.getreply()[0] == 421
        idle.close()
        busy.close()
        assert process.wait(seconds=30) == 0
    assert len(whole_in(spool)) == 1


def test_sighup_takes_a_new_configuration_over_and_keeps_the_old_one_otherwise(
    tmp_path: Path,
) -> None:
    spool = tmp_path / "spool"
    log = spool / ".spooltool/log/asmtpd.elg"
    with asmtpd(spool, "max_mail_size = 100\n") as process:

        def size() -> str:
            with process.smtp() as smtp:
                return smtp.esmtp_features["size"]

        assert size() == str(100 << 10)
        (tmp_path / "relay.toml").write_text("max_mail_size = 200\n")
        process.kill(signal.SIGHUP)
        wait_until(lambda: " reload" in log.read_text())
        assert size() == str(200 << 10)
        assert "a reload does not change" not in log.read_text()
        (tmp_path / "relay.toml").write_text("max_mail_size = 200\nintake_workers = 2\n")
        process.kill(signal.SIGHUP)
        told = "a reload does not change intake_workers: restart the relay for that"
        wait_until(lambda: told in log.read_text())
        (tmp_path / "relay.toml").write_text("max_mail_size = 'much'\n")
        process.kill(signal.SIGHUP)
        wait_until(lambda: "not taken over" in log.read_text())
        assert "relay.toml:1: max_mail_size" in log.read_text()
        assert size() == str(200 << 10)


def test_two_intakes_share_a_spool(tmp_path: Path) -> None:
    spool = tmp_path / "spool"
    with asmtpd(spool) as one, asmtpd(spool) as other:
        for process in (one, other, one):
            with process.smtp() as smtp:
                smtp.sendmail("a@example.com", ["b@example.org"], b"Subject: x\r\n\r\ny\r\n")
    assert len(whole_in(spool)) == 3
    assert os.listdir(spool / RESEND) == []
