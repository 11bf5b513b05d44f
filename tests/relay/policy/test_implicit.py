"""The implicit rule: who may send, and what the envelope then says."""

from __future__ import annotations

import pytest

from relay.policy.acceptance import Acceptance
from relay.policy.cidr import Networks, parse_networks
from relay.policy.implicit import ImplicitRule
from relay.smtp.limits import Limits
from relay.smtp.mailbox import NULL, Mailbox
from relay.smtp.orders import Send
from relay.smtp.reply import Reply
from relay.smtp.server import Policy, Session
from spooltool.spool.fields import CHAPTER_KEYS, FIELD, check_value

OFFICE = parse_networks(["10.1.0.0/16", "2001:db8::/32"])[0]
ANNA = Mailbox("anna@example.org", "anna", "example.org", "example.org")
FULL = Reply(452, "4.3.1", "no space")


def policy(rule: ImplicitRule, source: str) -> Policy:
    return rule.policy(source, lambda: None)


@pytest.mark.parametrize(
    ("source", "welcome"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("10.1.255.1", True),
        ("2001:db8::5", True),
        ("10.2.0.1", False),
        ("192.0.2.1", False),
        ("", False),
    ],
)
def test_who_may_send(source: str, welcome: bool) -> None:
    session = policy(ImplicitRule(OFFICE, "10.1.5.2"), source)
    refusal = None if welcome else Reply(554, "5.7.1", f"no mail is accepted from {source}")
    assert session.connect() == refusal
    assert session.mail(NULL) == refusal
    assert session.mail(ANNA) == refusal
    assert session.rcpt(ANNA) == refusal


def test_without_a_destination_nothing_is_accepted() -> None:
    rule = ImplicitRule(OFFICE)
    assert rule.acceptance is None
    assert str(policy(rule, "127.0.0.1").connect()) == (
        "554 5.7.1 no mail is accepted from 127.0.0.1"
    )


def test_without_networks_loopback_alone_may_send() -> None:
    rule = ImplicitRule(Networks(), "10.1.5.2")
    assert rule.decide("127.0.0.1") == rule.acceptance
    assert rule.decide("10.1.5.2") == Reply(554, "5.7.1", "no mail is accepted from 10.1.5.2")


def test_space_is_asked_each_time() -> None:
    answers = iter([None, FULL, None])
    session = ImplicitRule(OFFICE, "10.1.5.2").policy("127.0.0.1", lambda: next(answers))
    assert [session.admit() for _ in range(3)] == [None, FULL, None]


@pytest.mark.parametrize(
    ("dst", "default", "error", "expected"),
    [
        ("10.1.5.2", "", "", Acceptance("10.1.5.2", "10.1.5.2")),
        ("10.1.5.2:2525", "", "", Acceptance("10.1.5.2", "10.1.5.2:2525", 2525)),
        ("[2001:db8::9]:26", "", "", Acceptance("[2001:db8::9]", "[2001:db8::9]:26", 26)),
        ("mx.example.org", "x", "err:26", Acceptance("mx.example.org", "err:26")),
        ("{a, b:26}", "", "", Acceptance("{a,b:26}", "{a,b:26}")),
        ("", "hub:27", "", Acceptance("hub", "hub:27", 27)),
        ("", "hub", "{c,d}", Acceptance("hub", "{c,d}")),
    ],
)
def test_what_the_envelope_says(dst: str, default: str, error: str, expected: Acceptance) -> None:
    assert ImplicitRule(OFFICE, dst, default, error).acceptance == expected


@pytest.mark.parametrize("hosts", ["a b", "host:0", "{a,}", ":25"])
@pytest.mark.parametrize("place", ["dst", "default_server", "error_server"])
def test_hosts_that_are_none_are_a_bug(place: str, hosts: str) -> None:
    values = {"dst": "", "default_server": "", "error_server": "", place: hosts}
    if place == "error_server":
        values["dst"] = "10.1.5.2"
    with pytest.raises(ValueError, match="no host"):
        ImplicitRule(OFFICE, **values)


def test_the_keys_of_the_chapter() -> None:
    acceptance = ImplicitRule(OFFICE, "10.1.5.2", errmail=False).acceptance
    assert acceptance is not None
    values = acceptance.chapter("10.1.0.7", 40123)
    assert values == {
        "AV_SETTING": "none",
        "AV_IPADDR": "0.0.0.0",
        "AV_PORT": "0",
        "AV_HEADERS": "0",
        "SRC": "10.1.0.7",
        "SPORT": "40123",
        "DST": "10.1.5.2",
        "DPORT": "25",
        "ERR_SERVER": "10.1.5.2",
        "RULE": "0",
        "RULEACT": "16",
        "ERRMAIL": "0",
        "ACCT": "0",
        "LOG_OK": "MDQ_LOG",
        "LOG_BAD": "MDQ_LOG",
        "LOG_ERR": "MDQ_ALERT",
    }
    assert [check_value(key, value) for key, value in values.items()] == [""] * len(values)
    left = [key for key in CHAPTER_KEYS if key not in values]
    assert all(FIELD[key].default for key in left)


def dialogue(source: str, *commands: bytes) -> list[bytes]:
    """The codes that a session under the rule answers with, greeting first."""
    rule = ImplicitRule(OFFICE, "10.1.5.2")
    session = Session(Limits(), policy(rule, source), "gate.example.com", peer=source)
    orders = session.connected()
    for command in commands:
        orders += session.receive(command)
    sent = b"".join(order.data for order in orders if isinstance(order, Send))
    return [line[:9] for line in sent.split(b"\r\n") if line[3:4] == b" "]


MAIL = (b"HELO pc\r\n", b"MAIL FROM:<>\r\n", b"RCPT TO:<anna@example.org>\r\n", b"QUIT\r\n")


def test_a_session_under_the_rule() -> None:
    codes = [code[:3] for code in dialogue("10.1.0.7", *MAIL)]
    assert codes == [b"220", b"250", b"250", b"250", b"221"]


def test_a_session_from_elsewhere_is_refused_at_the_greeting() -> None:
    codes = dialogue("192.0.2.1", *MAIL)
    assert codes[0].startswith(b"554 ")
    assert {code[:1] for code in codes[1:-1]} == {b"5"}
    assert codes[-1].startswith(b"221")


@pytest.mark.parametrize(
    ("dst", "error_server", "routes"),
    [
        ("10.1.5.2", "", ("dst", "dst")),
        ("mx", "", ("mx", "mx")),
        ("mx", "10.1.5.3", ("mx", "dst")),
        ("10.1.5.2", "mx", ("dst", "mx")),
        ("mx.", "", ("dst", "dst")),
    ],
)
def test_mx_in_place_of_a_server(dst: str, error_server: str, routes: tuple[str, str]) -> None:
    for rule in (
        ImplicitRule(OFFICE, dst, error_server=error_server),
        ImplicitRule(OFFICE, "", dst, error_server=error_server),
    ):
        accepted = rule.decide("10.1.0.1")
        assert isinstance(accepted, Acceptance)
        assert (accepted.route, accepted.err_route) == routes
        assert check_value("DST", accepted.dst) == ""
    assert isinstance(ImplicitRule(OFFICE, "mx").decide("192.0.2.1"), Reply)
