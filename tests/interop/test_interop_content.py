"""Content from `relay run` to the next hop: filtered, scanned by a real clamd, told, released.

What arrives is read back by the standard library, which shares no line with the code here.
"""

from __future__ import annotations

import email
import os
import re
import time
from base64 import encodebytes
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from email.message import Message
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from pathlib import Path

import dkim
import pytest

from tests.harness.c_icap import SERVICE, CIcap
from tests.harness.clamd import EICAR, EICAR_NAME, MARKED, MARKED_NAME, Clamd
from tests.harness.gateway import Gateway, after_received, peak_memory
from tests.harness.live_sink import LiveSink
from tests.harness.process import wait_until
from tests.harness.sample import Sample
from tests.harness.sink import SinkProcess
from tests.harness.sink_plan import SinkPlan
from tests.harness.submit import submit

TABLES = """
default_server = "127.0.0.1:{sink}"
postmaster = "postmaster@example.com"
max_mail_size = 150000

[[rule]]
name = "inbound"
source = "127.0.0.1"
destination = "any"
resource = "inbound"
action = "accept"

[scanner.av]
{scanner}

[resource.inbound]
notify_sender_on_error = true
exception_track = "log"
{resource}
cvp.enable_cvp = {scan}
cvp.server = "av"
"""
CLAMD = 'protocol = "clamd"\naddress = "127.0.0.1:{port}"\nmax_size = 200000\n'
ICAP = f'protocol = "icap"\naddress = "127.0.0.1:{{port}}"\nservice = "{SERVICE}"\n'


@dataclass
class Site:
    """A gateway between a test and a sink."""

    gateway: Gateway
    sink: SinkProcess

    def send(self, message: Message | bytes, sender: str = "bob@example.net") -> str:
        """Hand a message in; its number."""
        content = message if isinstance(message, bytes) else message.as_bytes()
        content = re.sub(rb"\r?\n", b"\r\n", content)
        return submit(self.gateway.port, Sample("x", sender, ("anna@example.org",), content))

    def arrived(self, count: int = 1) -> list[Message]:
        """What came to recipients, notices left out, once so many have."""
        wait_until(lambda: len(self._mail()) >= count, seconds=60, what="mail at the sink")
        return [email.message_from_bytes(one) for one in self._mail()]

    def _mail(self) -> list[bytes]:
        pairs = zip(self.sink.entries(), self.sink.contents(), strict=False)
        return [content for entry, content in pairs if entry["sender"]]

    def notices(self) -> list[tuple[list[str], bytes]]:
        pairs = zip(self.sink.entries(), self.sink.contents(), strict=False)
        return [(e["recipients"], content) for e, content in pairs if not e["sender"]]

    def quarantined(self, number: str) -> str:
        """What `ls` says of a message once it is in quarantine."""
        path = self.gateway.spool / "D_quarantine" / f"R{number}"
        wait_until(path.exists, seconds=60, what="the message in quarantine")
        (row,) = self.gateway.listed(number)
        assert row["standing"] == "quarantined"
        return str(row["why"])

    def waits(self, number: str, reason: str) -> str:
        """What `ls` says of a message once it waits for this reason."""

        def waiting() -> bool:
            return any(reason in str(row["why"]) for row in self.gateway.listed(number))

        wait_until(waiting, seconds=60, what=f"a message that waits: {reason}")
        (row,) = self.gateway.listed(number)
        return str(row["why"])


@contextmanager
def made(
    folder: Path,
    resource: str = "",
    *,
    scanner: str = CLAMD.format(port=1),
    scan: bool = False,
    settings: dict[str, object] | None = None,
) -> Iterator[Site]:
    folder.mkdir(exist_ok=True)
    with SinkProcess(log=folder / "sink.log", keep=folder / "kept") as sink:
        tables = TABLES.format(
            sink=sink.port, scanner=scanner, resource=resource, scan=str(scan).lower()
        )
        with Gateway(folder, None, tables=tables, settings=settings) as gateway:
            yield Site(gateway, sink)


@pytest.fixture(scope="module")
def clamd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clamd]:
    settings = {"StreamMaxLength": "200M", "MaxScanSize": "400M", "MaxFileSize": "400M"}
    with Clamd(tmp_path_factory.mktemp("clamd"), settings=settings) as clamd:
        yield clamd


