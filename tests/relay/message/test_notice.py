"""Error mails: read back by the standard library, and compared with golden files."""

from __future__ import annotations

import dataclasses
import email
import email.policy
import re
from email.message import EmailMessage, Message
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relay.message.notice import RETURN_LIMIT, NoticeFacts, NoticeRecipient, compose
from spooltool.spool.notice_kind import NoticeKind

GOLDEN = Path(__file__).parent / "golden"
ARRIVED = 1795556591.25
BORN = ARRIVED + 432_007
HEADERS = (
    b"Received: from pc7.example.net ([192.0.2.9]) by out.example.net; date\n"
    b"From: Anna Berger <anna@example.net>\n"
    b"To: Bilal Haddad <bilal@example.org>\n"
    b"Subject: Invoice 4711 for\n October\n"
    b"Message-ID: <8f3c.4711@example.net>\n"
)
GONE = NoticeRecipient(
    address="bilal@example.org",
    orcpt="rfc822;bilal+2Bwork@example.org",
    code=550,
    enhanced="5.1.1",
    host="mx1.example.org",
    text="No such user here; see https://example.org/help/unknown-recipient for what to do",
    last_try=int(ARRIVED) + 3,
)
BUSY = NoticeRecipient(
    address="chiara@example.com",
    code=451,
    enhanced="4.3.0",
    host="mx2.example.com:2525",
    text="try again later",
    last_try=int(BORN) - 7,
)
DEAD = NoticeRecipient(address="david@example.com", host="10.1.5.2", text="connection refused")
FACTS = NoticeFacts(
    hostname="gate.example.com",
    number="001njchs",
    born=BORN,
    arrived=ARRIVED,
    sender="anna@example.net",
    recipients=(GONE, BUSY, DEAD),
    headers=HEADERS,
    envid="QQ314159+2B1",
    detailed=True,
)
TAKEN = dataclasses.replace(GONE, code=250, enhanced="2.0.0", text="queued as 4711")
WAITS = NoticeRecipient(address="bilal@example.org", last_try=int(ARRIVED) + 3)
OTHER = dataclasses.replace(WAITS, address="chiara@example.com")
JUDGED = dataclasses.replace(
    FACTS,
    kind=NoticeKind.INFECTED,
    of="001njch1",
    explanation="Eicar-Test-Signature in invoice.zip",
    born=ARRIVED + 3,
    recipients=(WAITS,),
    envid="",
    client="out.example.net",
    address="192.0.2.7",
    body=b"never given back\n",
)
UMLAUT_HEADERS = HEADERS.replace(b"Invoice", "Größe €".encode())

GOLDENS = {
    "detailed": FACTS,
    "plain": dataclasses.replace(FACTS, detailed=False, recipients=(GONE,), envid=""),
    "full": dataclasses.replace(
        FACTS,
        recipients=(BUSY,),
        headers=HEADERS.replace(b"Invoice", b"=?utf-8?q?Gr=C3=B6=C3=9Fe?="),
        body=b"Hello Bilal,\n\n.hidden line\ncaf\xc3\xa9\n",
        postmaster="helpdesk@example.com",
    ),
    "utf8": dataclasses.replace(
        FACTS,
        sender="änne@example.net",
        headers=UMLAUT_HEADERS,
        recipients=(dataclasses.replace(GONE, address="bílal@exämple.org", text="Größe?"),),
    ),
    "utf8-to-ascii": dataclasses.replace(
        FACTS,
        headers=UMLAUT_HEADERS,
        recipients=(
            dataclasses.replace(
                GONE,
                address="bílal+x@exämple.org",
                orcpt="utf-8;b\\x{ED}lal\\x{2B}x@ex\\x{E4}mple.org",
                text="Größe?",
            ),
        ),
    ),
    "delay": dataclasses.replace(
        FACTS,
        kind=NoticeKind.DELAY,
        of="001njch1",
        born=ARRIVED + 14_400,
        until=ARRIVED + 432_000,
        recipients=(BUSY, dataclasses.replace(DEAD, last_try=int(ARRIVED) + 14_400)),
        client="out.example.net",
        address="192.0.2.7",
    ),
    "relayed": dataclasses.replace(
        FACTS, kind=NoticeKind.RELAYED, of="001njch1", born=ARRIVED + 1, recipients=(TAKEN,)
    ),
    "blocked": dataclasses.replace(
        JUDGED, kind=NoticeKind.BLOCKED, explanation="application/x-msdownload in setup.exe"
    ),
    "infected": JUDGED,
    "infected-postmaster": dataclasses.replace(
        JUDGED, sender="helpdesk@example.com", about="anna@example.net", recipients=(WAITS, OTHER)
    ),
    "infected-plain": dataclasses.replace(JUDGED, detailed=False),
    "not-allowed": dataclasses.replace(
        JUDGED, kind=NoticeKind.NOT_ALLOWED, explanation="rule 7: mail to example.org is dropped"
    ),
}


