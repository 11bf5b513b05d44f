"""Parameters of the intake, each seen by a client of a running relay."""

from __future__ import annotations

import smtplib
import socket
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import pytest

from tests.harness.gateway import Gateway, spool_files
from tests.harness.process import wait_until

SENDER = "MAIL FROM:<anna@example.com>"
TO = "RCPT TO:<eva@example.org>"
PLAIN = b"Subject: x\r\n\r\nbody\r\n"
NOWHERE = "127.0.0.1:1"


@contextmanager
def relay(folder: Path, **settings: object) -> Iterator[Gateway]:
    """A relay whose next hop is a port where nobody listens."""
    with Gateway(folder, NOWHERE, settings=settings) as gateway:
        yield gateway


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """One whose limits are near, each reached by sessions of its own."""
    folder = tmp_path_factory.mktemp("strict")
    with relay(
        folder,
        hostname="mail.parameters.example",
        max_mails_per_client=2,
        max_mail_size=3,
        maxrecipients=2,
        max_errors=2,
        max_commands=10,
        max_line=1200,
        max_header_size=2048,
        max_header_fields=20,
        max_hops=3,
    ) as gateway:
        yield gateway


@contextmanager
def session(gateway: Gateway) -> Iterator[smtplib.SMTP]:
    client = smtplib.SMTP("127.0.0.1", gateway.port, "client.example", timeout=60)
    try:
        client.ehlo()
        yield client
    finally:
        client.close()


def send(client: smtplib.SMTP, content: bytes = PLAIN) -> str:
    """One transaction; the last reply that came."""
    for command in (SENDER, TO, "DATA"):
        code, text = client.docmd(command)
        if code >= 400:
            return f"{code} {text.decode()}"
    client.send(content + b".\r\n")
    code, text = client.getreply()
    return f"{code} {text.decode()}"


def greeting(gateway: Gateway, before: bytes = b"") -> str:
    """The first line of the server, after the client has said this."""
    with closing(socket.create_connection(("127.0.0.1", gateway.port), 60)) as sock:
        sock.sendall(before)
        return sock.makefile("rb").readline().decode().rstrip()


def said_to_the_end(client: smtplib.SMTP) -> bytes:
    """What the server says until it closes the connection."""
    assert client.sock is not None
    return b"".join(iter(lambda: client.sock.recv(4096), b""))


def proxied(source: str, destination: str = "192.0.2.25") -> bytes:
    return f"PROXY TCP4 {source} {destination} 4000 25\r\n".encode()


@pytest.mark.parameter("hostname")
def test_the_greeting_has_our_name(strict: Gateway) -> None:
    assert greeting(strict).startswith("220 mail.parameters.example ")


@pytest.mark.parameter("proxy_from", "accept_from")
def test_a_proxy_names_the_client_and_networks_say_who_may_send(tmp_path: Path) -> None:
    with relay(tmp_path, proxy_from=["127.0.0.1"], accept_from=["198.51.100.0/24"]) as gateway:
        assert greeting(gateway, proxied("198.51.100.9"))[:4] == "220 "
        assert greeting(gateway, proxied("203.0.113.9"))[:4] == "554 "


@pytest.mark.parameter("intake_workers")
def test_so_many_processes_take_mail(tmp_path: Path) -> None:
    with relay(tmp_path, intake_workers=3) as gateway:
        wait_until(lambda: sum(map(len, gateway.processes().values())) == 4, what="3 and mdq")


@pytest.mark.parameter("max_clients")
def test_one_client_too_many_is_put_off(tmp_path: Path) -> None:
    with relay(tmp_path, max_clients=2) as gateway, ExitStack() as open_ones:
        for _ in range(2):
            open_ones.enter_context(session(gateway))
        assert greeting(gateway)[:4] == "421 "


@pytest.mark.parameter("max_clients_per_address")
def test_one_client_too_many_of_an_address_is_put_off(tmp_path: Path) -> None:
    with relay(tmp_path, max_clients_per_address=1) as gateway, session(gateway):
        assert greeting(gateway)[:4] == "421 "


@pytest.mark.parameter("max_mails_per_client")
def test_a_connection_has_so_many_messages(strict: Gateway) -> None:
    with session(strict) as client:
        assert [send(client)[:4] for _ in range(3)] == ["250 ", "250 ", "421 "]


@pytest.mark.parameter("max_mail_size")
def test_the_largest_message_is_announced_and_kept_to(strict: Gateway) -> None:
    with session(strict) as client:
        assert client.esmtp_features["size"] == str(3 * 1024)
        assert send(client, PLAIN + b"x\r\n" * 1100).startswith("552 5.3.4")


@pytest.mark.parameter("maxrecipients")
def test_one_recipient_too_many_waits_for_the_next_transaction(strict: Gateway) -> None:
    with session(strict) as client:
        client.docmd(SENDER)
        assert [client.docmd(TO.replace("eva", f"eva{n}"))[0] for n in range(3)] == [250, 250, 452]


@pytest.mark.parameter("max_errors")
def test_a_client_that_errs_too_often_is_sent_away(strict: Gateway) -> None:
    with session(strict) as client:
        assert [client.docmd("WHAT")[0] for _ in range(3)] == [500, 500, 421]