@contextmanager
def scanned(
    folder: Path, clamd: Clamd, *, icap: bool = False, cure: bool = False
) -> Iterator[Site]:
    """A gateway whose mail is scanned."""
    resource = f"cvp.allowed_to_modify_content = {str(cure).lower()}"
    if not icap:
        with made(folder, resource, scanner=CLAMD.format(port=clamd.port), scan=True) as site:
            yield site
        return
    inside = folder / "c-icap"
    inside.mkdir()
    with (
        CIcap(inside, clamd.socket) as c_icap,
        made(folder, resource, scanner=ICAP.format(port=c_icap.port), scan=True) as site,
    ):
        yield site


def mail(*files: tuple[str, bytes], text: str = "hello", html: str = "") -> MIMEMultipart:
    """A message with attachments."""
    whole = MIMEMultipart()
    whole["From"], whole["To"], whole["Subject"] = "bob@example.net", "anna@example.org", "hi"
    whole.attach(MIMEText(text, "plain", "utf-8"))
    if html:
        whole.attach(MIMEText(html, "html", "utf-8"))
    for name, content in files:
        part = Message()
        part["Content-Type"] = f'application/octet-stream; name="{name}"'
        part["Content-Transfer-Encoding"] = "base64"
        part.set_payload(encodebytes(content).decode())
        whole.attach(part)
    return whole


# stripping, weeding, limits


def test_stripped_by_name_and_type_and_weeded_in_one_mail(tmp_path: Path) -> None:
    resource = (
        'action_2.strip_file_by_name = "*.{exe,scr}"\n'
        'action_2.strip_mime_of_type = "application/pdf"\n'
        "action_2.strip_script_tags = true\n"
    )
    with made(tmp_path, resource) as site:
        files = ("setup.exe", b"MZ\x90\0 program"), ("a.bin", b"%PDF-1.7 x"), ("notes", b"kept")
        site.send(mail(*files, html="<p>hi <b onclick='x()'>there</b></p><script>evil()</script>"))
        (message,) = site.arrived()
        parts = list(message.walk())
        assert [part.get_content_type() for part in parts] == [
            *("multipart/mixed", "text/plain", "text/html", "text/plain", "text/plain"),
            "application/octet-stream",
        ]
        html, exe, pdf, kept = (part.get_payload(decode=True) for part in parts[2:])
        assert isinstance(html, bytes) and b"there" in html
        assert b"evil" not in html and b"onclick" not in html
        assert isinstance(exe, bytes) and b"setup.exe" in exe and b"strip_file_by_name" in exe
        assert isinstance(pdf, bytes) and b"application/pdf" in pdf
        assert kept == b"kept"
        site.gateway.wait_empty()
        tracker = (site.gateway.spool / ".spooltool/log/tracker.log").read_text()
        assert tracker.count("Res_action: stripped") == 3


def test_what_nobody_objects_to_keeps_every_octet_and_its_dkim_signature(tmp_path: Path) -> None:
    # RFC 8463 A.2; the key is made for this test.
    private, public = _keys()
    content = mail(("a.txt", b"text"), html="<p>plain</p>").as_bytes().replace(b"\n", b"\r\n")
    signed = dkim.sign(content, b"s", b"example.net", private, include_headers=[b"From", b"To"])
    resource = (
        "action_2.strip_script_tags = true\n"
        'action_2.strip_file_by_name = "*.exe"\naction_2.strip_ftp_links = true\n'
    )
    with made(tmp_path, resource) as site:
        site.send(signed + content)
        site.arrived()
        (arrived,) = site.sink.contents()
        assert after_received(arrived)[1] == signed + content
        assert dkim.verify(arrived, dnsfunc=lambda name, timeout=5: public)


def _keys() -> tuple[bytes, bytes]:
    from base64 import b64encode

    from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
    from cryptography.hazmat.primitives.serialization import (
        Encoding,
        NoEncryption,
        PrivateFormat,
        PublicFormat,
    )

    key = generate_private_key(65537, 2048)
    public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    private = key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    return private, b"v=DKIM1; k=rsa; p=" + b64encode(public)