@pytest.mark.parametrize("name", GOLDENS)
def test_golden(name: str) -> None:
    assert compose(GOLDENS[name]).decode() == (GOLDEN / f"{name}.eml").read_text()


@pytest.mark.parametrize("name", GOLDENS)
def test_the_same_facts_give_the_same_bytes(name: str) -> None:
    assert compose(GOLDENS[name]) == compose(dataclasses.replace(GOLDENS[name]))


def test_no_golden_is_left_over() -> None:
    assert {path.stem for path in GOLDEN.iterdir()} == set(GOLDENS)


def parse(notice: bytes) -> EmailMessage:
    message = email.message_from_bytes(notice, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return message


def parts(notice: bytes) -> tuple[Message, Message, Message]:
    """Human part, report, returned part; the standard library finds no defect."""
    message = parse(notice)
    assert message.defects == []
    human, report, returned = message.iter_parts()
    return human, report, returned


def groups(notice: bytes) -> list[dict[str, str]]:
    """The delivery report's groups of fields, unfolded; the first is the message's."""
    raw = re.search(rb"Content-Description: Delivery report\n\n(.*?)\n\n?--=_", notice, re.DOTALL)
    assert raw is not None
    return [
        dict(line.split(": ", 1) for line in group.replace("\n ", " ").strip().split("\n"))
        for group in raw[1].decode().split("\n\n")
    ]


def human_text(notice: bytes) -> str:
    return " ".join(parts(notice)[0].get_payload(decode=True).decode().split())


def test_head() -> None:
    head = compose(FACTS).partition(b"\n\n")[0].decode()
    assert head.replace("\n\t", " ").split("\n") == [
        "Date: Sun, 29 Nov 2026 21:43:18 +0000",
        "From: Mail Delivery System <MAILER-DAEMON@gate.example.com>",
        "To: <anna@example.net>",
        "Subject: Not delivered: Invoice 4711 for October",
        "Message-ID: <notice.001njchs.1795988598@gate.example.com>",
        "In-Reply-To: <8f3c.4711@example.net>",
        "References: <8f3c.4711@example.net>",
        "Auto-Submitted: auto-replied",
        "MIME-Version: 1.0",
        "Content-Type: multipart/report; report-type=delivery-status; "
        'boundary="=_001njchs.1795988598"',
    ]
    message = parse(compose(FACTS))
    assert message.get_content_type() == "multipart/report"
    assert message["Content-Type"].params["report-type"] == "delivery-status"
    assert message["To"].addresses[0].addr_spec == "anna@example.net"
    assert message["Date"].datetime.timestamp() == int(BORN)


def test_report() -> None:
    assert groups(compose(FACTS)) == [
        {
            "Reporting-MTA": "dns; gate.example.com",
            "Original-Envelope-Id": "QQ314159+1",
            "Arrival-Date": "Tue, 24 Nov 2026 21:43:11 +0000",
        },
        {
            "Original-Recipient": "rfc822; bilal+work@example.org",
            "Final-Recipient": "rfc822; bilal@example.org",
            "Action": "failed",
            "Status": "5.1.1",
            "Remote-MTA": "dns; mx1.example.org",
            "Diagnostic-Code": "smtp; 550 5.1.1 No such user here; see "
            "https://example.org/help/unknown-recipient for what to do",
            "Last-Attempt-Date": "Tue, 24 Nov 2026 21:43:14 +0000",
            "Final-Log-ID": "001njchs",
        },
        {
            "Final-Recipient": "rfc822; chiara@example.com",
            "Action": "failed",
            "Status": "4.3.0",
            "Remote-MTA": "dns; mx2.example.com",
            "Diagnostic-Code": "smtp; 451 4.3.0 try again later",
            "Last-Attempt-Date": "Sun, 29 Nov 2026 21:43:11 +0000",
            "Final-Log-ID": "001njchs",
        },
        {
            "Final-Recipient": "rfc822; david@example.com",
            "Action": "failed",
            "Status": "4.4.7",
            "Remote-MTA": "dns; [10.1.5.2]",
            "Diagnostic-Code": "x-relay; connection refused",
            "Final-Log-ID": "001njchs",
        },
    ]


def test_the_standard_library_reads_the_report() -> None:
    report = parts(compose(FACTS))[1]
    assert report.get_content_type() == "message/delivery-status"
    read = [str(group["Final-Recipient"]) for group in report.get_payload()[1:]]
    assert read == [f"rfc822; {recipient.address}" for recipient in FACTS.recipients]


def test_without_detail_there_is_no_reason() -> None:
    notice = compose(dataclasses.replace(FACTS, detailed=False))
    assert [group.get("Status") for group in groups(notice)] == [None, "5.0.0", "4.0.0", "4.0.0"]
    for secret in (b"Diagnostic-Code", b"Remote-MTA", b"mx1", b"10.1.5.2", b"No such", b"refused"):
        assert secret not in notice
    for recipient in FACTS.recipients:
        assert recipient.address in human_text(notice)


@pytest.mark.parametrize(
    ("recipient", "reason"),
    [
        (GONE, "mx1.example.org refused it: 550 5.1.1 No such user here;"),
        (BUSY, "given up after 5 days; the last answer of mx2.example.com:2525 was: 451 4.3.0 try"),
        (
            DEAD,
            "given up after 5 days; the last attempt at 10.1.5.2 ended with: connection refused",
        ),
        (
            NoticeRecipient("x@nowhere.example.org", enhanced="5.1.2", text="no such domain"),
            "not possible: no such domain",
        ),
        (
            NoticeRecipient("x@example.org"),
            "the last attempt at the next mail server ended with: no",
        ),
    ],
)
def test_a_person_reads_why(recipient: NoticeRecipient, reason: str) -> None:
    text = human_text(compose(dataclasses.replace(FACTS, recipients=(recipient,))))
    assert f"{recipient.address} " in text
    assert reason in text
    assert "postmaster@gate.example.com" in text
    assert "number 001njchs" in text


@pytest.mark.parametrize(
    ("seconds", "span"),
    [(30, "less than a minute"), (60, "1 minute"), (7300, "2 hours"), (86400, "1 day")],
)
def test_how_long_it_was_tried(seconds: int, span: str) -> None:
    facts = dataclasses.replace(FACTS, born=ARRIVED + seconds)
    assert f"given up after {span};" in human_text(compose(facts))


@pytest.mark.parametrize(
    ("code", "enhanced", "status"),
    [
        (550, "5.7.1", "5.7.1"),
        (550, "", "5.0.0"),
        (451, "", "4.0.0"),
        (0, "5.1.2", "5.1.2"),
        (0, "", "4.4.7"),
        (550, "5.1.1\nX-Evil: 1", "5.0.0"),
        (250, "2.0.0", "4.4.7"),
    ],
)
def test_status(code: int, enhanced: str, status: str) -> None:
    recipient = NoticeRecipient("a@example.org", code=code, enhanced=enhanced)
    notice = compose(dataclasses.replace(FACTS, recipients=(recipient,)))
    assert groups(notice)[1]["Status"] == status
    assert b"\nX-Evil" not in notice


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("mx.example.org", "mx.example.org"),
        ("MX.example.org:25", "mx.example.org"),
        ("10.0.0.1:2525", "[10.0.0.1]"),
        ("[2001:db8::1]:25", "[IPv6:2001:db8::1]"),
        ("2001:db8::1", "[IPv6:2001:db8::1]"),
        ("what is this", "what is this"),
    ],
)
def test_remote_mta(host: str, name: str) -> None:
    recipient = dataclasses.replace(GONE, host=host)
    notice = compose(dataclasses.replace(FACTS, recipients=(recipient,)))
    assert groups(notice)[1]["Remote-MTA"] == f"dns; {name}"


