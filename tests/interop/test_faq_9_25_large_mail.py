"""FAQ 9.25: mail as large as one likes, by max_mail_size and mail_capacity."""

from __future__ import annotations

import smtplib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.harness.documents import toml_block
from tests.harness.gateway import Gateway, after_received
from tests.harness.process import wait_until
from tests.harness.sample import Sample, make_sample
from tests.harness.sink import SinkProcess
from tests.harness.submit import submit

KB = 1024
BETWEEN = 12_000 * KB
"""More than both defaults, less than what the document sets."""


@dataclass
class Site:
    gateway: Gateway
    sink: SinkProcess


@pytest.fixture
def site(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Site]:
    with SinkProcess(log=tmp_path / "sink.log", keep=tmp_path / "kept") as sink:
        text = toml_block("rules.md", "faq-9.25", _10_1_5_2=f"127.0.0.1:{sink.port}")
        for line in getattr(request, "param", ()):
            assert line in text
            text = text.replace(line, "")
        with Gateway(tmp_path, None, tables=text) as gateway:
            yield Site(gateway, sink)


def sample(size: int) -> Sample:
    return make_sample(f"large-{size}", size=size, recipients=("eva@example.com",))


def test_what_is_allowed_arrives_whole(site: Site) -> None:
    one = sample(BETWEEN)
    submit(site.gateway.port, one)
    site.gateway.wait_empty(seconds=120)
    (content,) = site.sink.contents()
    assert after_received(content)[1] == one.content


def test_what_is_larger_is_refused_at_its_announcement_and_at_its_dot(site: Site) -> None:
    with smtplib.SMTP("127.0.0.1", site.gateway.port, "client.example", timeout=60) as client:
        client.ehlo()
        assert client.esmtp_features["size"] == str(20_000 * KB)
        code, text = client.docmd(f"MAIL FROM:<bob@elsewhere.example> SIZE={20_000 * KB + 1}")
        assert (code, text) == (552, b"5.3.4 message too big")
    with pytest.raises(AssertionError, match=r"552 5\.3\.4"):
        submit(site.gateway.port, sample(20_001 * KB))
    assert site.gateway.files() == []
    assert site.sink.entries() == []


@pytest.mark.parametrize("site", [("max_mail_size = 20000\n",)], indirect=True)
def test_by_default_it_is_refused_by_the_gateway(site: Site) -> None:
    with pytest.raises(AssertionError, match=r"552 5\.3\.4"):
        submit(site.gateway.port, sample(1_001 * KB))


@pytest.mark.parametrize("site", [("action_2.mail_capacity = 20000\n",)], indirect=True)
def test_by_default_a_resource_lets_less_through_than_the_gateway_takes(site: Site) -> None:
    submit(site.gateway.port, sample(BETWEEN))
    wait_until(lambda: site.gateway.files("D_quarantine"), what="the message in quarantine")
    (row,) = site.gateway.listed()
    assert "smtp_inbound" in row["why"] and "larger than 10000 KB" in row["why"]
    assert not any(entry["sender"] for entry in site.sink.entries())
