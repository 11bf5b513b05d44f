"""The session: segments, limits under endless input, misuse, what it shows of itself."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from relay.smtp import Limits, Reply, Session
from relay.smtp.orders import Abort, Begin, Close, Content, End, Send, ServerOrder, StartTls
from tests.relay.smtp.playbook import Fence, bytewise, server_events, settle, split_at, whole

ENVELOPE = b"MAIL FROM:<anna@example.org>\r\nRCPT TO:<eva@example.com>\r\nDATA\r\n"


def greeted(limits: Limits | None = None, *, starttls: bool = False) -> Session:
    session = Session(
        limits or Limits(), Fence(), "gw.example.org", peer="192.0.2.1", starttls=starttls
    )
    session.connected()
    session.receive(b"EHLO client.example.org\r\n")
    return session


def kinds(orders: list[ServerOrder]) -> list[type]:
    return [type(order) for order in orders]


def text(orders: list[ServerOrder]) -> bytes:
    return b"".join(order.data for order in orders if isinstance(order, Send))


def test_a_message_in_one_segment() -> None:
    session = greeted()
    orders = session.receive(ENVELOPE + b"one\r\ntwo\r\n.\r\nQUIT\r\n")
    assert kinds(orders) == [Send, Begin, Content, End]
    assert orders[2] == Content(b"one\ntwo\n")
    assert text(orders).count(b"\r\n") == 3
    assert session.waiting
    assert session.receive(b"NOOP\r\n") == []
    assert session.stored("001") == [Send(b"250 2.0.0 001 stored\r\n221 2.0.0 bye\r\n"), Close()]
    assert session.closed
    assert session.receive(b"NOOP\r\n") == []
    assert session.eof() == session.timed_out() == session.closing() == []


def test_pipelined_replies_go_out_together() -> None:
    session = greeted()
    orders = session.receive(b"NOOP\r\n" * 5 + ENVELOPE)
    assert kinds(orders) == [Send, Begin]
    assert text(orders).count(b"\r\n") == 8


def test_idle_while_storing_is_ours() -> None:
    session = greeted()
    session.receive(ENVELOPE + b".\r\n")
    assert session.timed_out() == []
    assert session.eof() == []
    assert session.stored("001") == [Send(b"250 2.0.0 001 stored\r\n"), Close()]


def test_eof_while_storing_still_runs_what_came_before_it() -> None:
    session = greeted()
    session.receive(ENVELOPE + b".\r\n" + ENVELOPE + b"two\r\n.\r\nNOOP\r\n")
    assert session.eof() == []
    assert kinds(session.stored("1")) == [Send, Begin, Content, End]
    assert session.stored("2") == [Send(b"250 2.0.0 2 stored\r\n250 2.0.0 ok\r\n"), Close()]


def test_eof_behind_half_a_message_aborts_it() -> None:
    session = greeted()
    session.receive(ENVELOPE + b".\r\n" + ENVELOPE + b"two\r\n")
    session.eof()
    assert kinds(session.stored("1")) == [Send, Begin, Content, Abort, Close]


@pytest.mark.parametrize("number", ["", "1 2", "1\r\n250 ok", "é", "1\n"])
def test_an_id_is_a_word(number: str) -> None:
    session = greeted()
    session.receive(ENVELOPE + b".\r\n")
    with pytest.raises(ValueError, match="no id"):
        session.stored(number)
    assert session.waiting


def test_facts_that_cannot_be() -> None:
    session = Session(Limits(), Fence(), "gw.example.org")
    with pytest.raises(ValueError, match="not connected"):
        session.receive(b"")
    session.connected()
    with pytest.raises(ValueError, match="NEW expected"):
        session.connected()
    with pytest.raises(ValueError, match="STORING expected"):
        session.stored("1")
    with pytest.raises(ValueError, match="STORING expected"):
        session.refused(Reply(451, "4.3.0", "no"))
    with pytest.raises(ValueError, match="CONTENT expected"):
        session.refuse_content(Reply(451, "4.3.0", "no"))
    with pytest.raises(ValueError, match="HANDSHAKE expected"):
        session.secured()
    session.receive(b"HELO c\r\n" + ENVELOPE + b".\r\n")
    with pytest.raises(ValueError, match="no refusal"):
        session.refused(Reply(250, "2.0.0", "no"))
    with pytest.raises(ValueError, match="no host name"):
        Session(Limits(), Fence(), "gw\r\n250 x")
    for bad in ({"line": 100}, {"recipients": 0}, {"size": -1}):
        with pytest.raises(ValueError, match=r"at least|negative"):
            Limits(**bad)


def test_what_the_received_line_needs() -> None:
    session = Session(Limits(), Fence(), "gw.example.org", peer="192.0.2.1", starttls=True)
    session.connected()
    assert (session.peer, session.helo, session.protocol) == ("192.0.2.1", "", "SMTP")
    session.receive(b"HELO old.example.org\r\n")
    assert (session.helo, session.protocol, session.esmtp) == ("old.example.org", "SMTP", False)
    session.receive(b"EHLO new.example.org\r\n")
    assert (session.helo, session.protocol, session.esmtp) == ("new.example.org", "ESMTP", True)
    session.receive("MAIL FROM:<é@b> SMTPUTF8\r\n".encode())
    assert session.protocol == "UTF8SMTP"
    session.receive(b"RSET\r\n")
    assert session.protocol == "ESMTP"
    assert kinds(session.receive(b"STARTTLS\r\n")) == [Send, StartTls]
    session.secured()
    assert (session.helo, session.protocol, session.secure) == ("", "SMTP", True)
    session.receive(b"EHLO new.example.org\r\n")
    assert session.protocol == "ESMTPS"
    session.receive(b"MAIL FROM:<a@b> SMTPUTF8\r\n")
    assert session.protocol == "UTF8SMTPS"


def test_the_transaction_of_begin() -> None:
    session = greeted()
    orders = session.receive(
        b"MAIL FROM:<anna@example.org> SIZE=10 BODY=8BITMIME RET=HDRS ENVID=x AUTH=<>\r\n"
        b"RCPT TO:<@r:eva@example.com> NOTIFY=DELAY ORCPT=rfc822;e@x\r\nDATA\r\n"
    )
    begin = orders[1]
    assert isinstance(begin, Begin)
    found = begin.transaction
    assert found is session.transaction
    assert found.mail_params == "BODY=8BITMIME RET=HDRS ENVID=x"
    assert (found.size, found.eightbit, found.ret, found.envid) == (10, True, "HDRS", "x")
    assert found.recipients[0].mailbox.text == "eva@example.com"
    assert found.recipients[0].params == "NOTIFY=DELAY ORCPT=rfc822;e@x"


@pytest.mark.parametrize(
    "injected",
    [
        b"MAIL FROM:<a@b>\r\n",
        b"EHLO x\r\nMAIL FROM:<a@b>\r\nRCPT TO:<a@b>\r\nDATA\r\nx\r\n.\r\n",
        b"QUIT\r\n",
        b"MAIL FR",
        b"\r\n",
        b"\n",
    ],
)
def test_starttls_injection(injected: bytes) -> None:
    """In one segment with STARTTLS or behind it: it ends the connection and never acts."""
    session = greeted(starttls=True)
    refusal = Send(b"554 5.5.0 nothing may follow STARTTLS before the handshake\r\n")
    assert session.receive(b"STARTTLS\r\n" + injected) == [refusal, Close()]
    assert session.receive(b"QUIT\r\n") == []
    session = greeted(starttls=True)
    data = b"STARTTLS\r\n" + injected
    for byte in bytewise(data[:9]):
        assert session.receive(byte) == []
    assert session.receive(data[9:10]) == [Send(b"220 2.0.0 ready to start TLS\r\n"), StartTls()]
    assert session.receive(data[10:]) == [Close()]


def test_nothing_said_before_the_handshake_counts_after_it() -> None:
    session = greeted(starttls=True)
    session.receive(b"MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\n")
    assert kinds(session.receive(b"STARTTLS\r\n")) == [Send, StartTls]
    assert session.waiting
    assert session.secured() == []
    assert not session.waiting
    assert text(session.receive(b"OM:<a@b>\r\nDATA\r\nMAIL FROM:<a@b>\r\n")) == (
        b"500 5.5.1 command not recognised\r\n503 5.5.1 MAIL first\r\n"
        b"503 5.5.1 EHLO or HELO first\r\n"
    )
    assert b"STARTTLS" not in text(session.receive(b"EHLO client.example.org\r\n"))
    assert text(session.receive(b"STARTTLS\r\n")) == b"503 5.5.1 bad sequence of commands\r\n"


def test_tls_from_the_start() -> None:
    session = Session(Limits(), Fence(), "gw.example.org", tls_required=True)
    assert session.secured() == []
    assert text(session.connected()) == b"220 gw.example.org ESMTP\r\n"
    assert b"STARTTLS" not in text(session.receive(b"EHLO c\r\n"))
    assert (session.secure, session.protocol) == (True, "ESMTPS")
    assert text(session.receive(b"MAIL FROM:<a@b>\r\n")) == b"250 2.1.0 sender ok\r\n"


def test_before_the_greeting_nothing_is_said_in_clear() -> None:
    for fact in ("eof", "timed_out", "closing"):
        session = Session(Limits(), Fence(), "gw.example.org")
        assert getattr(session, fact)() == [Close()]


def test_tls_is_required() -> None:
    session = Session(Limits(), Fence(), "gw.example.org", starttls=True, tls_required=True)
    session.connected()
    first = b"530 5.7.0 must issue a STARTTLS command first\r\n"
    for command in (b"MAIL FROM:<a@b>", b"RCPT TO:<a@b>", b"DATA", b"RSET", b"VRFY x", b"NONSENSE"):
        assert text(session.receive(command + b"\r\n")) == first
    assert text(session.receive(b"NOOP\r\nHELO c\r\nEHLO c\r\n")).count(b"250 ") == 3
    session.receive(b"STARTTLS\r\n")
    session.secured()
    session.receive(b"EHLO c\r\n")
    assert text(session.receive(b"MAIL FROM:<a@b>\r\n")) == b"250 2.1.0 sender ok\r\n"


def test_a_refused_client_gets_no_further_by_tls() -> None:
    policy = Fence(greeting=Reply(554, "5.7.1", "no access"))
    session = Session(Limits(), policy, "gw.example.org", starttls=True, tls_required=True)
    session.connected()
    for command in (b"EHLO c\r\n", b"STARTTLS\r\n", b"MAIL FROM:<a@b>\r\n"):
        assert text(session.receive(command)) == b"503 5.5.1 bad sequence of commands\r\n"


def test_a_failed_handshake_says_nothing_in_clear() -> None:
    for fact in ("eof", "timed_out", "closing"):
        session = greeted(starttls=True)
        session.receive(b"STARTTLS\r\n")
        assert getattr(session, fact)() == [Close()]


# Endless input: what is read after a limit is bounded, and so is what is kept.


def flood(session: Session, unit: bytes, most: int) -> tuple[int, list[ServerOrder]]:
    """Send `unit` until the session closes; how often that took, and all orders."""
    found: list[ServerOrder] = []
    for number in range(most):
        orders = session.receive(unit)
        found += [order for order in orders if not isinstance(order, Content)]
        assert len(session._buffer) <= 2 * len(unit) + 4096
        if session.closed:
            return number + 1, found
    raise AssertionError("never closed")


@pytest.mark.parametrize(
    ("opening", "unit", "limits", "last"),
    [
        (b"", b"x" * 4096, {"discard": 10**6}, b"421 4.7.0 too much input\r\n"),
        (b"", b"NOOP\r\n", {}, b"421 4.7.0 too many commands without a message\r\n"),
        (b"", b"NOOP\r\n" * 500, {}, b"421 4.7.0 too many commands without a message\r\n"),
        (
            b"",
            b"RSET\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\n",
            {},
            b"421 4.7.0 too many commands without a message\r\n",
        ),
        (
            b"MAIL FROM:<a@b>\r\n",
            b"RCPT TO:<c@d>\r\n",
            {},
            b"421 4.7.0 too many commands without a message\r\n",
        ),
        (b"", b"x" * 3000 + b"\r\n", {}, b"421 4.7.0 too many errors\r\n"),
        (b"", b"\n", {}, b"421 4.7.0 too many errors\r\n"),
        (
            ENVELOPE,
            b"x" * 4096,
            {"size": 10**5, "discard": 10**6},
            b"552 5.3.4 message too big\r\n",
        ),
        (
            ENVELOPE,
            b"X: y\r\n" * 700,
            {"size": 10**5, "discard": 10**6},
            b"552 5.3.4 message too big\r\n",
        ),
        (
            ENVELOPE,
            b"\r\n.\n" * 700,
            {"size": 10**5, "discard": 10**6},
            b"552 5.3.4 message too big\r\n",
        ),
    ],
)
def test_endless_input(opening: bytes, unit: bytes, limits: dict[str, int], last: bytes) -> None:
    session = greeted(Limits(**limits))
    session.receive(opening)
    count, orders = flood(session, unit, 5000)
    assert count * len(unit) < 1_500_000  # a stuffed dot counts for nothing
    assert isinstance(orders[-1], Close)
    assert text(orders).endswith(last)
    begun = opening == ENVELOPE
    assert kinds(orders).count(Abort) == begun
    assert End not in kinds(orders)


def test_backlog_while_storing() -> None:
    session = greeted(Limits(backlog=1000))
    session.receive(ENVELOPE + b".\r\n")
    for _ in range(1000):
        assert session.receive(b"NOOP\r\n" * 100) == []
        assert len(session._buffer) <= 1000
    assert session.stored("1") == [
        Send(b"250 2.0.0 1 stored\r\n421 4.7.0 too much input\r\n"),
        Close(),
    ]


@pytest.mark.parametrize("discard", [0, 3000])
def test_the_longest_line(discard: int) -> None:
    """At the limit a line is taken, one octet above it is skipped, however it is cut."""
    for cut in (whole, bytewise, split_at(512), split_at(600), split_at(511)):
        session = greeted(Limits(line=512, discard=discard))
        feed = [b"NOOP " + b"x" * 505 + b"\r\n", b"NOOP " + b"x" * 506 + b"\r\n", b"NOOP\r\n"]
        got = b"".join(text(session.receive(part)) for line in feed for part in cut(line))
        if discard:
            assert got == b"250 2.0.0 ok\r\n500 5.5.2 line too long\r\n250 2.0.0 ok\r\n"
        else:
            assert got == b"250 2.0.0 ok\r\n421 4.7.0 too much input\r\n"


# Properties over whole sessions.

WORDS = st.sampled_from(
    [
        b"HELO c\r\n",
        b"EHLO c\r\n",
        b"MAIL FROM:<a@b>\r\n",
        b"MAIL FROM:<> SIZE=5 RET=FULL\r\n",
        b"RCPT TO:<c@d>\r\n",
        b"RCPT TO:<nobody@d>\r\n",
        b"RCPT TO:<a%b@d>\r\n",
        b"DATA\r\n",
        b"DATA\r\n",
        b"text\r\n",
        b".\r\n",
        b".\r\n",
        b"..x\r\n",
        b"\n.\n",
        b"\r",
        b"\n",
        b"\0",
        b"RSET\r\n",
        b"NOOP\r\n",
        b"QUIT\r\n",
        b"x" * 600,
        b"x" * 30 + b"\r\n",
        b"VRFY \xc3\xa9\r\n",
        b"STARTTLS\r\n",
        ENVELOPE,
        ENVELOPE,
        b"\xff\r\n",
    ]
)
STREAMS = st.lists(WORDS, max_size=25).map(lambda words: b"HELO c\r\n" + b"".join(words))


def run(stream: bytes, places: list[int], refuse: bool) -> tuple[list[str], list[str]]:
    """All events; and the same without joining, `stored` included, in order."""
    limits = Limits(
        line=512, size=60, content_line=40, errors=6, recipients=2, discard=700, mails=3
    )
    session = Session(
        limits, Fence(recipients={"nobody@d": Reply(550, "5.1.1", "no")}), "gw", starttls=True
    )
    log = server_events(session.connected())
    parts = list(bytewise(stream)) if places == [-1] else list(split_at(*places)(stream))
    number = 0
    for part in parts:
        log += server_events(session.receive(part))
        while session.waiting:
            number += 1
            if log[-1] == "> starttls":
                log += ["! secured", *server_events(session.secured())]
                break
            if refuse and number % 2:
                log += ["! refused", *server_events(session.refused(Reply(451, "4.3.0", "no")))]
            else:
                log += [f"! stored {number}", *server_events(session.stored(str(number)))]
    log += server_events(session.eof())
    return settle([event for event in log if not event.startswith("!")]), log


def test_an_endless_line_behind_too_many_errors_is_told_alike_whole_and_in_pieces() -> None:
    limits = Limits(errors=1, line=512, discard=600)
    line = b"x" * 1000 + b"\r\n"
    said = []
    for parts in ([line], [line[:700], line[700:]]):
        session = greeted(limits)
        session.receive(b"NONSENSE\r\n")
        said.append(b"".join(text(session.receive(part)) for part in parts))
    assert said == [b"421 4.7.0 too much input\r\n"] * 2


@settings(max_examples=150, deadline=None)
@example(b"HELO c\r\n" + b"RCPT TO:<c@d>\r\n" * 6 + b"x" * 800 + b"\r\n", [], False)
@given(STREAMS, st.lists(st.integers(1, 400), max_size=8), st.booleans())
def test_any_cut_gives_the_same_events(stream: bytes, places: list[int], refuse: bool) -> None:
    if b"STARTTLS" in stream:
        # What stands behind STARTTLS in one segment is dropped: there the cut matters.
        stream = stream.replace(b"STARTTLS", b"STARTTLX")
    expected = run(stream, [], refuse)[0]
    assert run(stream, places, refuse)[0] == expected
    assert run(stream, [-1], refuse)[0] == expected


@settings(max_examples=150, deadline=None)
@given(STREAMS, st.lists(st.integers(1, 400), max_size=8), st.booleans())
def test_no_acknowledgement_before_stored(stream: bytes, places: list[int], refuse: bool) -> None:
    _, log = run(stream, places, refuse)
    depth = 0
    for number, event in enumerate(log):
        if event.startswith("S: 250 ") and event.endswith(" stored"):
            assert log[number - 1] == "! stored " + event.split()[3]
        if event.startswith("! stored"):
            assert log[number - 1] == "> end"
        if event.startswith("> begin"):
            assert depth == 0
            assert log[number - 1] == "S: 354 end data with <CRLF>.<CRLF>"
            depth = 1
        elif event in ("> end", "> abort"):
            assert depth == 1
            depth = 0
        elif event.startswith("> content"):
            assert depth == 1
    assert depth == 0
    assert log[-1] == "> close"
    assert log.count("> close") == 1