@pytest.mark.parametrize(
    ("orcpt", "sender", "shown"),
    [
        ("rfc822;a+2Bb@example.org", "a@example.org", "rfc822; a+b@example.org"),
        ("RFC822;a+0D+0AX-Evil:+20y", "a@example.org", "rfc822; a X-Evil: y"),
        ("a@example.org", "a@example.org", "rfc822; a@example.org"),
        ("utf-8;caf\\x{E9}@example.org", "a@example.org", "utf-8; caf\\x{E9}@example.org"),
        ("utf-8;caf\\x{E9}@example.org", "é@example.org", "utf-8; café@example.org"),
        ("utf-8;a\\x{2B}b@example.org", "a@example.org", "rfc822; a+b@example.org"),
        ("utf-8;\\x{D800}\\x{999999}", "a@example.org", "rfc822; ??"),
        ("rfc822;caf+C3+A9@example.org", "a@example.org", "utf-8; caf\\x{E9}@example.org"),
        ("x400;/S=a/C=de/", "a@example.org", "x400; /S=a/C=de/"),
    ],
)
def test_original_recipient(orcpt: str, sender: str, shown: str) -> None:
    recipient = dataclasses.replace(GONE, orcpt=orcpt)
    notice = compose(dataclasses.replace(FACTS, sender=sender, recipients=(recipient,)))
    assert groups(notice)[1]["Original-Recipient"] == shown
    assert b"\nX-Evil" not in notice


