"""The client: what it sends, what it never sends, replies without end, injected replies."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relay.smtp import Client, Kind, Mail
from relay.smtp.envelope import mail_command, rcpt_command, sendable
from relay.smtp.extensions import Extensions, parse_extensions
from relay.smtp.orders import (
    ClientOrder,
    Close,
    Done,
    HostFailed,
    Ready,
    Send,
    SendContent,
    StartTls,
)
from relay.smtp.reply import Reply
from tests.relay.smtp.playbook import split_at

EHLO = b"250-mx\r\n250-PIPELINING\r\n250-SIZE 1000\r\n250-8BITMIME\r\n250-STARTTLS\r\n250 DSN\r\n"
ALL = Extensions({"SIZE": "", "8BITMIME": "", "SMTPUTF8": "", "DSN": "", "PIPELINING": ""})
NONE = Extensions()


def ready(ehlo: bytes = EHLO) -> Client:
    client = Client("gw.example.org")
    assert client.receive(b"220 mx.example.org ESMTP\r\n") == [Send(b"EHLO gw.example.org\r\n")]
    assert client.receive(ehlo) == [Ready()]
    return client


def sent(client: Client, mail: Mail) -> bytes:
    (order,) = client.deliver(mail)
    assert isinstance(order, Send)
    return order.data


def only_done(orders: list[ClientOrder]) -> Done:
    (done,) = [order for order in orders if isinstance(order, Done)]
    return done


def test_what_the_peer_said_of_itself() -> None:
    client = ready(
        b"250-mx hello\r\n250-size 52428800\r\n250-AUTH=LOGIN PLAIN\r\n250 x-odd  a  b \r\n"
    )
    assert client.greeting == "mx.example.org ESMTP"
    assert client.size_limit == 52428800
    assert client.extensions.offered == {"SIZE": "52428800", "AUTH": "LOGIN PLAIN", "X-ODD": "a  b"}
    assert "PIPELINING" not in client.extensions


@pytest.mark.parametrize(
    ("line", "limit"),
    [
        ("SIZE 10", 10),
        ("SIZE", None),
        ("SIZE 0", None),
        ("SIZE x", None),
        ("SIZE " + "9" * 21, None),
        ("SIZE \u0661", None),
    ],
)
def test_size_limit(line: str, limit: int | None) -> None:
    assert parse_extensions(Reply(250, "", f"mx\n{line}")).size_limit == limit


MAIL = Mail(
    "a@b",
    [("c@d", "NOTIFY=NEVER ORCPT=utf-8;é"), ("e@f", "")],
    "BODY=8BITMIME SIZE=7 SMTPUTF8 RET=HDRS ENVID=x AUTH=<> ODD=1",
    size=99,
    eightbit=True,
    utf8=True,
)


@pytest.mark.parametrize(
    ("offered", "mail", "rcpt"),
    [
        ("", "MAIL FROM:<a@b>", "RCPT TO:<c@d>"),
        ("SIZE", "MAIL FROM:<a@b> SIZE=99", "RCPT TO:<c@d>"),
        ("8BITMIME", "MAIL FROM:<a@b> BODY=8BITMIME", "RCPT TO:<c@d>"),
        ("SMTPUTF8", "MAIL FROM:<a@b> SMTPUTF8", "RCPT TO:<c@d>"),
        ("DSN", "MAIL FROM:<a@b> RET=HDRS ENVID=x", "RCPT TO:<c@d> NOTIFY=NEVER"),
        (
            "DSN SMTPUTF8",
            "MAIL FROM:<a@b> SMTPUTF8 RET=HDRS ENVID=x",
            "RCPT TO:<c@d> NOTIFY=NEVER ORCPT=utf-8;é",
        ),
    ],
)
def test_parameters_only_where_offered(offered: str, mail: str, rcpt: str) -> None:
    peer = Extensions(dict.fromkeys(offered.split(), ""))
    assert mail_command(MAIL, peer) == mail.encode() + b"\r\n"
    assert rcpt_command(*MAIL.recipients[0], peer) == rcpt.encode() + b"\r\n"


def test_announced_needs_decide_nothing() -> None:
    mail = Mail("a@b", [("c@d", "")], "BODY=8BITMIME SMTPUTF8", 0)
    assert mail_command(mail, ALL) == b"MAIL FROM:<a@b>\r\n"


def test_raw_octets_come_back_as_they_were() -> None:
    assert rcpt_command("\udcff\udc80@d", "", ALL) == b"RCPT TO:<\xff\x80@d>\r\n"


def test_pipelined_in_one_segment() -> None:
    assert sent(ready(), Mail("a@b", [("c@d", ""), ("e@f", "")])) == (
        b"MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nRCPT TO:<e@f>\r\nDATA\r\n"
    )


UNSENDABLE = [
    "a\r\n@b",
    "a\n",
    "a\r",
    "a\0",
    "a>b",
    "<a",
    "a b",
    '"a',
    '"a\n"@b',
    '"a\\\n"@b',
    "a\t",
    "a\x7f",
    "b> SIZE=1",
    "b>\r\nRCPT TO:<x@y",
]


@pytest.mark.parametrize("address", UNSENDABLE)
def test_an_address_that_leaves_its_brackets_is_kept(address: str) -> None:
    client = ready()
    orders = client.deliver(Mail(address, [("c@d", ""), ("e@f", "")]))
    done = only_done(orders)
    assert [each.kind for each in done.outcomes] == [Kind.TEMPORARY] * 2
    assert [each.reason for each in done.outcomes] == ["unreadable"] * 2
    assert orders[-1] == Ready()
    assert client.deliver(Mail("a@b", [(address, "")]))[-1] == Ready()
    data = sent(client, Mail("a@b", [("c@d", ""), (address, ""), ("e@f", "")]))
    assert data == b"MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nRCPT TO:<e@f>\r\nDATA\r\n"
    client.receive(b"250 ok\r\n550 5.1.1 no\r\n250 ok\r\n354 go\r\n")
    client.content_sent()
    outcomes = only_done(client.receive(b"250 ok\r\n")).outcomes
    assert [each.kind.value for each in outcomes] == ["permanent", "temporary", "delivered"]


def test_an_empty_recipient_is_kept() -> None:
    assert only_done(ready().deliver(Mail("", [("", "")]))).outcomes[0].reason == "unreadable"


@settings(deadline=None)
@given(st.text(max_size=12), st.text(max_size=12), st.text(max_size=12))
def test_nothing_forges_a_command(address: str, mail_params: str, params: str) -> None:
    if not sendable(address):
        return
    for command, verb in (
        (mail_command(Mail(address, (), f"ENVID={mail_params}"), ALL), b"MAIL FROM:<"),
        (rcpt_command(address, f"ORCPT={params}", ALL), b"RCPT TO:<"),
    ):
        assert command.startswith(verb)
        assert command.count(b"\r") == command.count(b"\n") == 1
        assert command.endswith(b"\r\n")
        assert b"\0" not in command


def test_misuse() -> None:
    client = Client("gw.example.org")
    mail = Mail("a@b", [("c@d", "")])
    for call in (
        lambda: client.deliver(mail),
        client.starttls,
        client.content_sent,
        client.secured,
    ):
        with pytest.raises(ValueError, match="expected"):
            call()
    with pytest.raises(ValueError, match="no host name"):
        Client("gw x")
    with pytest.raises(ValueError, match="without recipients"):
        ready().deliver(Mail("a@b", []))


def test_outcomes_say_what_happened() -> None:
    client = ready()
    client.deliver(Mail("a@b", [("c@d", ""), ("e@f", "")]))
    client.receive(b"250 ok\r\n550-5.1.1 no\r\n550 5.1.1 such\r\n")
    first, second = only_done(client.lost()).outcomes
    assert (first.text, first.status) == ("no; such", "5.1.1")
    assert first.reply == Reply(550, "5.1.1", "no\nsuch")
    assert second.text == "connection lost while waiting for the reply to RCPT"
    assert client.lost() == client.timed_out() == client.quit() == client.receive(b"x") == []


@pytest.mark.parametrize(
    ("state", "orders"),
    [
        (b"", [HostFailed]),
        (b"220 mx\r\n", [HostFailed]),
        (b"220 mx\r\n" + EHLO, []),
    ],
)
@pytest.mark.parametrize(
    "flood", [b"x" * 512, b"250-x\r\n" * 64, b"220-" + b"x" * 500 + b"\r\n", b"\r\n", b"\0"]
)
def test_endless_replies(state: bytes, orders: list[type], flood: bytes) -> None:
    client = Client("gw.example.org")
    client.receive(state)
    got: list[ClientOrder] = []
    for _ in range(400_000 // len(flood)):
        got += client.receive(flood)
        if got:
            break
    assert [type(order) for order in got] == [*orders, Close]


def test_endless_reply_after_the_dot_is_unknown() -> None:
    client = ready()
    client.deliver(Mail("a@b", [("c@d", "")]))
    client.receive(b"250 ok\r\n250 ok\r\n354 go\r\n")
    client.content_sent()
    orders: list[ClientOrder] = []
    while not orders:
        orders = client.receive(b"250-" + b"x" * 1000 + b"\r\n")
    assert only_done(orders).outcomes[0].kind is Kind.UNKNOWN
    assert orders[-1] == Close()


def test_a_reply_too_many_before_the_content() -> None:
    """It may not be taken for the reply to the dot."""
    client = ready()
    client.deliver(Mail("a@b", [("c@d", "")]))
    orders = client.receive(b"250 ok\r\n250 ok\r\n354 go\r\n250 2.0.0 queued\r\n")
    assert [type(order) for order in orders] == [Done, Close]
    assert only_done(orders).outcomes[0].kind is Kind.TEMPORARY
    assert client.content_sent() == []


def test_a_reply_too_many_is_no_answer_to_the_next_mail() -> None:
    client = ready()
    client.deliver(Mail("a@b", [("c@d", "")]))
    assert client.receive(b"250 ok\r\n250 ok\r\n354 go\r\n") == [SendContent()]
    client.content_sent()
    orders = client.receive(b"250 ok\r\n250 ok\r\n")
    assert [type(order) for order in orders] == [Done, Ready, Close]
    with pytest.raises(ValueError, match="READY expected"):
        client.deliver(Mail("a@b", [("c@d", "")]))


@pytest.mark.parametrize("injected", [b"250 mx\r\n", b"2", b"250-mx\r\n", b"\r\n", b"\x16\x03\x01"])
def test_a_reply_injected_before_tls(injected: bytes) -> None:
    client = ready()
    assert client.starttls() == [Send(b"STARTTLS\r\n")]
    orders = client.receive(b"220 go\r\n" + injected)
    assert [type(order) for order in orders] == [HostFailed, Close]
    assert client.extensions.offered


def test_tls_forgets_what_was_said_in_clear() -> None:
    client = ready()
    client.starttls()
    assert client.receive(b"220 go\r\n") == [StartTls()]
    assert client.extensions.offered
    assert client.secured() == [Send(b"EHLO gw.example.org\r\n")]
    assert client.extensions.offered == {}
    assert client.secure
    client.receive(b"250 mx\r\n")
    assert client.size_limit is None


REPLIES = st.lists(
    st.sampled_from(
        [
            b"250 ok\r\n",
            b"250 ok\r\n",
            b"354 go\r\n",
            b"550 5.1.1 no\r\n",
            b"450 later\r\n",
            b"452 many\r\n",
            b"421 bye\r\n",
            b"250-a\r\n250 b\r\n",
            b"hello\r\n",
            b"550-a\r\n450 b\r\n",
            b"220 x\r\n",
        ]
    ),
    max_size=9,
).map(b"".join)


@settings(deadline=None)
@given(REPLIES, st.booleans(), st.booleans(), st.sampled_from(["lost", "timed_out"]))
def test_every_recipient_has_one_outcome(
    replies: bytes, pipelining: bool, send_content: bool, end: str
) -> None:
    """Whatever the server says: one Done, and "delivered" only for a 2xx to the dot."""
    client = ready() if pipelining else ready(b"250 mx\r\n")
    orders = client.deliver(Mail("a@b", [("c@d", ""), ("e@f", "")]))
    heard = b""
    dot_at = -1
    for part in replies.splitlines(keepends=True):
        if any(isinstance(order, Ready | Close) for order in orders):
            break
        if send_content and SendContent() in orders and dot_at < 0:
            client.content_sent()
            dot_at = len(heard)
        heard += part
        orders += client.receive(part)
    if not any(isinstance(order, Ready | Close) for order in orders):
        orders += getattr(client, end)()
    done = only_done(orders)
    assert len(done.outcomes) == 2
    for outcome in done.outcomes:
        if outcome.kind in (Kind.DELIVERED, Kind.UNKNOWN):
            assert dot_at >= 0
        if outcome.kind is Kind.DELIVERED:
            assert heard[dot_at:].startswith(b"2")
        assert outcome.status[0] in {"delivered": "2", "permanent": "5"}.get(outcome.kind, "4")
        assert (outcome.reason == "too-many") <= (b"452" in heard)
    assert isinstance(orders[-1], Ready | Close)


@settings(deadline=None)
@given(REPLIES, st.lists(st.integers(1, 60), max_size=5))
def test_any_cut_gives_the_same_orders(replies: bytes, places: list[int]) -> None:
    def run(cuts: list[int]) -> list[ClientOrder]:
        client = ready()
        orders = client.deliver(Mail("a@b", [("c@d", ""), ("e@f", "")]))
        for part in split_at(*cuts)(replies):
            orders += client.receive(part)
        return [order for order in orders if not isinstance(order, SendContent)]

    assert run(places) == run([])
