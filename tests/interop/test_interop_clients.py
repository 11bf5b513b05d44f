"""Mail programs of others hand over one message each: swaks and msmtp, through to a sink."""

from __future__ import annotations

import email
import email.policy
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.harness.gateway import Gateway, after_received
from tests.harness.process import wait_until
from tests.harness.programs import SmtpSink, need
from tests.harness.sink import SinkProcess

KEYWORDS = {
    "PIPELINING",
    "SIZE 10240000",
    "8BITMIME",
    "SMTPUTF8",
    "ENHANCEDSTATUSCODES",
    "DSN",
}
STORED = re.compile(r"250 2\.0\.0 R[0-9a-z]{8} stored")
PLAIN = (
    b"From: Anna <anna@example.com>\r\nTo: carl@example.org\r\nSubject: lines\r\n"
    b"Message-ID: <lines@example.com>\r\n\r\none\r\n.two\r\n..\r\n \r\nlast  \r\n"
)
EIGHT_BIT = (
    "Date: Tue, 24 Nov 2026 18:44:11 +0000\r\n"
    "Message-ID: <eight-bit@example.com>\r\n"
    "From: Änne <anna@example.com>\r\nTo: carl@example.org\r\nSubject: Grüße\r\n"
    "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
    "Content-Transfer-Encoding: 8bit\r\n\r\nGrüße aus Köln\r\n.\u2029 Zeile\r\n"
).encode()


@dataclass
class Site:
    """One relay and the sink behind it, shared by the tests of this file."""

    gateway: Gateway
    sink: SinkProcess

    def next_one(self, count: int) -> tuple[dict[str, object], bytes]:
        """The only message that came after the first `count`: (the sink's record, content)."""
        wait_until(lambda: len(self.sink.entries()) > count, what="one more message at the sink")
        self.gateway.wait_empty()
        entries = self.sink.entries()
        assert len(entries) == count + 1
        return entries[count], self.sink.contents()[count]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("clients")
    with (
        SinkProcess(log=folder / "sink.log", keep=folder / "taken") as sink,
        Gateway(folder, sink.port, settings={"max_mail_size": 10_000}) as gateway,
    ):
        yield Site(gateway, sink)


@dataclass
class Talk:
    """What swaks said and heard; each line without its mark."""

    status: int
    heard: list[str]
    said: list[str]
    content: bytes


def swaks(port: int, *options: str) -> Talk:
    """One run of swaks, from its transcript."""
    done = subprocess.run(
        [need("swaks"), "--server", "127.0.0.1", "--port", str(port), "--timeout", "30", *options],
        capture_output=True,
        timeout=120,
        check=False,
    )
    heard, said = [], []
    for raw in done.stdout.split(b"\n"):
        line = raw.removesuffix(b"\r")
        match line[:4]:
            case b"<-  " | b"<** ":
                heard.append(line[4:].decode("utf-8", "surrogateescape"))
            case b" -> " | b" ** ":
                said.append(line[4:])
    dot = said.index(b".") if b"." in said else 0
    begin = said.index(b"DATA") + 1 if dot else 0
    lines = [line.removeprefix(b".") for line in said[begin:dot]]
    return Talk(
        done.returncode,
        heard,
        [line.decode("utf-8", "surrogateescape") for line in said],
        b"".join(line + b"\r\n" for line in lines),
    )


def test_swaks_sees_the_keywords_and_gets_a_number(site: Site) -> None:
    before = len(site.sink.entries())
    talk = swaks(site.gateway.port, "--from", "a@example.com", "--to", "b@example.org")
    assert talk.status == 0
    assert {line[4:] for line in talk.heard if line[4:] in KEYWORDS} == KEYWORDS
    replies = [line for line in talk.heard if line[3:4] == " " and line[:3] != "220"]
    ehlo, mail, rcpt, data, stored, bye = replies
    assert ehlo[:3] == "250"
    assert (mail[:9], rcpt[:9]) == ("250 2.1.0", "250 2.1.5")
    assert data[:3] == "354"
    assert STORED.fullmatch(stored)
    assert bye[:9] == "221 2.0.0"
    entry, content = site.next_one(before)
    assert (entry["sender"], entry["recipients"]) == ("a@example.com", ["b@example.org"])
    received, rest = after_received(content)
    assert rest == talk.content
    number = stored.split()[2].removeprefix("R")
    assert b"by relay.example" in received and number.encode() in received
    assert b"with ESMTP " in received


@pytest.mark.parametrize("pipelined", [False, True], ids=["one-by-one", "pipelined"])
@pytest.mark.parametrize("content", [PLAIN, EIGHT_BIT], ids=["plain", "8-bit"])
def test_content_arrives_to_the_byte(
    site: Site, tmp_path: Path, content: bytes, *, pipelined: bool
) -> None:
    before = len(site.sink.entries())
    file = tmp_path / "message.eml"
    file.write_bytes(content)
    options = ["--from", "a@example.com", "--to", "carl@example.org", "--data", f"@{file}"]
    talk = swaks(site.gateway.port, *options, *(["--pipeline"] if pipelined else []))
    assert talk.status == 0
    _, taken = site.next_one(before)
    sent = after_received(taken)[1]
    assert sent == talk.content
    assert sent.rstrip(b"\r\n") == content.rstrip(b"\r\n")


