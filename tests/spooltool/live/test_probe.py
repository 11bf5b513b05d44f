"""Looking at hosts that behave, and at hosts that do not."""

from __future__ import annotations

import datetime
import socket
import ssl
import time
from pathlib import Path

import pytest
import trustme

from spooltool.diagnose.probing import Probe, Tls, extensions_of
from spooltool.live import probe as looking
from spooltool.live.probe import probe
from spooltool.spool.hosts import HostPort
from tests.harness.odd_host import EHLO, OddHost

NOW = datetime.datetime.now(tz=datetime.UTC)


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA(organization_name="Example CA")


@pytest.fixture
def trusted(authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """This machine trusts the authority."""
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))


def server_context(
    authority: trustme.CA, *names: str, ends: datetime.datetime | None = None
) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*names, not_after=ends).configure_cert(context)
    return context


def look(host: OddHost, name: str = "localhost", **wishes: object) -> Probe:
    found = probe(HostPort(name, host.port), helo="here.example", **wishes)  # type: ignore[arg-type]
    last = found.last
    if last is not None and name == "localhost":
        found.visits = [visit for visit in found.visits if visit.address == "127.0.0.1"]
    return found


def steps(found: Probe) -> list[tuple[str, str]]:
    """Name and, `ok` left out, how each step of the last visit went."""
    assert found.last is not None
    return [
        (one.name, "noted" if one.noted else "ok" if one.ok else "failed")
        for one in found.last.steps
    ]


def said(found: Probe, name: str) -> str:
    assert found.last is not None
    return next(step.said for step in found.last.steps if step.name == name)


def test_in_the_clear_with_an_envelope_and_never_data() -> None:
    with OddHost() as host:
        found = look(host, sender="a@b.example", recipients=("c@d.example", "e@d.example"))
    assert found.ok and found.failure == ""
    assert steps(found) == [
        ("connect", "ok"),
        ("greeting", "ok"),
        ("EHLO", "ok"),
        ("MAIL", "ok"),
        ("RCPT c@d.example", "ok"),
        ("RCPT e@d.example", "ok"),
        ("QUIT", "ok"),
    ]
    assert found.extensions == {"SIZE": "1000", "8BITMIME": "", "STARTTLS": ""}
    assert found.size_limit == 1000
    assert host.heard == [
        b"EHLO here.example",
        b"MAIL FROM:<a@b.example>",
        b"RCPT TO:<c@d.example>",
        b"RCPT TO:<e@d.example>",
        b"QUIT",
    ]


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize("tls", [Tls.MAY, Tls.REQUIRE, Tls.VERIFY])
def test_starttls_and_its_certificate(authority: trustme.CA, tls: Tls) -> None:
    context = server_context(authority, "localhost", "*.example.org", ends=NOW.replace(year=2035))
    with OddHost(tls=context) as host:
        found = look(host, tls=tls)
    assert found.ok
    names = [name for name, _ in steps(found)]
    assert names == ["connect", "greeting", "EHLO", "STARTTLS", "handshake", "EHLO", "QUIT"]
    assert said(found, "handshake").startswith("TLSv1.3, TLS_")
    visit = found.last
    assert visit is not None and visit.certificate is not None
    assert (visit.verified, visit.why_not) == (True, "")
    assert visit.certificate.names == ("localhost", "*.example.org")
    assert "O=Example CA" in visit.certificate.issuer
    assert host.heard == [
        b"EHLO here.example",
        b"STARTTLS",
        b"*EHLO here.example",
        b"*QUIT",
    ]
    assert host.connections == 1


@pytest.mark.parametrize(
    ("tls", "good"), [(Tls.MAY, True), (Tls.REQUIRE, True), (Tls.VERIFY, False)]
)
def test_an_unknown_authority_is_shown_with_its_certificate(
    authority: trustme.CA, tls: Tls, good: bool
) -> None:
    with OddHost(tls=server_context(authority, "localhost")) as host:
        found = look(host, tls=tls)
    visit = found.last
    assert found.ok is good and visit is not None and visit.certificate is not None
    assert visit.verified is False and "local issuer certificate" in visit.why_not
    assert visit.certificate.names == ("localhost",)
    if not good:
        assert steps(found)[-2:] == [("handshake", "failed"), ("QUIT", "ok")]
        assert found.failure.startswith("handshake: not verified: unable to get local issuer")


