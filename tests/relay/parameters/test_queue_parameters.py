"""Parameters of queue and delivery, seen at the spool and at the next hop of a running relay."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Thread

import pytest

from tests.harness.certificates import Authority, Pair
from tests.harness.dns_server import DnsServer, Fault
from tests.harness.gateway import Gateway, read_results
from tests.harness.live_sink import LiveSink
from tests.harness.process import wait_until
from tests.harness.sample import Sample, make_sample
from tests.harness.sink import SinkProcess
from tests.harness.sink_plan import DEFAULT_EXTENSIONS, SinkPlan
from tests.harness.submit import submit
from tests.harness.tls_hop import Hop


def samples(count: int, domain: str = "example.org") -> list[Sample]:
    return [make_sample(f"mail-{n}", recipients=(f"eva@{domain}",)) for n in range(count)]


@pytest.mark.parameter("scan_period", "resend_period")
def test_a_file_that_nobody_speaks_of_waits_for_the_next_look(tmp_path: Path) -> None:
    """Two retries, four seconds apart, show the time: a look each two seconds would see it."""
    settings = {"scan_period": 3600, "resend_period": 4}
    with (
        SinkProcess(mode="tempfail-rcpt") as sink,
        Gateway(tmp_path, sink.port, settings=settings) as gateway,
    ):
        number = submit(gateway.port, make_sample("retried"))
        tried = gateway.spool / "D_resend" / f"R{number}"
        wait_until(tried.exists, what="its first attempt")
        aside = gateway.spool / f"R{number[:-1]}z"
        aside.write_bytes(tried.read_bytes())
        quiet = aside.rename(gateway.spool / "D_sender" / aside.name)
        wait_until(lambda: read_results(tried)[0].attempts >= 3, what="its third attempt")
        assert quiet.exists() and read_results(quiet)[0].attempts <= 1


@pytest.mark.parameter("max_load")
def test_no_more_mail_is_under_way_than_max_load(tmp_path: Path) -> None:
    with (
        closing(LiveSink()) as sink,
        Gateway(tmp_path, sink.port, settings={"max_load": 2}) as gateway,
    ):
        sink.use(SinkPlan(), tmp_path / "sink.log")
        for one in samples(6):  # what takes mail earns its slots
            submit(gateway.port, one)
            gateway.wait_empty()
        sink.use(SinkPlan(silent_at="mail"))
        sink.hang_up()
        for one in samples(8):
            submit(gateway.port, one)
        limit = "max concurrent sent mails limit reached"
        log = gateway.spool / ".spooltool/log/mdq.elg"
        wait_until(lambda: limit in log.read_text(), what="the line of a limit")
        assert len(gateway.listed("delivering")) == 2


@pytest.mark.parameter("max_mails_per_conn")
def test_a_connection_ends_after_so_many_messages(tmp_path: Path) -> None:
    with (
        closing(LiveSink()) as sink,
        Gateway(tmp_path, sink.port, settings={"max_mails_per_conn": 1}) as gateway,
    ):
        sink.use(SinkPlan(), tmp_path / "sink.log")
        for one in samples(4):
            submit(gateway.port, one)
            gateway.wait_empty()
        assert (len(sink.entries()), sink.connections) == (4, 4)


@pytest.mark.parameter("accept_hand_edits")
def test_mail_edited_by_hand_is_delivered_where_that_is_allowed(tmp_path: Path) -> None:
    with SinkProcess(mode="tempfail-rcpt") as sink, Gateway(tmp_path, sink.port) as gateway:
        number = submit(gateway.port, make_sample("edited"))
        file = gateway.spool / "D_resend" / f"R{number}"
        wait_until(file.exists, what="its first attempt")
    file.write_bytes(file.read_bytes()[:-2] + b"!\n")
    settings = {"accept_hand_edits": True}
    with (
        SinkProcess(log=tmp_path / "sink.log", port=sink.port) as living,
        Gateway(tmp_path, sink.port, settings=settings) as gateway,
    ):
        gateway.wait_empty()
        assert len(living.entries()) == 1


@pytest.mark.parameter("timeout")
def test_a_silent_server_is_given_up_after_timeout(tmp_path: Path) -> None:
    with (
        SinkProcess(mode="tarpit") as sink,
        Gateway(tmp_path, sink.port, settings={"timeout": 1}) as gateway,
    ):
        submit(gateway.port, make_sample("silent"))
        wait_until(lambda: bool(gateway.listed("--stuck")), what="a failed attempt")
        assert [row["stuck"] for row in gateway.listed()] == ["timeout"]


@pytest.mark.parameter("soft_bounce")
def test_a_refusal_for_good_counts_as_one_for_now(tmp_path: Path) -> None:
    with (
        SinkProcess(mode="reject-rcpt") as sink,
        Gateway(tmp_path, sink.port, settings={"soft_bounce": True}) as gateway,
    ):
        number = submit(gateway.port, make_sample("soft"))
        file = gateway.spool / "D_resend" / f"R{number}"
        wait_until(lambda: file.exists() and read_results(file)[0].attempts > 0)
        assert read_results(file)[0].mark == "P"


@pytest.mark.parameter("destination.soft_bounce")
def test_the_same_of_one_destination(tmp_path: Path) -> None:
    with SinkProcess(mode="reject-rcpt") as sink:
        tables = f'[destination."127.0.0.1:{sink.port}"]\nsoft_bounce = true\n'
        with Gateway(tmp_path, sink.port, tables=tables) as gateway:
            number = submit(gateway.port, make_sample("soft"))
            file = gateway.spool / "D_resend" / f"R{number}"
            wait_until(lambda: file.exists() and read_results(file)[0].attempts > 0)
            assert read_results(file)[0].mark == "P"


@pytest.mark.parameter("eightbit")
def test_8_bit_content_is_made_quoted_printable_for_a_server_without_8bitmime(
    tmp_path: Path,
) -> None:
    plan = SinkPlan(extensions=tuple(x for x in DEFAULT_EXTENSIONS if x != "8BITMIME"))
    with SinkProcess(plan=plan, log=tmp_path / "sink.log", keep=tmp_path / "kept") as sink:
        with Gateway(tmp_path, sink.port, settings={"eightbit": "convert"}) as gateway:
            submit(gateway.port, make_sample("eight"))
            gateway.wait_empty()
        assert sink.contents()[0].isascii()


ZONE = {
    "example.org": {"MX": ["10 good.example.org."]},
    "good.example.org": {"A": ["127.0.0.1"]},
    "hosts.example": {"MX": ["10 dead.example.org.", "20 good.example.org."]},
    "dead.example.org": {"A": ["127.0.0.9"]},
    "addresses.example": {"MX": ["10 many.example.org."]},
    "many.example.org": {"A": ["127.0.0.9", "127.0.0.1"]},
}


@pytest.mark.parameter("dns_servers", "mx_port")
def test_the_hosts_of_a_domain_are_asked_of_our_servers_and_reached_at_our_port(
    tmp_path: Path,
) -> None:
    with DnsServer(ZONE) as dns, SinkProcess(log=tmp_path / "sink.log") as sink:
        settings = {"dns_servers": [str(dns.place)], "mx_port": sink.port}
        with Gateway(tmp_path, "mx", settings=settings) as gateway:
            submit(gateway.port, make_sample("one"))
            gateway.wait_empty()
        assert len(sink.entries()) == 1


@pytest.mark.parameter()
@pytest.mark.parametrize(
    ("name", "domain"),
    [("max_mx_node_per_mail", "hosts.example"), ("max_ips_per_mx_node", "addresses.example")],
)
def test_no_more_hosts_of_a_domain_or_addresses_of_a_host_are_tried(
    tmp_path: Path, name: str, domain: str
) -> None:
    with DnsServer(ZONE) as dns, SinkProcess(log=tmp_path / "sink.log") as sink:
        settings = {"dns_servers": [str(dns.place)], "mx_port": sink.port, name: 1}
        with Gateway(tmp_path, "mx", settings=settings) as gateway:
            number = submit(gateway.port, samples(1, domain)[0])
            file = gateway.spool / "D_resend" / f"R{number}"
            wait_until(lambda: file.exists() and read_results(file)[0].attempts > 1)
        assert sink.entries() == []


@pytest.mark.parameter("dns_timeout")
def test_a_name_server_that_is_silent_is_waited_for_so_long(tmp_path: Path) -> None:
    with DnsServer({}, {"example.org": Fault.SILENT}) as dns:
        settings = {"dns_servers": [str(dns.place)], "dns_timeout": 1}
        with Gateway(tmp_path, "mx", settings=settings) as gateway:
            submit(gateway.port, make_sample("one"))
            wait_until(
                lambda: bool(gateway.listed("attempts:1..")),
                seconds=9,  # less than the default
                what="a failed attempt",
            )


@contextmanager
def hop(pair: Pair) -> Iterator[Hop]:
    """A next hop with this certificate, in a thread of its own."""
    loop, served = asyncio.new_event_loop(), Hop(pair.context())
    loop.run_until_complete(served.start())
    thread = Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield served
    finally:
        asyncio.run_coroutine_threadsafe(served.stop(), loop).result(30)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(30)
        loop.close()


@pytest.mark.parametrize(
    "place",
    [
        pytest.param("", marks=pytest.mark.parameter("tls", "tls_ca")),
        pytest.param(
            '[destination."127.0.0.1"]\n',
            marks=pytest.mark.parameter("destination.tls", "destination.tls_ca"),
        ),
    ],
    ids=["all", "destination"],
)
def test_a_server_must_show_a_certificate_of_that_authority(tmp_path: Path, place: str) -> None:
    authority = Authority(tmp_path)
    verify = f'{place}tls = "verify"\n'
    with hop(authority.issue("127.0.0.1")) as served:
        with Gateway(tmp_path, served.port, tables=verify) as gateway:
            submit(gateway.port, make_sample("unknown"))
            wait_until(lambda: bool(gateway.listed("--stuck")), what="a failed handshake")
            assert [row["stuck"] for row in gateway.listed()] == ["tls"]
        known = f'{verify}tls_ca = "{authority.ca}"\n'
        with Gateway(tmp_path, served.port, tables=known) as gateway:
            gateway.wait_empty()
        assert len(served.taken) == 1


@pytest.mark.parameter("destination.tls_name")
def test_the_name_that_a_certificate_must_bear_may_be_given(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    tables = (
        f'tls = "verify"\ntls_ca = "{authority.ca}"\n'
        '[destination."127.0.0.1"]\ntls_name = "mx.example.org"\n'
    )
    with (
        hop(authority.issue("mx.example.org")) as served,
        Gateway(tmp_path, served.port, tables=tables) as gateway,
    ):
        submit(gateway.port, make_sample("named"))
        gateway.wait_empty()
        assert len(served.taken) == 1
