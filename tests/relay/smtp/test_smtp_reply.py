"""Replies: the value, its wire form, and the reader against every way of cutting."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relay.smtp import Reply, ReplyReader
from relay.smtp import replies as table
from tests.relay.smtp.playbook import bytewise, split_at


@pytest.mark.parametrize(
    ("code", "enhanced"),
    [
        (450, "5.1.1"),
        (550, "4.1.1"),
        (250, "5.0.0"),
        (354, "2.0.0"),
        (250, "2.0"),
        (250, "x"),
        (250, "2.0.0\r\n"),
        (199, ""),
        (600, ""),
        (250, "2.1234.0"),
    ],
)
def test_mismatch_is_refused(code: int, enhanced: str) -> None:
    with pytest.raises(ValueError, match="code"):
        Reply(code, enhanced, "text")


@pytest.mark.parametrize(
    ("reply", "wire"),
    [
        (Reply(250), b"250 \r\n"),
        (Reply(250, "2.0.0", "ok"), b"250 2.0.0 ok\r\n"),
        (Reply(220, "", "gw ESMTP"), b"220 gw ESMTP\r\n"),
        (Reply(250, "2.0.0", "a\nb\nc"), b"250-2.0.0 a\r\n250-2.0.0 b\r\n250 2.0.0 c\r\n"),
        (Reply(550, "5.0.0", "a\r\n250 ok\0\x7f"), b"550-5.0.0 a?\r\n550 5.0.0 250 ok??\r\n"),
        (Reply(550, "", "\u2028\x85é"), b"550 ???\r\n"),
        (Reply(550, "", "x" * 600), b"550 " + b"x" * 480 + b"\r\n"),
    ],
)
def test_wire(reply: Reply, wire: bytes) -> None:
    assert reply.wire() == wire
    assert reply.wire() == wire
    assert max(len(line) for line in wire.split(b"\n")) <= 512


def test_single_line() -> None:
    assert Reply(550, "5.1.1", "no such\nuser").single() == "no such; user"
    assert Reply(550, "5.1.1", "x" * 300).single(80) == "x" * 79 + "~"
    assert str(Reply(550, "5.1.1", "no such\nuser")) == "550 5.1.1 no such; user"


def test_own_replies_fit_their_codes() -> None:
    found = [value for value in vars(table).values() if isinstance(value, Reply)]
    assert len(found) > 25
    for reply in found:
        assert bool(reply.enhanced) == (reply.code != 354)


@settings(deadline=None)
@given(st.integers(200, 599), st.text())
def test_no_text_adds_a_reply(code: int, text: str) -> None:
    wire = Reply(code, "", text).wire()
    reader = ReplyReader()
    assert [each.code for each in reader.feed(wire)] == [code]
    assert not reader.pending
    assert not reader.defect
    assert b"\r" not in wire.replace(b"\r\n", b"")


READ: list[tuple[bytes, list[Reply]]] = [
    (b"", []),
    (b"250 ok\r\n", [Reply(250, "", "ok")]),
    (b"250 ok\n", [Reply(250, "", "ok")]),
    (b"250\r\n", [Reply(250)]),
    (b"250-\r\n250 \r\n", [Reply(250, "", "\n")]),
    (b"250 2.1.0 ok\r\n354 go\r\n", [Reply(250, "2.1.0", "ok"), Reply(354, "", "go")]),
    (b"550-5.1.1 a\r\n550-5.1.1 b\r\n550 5.1.1 c\r\n", [Reply(550, "5.1.1", "a\nb\nc")]),
    (b"550 4.1.1 odd\r\n", [Reply(550, "", "4.1.1 odd")]),
    (b"550 5.1.1\r\n", [Reply(550, "5.1.1", "")]),
    (b"550 5.1.1x\r\n", [Reply(550, "", "5.1.1x")]),
    (b"250 a\rb\0\x1b[1m\xc3\xa9\xff\r\n", [Reply(250, "", "a?b??[1mé\udcff")]),
]


@pytest.mark.parametrize(("data", "replies"), READ)
def test_read(data: bytes, replies: list[Reply]) -> None:
    for trailing in (b"", b"2", b"250-more\r\n25"):
        for cut in [bytewise, *(split_at(place) for place in range(len(data) + 1))]:
            reader = ReplyReader()
            got = [reply for part in cut(data + trailing) for reply in reader.feed(part)]
            assert got == replies
            assert reader.pending == bool(trailing)
            assert not reader.defect


@pytest.mark.parametrize(
    ("data", "defect"),
    [
        (b"hello\r\n", "no SMTP reply"),
        (b"\r\n", "no SMTP reply"),
        (b"150 what\r\n", "no SMTP reply"),
        (b"650 what\r\n", "no SMTP reply"),
        (b"25\r\n", "no SMTP reply"),
        (b"2500 ok\r\n", "no SMTP reply"),
        (b"250-ok\r\n", ""),
        (b"250-ok\r\n550 no\r\n", "reply lines disagree"),
        (b"250 " + b"x" * 2043 + b"\r\n", "reply line too long"),
        (b"250 " + b"x" * 2042 + b"\r\n", ""),
        (b"x" * 2048, "reply line too long"),
        (b"250 " + b"x" * 2043, ""),
        (b"250-" + b"x" * 996 + b"\r\n", ""),
        ((b"250-" + b"x" * 996 + b"\r\n") * 70, "reply too long"),
        (b"250-\r\n" * 20000, "reply too long"),
    ],
)
def test_defects(data: bytes, defect: str) -> None:
    for cut in (split_at(), split_at(7), bytewise):
        reader = ReplyReader()
        for part in cut(data):
            reader.feed(part)
        assert reader.defect == defect
        assert not defect or reader.feed(b"250 ok\r\n") == []


@settings(deadline=None)
@given(st.binary(max_size=80), st.lists(st.integers(0, 80), max_size=6))
def test_any_octets_cut_anywhere(data: bytes, places: list[int]) -> None:
    one, other = ReplyReader(), ReplyReader()
    whole = one.feed(data)
    cut = [reply for part in split_at(*places)(data) for reply in other.feed(part)]
    assert (cut, other.defect, other.pending) == (whole, one.defect, one.pending)
