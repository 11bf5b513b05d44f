"""A real Postfix on either side: next hop, server of the notices, and client."""

from __future__ import annotations

import email
import email.policy
import re
import smtplib
import subprocess
from email.message import EmailMessage
from pathlib import Path

import pytest

from tests.harness.gateway import Gateway, after_received, read_results
from tests.harness.postfix import Postfix
from tests.harness.process import wait_until
from tests.harness.programs import need, need_postfix
from tests.harness.sample import body_digest, make_sample
from tests.harness.sink import SinkProcess
from tests.harness.submit import submit

ACCESS = (
    "inline:{ {later@example.org = 450 4.2.0 mailbox is being moved}, "
    "{gone@example.org = 550 5.1.1 no such user here} }"
)
SETTINGS = {
    "smtpd_recipient_restrictions": f"check_recipient_access {ACCESS}, permit_mynetworks, reject"
}


@pytest.fixture(autouse=True)
def _postfix_is_there() -> None:
    need_postfix()


def mailbox(postfix: Postfix) -> list[EmailMessage]:
    """What has been filed, in no order."""
    new = postfix.maildir / "new"
    if not new.is_dir():
        return []
    return [
        email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
        for path in new.iterdir()
    ]


def test_postfix_as_next_hop_files_what_came(tmp_path: Path) -> None:
    samples = [make_sample(f"hop-{n}", recipients=("carl@example.org",)) for n in range(30)]
    with (
        Postfix(tmp_path / "postfix", maildir=True) as postfix,
        Gateway(tmp_path, postfix.port) as gateway,
    ):
        for sample in samples:
            submit(gateway.port, sample)
        gateway.wait_empty()
        wait_until(lambda: len(mailbox(postfix)) == len(samples), what="all in the maildir")
        files = [path.read_bytes() for path in (postfix.maildir / "new").iterdir()]
    found = {}
    for content in files:
        x_id = content.partition(b"\nX-Id: ")[2].partition(b"\n")[0].decode()
        found[x_id] = body_digest(content.replace(b"\n", b"\r\n"))
    assert found == {sample.x_id: sample.body_sha256 for sample in samples}


def test_each_recipient_has_its_own_result(tmp_path: Path) -> None:
    addresses = ("carl@example.org", "later@example.org", "gone@example.org", "dora@example.org")
    sample = make_sample("mixed", sender="anna@example.com", recipients=addresses)
    with (
        Postfix(tmp_path / "postfix", maildir=True, settings=SETTINGS) as postfix,
        # The notice goes to another port than DST: to one that refuses.
        SinkProcess(mode="refuse") as nowhere,
        Gateway(
            tmp_path,
            postfix.port,
            settings={
                "error_server": f"127.0.0.1:{nowhere.port}",
                "detailed_smtp_err_mail": True,
            },
        ) as gateway,
    ):
        number = submit(gateway.port, sample)
        rest = gateway.spool / "D_resend" / f"R{number}"
        wait_until(rest.exists, what="the message in D_resend")
        wait_until(
            lambda: {one.mark for one in read_results(rest)} == set("DPN"),
            what="a result for each recipient",
        )
        results = {one.address: one for one in read_results(rest)}
        peer = f"127.0.0.1:{postfix.port}"
        assert [
            (address, one.mark, one.code, one.enhanced, one.host)
            for address, one in results.items()
        ] == [
            ("carl@example.org", "D", 250, "2.0.0", peer),
            ("later@example.org", "P", 450, "4.2.0", peer),
            ("gone@example.org", "N", 550, "5.1.1", peer),
            ("dora@example.org", "D", 250, "2.0.0", peer),
        ]
        assert "mailbox is being moved" in results["later@example.org"].text
        assert "no such user here" in results["gone@example.org"].text

        (notice,) = [path for path in gateway.files() if path.name[0] == "E"]
        assert [(one.address, one.mark) for one in read_results(notice)] == [
            ("gone@example.org", "F")
        ]
        rows = {row["id"]: row for row in gateway.listed("--stuck")}
        assert rows[notice.name[1:]]["stuck"] == "notice"

        done = gateway.spooltool(
            *("set", notice.name, f"ERR_SERVER=127.0.0.1:{postfix.port}"),
            *("--yes", "--kick"),
        )
        assert done.returncode == 0, done.stderr
        wait_until(lambda: not notice.exists(), what="the notice delivered")
        wait_until(lambda: len(mailbox(postfix)) == 3, what="two copies and a notice")
        assert rest.exists()
        log = postfix.log.read_text("utf-8", "replace")
        # Each connection was ended with QUIT; "after CONNECT" is the harness that knocks.
        assert re.findall(r"lost connection after (?!CONNECT)\w+", log) == []
        report = next(message for message in mailbox(postfix) if message["X-Id"] != sample.x_id)
    check_report(report, sample.x_id)


def check_report(report: EmailMessage, x_id: str) -> None:
    """The notice is RFC 3464's, for `gone@` alone, as the standard library reads it."""
    assert not report.defects
    assert report["Return-Path"].strip() == "<>"
    assert "anna@example.com" in report["To"]
    assert report["Auto-Submitted"] == "auto-replied"
    assert report.get_content_type() == "multipart/report"
    assert report.get_param("report-type") == "delivery-status"
    words, status, returned = report.iter_parts()
    assert words.get_content_type() == "text/plain"
    assert "gone@example.org" in words.get_content()
    assert status.get_content_type() == "message/delivery-status"
    whole, *recipients = status.get_payload()
    assert whole["Reporting-MTA"] == "dns; relay.example"
    (gone,) = recipients
    assert gone["Final-Recipient"] == "rfc822; gone@example.org"
    assert gone["Action"] == "failed"
    assert gone["Status"] == "5.1.1"
    assert gone["Diagnostic-Code"].startswith("smtp; 550 5.1.1")
    assert "no such user here" in gone["Diagnostic-Code"]
    assert returned.get_content_type() in ("text/rfc822-headers", "message/rfc822")
    assert f"X-Id: {x_id}" in returned.as_string()