@pytest.mark.parameter("max_commands")
def test_a_client_that_only_talks_is_sent_away(strict: Gateway) -> None:
    with session(strict) as client:
        assert 421 in [client.docmd("NOOP")[0] for _ in range(10)]


@pytest.mark.parameter("client_idle")
def test_a_silent_client_is_sent_away(tmp_path: Path) -> None:
    with relay(tmp_path, client_idle=1) as gateway, session(gateway) as client:
        assert said_to_the_end(client).startswith(b"421 ")


@pytest.mark.parameter("data_idle")
def test_a_client_silent_within_content_is_sent_away(tmp_path: Path) -> None:
    with relay(tmp_path, data_idle=1) as gateway, session(gateway) as client:
        for command in (SENDER, TO, "DATA"):
            client.docmd(command)
        client.send(PLAIN)
        assert said_to_the_end(client).startswith(b"421 ")
        assert spool_files(gateway.spool, "D_sender", "D_resend") == []


@pytest.mark.parameter("bare")
def test_a_bare_line_feed_is_refused_or_made_a_line_end(tmp_path: Path) -> None:
    with relay(tmp_path) as gateway, session(gateway) as client:
        assert send(client, PLAIN + b"a\nb\r\n")[:1] == "5"
    with relay(tmp_path, bare="normalise") as gateway, session(gateway) as client:
        assert send(client, PLAIN + b"a\nb\r\n")[:4] == "250 "
        (path,) = spool_files(gateway.spool)
        assert path.read_bytes().endswith(b"body\na\nb\n")


@pytest.mark.parameter("max_line")
def test_a_line_may_be_as_long_as_it_says(strict: Gateway) -> None:
    with session(strict) as client:
        assert send(client, PLAIN + b"x" * 1100 + b"\r\n")[:4] == "250 "
        assert send(client, PLAIN + b"x" * 1300 + b"\r\n")[:1] == "5"


@pytest.mark.parametrize(
    "head",
    [
        pytest.param(
            b"X-Y: %s\r\n" % (b"y" * 120) * 18, marks=pytest.mark.parameter("max_header_size")
        ),
        pytest.param(b"X-Y: y\r\n" * 30, marks=pytest.mark.parameter("max_header_fields")),
        pytest.param(
            b"Received: from a by b; Tue, 24 Nov 2026 18:44:11 +0000\r\n" * 4,
            marks=pytest.mark.parameter("max_hops"),
        ),
    ],
    ids=["size", "fields", "hops"],
)
def test_a_header_block_beyond_a_limit_is_refused(strict: Gateway, head: bytes) -> None:
    with session(strict) as client:
        assert send(client, head + PLAIN)[:1] == "5"
        assert send(client)[:4] == "250 "


@pytest.mark.parameter("spool_limit", "spool_limit_scan_period")
def test_a_full_spool_closes_the_intake_until_a_count_finds_it_empty(tmp_path: Path) -> None:
    with relay(tmp_path, spool_limit=1, spool_limit_scan_period=1) as gateway:

        def answer() -> str:
            with session(gateway) as client:
                return send(client)[:9]

        wait_until(lambda: answer() == "452 4.3.1", what="a closed intake")
        assert gateway.spooltool("delete", "--all", "--yes").returncode == 0
        wait_until(  # less than the 60 seconds of the default
            lambda: answer() == "250 2.0.0", seconds=40, what="an open one"
        )


@pytest.mark.parameter("min_free")
def test_a_disk_with_too_little_space_closes_the_intake(tmp_path: Path) -> None:
    with relay(tmp_path, min_free="99.9%") as gateway, session(gateway) as client:
        assert send(client).startswith("452 4.3.1")


@pytest.mark.parameter("log_size", "log_keep")
def test_a_log_is_rotated_at_its_size_and_so_many_are_kept(tmp_path: Path) -> None:
    tables = """
[[rule]]
resource = "ours"
action = "accept"

[resource.ours]
mail_delivery_server = "127.0.0.1:1"
match.recipient = "*@example.org"
"""
    settings = {"log_size": 64 << 10, "log_keep": 1, "max_errors": 10_000, "max_commands": 100_000}
    with (
        Gateway(tmp_path, None, settings=settings, tables=tables) as gateway,
        session(gateway) as client,
    ):
        log = gateway.spool / ".spooltool" / "log"

        def logs() -> set[str]:
            return {path.name for path in log.iterdir() if path.name.startswith("tracker.log")}

        client.docmd(SENDER)
        for number in range(700):
            client.docmd(f"RCPT TO:<stranger{number}@elsewhere.example>")
        wait_until(lambda: b"stranger699" in (log / "tracker.log").read_bytes(), what="the last")
        assert logs() == {"tracker.log", "tracker.log.0"}


@pytest.mark.parameter("log_to", "log_to_all")
def test_all_lines_go_to_a_log_server_where_that_is_asked_for(tmp_path: Path) -> None:
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as server:
        server.bind(("127.0.0.1", 0))
        server.settimeout(60)
        target = f"udp:127.0.0.1:{server.getsockname()[1]}"
        with relay(tmp_path, log_to=[target], log_to_all=True) as gateway:
            with session(gateway) as client:
                assert send(client)[:4] == "250 "
            while b" stored " not in server.recv(1 << 16):  # a line of an .elg file, no record
                pass