@pytest.mark.parametrize(
    ("resource", "content", "why"),
    [
        (
            "action_2.mail_capacity = 20",
            mail(("a", os.urandom(30_000))).as_bytes(),
            "in quarantine by mail_capacity: resource inbound, rule 1: larger than 20 KB",
        ),
        (
            'action_2.allowed_characters = "7_bit"',
            b"Subject: x\nMIME-Version: 1.0\nContent-Type: text/plain\n\nGr\xc3\xbc\n",
            "in quarantine by allowed_characters: resource inbound, rule 1: 8-bit characters",
        ),
        (
            'action_2.strip_file_by_name = "*.exe"',
            mail(("a.exe", b"MZ")).as_bytes().rpartition(b"\n--=")[0] + b"\n",
            "in quarantine by structure: resource inbound, rule 1: part 1 can be read in two ways",
        ),
    ],
)
def test_blocked_told_released_and_delivered(
    tmp_path: Path, resource: str, content: bytes, why: str
) -> None:
    with made(tmp_path, resource, settings={"detailed_av_err_mail": 1}) as site:
        number = site.send(content)
        assert site.quarantined(number).startswith(why)
        check = why.split(" ")[3].rstrip(":")
        wait_until(lambda: len(site.notices()) == 1, what="a notice")
        ((to, notice),) = site.notices()
        assert to == ["bob@example.net", "postmaster@example.com"]
        assert b"blocked" in notice or b"does not let through" in notice
        left = site.gateway.spooltool("release", number, "--yes")
        assert left.returncode == 1
        assert f"--pass {check}" in " ".join(left.stdout.split())
        wrong = site.gateway.spooltool("release", number, "--pass", "antivirus", "--yes")
        assert wrong.returncode == 1
        shown = site.gateway.spooltool("release", number, "--pass", check, "--dry-run")
        assert re.search(rf"\+ PASS: +{check} \S+@\S+ 20\S+Z", shown.stdout)
        done = site.gateway.spooltool("release", number, "--pass", check, "--kick", "--yes")
        assert done.returncode == 0, done.stdout + done.stderr
        site.arrived()
        site.gateway.wait_empty()


def test_a_release_can_be_undone(tmp_path: Path) -> None:
    with made(tmp_path, "action_2.mail_capacity = 1") as site:
        number = site.send(mail(text="x" * 5000))
        site.quarantined(number)
        path = site.gateway.spool / "D_quarantine" / f"R{number}"
        before = path.read_bytes()
        assert site.gateway.spooltool("suspend", f"127.0.0.1:{site.sink.port}").returncode == 0
        done = site.gateway.spooltool("release", number, "--pass", "mail_capacity", "--yes")
        assert done.returncode == 0, done.stdout + done.stderr
        assert not path.exists()
        undone = site.gateway.spooltool("undo", "--yes")
        assert undone.returncode == 0, undone.stdout + undone.stderr
        state = re.compile(rb"STATE:.*\n")
        assert state.sub(b"", path.read_bytes()) == state.sub(b"", before)


# antivirus


@pytest.mark.parametrize("icap", [False, True])
def test_clean_goes_and_infected_is_quarantined(tmp_path: Path, clamd: Clamd, icap: bool) -> None:
    with scanned(tmp_path, clamd, icap=icap) as site:
        site.send(mail(("notes.txt", b"all is well")))
        site.arrived()
        infected = site.send(mail(("invoice.doc", b"x" * 100 + MARKED)))
        assert MARKED_NAME.removesuffix(".UNOFFICIAL") in site.quarantined(infected)
        inner = mail(("deep.com", EICAR))
        outer = MIMEMultipart()
        outer["Subject"] = "fwd"
        forwarded = Message()
        forwarded["Content-Type"] = "message/rfc822"
        forwarded.set_payload([inner])
        outer.attach(MIMEText("see below"))
        outer.attach(forwarded)
        nested = site.send(outer)
        assert EICAR_NAME.removesuffix(".UNOFFICIAL") in site.quarantined(nested)
        wait_until(lambda: len(site.notices()) == 2, what="two notices")
        assert all("postmaster@example.com" in to for to, _ in site.notices())
        assert not any(encodebytes(EICAR)[:40] in content for _, content in site.notices())
        assert len(site.arrived()) == 1


def test_uuencoded_in_the_text_is_found_without_the_mails_headers(
    tmp_path: Path, clamd: Clamd
) -> None:
    """AV_HEADERS 0 keeps the header back, and what is in the body is found all the same."""
    import binascii

    coded = b"".join(binascii.b2a_uu(EICAR[at : at + 45]) for at in range(0, len(EICAR), 45))
    body = b"begin 644 eicar.com\n" + coded + b"`\nend\n"
    with scanned(tmp_path, clamd) as site:
        number = site.send(b"Subject: x\nFrom: <bob@example.net>\n\nsee\n\n" + body)
        assert EICAR_NAME.removesuffix(".UNOFFICIAL") in site.quarantined(number)


@pytest.mark.parametrize("icap", [False, True])
def test_cure_replaces_the_part_and_delivers_the_rest(
    tmp_path: Path, clamd: Clamd, icap: bool
) -> None:
    with scanned(tmp_path, clamd, icap=icap, cure=True) as site:
        site.send(mail(("good.txt", b"good"), ("bad.doc", MARKED), ("worse.com", EICAR)))
        (message,) = site.arrived()
        texts = [part.get_payload(decode=True) for part in message.walk()][1:]
        assert texts[1] == b"good"
        assert isinstance(texts[2], bytes) and b"bad.doc" in texts[2]
        assert isinstance(texts[3], bytes) and b"antivirus" in texts[3]