@pytest.mark.usefixtures("trusted")
def test_another_name_and_an_expired_one(authority: trustme.CA) -> None:
    with OddHost(tls=server_context(authority, "other.example")) as host:
        found = look(host, tls=Tls.VERIFY)
    assert found.last is not None and "Hostname mismatch" in found.last.why_not
    ended = server_context(authority, "localhost", ends=NOW - datetime.timedelta(days=3))
    with OddHost(tls=ended) as host:
        found = look(host, tls=Tls.MAY)
    assert found.ok and found.last is not None
    assert found.last.why_not == "certificate has expired"


@pytest.mark.usefixtures("trusted")
def test_an_address_is_verified_by_its_own_name(authority: trustme.CA) -> None:
    with OddHost(tls=server_context(authority, "127.0.0.1")) as host:
        found = look(host, "127.0.0.1", tls=Tls.VERIFY)
    assert found.ok


@pytest.mark.usefixtures("trusted")
def test_what_comes_behind_the_220_is_thrown_away_and_reported(authority: trustme.CA) -> None:
    injected = b"220 2.0.0 go ahead\r\n250-evil.example\r\n250 SIZE 1\r\n"
    context = server_context(authority, "localhost")
    with OddHost({b"STARTTLS": injected}, tls=context) as host:
        found = look(host, tls=Tls.MAY)
    assert not found.ok
    assert ("pipelined", "failed") in steps(found)
    assert said(found, "pipelined").startswith("30 bytes in the clear behind the 220")
    # The handshake went well, and the second EHLO has the reply that came by TLS.
    assert ("handshake", "ok") in steps(found)
    assert found.extensions == extensions_of(EHLO.decode().replace("\r\n", "\n"))


def test_tls_that_is_not_offered_refused_or_none() -> None:
    plain = {b"EHLO": b"250 odd.example\r\n"}
    with OddHost(plain) as host:
        assert steps(look(host, tls=Tls.MAY))[3] == ("STARTTLS", "noted")
        assert look(host, tls=Tls.MAY).ok
        found = look(host, tls=Tls.REQUIRE)
        assert found.failure == "STARTTLS: not offered"
    with OddHost({b"STARTTLS": b"454 4.7.0 not now\r\n"}) as host:
        found = look(host, tls=Tls.MAY)
        assert steps(found)[-2:] == [("STARTTLS", "failed"), ("QUIT", "ok")]
        assert found.failure == "STARTTLS: 454 4.7.0 not now"
    with OddHost({b"STARTTLS": b"250 ok\r\n"}) as host:  # no 220: TLS has not begun
        assert look(host, tls=Tls.MAY).failure == "STARTTLS: 250 ok"
    with OddHost() as host:
        found = look(host, tls=Tls.IMPLICIT)
        assert found.failure == "handshake: no TLS: the host answered in the clear"


@pytest.mark.usefixtures("trusted")
def test_implicit_tls(authority: trustme.CA) -> None:
    with OddHost(tls=server_context(authority, "localhost"), implicit=True) as host:
        found = look(host, tls=Tls.IMPLICIT, recipients=("c@d.example",))
    assert found.ok
    assert [name for name, _ in steps(found)][:4] == ["connect", "handshake", "greeting", "EHLO"]
    assert host.heard[0] == b"*EHLO here.example" and b"*MAIL FROM:<>" in host.heard


