"""Our client against our server, in memory, with segments cut anywhere."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from relay.smtp import Client, Kind, Limits, Mail, Reply, Session, wire
from relay.smtp.orders import Begin, Content, Done, End, Ready, Send, SendContent
from tests.relay.smtp.playbook import Fence, split_at

CONTENT = st.lists(
    st.sampled_from(
        [b"Subject: x\n", b"\n", b".", b"..\n", b"\n.\n", b"\xc3\xa9", b"text\n", b"\0"]
    ),
    max_size=12,
).map(lambda parts: b"Subject: y\n\n" + b"".join(parts) + b"\n")
MAILS = st.lists(
    st.tuples(
        st.sampled_from(["", "anna@example.org", '"a b"@example.org', "é@example.org"]),
        st.lists(
            st.sampled_from(["eva@example.com", "nobody@example.com", "é@d"]),
            min_size=1,
            max_size=4,
        ),
        CONTENT,
    ),
    min_size=1,
    max_size=4,
)


@settings(max_examples=100, deadline=None)
@given(MAILS, st.lists(st.integers(1, 300), max_size=4))
def test_conversation(mails: list[tuple[str, list[str], bytes]], cuts: list[int]) -> None:
    fence = Fence(recipients={"nobody@example.com": Reply(550, "5.1.1", "no such user")})
    session = Session(Limits(recipients=3), fence, "mx.example.org")
    client = Client("gw.example.org")
    cut = split_at(*cuts)
    to_client = b"".join(order.data for order in session.connected() if isinstance(order, Send))
    waiting = list(mails)
    stored: list[tuple[str, list[str], bytes]] = []
    done: list[list[Kind]] = []
    content = b""
    orders = [order for part in cut(to_client) for order in client.receive(part)]
    while orders:
        to_server = b""
        for order in orders:
            match order:
                case Send(data):
                    to_server += data
                case SendContent():
                    to_server += wire.encode([content])
                    client.content_sent()
                case Done(outcomes):
                    done.append([outcome.kind for outcome in outcomes])
                case Ready() if waiting:
                    sender, recipients, content = waiting.pop(0)
                    mail = Mail(sender, [(address, "") for address in recipients])
                    (sending,) = client.deliver(mail)
                    assert isinstance(sending, Send)
                    to_server += sending.data
        to_client = b""
        for part in cut(to_server) if to_server else ():
            answers = session.receive(part)
            while answers:
                further = []
                for answer in answers:
                    match answer:
                        case Send(data):
                            to_client += data
                        case Begin(transaction):
                            envelope = (
                                transaction.sender.text,
                                [each.mailbox.text for each in transaction.recipients],
                            )
                            taken = b""
                        case Content(chunk):
                            taken += chunk
                        case End():
                            stored.append((*envelope, taken))
                            further = session.stored("1")
                answers = further
        orders = (
            [order for part in cut(to_client) for order in client.receive(part)]
            if to_client
            else []
        )
    assert not waiting
    expected_stored = []
    expected_done = []
    for sender, recipients, text in mails:
        accepted = [address for address in recipients if address != "nobody@example.com"]
        kinds = []
        taken_in = 0
        for address in recipients:
            if taken_in == 3:
                kinds.append(Kind.TEMPORARY)
            elif address == "nobody@example.com":
                kinds.append(Kind.PERMANENT)
            else:
                taken_in += 1
                kinds.append(Kind.DELIVERED)
        expected_done.append(kinds)
        if accepted:
            expected_stored.append((sender, accepted[:3], text))
    # A NUL among the header fields is refused at the dot; here the body alone has some.
    assert stored == expected_stored
    assert done == expected_done
