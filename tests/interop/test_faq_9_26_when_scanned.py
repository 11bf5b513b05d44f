"""FAQ 9.26: mail is scanned when it is delivered, and `timeout` bounds scanner and next hop."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.harness.clamd import MARKED, Clamd
from tests.harness.gateway import Gateway
from tests.harness.live_sink import LiveSink
from tests.harness.process import free_port, wait_until
from tests.harness.sample import Sample
from tests.harness.sink_plan import SinkPlan
from tests.harness.submit import submit

TABLES = """
default_server = "127.0.0.1:{sink}"

[[rule]]
source = "127.0.0.1"
destination = "any"
resource = "inbound"
action = "accept"

[scanner.av]
protocol = "clamd"
address = "127.0.0.1:{clamd}"

[resource.inbound]
cvp.enable_cvp = true
cvp.server = "av"
cvp.allowed_to_modify_content = false
"""
TIMEOUT = 3


@pytest.fixture
def clamd(tmp_path: Path) -> Iterator[Clamd]:
    folder = tmp_path / "clamd"
    folder.mkdir()
    with Clamd(folder) as clamd:
        yield clamd


@pytest.fixture
def sink(tmp_path: Path) -> Iterator[LiveSink]:
    made = LiveSink()
    made.use(SinkPlan(), tmp_path / "sink.log")
    yield made
    made.close()


def gateway(folder: Path, sink: int, clamd: int) -> Gateway:
    tables = TABLES.format(sink=sink, clamd=clamd)
    return Gateway(folder, None, tables=tables, settings={"timeout": TIMEOUT})


def mail(text: bytes = b"hello") -> Sample:
    content = b"Subject: x\r\nMIME-Version: 1.0\r\n\r\n" + text + b"\r\n"
    return Sample("x", "bob@example.net", ("anna@example.org",), content)


def wait_for(site: Gateway, *words: str) -> None:
    log = site.spool / ".spooltool/log/mdq.elg"
    wait_until(
        lambda: any(all(word in line for word in words) for line in log.read_text().splitlines()),
        what=f"a line of mdq.elg with {words}",
    )


def test_infected_mail_is_accepted_and_stopped_at_its_delivery(
    tmp_path: Path, clamd: Clamd, sink: LiveSink
) -> None:
    with gateway(tmp_path, sink.port, clamd.port) as site:
        number = submit(site.port, mail(MARKED))  # a 250, for nobody has looked yet
        wait_until(lambda: site.files("D_quarantine"), what="the message in quarantine")
        assert [path.name for path in site.files("D_quarantine")] == [f"R{number}"]
        assert sink.entries() == []


def test_nothing_is_scanned_while_the_next_hop_takes_nothing(tmp_path: Path, clamd: Clamd) -> None:
    with gateway(tmp_path, free_port(), clamd.port) as site:
        submit(site.port, mail(MARKED))
        wait_for(site, "put-off", "refused")
        assert site.files("D_quarantine") == []
        assert "FOUND" not in clamd.log.read_text()


def test_a_silent_scanner_is_given_up_after_timeout_and_asked_again(
    tmp_path: Path, clamd: Clamd, sink: LiveSink
) -> None:
    with gateway(tmp_path, sink.port, clamd.port) as site:
        os.kill(clamd.child.popen.pid, signal.SIGSTOP)
        submit(site.port, mail())
        wait_for(site, "put-off", f"silent for {TIMEOUT} s")
        assert sink.entries() == []
        os.kill(clamd.child.popen.pid, signal.SIGCONT)
        site.wait_empty()
        assert len(sink.entries()) == 1


def test_a_silent_next_hop_is_given_up_after_the_same_time(
    tmp_path: Path, clamd: Clamd, sink: LiveSink
) -> None:
    sink.use(SinkPlan(silent_at="mail"))
    with gateway(tmp_path, sink.port, clamd.port) as site:
        submit(site.port, mail())
        wait_for(site, "put-off", "timed out while waiting for the reply to MAIL")
        sink.use(SinkPlan())
        site.wait_empty()
        assert len(sink.entries()) == 1
