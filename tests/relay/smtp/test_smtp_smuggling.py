"""Smuggling: odd ends of data, at every split, make no message or exactly one."""

from __future__ import annotations

import itertools

import pytest

from relay.smtp import Limits, Session, wire
from relay.smtp.orders import Abort, Begin, Content, End, Send
from tests.relay.smtp.playbook import Fence, bytewise, split_at, whole

ENDINGS: list[bytes] = [
    *(
        before + b"." + after
        for before, after in itertools.product(
            (b"\n", b"\r", b"\r\n", b"\n\r", b"\r\r\n", b"\0\n"),
            (b"\n", b"\r", b"\n\r", b"\r\r\n", b"\r\n"),
        )
        if (before, after) not in ((b"\r\n", b"\r\n"), (b"\r\r\n", b"\r\n"))
    ),
    b"\r\n.\0\r\n",
    b"\r\n\0.\r\n",
    b"\r\n.\r\0\n",
    b"\r\0\n.\r\n",
    b"\r\n.\r\r\n",
    b"\r\n. \r\n",
    b"\r\n .\r\n",
    b"\r\n.\t\r\n",
    b"\r\n..\r\n",
    b"\r\n..\n",
    b"\n..\r\n",
    b"\n..\n",
    b"\r\n.\v\r\n",
    b"\r\n.\f\r\n",
    b"\x85.\x85",
    b"\xe2\x80\xa8.\xe2\x80\xa8",
    b"\r\n\x2e\x00\x0d\x0a",
    b"\n\n.\n\n",
    b"\r\n\xff.\r\n",
    b"\r\n.\xc2\xa0\r\n",
    b"\r\r.\r\r",
    b"\r.\r",
    b"=0D=0A.=0D=0A",
    b"\r\n.=\r\n",
    b"\n.\0\n",
]

FORGED = b"MAIL FROM:<forged@example.org>\r\nRCPT TO:<victim@example.com>\r\nDATA\r\nforged\r\n"
OPENING = b"HELO c\r\nMAIL FROM:<anna@example.org>\r\nRCPT TO:<eva@example.com>\r\nDATA\r\n"


def test_there_are_fifty() -> None:
    assert len(set(ENDINGS)) >= 50
    assert b"\r\n.\r\n" not in ENDINGS


def messages(session: Session, parts: list[bytes]) -> tuple[int, bytes, list[str], bytes]:
    """Stored messages, their content, all senders ever accepted, and what was replied."""
    stored, content, senders, replied = 0, b"", [], b""
    waiting = list(parts)
    orders = session.connected()
    while True:
        for order in orders:
            match order:
                case Begin(transaction):
                    senders.append(transaction.sender.text)
                    held = b""
                case Content(chunk):
                    held += chunk
                case End():
                    stored += 1
                    content += held
                case Abort():
                    held = b""
                case Send(data):
                    replied += data
        if session.waiting:
            orders = session.stored("1")
        elif waiting:
            orders = session.receive(waiting.pop(0))
        else:
            return stored, content, senders, replied


@pytest.mark.parametrize("bare", ["reject", "normalise"])
@pytest.mark.parametrize("ending", ENDINGS, ids=repr)
def test_inbound(ending: bytes, bare: str) -> None:
    odd = b"Subject: one\r\n\r\nbody" + ending
    stream = OPENING + odd + FORGED + b".\r\nQUIT\r\n"
    start, stop = len(OPENING) + 15, len(OPENING) + len(odd) + 3
    limits = Limits(bare="normalise" if bare == "normalise" else "reject")
    results = set()
    for cut in (whole, bytewise, *(split_at(place) for place in range(start, stop))):
        session = Session(limits, Fence(), "gw.example.org")
        stored, content, senders, replied = messages(session, list(cut(stream)))
        assert senders == ["anna@example.org"]
        assert stored in (0, 1)
        assert b"\r" not in content
        assert b"forged\n" in content or not stored
        assert replied.endswith(b"221 2.0.0 bye\r\n")
        refused = replied.count(b"550 5.6.11 ")
        assert stored + refused == 1
        results.add((stored, content))
        if stored:
            # What was taken in goes out as one message, too.
            assert wire.encode([content]).count(b"\r\n.\r\n") == 1
    assert len(results) == 1
    true_ends = odd.replace(b"\r\n", b"")
    if bare == "reject":
        assert stored == (b"\r" not in true_ends and b"\n" not in true_ends)
    else:
        assert stored == 1
