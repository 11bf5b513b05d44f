"""FAQ 9.21: the MX stays the mail server; the relay takes its mail on the way to it."""

from __future__ import annotations

import smtplib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.harness.documents import toml_block
from tests.harness.namespaces import need_namespaces
from tests.harness.process import wait_until
from tests.harness.sample import make_sample
from tests.harness.sink import SinkProcess
from tests.interop.test_interop_redirect import CLIENT, NEEDS, SERVER, Lab, Relay, lab, set_up

__all__ = ["lab"]

MX = SERVER["ipv4"]


@pytest.fixture
def server(lab: Lab, tmp_path: Path) -> Iterator[SinkProcess]:
    """The mail server that the MX record names, at port 25 of its own address."""
    need_namespaces(*NEEDS["redirect"])
    with lab.server.entered():
        sink = SinkProcess(host=MX, port=25, log=tmp_path / "sink.log", keep=tmp_path / "kept")
    with sink:
        yield sink


def test_mail_to_the_mx_passes_the_relay_and_reaches_it(
    tmp_path: Path,
    lab: Lab,
    server: SinkProcess,
) -> None:
    set_up(lab.gate, "redirect")
    sample = make_sample("meant-for-the-mx")
    with Relay(lab.gate, tmp_path, "", tables=toml_block("rules.md", "faq-9.21")) as relay:
        client = lab.connect(lab.client, MX)
        client.sendmail(sample.sender, list(sample.recipients), sample.content, ["BODY=8BITMIME"])
        with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
            client.sendmail(sample.sender, ["max@example.com"], sample.content)
        assert refused.value.recipients["max@example.com"][0] == 550
        client.quit()
        wait_until(lambda: len(server.entries()) == 1, what="the mail at its MX")
        (content,) = server.contents()
        body = sample.content.partition(b"\r\n\r\n")[2]
        assert content.replace(b"\r\n", b"\n").endswith(body.replace(b"\r\n", b"\n"))
        assert content.count(b"Received: ") == 1
        (stored,) = (line for line in relay.log("tracker.log").splitlines() if " accept " in line)
        for fact in (f"src: {CLIENT['ipv4']};", f"dst: {MX};", "rule: 1;"):
            assert fact in stored
