"""Mail by the rule base: what its spool file says, what the logs say."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from relay.config import Config, load
from relay.intake.connection import Connection
from relay.policy.origin import Origin
from relay.policy.resources import digest
from spooltool.spool.hosts import HostPort
from spooltool.spool.names import SENDER, SpoolName
from spooltool.store.message import MessageFile
from tests.relay.intake.house import House, Play, Transport

RULES = """\
default_server = "10.1.5.9"

[[rule]]
source = "10.66.0.0/16"
action = "drop"
track = "alert"

[[rule]]
source = "10.0.0.0/8"
destination = "192.0.2.25"
resource = "smtp_in"
action = "accept"

[[rule]]
source = "10.0.0.0/8"
action = "accept"
track = "none"

[resource.smtp_in]
mail_delivery_server = "{10.1.5.2,10.1.5.3}"
notify_sender_on_error = true
match.recipient = "*@smtp.example.org"
[resource.smtp_in.action_1]
sender = { original = "*@smtp.example.com", rewritten = "&@example.com" }
recipient = { original = "*@smtp.example.org", rewritten = "&@example.org" }
custom_field = { field = "X-Mailer", original = "*", rewritten = "" }
"""

MESSAGE = (
    b"DKIM-Signature: v=1; h=from:to; b=x\r\n"
    b"From: Billing <billing@smtp.example.com>\r\nX-Mailer: odd\r\n"
    b"Subject: invoice\r\n\r\nhi\r\n.\r\n"
)


def parameters(text: str = RULES) -> dict[str, object]:
    """The rules as parameters of `play`."""
    found = load(text)
    assert isinstance(found, Config)
    return {
        "dst": "",
        **{
            one.name: getattr(found, one.name)
            for one in fields(Config)
            if getattr(found, one.name) != one.default
        },
    }


def connect(house: House, source: str, at: str = "192.0.2.25") -> tuple[Connection, Transport]:
    connection = Connection(house.intake, source, 40000, Origin(at=at))
    transport = Transport()
    house.intake.opened(connection)
    connection.connection_made(transport)
    return connection, transport


def tracker(house: House) -> str:
    path = Path(house.spool.path, ".spooltool/log/tracker.log")
    return path.read_text() if path.exists() else ""


def test_the_file_of_a_message_that_a_resource_took(play: Play) -> None:
    async def scene(house: House) -> None:
        connection, transport = connect(house, "10.1.0.7")
        connection.data_received(
            b"EHLO client.example\r\nMAIL FROM:<billing@smtp.example.com> RET=HDRS\r\n"
            b"RCPT TO:<anna@smtp.example.org> NOTIFY=FAILURE\r\nRCPT TO:<eva@elsewhere.example>\r\n"
            b"DATA\r\n"
        )
        assert b"450 4.5.3 Mailbox Unavailable\r\n" in transport.sent
        connection.data_received(MESSAGE)
        await house.until(lambda: b" stored\r\n" in transport.sent)
        look_at(house)
        line = next(one for one in tracker(house).splitlines() if " accept " in one)
        for pair in (
            "rule: 2;",
            "resource: smtp_in;",
            "from: billing@example.com;",
            "to: anna@example.org;",
            "Orig_from: billing@smtp.example.com;",
            "Orig_to: anna@smtp.example.org;",
        ):
            assert pair in line
        assert " rewritten " in house.elg()
        told = "rewritten rule=2 resource=smtp_in changed=3 deleted=1 dkim_broken=1"
        assert told in house.elg()

    play(scene, **parameters())


def look_at(house: House) -> None:
    message = MessageFile(house.spool, SpoolName(SENDER, "R", "00000001"))
    envelope = message.envelope
    assert envelope.defects == ()
    assert message.digest_ok() is True
    assert envelope.sender is not None
    assert (envelope.sender.address, envelope.sender.params, envelope.sender.orig) == (
        "billing@example.com",
        "RET=HDRS",
        "billing@smtp.example.com",
    )
    (recipient,) = envelope.recipients
    assert (recipient.address, recipient.path.params, recipient.path.orig) == (
        "anna@example.org",
        "NOTIFY=FAILURE",
        "anna@smtp.example.org",
    )
    resource = parameters()["resources"][0]  # type: ignore[index]
    keys = ("DST", "RULE", "ERRMAIL", "LOG_OK", "LOG_BAD", "RESOURCE", "ROUTE", "AV_SETTING")
    assert [envelope.get(key) for key in keys] == [
        "{10.1.5.2,10.1.5.3}",
        "2",
        "1",
        "MDQ_LOG",
        None,
        f"smtp_in {digest(resource)}",
        "dst",
        "none",
    ]
    original = message.read(message.parts.original)
    modified = message.read(message.parts.modified)
    assert original == MESSAGE.partition(b"\r\n\r\n")[0].replace(b"\r\n", b"\n") + b"\n"
    assert modified.startswith(b"Received: from client.example ")
    assert modified.partition(b" +0000\n")[2] == (
        b"DKIM-Signature: v=1; h=from:to; b=x\n"
        b"From: Billing <billing@example.com>\nSubject: invoice\n"
    )
    message.close()


def test_a_rule_that_tracks_nothing_leaves_no_record(play: Play) -> None:
    async def scene(house: House) -> None:
        connection, transport = connect(house, "10.1.0.7")
        connection.data_received(
            b"EHLO client.example\r\nMAIL FROM:<>\r\nRCPT TO:<eva@elsewhere.example>\r\nDATA\r\n"
        )
        connection.data_received(MESSAGE)
        await house.until(lambda: b" stored\r\n" in transport.sent)
        assert tracker(house) == ""
        assert " stored " in house.elg()

    play(scene, **parameters())


@pytest.mark.parametrize(
    ("source", "said", "action", "rule"),
    [
        ("10.66.0.1", b"421 4.7.1 connection dropped\r\n", "drop", 1),
        ("192.0.2.77", b"554 5.7.1 no mail is accepted from 192.0.2.77\r\n", "reject", 0),
    ],
)
def test_a_client_that_is_turned_down(
    play: Play, source: str, said: bytes, action: str, rule: int
) -> None:
    async def scene(house: House) -> None:
        _, transport = connect(house, source)
        assert transport.sent == said
        assert transport.closing is (action == "drop")
        assert f" {action} " in tracker(house)
        assert f"rule: {rule};" in tracker(house)
        assert ("rule 1 refused 10.66.0.1: 421" in house.elg()) is (rule == 1)

    play(scene, **parameters())


def test_a_recipient_that_no_rule_takes_is_recorded_with_both_addresses(play: Play) -> None:
    async def scene(house: House) -> None:
        connection, transport = connect(house, "10.1.0.7")
        connection.data_received(b"EHLO c.example\r\nMAIL FROM:<a@b.example>\r\n")
        connection.data_received(b"RCPT TO:<eva@elsewhere.example>\r\n")
        assert transport.sent.endswith(b"550 5.7.1 no mail is accepted for this recipient\r\n")
        (line,) = tracker(house).splitlines()
        assert " reject " in line
        assert "from: a@b.example;" in line
        assert "to: eva@elsewhere.example;" in line

    without_the_last = {**parameters(), "rules": parameters()["rules"][:2]}  # type: ignore[index]
    play(scene, **without_the_last)


def test_the_server_from_the_wire_is_the_destination_of_rules(play: Play) -> None:
    async def scene(house: House) -> None:
        meant = HostPort("192.0.2.25", 25)
        connection = Connection(house.intake, "10.1.0.7", 40000, Origin(meant, at="192.0.2.25"))
        transport = Transport()
        house.intake.opened(connection)
        connection.connection_made(transport)
        connection.data_received(
            b"EHLO c.example\r\nMAIL FROM:<a@b.example>\r\n"
            b"RCPT TO:<eva@elsewhere.example>\r\nDATA\r\n"
        )
        connection.data_received(MESSAGE)
        await house.until(lambda: b" stored\r\n" in transport.sent)
        message = MessageFile(house.spool, SpoolName(SENDER, "R", "00000001"))
        assert (message.envelope.get("DST"), message.envelope.get("RULE")) == ("192.0.2.25", "3")
        message.close()

    play(scene, **parameters())


BY_MX = """\
[[rule]]
source = "10.0.0.0/8"
action = "accept"
resource = "out"
[resource.out]
deliver_messages_using_dns_mx_records = true
"""


def test_the_file_of_mail_that_goes_by_mx(play: Play) -> None:
    async def scene(house: House) -> None:
        connection, transport = connect(house, "10.1.0.7")
        connection.data_received(
            b"EHLO c.example\r\nMAIL FROM:<a@b.example>\r\n"
            b"RCPT TO:<eva@elsewhere.example>\r\nDATA\r\n"
        )
        connection.data_received(MESSAGE)
        await house.until(lambda: b" stored\r\n" in transport.sent)
        message = MessageFile(house.spool, SpoolName(SENDER, "R", "00000001"))
        keys = ("DST", "ROUTE", "ERR_SERVER", "ERR_ROUTE")
        assert [message.envelope.get(key) for key in keys] == ["mx", "mx", "mx", "mx"]
        assert message.envelope.defects == ()
        message.close()

    play(scene, **parameters(BY_MX))
