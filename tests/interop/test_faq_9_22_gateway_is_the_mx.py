"""FAQ 9.22: the gateway is the MX; Postfix behind it, the first of two servers is down."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.harness.documents import toml_block
from tests.harness.gateway import Gateway
from tests.harness.postfix import Postfix
from tests.harness.process import free_port, wait_until
from tests.harness.programs import need_postfix
from tests.harness.sink import SinkProcess
from tests.harness.swaks import replies

NOBODY = "inline:{ {gone@example.org = 550 5.1.1 no such user here} }"


@dataclass
class Site:
    gateway: Gateway
    postfix: Postfix
    errors: SinkProcess

    def mailbox(self) -> list[str]:
        new = self.postfix.maildir / "new"
        return [path.read_text(errors="replace") for path in new.iterdir()] if new.is_dir() else []


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    need_postfix()
    restrictions = f"check_recipient_access {NOBODY}, permit_mynetworks, reject"
    settings = {"smtpd_recipient_restrictions": restrictions}
    with (
        Postfix(tmp_path / "postfix", maildir=True, settings=settings) as postfix,
        SinkProcess(log=tmp_path / "errors.log", keep=tmp_path / "errors") as errors,
    ):
        text = toml_block(
            "rules.md",
            "faq-9.22",
            _10_1_5_2=f"127.0.0.1:{free_port()}",
            _10_1_5_3=f"127.0.0.1:{postfix.port}",
            _10_1_5_4=f"127.0.0.1:{errors.port}",
        )
        with Gateway(tmp_path, None, tables=text) as gateway:
            yield Site(gateway, postfix, errors)


def test_mail_for_our_domains_comes_to_the_server_that_is_up(site: Site) -> None:
    said = replies(
        site.gateway.port,
        *("--from", "bob@elsewhere.example", "--to", "eva@example.com,max@example.org"),
    )
    assert [line[:9] for line in said[2:]] == [
        "250 2.1.0", "250 2.1.5", "250 2.1.5", "354 end d", "250 2.0.0", "221 2.0.0",
    ]  # fmt: skip
    site.gateway.wait_empty()
    wait_until(lambda: bool(site.mailbox()), what="the mail in the server's mailbox")
    tracker = (site.gateway.spool / ".spooltool/log/tracker.log").read_text()
    assert "rule: 1;" in tracker


def test_mail_for_others_is_refused(site: Site) -> None:
    said = replies(
        site.gateway.port, "--from", "bob@elsewhere.example", "--to", "x@elsewhere.example"
    )
    assert said[3] == "550 5.7.1 no mail is accepted for this recipient"
    assert site.gateway.files() == []


def test_the_sender_is_notified_by_the_error_server(site: Site) -> None:
    replies(site.gateway.port, "--from", "bob@elsewhere.example", "--to", "gone@example.org")
    wait_until(lambda: len(site.errors.entries()) == 1, what="the notice")
    (entry,) = site.errors.entries()
    assert (entry["sender"], entry["recipients"]) == ("", ["bob@elsewhere.example"])
    assert b"gone@example.org" in site.errors.contents()[0]
    site.gateway.wait_empty()