@pytest.mark.parametrize(
    ("replies", "failure", "last"),
    [
        ({b"MAIL": b"451 4.7.1 slow down\r\n"}, "MAIL: 451 4.7.1 slow down", "QUIT"),
        (
            {b"RCPT": b"550-5.1.1 no such user\r\n550 5.1.1 here\r\n"},
            "RCPT: 550-5.1.1 no such user\n550 5.1.1 here",
            "QUIT",
        ),
        ({b"EHLO": b"421 4.3.2 going down\r\n"}, "EHLO: 421 4.3.2 going down", "QUIT"),
        ({b"EHLO": b""}, "EHLO: connection closed by the host", "EHLO"),
        ({b"EHLO": b"hello there\r\n"}, "EHLO: no SMTP reply: 'hello there'", "EHLO"),
        ({b"EHLO": b"250-a\r\n" * 20000}, "EHLO: endless reply", "EHLO"),
        ({b"EHLO": b"502 no\r\n", b"HELO": b"502 no\r\n"}, "HELO: 502 no", "QUIT"),
    ],
)
def test_each_failure_is_the_last_step_but_goodbye(
    replies: dict[bytes, bytes], failure: str, last: str
) -> None:
    with OddHost(replies) as host:
        found = look(host, recipients=("c@d.example",))
    assert not found.ok and found.failure == failure
    assert steps(found)[-1][0] == last


def test_helo_alone_is_enough() -> None:
    with OddHost({b"EHLO": b"500 5.5.1 what?\r\n"}) as host:
        found = look(host, recipients=("c@d.example",), tls=Tls.MAY)
    assert found.ok and ("EHLO", "noted") in steps(found) and ("HELO", "ok") in steps(found)


def test_no_goodbye_is_no_failure() -> None:
    with OddHost({b"QUIT": b""}) as host:
        found = look(host)
    assert found.ok and steps(found)[-1] == ("QUIT", "noted")


def test_an_address_in_other_letters_wants_smtputf8() -> None:
    with OddHost() as host:
        found = look(host, recipients=("jürgen@d.example",))
    assert found.failure == "MAIL: the host offers no SMTPUTF8"
    with OddHost({b"EHLO": b"250-odd\r\n250 SMTPUTF8\r\n"}) as host:
        assert look(host, recipients=("jürgen@d.example",)).ok
    assert b"MAIL FROM:<> SMTPUTF8" in host.heard


def test_a_host_that_says_nothing_costs_the_deadline_and_no_more() -> None:
    with OddHost(greeting=None) as host:
        began = time.monotonic()
        found = look(host, "127.0.0.1", deadline=0.3)
        assert time.monotonic() - began < 5
    assert found.failure == "greeting: no answer in time"


def test_nobody_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    found = probe(HostPort("127.0.0.1", port))
    assert not found.ok and found.failure == "connect: Connection refused"
    assert probe(HostPort("no-such-host.invalid")).failure.startswith("resolve: ")


def resolves_to(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> None:
    def getaddrinfo(host: str, port: int, **how: object) -> list[object]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (a, port)) for a in addresses]

    monkeypatch.setattr(looking.socket, "getaddrinfo", getaddrinfo)


def test_every_address_or_the_first_that_takes_the_connection(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with OddHost() as host:
        seen = []

        def connect(address: tuple[str, int], timeout: float = 0.0) -> socket.socket:
            seen.append(address[0])
            if address[0] == "2001:db8::1":
                raise OSError(101, "Network is unreachable")
            if address[0] == "192.0.2.1":
                raise ConnectionRefusedError(111, "Connection refused")
            there = socket.socket()
            there.settimeout(timeout)
            there.connect(("127.0.0.1", address[1]))
            return there

        resolves_to(monkeypatch, "2001:db8::1", "192.0.2.1", "192.0.2.2", "192.0.2.3")
        monkeypatch.setattr(socket, "create_connection", connect)
        first = probe(HostPort("mx.example", host.port))
        assert seen == ["2001:db8::1", "192.0.2.1", "192.0.2.2"]
        assert [visit.ok for visit in first.visits] == [True, False, True]
        assert first.last is not None and first.last.address == "192.0.2.2" and first.last.ok
        assert first.extensions["SIZE"] == "1000"
        every = probe(HostPort("mx.example", host.port), every=True)
        assert [visit.address for visit in every.visits] == list(every.addresses)
        assert not every.ok and every.failure == "connect: Connection refused"
        # An address family that this machine lacks is no fault of the host ...
        resolves_to(monkeypatch, "2001:db8::1", "192.0.2.2")
        assert probe(HostPort("mx.example", host.port), every=True).ok
        # ... unless nothing else is left.
        resolves_to(monkeypatch, "2001:db8::1")
        alone = probe(HostPort("mx.example", host.port), every=True)
        assert not alone.ok and alone.failure.startswith("connect: Network is unreachable")
