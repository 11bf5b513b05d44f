"""ICAP answers from their bytes."""

from __future__ import annotations

import pytest

from relay.antivirus.wire.icap_head import Part, parse_head, parts_of
from relay.antivirus.wire.icap_response import (
    Body,
    Broken,
    End,
    Event,
    Head,
    HttpHead,
    ResponseReader,
)
from tests.relay.antivirus.wire.icap_sample import CONTINUE, UNMODIFIED, returned


def joined(events: list[Event]) -> list[Event]:
    """The same with neighbouring pieces of content as one."""
    found: list[Event] = []
    for event in events:
        before = found[-1] if found else None
        if isinstance(event, Body) and isinstance(before, Body):
            found[-1] = Body(event.part, before.data + event.data)
        else:
            found.append(event)
    return found


@pytest.mark.parametrize(
    "wire", [UNMODIFIED, CONTINUE + UNMODIFIED, returned(b"some content", "X-Virus-ID: E")]
)
def test_any_cut_gives_the_same_events(wire: bytes) -> None:
    whole = joined(ResponseReader().feed(wire))
    assert whole[-1] == End()
    for at in range(len(wire)):
        reader = ResponseReader()
        first = reader.feed(wire[:at])
        assert not reader.ended
        assert joined(first + reader.feed(wire[at:])) == whole


def test_what_a_modified_answer_holds() -> None:
    events = joined(ResponseReader().feed(returned(b"abc", 'ISTag: "x"')))
    head, http, body, end = events
    assert isinstance(head, Head) and head.head.status == 200 and head.head.get("istag") == '"x"'
    assert isinstance(http, HttpHead) and http.part == "res-hdr" and http.line == "HTTP/1.1 200 OK"
    assert (body, end) == (Body("res-body", b"abc"), End())


def test_bytes_behind_the_end_are_surplus() -> None:
    reader = ResponseReader()
    assert reader.feed(UNMODIFIED + b"I")[-1] == End()
    assert reader.surplus


@pytest.mark.parametrize(
    "wire",
    [
        b"HTTP/1.1 200 OK\r\n\r\n",
        b"ICAP/1.0 2000 OK\r\n\r\n",
        b"ICAP/1.0 204\nX: y\r\n\r\n",
        b"ICAP/1.0 204 No\r\nno field\r\n\r\n",
        b"ICAP/1.0 204 No\r\n: x\r\n\r\n",
        b"ICAP/1.0 200 OK\r\n\r\n",
        b"ICAP/1.0 200 OK\r\nEncapsulated: res-body\r\n\r\n",
        b"ICAP/1.0 200 OK\r\nEncapsulated: res-hdr=0\r\n\r\n",
        b"ICAP/1.0 200 OK\r\nEncapsulated: res-hdr=5, res-body=9\r\n\r\n",
        b"ICAP/1.0 200 OK\r\nEncapsulated: res-hdr=0, res-body=0\r\n\r\n",
        b"ICAP/1.0 200 OK\r\nEncapsulated: res-body=0, res-hdr=9\r\n\r\n",
        b"ICAP/1.0 200 OK\r\nEncapsulated: res-hdr=0, res-hdr=4, res-body=9\r\n\r\n",
        b"ICAP/1.0 200 OK\r\nEncapsulated: res-hdr=0, res-body=999999999\r\n\r\n",
        b"ICAP/1.0 200 OK\r\nEncapsulated: null-body=0\r\nEncapsulated: null-body=0\r\n\r\n",
        b"ICAP/1.0 200 OK\r\nEncapsulated: res-hdr=0, res-body=9\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
        b"ICAP/1.0 200 OK\r\nEncapsulated: res-body=0\r\n\r\nnochunk\r\n",
        b"ICAP/1.0 204 " + b"x" * 70000,
    ],
)
def test_what_is_no_answer_is_broken(wire: bytes) -> None:
    reader = ResponseReader()
    events = reader.feed(wire)
    assert isinstance(events[-1], Broken) and reader.ended
    assert reader.feed(UNMODIFIED) == []


def test_options_may_leave_encapsulated_out() -> None:
    wire = b"ICAP/1.0 200 OK\r\nMethods: RESPMOD\r\n\r\n"
    assert ResponseReader(bare=True).feed(wire)[-1] == End()


def test_lengths_follow_from_offsets() -> None:
    head = parse_head(b"ICAP/1.0 200 OK\r\nEncapsulated: req-hdr=0, res-hdr=137, res-body=296")
    assert head is not None
    assert parts_of(head) == (Part("req-hdr", 137), Part("res-hdr", 159), Part("res-body"))
