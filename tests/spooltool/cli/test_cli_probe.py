"""`probe` as an operator and a script see it."""

from __future__ import annotations

import json
import re
import socket
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import trustme

from tests.harness.odd_host import OddHost
from tests.spooltool.cli.calling import ROOT, Ended, golden, start

Call = Callable[..., Ended]

HOSTILE = b"[@click=app.quit]x[/] [/b] :smile: \x1b[31mred\x07 \xe2\x80\xaedilav \xff"


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA(organization_name="Example CA", organization_unit_name="CA")


@pytest.fixture(scope="module")
def secured(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    cert = authority.issue_cert("127.0.0.1", organization_name="Mail", organization_unit_name="mx")
    cert.configure_cert(context)
    return context


@pytest.fixture
def trusted(authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))


@pytest.fixture
def secure_host(secured: ssl.SSLContext) -> Iterator[OddHost]:
    with OddHost(tls=secured) as host:
        yield host


def settled(text: str, host: OddHost) -> str:
    """Without what differs from run to run: port, milliseconds, days left."""
    text = text.replace(str(host.port), "PORT")
    text = re.sub(r"[ \d]{5} ms\b", "    N ms", text)
    return re.sub(r"[\d,]+ days left", "N days left", text)


@pytest.mark.usefixtures("trusted")
def test_all_well(call: Call, secure_host: OddHost) -> None:
    to = f"127.0.0.1:{secure_host.port}"
    words = ("--from", "a@b.example", "--rcpt", "c@d.example", "--rcpt", "e@d.example")
    done = call("probe", to, *words, "--tls", "verify")
    assert (done.code, done.err) == (0, "")
    golden("probe.txt", settled(done.out, secure_host))
    assert secure_host.heard[-4:] == [
        b"*MAIL FROM:<a@b.example>",
        b"*RCPT TO:<c@d.example>",
        b"*RCPT TO:<e@d.example>",
        b"*QUIT",
    ]


def test_a_refused_recipient_and_an_unknown_authority(call: Call, secured: ssl.SSLContext) -> None:
    replies = {b"RCPT": b"550-5.1.1 no such user\r\n550 5.1.1 here\r\n"}
    with OddHost(replies, tls=secured) as host:
        done = call("probe", f"127.0.0.1:{host.port}", "--rcpt", "c@d.example")
    assert done.code == 1
    golden("probe-refused.txt", settled(done.out, host))


@pytest.mark.usefixtures("trusted")
def test_what_came_in_the_clear_is_told_and_not_believed(
    call: Call, secured: ssl.SSLContext
) -> None:
    injected = b"220 2.0.0 go ahead\r\n250-evil.example\r\n250 AUTH PLAIN\r\n"
    with OddHost({b"STARTTLS": injected}, tls=secured) as host:
        done = call("probe", f"127.0.0.1:{host.port}")
    assert done.code == 1
    told = "34 bytes in the clear behind the 220, thrown away (RFC 3207)"
    assert f"FAILED: {told}" in " ".join(done.out.split())
    assert "AUTH" not in done.out
    assert "  EHLO" in done.out and "as before" in done.out


def test_json(call: Call, secure_host: OddHost) -> None:
    done = call("probe", f"127.0.0.1:{secure_host.port}", "--json")
    record = json.loads(done.out)
    schema = json.loads((ROOT / "docs/schema/probe.json").read_text())
    assert list(record) == list(schema["properties"])
    assert done.code == 0 and record["ok"] is True
    assert (record["v"], record["host"], record["port"]) == (1, "127.0.0.1", secure_host.port)
    (found,) = record["addresses"]
    names = [step["step"] for step in found["steps"]]
    assert names == ["connect", "greeting", "EHLO", "STARTTLS", "handshake", "EHLO", "QUIT"]
    assert all(isinstance(step["ms"], float) for step in found["steps"])
    assert found["extensions"] == {"SIZE": "1000", "8BITMIME": "", "STARTTLS": ""}
    certificate = found["certificate"]
    assert certificate["names"] == ["127.0.0.1"] and certificate["verified"] is False
    assert certificate["why_not"] == "unable to get local issuer certificate"
    assert certificate["days_left"] > 0


@pytest.mark.parametrize("verb", [b"EHLO", b"STARTTLS", b"MAIL", b"QUIT"])
def test_what_a_host_says_is_displayable_and_no_markup(call: Call, verb: bytes) -> None:
    said = b"250-" + HOSTILE + b"\r\n250 " + HOSTILE + b"\r\n"
    ehlo = {} if verb == b"EHLO" else {b"EHLO": b"250-odd\r\n250 STARTTLS\r\n"}
    with OddHost({**ehlo, verb: said}, greeting=b"220 " + HOSTILE + b"\r\n") as host:
        done = call(
            "probe",
            f"127.0.0.1:{host.port}",
            *("--tls", "may" if verb == b"STARTTLS" else "off"),
            *("--rcpt", "c@d.example"),
        )
    assert "[@click=app.quit]x[/] [/b] :smile:" in " ".join(done.out.split())
    assert all(ch.isprintable() or ch == "\n" for ch in done.out)


def test_nobody_there(call: Call) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    done = call("probe", f"127.0.0.1:{port}")
    assert done.code == 1
    assert done.lines[-1] == "failed: connect: Connection refused"
    assert call("probe", "no-such-host.invalid").code == 1


@pytest.mark.parametrize(
    "words",
    [
        ["mx.example:99999"],
        ["127.0.0.1", "--tls", "perhaps"],
        ["127.0.0.1", "--from", "a@b.example"],
        ["127.0.0.1", "--rcpt", "a@b.example>\r\nDATA\r\n"],
        ["127.0.0.1", "--rcpt", ""],
        ["127.0.0.1", "--timeout", "0s"],
        ["127.0.0.1", "--timeout", "1h"],
    ],
)
def test_what_makes_no_sense_is_never_sent(call: Call, words: list[str]) -> None:
    done = call("probe", *words)
    assert (done.code, done.out) == (2, "")
    assert all(ch.isprintable() or ch == "\n" for ch in done.err)


def test_no_spool_is_needed(secure_host: OddHost) -> None:
    done = start("probe", f"127.0.0.1:{secure_host.port}", "--tls", "off")
    assert done.code == 0 and done.lines[-1] == "every step went well"