def test_a_postfix_without_dsn_gets_mail_whose_success_we_report(tmp_path: Path) -> None:
    """NOTIFY=SUCCESS, ORCPT and ENVID: told by us where the server does not report."""
    settings = {"smtpd_discard_ehlo_keywords": "dsn"}
    with (
        Postfix(tmp_path / "postfix", maildir=True, settings=settings) as postfix,
        Gateway(tmp_path, postfix.port, settings={"detailed_smtp_err_mail": True}) as gateway,
    ):
        send_with_dsn(gateway.port)
        wait_until(lambda: len(mailbox(postfix)) == 2, what="the mail and the notice")
        gateway.wait_empty()
        (report,) = (one for one in mailbox(postfix) if one["Auto-Submitted"])
    assert not report.defects
    assert report["Subject"] == "Handed on: lunch"
    words, status, returned = report.iter_parts()
    assert "does not report deliveries" in " ".join(words.get_content().split())
    whole, carl = status.get_payload()
    assert whole["Original-Envelope-Id"] == "QQ+1"
    assert whole["Received-From-MTA"] == "dns; client.example ([127.0.0.1])"
    assert (carl["Action"], carl["Status"]) == ("relayed", "2.0.0")
    assert carl["Original-Recipient"] == "rfc822; carl@example.org"
    assert "dot and all" not in returned.as_string(), "only a failure gives the mail back"


def test_a_postfix_with_dsn_reports_by_itself(tmp_path: Path) -> None:
    with (
        Postfix(tmp_path / "postfix", maildir=True) as postfix,
        Gateway(tmp_path, postfix.port) as gateway,
    ):
        send_with_dsn(gateway.port)
        wait_until(lambda: len(mailbox(postfix)) == 2, what="the mail and the notice")
        gateway.wait_empty()
        (report,) = (one for one in mailbox(postfix) if one["Auto-Submitted"])
    assert "postfix.example" in report["From"], "what we passed on is enough for it"
    whole, carl = list(report.iter_parts())[1].get_payload()
    assert whole["Original-Envelope-Id"] == "QQ+1"
    assert carl["Original-Recipient"].replace(" ", "") == "rfc822;carl@example.org"
    assert carl["Action"] == "delivered"


def send_with_dsn(port: int) -> None:
    """One message to carl@ whose sender wants to know all that RFC 3461 offers."""
    with smtplib.SMTP("127.0.0.1", port, "client.example", 60) as client:
        client.ehlo()
        client.sendmail(
            "anna@example.com",
            ["carl@example.org"],
            "Subject: lunch\r\n\r\ndot and all\r\n",
            ["RET=FULL", "ENVID=QQ+2B1"],
            ["NOTIFY=SUCCESS,FAILURE", "ORCPT=rfc822;carl@example.org"],
        )


@pytest.mark.parameter("delay_warning")
def test_that_mail_is_late_is_told_by_way_of_postfix(tmp_path: Path) -> None:
    sample = make_sample("late", sender="anna@example.com", recipients=("later@example.org",))
    with (
        Postfix(tmp_path / "postfix", maildir=True, settings=SETTINGS) as postfix,
        Gateway(tmp_path, postfix.port, settings={"delay_warning": 2}) as gateway,
    ):
        number = submit(gateway.port, sample)
        waiting = gateway.spool / "D_resend" / f"R{number}"
        wait_until(lambda: len(mailbox(postfix)) == 1, what="the warning")
        tried = read_results(waiting)[0].attempts
        wait_until(lambda: read_results(waiting)[0].attempts > tried + 1, what="two more attempts")
        (report,) = mailbox(postfix)
    assert report["Subject"].startswith("Delayed: ")
    words, status, _ = report.iter_parts()
    assert "It is not lost" in " ".join(words.get_content().split())
    _, late = status.get_payload()
    assert (late["Action"], late["Status"]) == ("delayed", "4.0.0")
    assert late["Final-Log-ID"] == number
    assert late["Will-Retry-Until"]


def test_postfix_as_client_hands_over_its_queue(tmp_path: Path) -> None:
    count = 200
    with (
        SinkProcess(log=tmp_path / "sink.log", keep=tmp_path / "taken") as sink,
        Gateway(tmp_path, sink.port) as gateway,
        Postfix(tmp_path / "postfix", next_hop=gateway.port) as postfix,
    ):
        argv = [need("smtp-source"), "-m", str(count), "-s", "10", "-l", "4096", "-d"]
        argv += ["-f", "anna@example.com", "-t", "carl@example.org", f"127.0.0.1:{postfix.port}"]
        done = subprocess.run(argv, capture_output=True, timeout=120, check=False)
        assert done.returncode == 0, done.stderr
        wait_until(lambda: postfix.queued() == 0, seconds=60, what="an empty Postfix queue")
        gateway.wait_empty()
        log = postfix.log.read_text("utf-8", "replace")
        contents = sink.contents()
    assert len(contents) == count
    numbers = set()
    for content in contents:
        received, rest = after_received(content)
        assert b"from postfix.example" in received
        assert rest.startswith(b"Received: from ")
        numbers.add(received.split(b" id ")[1][:8].decode())
    assert len(numbers) == count
    sent = [line for line in log.splitlines() if "status=sent" in line]
    assert len(sent) == count
    said = {number for number in numbers if f"(250 2.0.0 R{number} stored)" in log}
    assert said == numbers