def test_a_scanner_that_is_down_delays_its_mail_and_then_it_goes(
    tmp_path: Path, clamd: Clamd
) -> None:
    with scanned(tmp_path, clamd) as site:
        clamd.stop()
        try:
            number = site.send(mail())
            why = site.waits(number, "scanner")
            assert "Connection refused" in why and "av (clamd at" in why
        finally:
            clamd.start()
        site.arrived()
        site.gateway.wait_empty()


def test_a_scanner_killed_in_mid_scan_delays_its_mail_and_nothing_is_sent(
    tmp_path: Path, clamd: Clamd
) -> None:
    with scanned(tmp_path, clamd) as site:
        os.kill(clamd.child.popen.pid, 19)  # SIGSTOP
        number = site.send(mail())
        log = site.gateway.spool / ".spooltool/log/mdq.elg"
        wait_until(lambda: site.sink.port and log.exists(), what="a log")
        time_limit = time.monotonic() + 5
        wait_until(lambda: time.monotonic() > time_limit or "put-off" in log.read_text())
        clamd.stop()
        try:
            site.waits(number, "scanner")
            assert site.sink.entries() == []
        finally:
            clamd.start()
        site.arrived()


def test_larger_than_the_scanner_takes_is_quarantined_not_passed(
    tmp_path: Path, clamd: Clamd
) -> None:
    scanner = CLAMD.format(port=clamd.port).replace("200000", "10")
    with made(tmp_path, scanner=scanner, scan=True) as site:
        number = site.send(mail(("a", os.urandom(20_000))))
        assert "not scanned" in site.quarantined(number)
        done = site.gateway.spooltool("release", number, "--pass", "antivirus", "--yes", "--kick")
        assert done.returncode == 0
        site.arrived()


def test_100_mb_with_attachments_stripped_and_scanned_within_120_mb(
    tmp_path: Path, clamd: Clamd
) -> None:
    big = [(f"{name}.bin", os.urandom(1 << 20) * 23) for name in ("one", "two")]
    message = mail(*big, ("gone.exe", os.urandom(1 << 20) * 23)).as_bytes()
    assert len(message) > 95_000_000
    resource = 'action_2.mail_capacity = 200000\naction_2.strip_file_by_name = "*.exe"'
    scanner = CLAMD.format(port=clamd.port)
    with made(tmp_path, resource, scanner=scanner, scan=True) as site:
        site.send(message)
        wait_until(lambda: len(site.sink.entries()) == 1, seconds=180, what="mail at the sink")
        peaks = {
            (name, pid): peak_memory(pid)
            for name, pids in site.gateway.processes().items()
            for one in pids
            for pid in (one, *_children(one))
        }
    assert {name for name, _ in peaks} >= {"asmtpd", "mdq"}
    assert len(peaks) > 2, "the content worker is measured, too"
    assert {who: peak >> 20 for who, peak in peaks.items() if peak > 120 << 20} == {}


def _children(pid: int) -> list[int]:
    files = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(one) for file in files for one in file.read_text().split()]


def judged(sink: LiveSink, clamd: Clamd) -> str:
    scanner = CLAMD.format(port=clamd.port)
    return TABLES.format(sink=sink.port, scanner=scanner, resource="", scan="true")


def test_a_slow_peer_is_waited_for_and_a_slow_verdict_does_not_lose_the_mail(
    tmp_path: Path, clamd: Clamd
) -> None:
    """The peer hangs up while the content is judged: the verdict is kept for the next attempt."""
    with (
        closing(LiveSink()) as sink,
        Gateway(tmp_path, None, tables=judged(sink, clamd)) as gateway,
    ):
        sink.use(SinkPlan(), tmp_path / "live.log")
        os.kill(clamd.child.popen.pid, 19)  # SIGSTOP
        submit(
            gateway.port, Sample("x", "b@example.net", ("anna@example.org",), b"A: b\r\n\r\nx\r\n")
        )
        log = gateway.spool / ".spooltool/log/mdq.elg"
        deadline = time.monotonic() + 3
        wait_until(lambda: time.monotonic() > deadline)
        sink.hang_up()
        os.kill(clamd.child.popen.pid, 18)  # SIGCONT
        gateway.wait_empty()
        assert "put-off" in log.read_text()
        assert len(sink.entries()) == 1