def test_attachment_comes_out_as_it_went_in(site: Site, tmp_path: Path) -> None:
    before = len(site.sink.entries())
    file = tmp_path / "picture.png"
    file.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 300)
    talk = swaks(
        site.gateway.port,
        *("--from", "a@example.com", "--to", "b@example.org"),
        *("--attach-type", "image/png", "--attach", f"@{file}", "--body", "see there"),
    )
    assert talk.status == 0
    _, content = site.next_one(before)
    assert after_received(content)[1] == talk.content
    message = email.message_from_bytes(content, policy=email.policy.default)
    parts = [part.get_content() for part in message.iter_attachments()]
    assert parts == [file.read_bytes()]


def test_several_recipients_stay_one_message(site: Site) -> None:
    before = len(site.sink.entries())
    addresses = [f"r{n}@example.org" for n in range(20)]
    talk = swaks(
        site.gateway.port, "--from", "a@example.com", "--to", ",".join(addresses), "--pipeline"
    )
    assert talk.status == 0
    entry, content = site.next_one(before)
    assert entry["recipients"] == addresses
    received, rest = after_received(content)
    assert rest == talk.content
    assert not any(address.encode() in received for address in addresses)


def test_smtputf8_addresses_are_carried(site: Site) -> None:
    # swaks knows no parameters, but closes the bracket itself: xtext may end with one.
    before = len(site.sink.entries())
    talk = swaks(
        site.gateway.port,
        *("--from", "änne@example.com> SMTPUTF8 BODY=8BITMIME ENVID=one"),
        *("--to", "jörg@example.org", "--h-Subject", "Grüße"),
    )
    assert "MAIL FROM:<änne@example.com> SMTPUTF8 BODY=8BITMIME ENVID=one>" in talk.said
    assert talk.status == 0, talk.heard
    entry, content = site.next_one(before)
    assert (entry["sender"], entry["recipients"]) == ("änne@example.com", ["jörg@example.org"])
    received, rest = after_received(content)
    assert rest == talk.content
    assert "Grüße".encode() in rest
    assert b"with UTF8SMTP " in received


def test_dsn_parameters_go_on_to_a_hop_that_has_dsn(tmp_path: Path) -> None:
    with (
        SmtpSink(dumps=tmp_path / "dumps") as sink,
        Gateway(tmp_path, sink.port) as gateway,
    ):
        talk = swaks(
            gateway.port,
            *("--from", "a@example.com> RET=HDRS ENVID=QQ314159"),
            *("--to", "b@example.org> NOTIFY=FAILURE ORCPT=rfc822;old@example.org"),
        )
        assert talk.status == 0, talk.heard
        gateway.wait_empty()
        (dump,) = sink.dumped()
    mail = next(line for line in dump.split(b"\n") if line.startswith(b"X-Mail-Args:"))
    rcpt = next(line for line in dump.split(b"\n") if line.startswith(b"X-Rcpt-Args:"))
    assert mail.split(b" ", 1)[1].startswith(b"<a@example.com> ")
    assert {b"RET=HDRS", b"ENVID=QQ314159>"} <= set(mail.split())
    assert {b"NOTIFY=FAILURE", b"ORCPT=rfc822;old@example.org>"} <= set(rcpt.split())


def test_null_sender_is_taken(site: Site) -> None:
    before = len(site.sink.entries())
    talk = swaks(site.gateway.port, "--from", "<>", "--to", "b@example.org")
    assert talk.status == 0
    assert site.next_one(before)[0]["sender"] == ""


@pytest.mark.parametrize(
    ("options", "stage", "reply"),
    [
        (("--to", "b%example.net@example.org"), "RCPT", "553 5.1.3"),
        (("--to", "no-domain"), "RCPT", "501 5.1.3"),
        (("--from", "a@b@example.com", "--to", "b@example.org"), "MAIL", "553 5.1.7"),
    ],
)
def test_what_is_refused_has_its_reply(
    site: Site, options: tuple[str, ...], stage: str, reply: str
) -> None:
    talk = swaks(site.gateway.port, "--from", "a@example.com", *options)
    assert talk.status != 0
    refused = [line for line in talk.heard if line[0] in "45"]
    assert [line[:9] for line in refused] == [reply], (stage, refused)
    assert site.gateway.files() == []


def test_too_large_is_refused(site: Site, tmp_path: Path) -> None:
    file = tmp_path / "large.eml"
    file.write_bytes(PLAIN + (b"y" * 70 + b"\r\n") * 160_000)
    talk = swaks(
        site.gateway.port, "--from", "a@example.com", "--to", "b@example.org", "--data", f"@{file}"
    )
    assert talk.status != 0
    assert [line[:9] for line in talk.heard if line[0] in "45"] == ["552 5.3.4"]
    assert site.gateway.files() == []


def test_msmtp_hands_over(site: Site) -> None:
    before = len(site.sink.entries())
    argv = [need("msmtp"), "--file=/dev/null", "--host=127.0.0.1", f"--port={site.gateway.port}"]
    argv += ["--auth=off", "--tls=off", "--from=anna@example.com", "--domain=client.example"]
    argv += ["--dsn-notify=failure,delay", "--dsn-return=hdrs"]
    done = subprocess.run(
        [*argv, "carl@example.org", "dora@example.org"],
        input=EIGHT_BIT.replace(b"\r\n", b"\n"),
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    entry, content = site.next_one(before)
    assert entry["sender"] == "anna@example.com"
    assert entry["recipients"] == ["carl@example.org", "dora@example.org"]
    received, rest = after_received(content)
    assert b"from client.example" in received
    assert rest == EIGHT_BIT