def test_returned_headers() -> None:
    returned = parts(compose(FACTS))[2]
    assert returned.get_content_type() == "text/rfc822-headers"
    assert returned.get_payload() == HEADERS.decode()


def test_returned_headers_that_are_no_7bit_are_encoded() -> None:
    for headers in (UMLAUT_HEADERS, b"Subject: \xff\x1b[2J\n", b"X: " + b"y" * 2000 + b"\n"):
        notice = compose(dataclasses.replace(FACTS, headers=headers))
        returned = parts(notice)[2]
        assert returned.get_content_type() == "text/rfc822-headers"
        assert returned["Content-Transfer-Encoding"] == "quoted-printable"
        assert returned.get_payload(decode=True) == headers
        assert notice.isascii()
        assert b"\x1b" not in notice


@given(st.binary(max_size=200))
def test_encoded_headers_decode_to_what_came(headers: bytes) -> None:
    notice = compose(dataclasses.replace(FACTS, headers=b"X: \xff" + headers))
    assert parts(notice)[2].get_payload(decode=True) == b"X: \xff" + headers


@pytest.mark.parametrize(
    ("headers", "body", "kind", "encoding"),
    [
        (HEADERS, b"text\n", "message/rfc822", "7bit"),
        (HEADERS, b"caf\xe9\n", "message/rfc822", "8bit"),
        (UMLAUT_HEADERS, b"text\n", "message/global", "quoted-printable"),
        (HEADERS, b"", "message/rfc822", "7bit"),
        (HEADERS, b"no line end", "message/rfc822", "7bit"),
        (HEADERS, b"nul \0\n", "text/rfc822-headers", "7bit"),
        (HEADERS, b"bare \r\n", "text/rfc822-headers", "7bit"),
        (HEADERS, b"x" * 999 + b"\n", "text/rfc822-headers", "7bit"),
        (HEADERS, b"x\n" * (RETURN_LIMIT // 2) + b"x", "text/rfc822-headers", "7bit"),
    ],
)
def test_the_whole_message(headers: bytes, body: bytes, kind: str, encoding: str) -> None:
    notice = compose(dataclasses.replace(FACTS, headers=headers, body=body))
    message = parse(notice)
    returned = list(message.iter_parts())[2]
    assert returned.get_content_type() == kind
    assert returned.get("Content-Transfer-Encoding", "7bit") == encoding
    assert message.get("Content-Transfer-Encoding", "7bit") == encoding.replace(
        "quoted-printable", "7bit"
    )
    text = human_text(notice)
    if kind == "text/rfc822-headers":
        assert "could not be attached whole" in text
    else:
        assert "Your message is attached" in text
    if encoding != "quoted-printable" and kind == "message/rfc822":
        assert headers + b"\n" + body + b"\n--=_" in notice


def test_a_boundary_in_the_message_is_avoided() -> None:
    plain = parse(compose(FACTS)).get_boundary()
    assert plain is not None
    body = f"--{plain}\n--{plain}.1--\n".encode()
    notice = compose(dataclasses.replace(FACTS, body=body))
    assert parse(notice).get_boundary() == f"{plain}.2"
    assert HEADERS + b"\n" + body in notice
    assert len(list(parse(notice).iter_parts())) == 3


@pytest.mark.parametrize(
    ("headers", "subject"),
    [
        (b"", "Not delivered: your message"),
        (b"Subject:\n", "Not delivered: your message"),
        (b"Subject: a\n\tb\n", "Not delivered: a b"),
        (b"Subject: \x1b[2J\n", "Not delivered: your message"),
        (b"Subject: " + b"x" * 301 + b"\n", "Not delivered: your message"),
        (b"Subject: caf\xe9\n", "Not delivered: your message"),
        (b"Subject: =?utf-8?q?caf=C3=A9?=\n", "Not delivered: café"),
    ],
)
def test_subject(headers: bytes, subject: str) -> None:
    assert parse(compose(dataclasses.replace(FACTS, headers=headers)))["Subject"] == subject


def test_a_message_id_that_is_none_is_not_repeated() -> None:
    for value in (b"<a b@x>", b"<a@x> <b@x>", b"a@x", b"<" + b"a" * 900 + b">", b"<\xe9@x>"):
        message = parse(compose(dataclasses.replace(FACTS, headers=b"Message-ID: %s\n" % value)))
        assert message["In-Reply-To"] is None
        assert message["References"] is None


def test_an_addressee_beyond_ascii_gets_the_global_forms() -> None:
    facts = GOLDENS["utf8"]
    assert facts.wide
    _, report, returned = parts(compose(facts))
    assert report.get_content_type() == "message/global-delivery-status"
    assert returned.get_content_type() == "message/global-headers"
    assert groups(compose(facts))[1]["Final-Recipient"] == "utf-8; bílal@exämple.org"
    whole = compose(dataclasses.replace(facts, body=b"x\n"))
    assert list(parse(whole).iter_parts())[2].get_content_type() == "message/global"


def test_an_addressee_that_is_no_utf8_gets_an_ascii_notice() -> None:
    facts = dataclasses.replace(FACTS, sender="caf\udce9@example.net")
    assert not facts.wide
    assert b"To: <caf?@example.net>\n" in compose(facts)
    assert compose(facts).isascii()


@pytest.mark.parametrize("changes", [{"sender": ""}, {"recipients": ()}])
def test_notices_that_must_not_be(changes: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="notice"):
        compose(dataclasses.replace(FACTS, **changes))  # type: ignore[arg-type]


HOSTILE = st.text(max_size=60) | st.sampled_from(
    ["a\r\nX-Evil: 1", "\n\n--=_001njchs.1795988598--", "x" * 3000, "é" * 1000, "\u202ea", "\udce9"]
)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_nothing_from_outside_breaks_out(data: st.DataObject) -> None:
    recipient = NoticeRecipient(
        *(data.draw(HOSTILE, name) for name in ("address", "orcpt")),
        data.draw(st.sampled_from([0, 250, 451, 550])),
        *(data.draw(HOSTILE, name) for name in ("enhanced", "host", "text")),
    )
    facts = dataclasses.replace(
        FACTS,
        sender=data.draw(HOSTILE.filter(bool), "sender"),
        envid=data.draw(HOSTILE, "envid"),
        headers=b"Subject: %s\n" % data.draw(HOSTILE).encode("utf-8", "surrogateescape")
        .replace(b"\n", b"\n ").replace(b"\0", b""),
        recipients=(recipient, GONE),
        detailed=data.draw(st.booleans()),
    )  # fmt: skip
    notice = compose(facts)
    head = notice.partition(b"\n\n")[0]
    assert notice.count(b"\n--" + parse(notice).get_boundary().encode()) == 4
    assert max(map(len, notice.split(b"\n"))) <= 998
    assert not re.search(rb"[\0-\x08\x0b-\x1f\x7f]", notice)
    assert facts.wide or notice.isascii()
    names = {line.partition(":")[0] for line in head.decode().split("\n") if line[0] not in " \t"}
    assert names <= {
        "Date", "From", "To", "Subject", "Message-ID", "Auto-Submitted", "MIME-Version",
        "Content-Type", "Content-Transfer-Encoding",
    }  # fmt: skip
    assert len(groups(notice)) == 3
    assert set(groups(notice)[1]) <= {
        "Original-Recipient", "Final-Recipient", "Action", "Status", "Remote-MTA",
        "Diagnostic-Code", "Final-Log-ID",
    }  # fmt: skip


KINDS = ["delay", "relayed", "blocked", "infected", "not-allowed"]


@pytest.mark.parametrize("name", KINDS)
def test_a_notice_of_each_kind_is_a_report_of_its_action(name: str) -> None:
    facts = GOLDENS[name]
    action, status = {"delay": ("delayed", "4"), "relayed": ("relayed", "2")}.get(
        name, ("failed", "5")
    )
    whole, *of_recipients = groups(compose(facts))
    assert next(iter(whole)) in ("Original-Envelope-Id", "Reporting-MTA")
    assert {group["Action"] for group in of_recipients} == {action}
    assert {group["Status"][0] for group in of_recipients} == {status}
    assert parse(compose(facts))["Subject"].endswith(": Invoice 4711 for October")


@pytest.mark.parametrize("name", KINDS)
def test_only_a_failure_gives_the_message_back(name: str) -> None:
    facts = dataclasses.replace(GOLDENS[name], body=b"never given back\n")
    notice = compose(facts)
    assert b"never given back" not in notice
    assert parts(notice)[2].get_content_type() == "text/rfc822-headers"
    assert "The headers of your message are attached" in " ".join(human_text(notice).split())


def test_who_handed_it_to_us_and_until_when_it_is_tried() -> None:
    whole, first, _ = groups(compose(GOLDENS["delay"]))
    assert whole["Received-From-MTA"] == "dns; out.example.net ([192.0.2.7])"
    assert first["Will-Retry-Until"] == "Sun, 29 Nov 2026 21:43:11 +0000"
    assert "Will-Retry-Until" not in groups(compose(FACTS))[1]


@pytest.mark.parametrize(
    ("client", "address", "shown"),
    [
        ("", "2001:db8::1", "dns; [IPv6:2001:db8::1]"),
        ("[192.0.2.7]", "192.0.2.7", "dns; [192.0.2.7]"),
        ("a\r\nX-Evil: 1", "192.0.2.7", "dns; a??X-Evil:?1 ([192.0.2.7])"),
        ("mail.example.net", "", "dns; mail.example.net"),
    ],
)
def test_a_client_is_named_as_it_called_itself(client: str, address: str, shown: str) -> None:
    facts = dataclasses.replace(FACTS, client=client, address=address)
    assert groups(compose(facts))[0]["Received-From-MTA"] == shown


@pytest.mark.parametrize("kind", [kind for kind in NoticeKind if kind.judged])
def test_without_detail_a_verdict_reads_as_any_other_failure(kind: NoticeKind) -> None:
    """Whoever tries to get a virus in learns nothing (chapter, detailed_av_err_mail)."""
    refused = dataclasses.replace(WAITS, code=550, enhanced="5.1.1")
    verdict = dataclasses.replace(JUDGED, kind=kind, detailed=False, body=None)
    failure = dataclasses.replace(
        verdict, kind=NoticeKind.FAILURE, explanation="", recipients=(refused,)
    )
    assert compose(verdict) == compose(failure)


@pytest.mark.parametrize("kind", [kind for kind in NoticeKind if kind.judged])
def test_with_detail_it_says_what_was_found(kind: NoticeKind) -> None:
    notice = compose(dataclasses.replace(JUDGED, kind=kind))
    assert "Eicar-Test-Signature in invoice.zip" in human_text(notice)
    group = groups(notice)[1]
    assert (group["Status"], group["Diagnostic-Code"]) == (
        "5.7.1",
        "x-relay; Eicar-Test-Signature in invoice.zip",
    )


@pytest.mark.parametrize(
    ("kind", "enhanced", "status"),
    [
        (NoticeKind.DELAY, "", "4.0.0"),
        (NoticeKind.DELAY, "5.1.1", "4.1.1"),
        (NoticeKind.RELAYED, "", "2.0.0"),
        (NoticeKind.RELAYED, "2.1.5", "2.1.5"),
        (NoticeKind.FAILURE, "2.0.0", "5.0.0"),
    ],
)
def test_the_class_of_a_status_is_that_of_its_action(
    kind: NoticeKind, enhanced: str, status: str
) -> None:
    one = dataclasses.replace(GONE, enhanced=enhanced)
    facts = dataclasses.replace(FACTS, kind=kind, recipients=(one,))
    assert groups(compose(facts))[1]["Status"] == status


def test_the_number_to_mention_is_that_of_the_message() -> None:
    notice = compose(GOLDENS["delay"])
    assert "mention the number 001njch1." in " ".join(human_text(notice).split())
    assert groups(notice)[1]["Final-Log-ID"] == "001njch1"
    assert parse(notice)["Message-ID"].startswith("<notice.001njchs.")
