"""Replies on the control socket."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spooltool.control import (
    MAX_LINE,
    Accepted,
    ClockTaken,
    Delivering,
    Destination,
    Kicked,
    Order,
    Refused,
    Resumed,
    Status,
    Suspended,
    Yielded,
    decode_reply,
    encode_reply,
    read_status,
)

ORDER = Order("*.example.de", 1795543999.5, 1795550000.0, "jo", "migration", 119)
STATUS = Status(
    pid=4172,
    host="gw1",
    version="0.1.0",
    started=1795543999.25,
    scanned=1795544000.0,
    delivering=(Delivering("001njd41", "10.1.5.2", 1795544001.5),),
    conns=3,
    max_conns=100,
    messages=1204,
    delivered_hour=312,
    destinations=(
        Destination(
            "{10.1.5.2,b:2525}",
            (("10.1.5.2", None), ("b", 2525)),
            due=2,
            waiting=119,
            active=1,
            down=True,
            since=1795540000.0,
            next_probe=1795544100.0,
            probes=1,
            error="Connection refused",
        ),
    ),
    intake=True,
    clock_ok=False,
    clock="the clock jumped 1h00m ahead",
    orders=(ORDER,),
)


@pytest.mark.parametrize(
    "reply",
    [
        Refused("no such thing: \u202e \ud800 \x1b[31m"),
        Accepted(),
        Kicked(120),
        Kicked(120, 7, 12.5),
        Suspended(ORDER, 2, 1),
        Resumed(("a", "*.example.de"), ("b",), 119, 3),
        Resumed(),
        ClockTaken(1795543999.5, True, -3600.5, 1795543000.0, 3),
        ClockTaken(1795543999.5),
        Yielded(("1",), ("2", "3"), ()),
        STATUS,
        Status(pid=1),
    ],
)
def test_each_reply_is_one_line_and_back(reply):
    line = encode_reply(reply)
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    assert line.isascii()
    assert decode_reply(line, type(reply)) == reply


def test_a_refusal_is_read_whatever_was_expected():
    line = encode_reply(Refused("busy"))
    for expected in (Accepted, Kicked, Yielded, Status):
        assert decode_reply(line, expected) == Refused("busy")


@pytest.mark.parametrize(
    ("line", "expected", "says"),
    [
        (b"", Accepted, "no JSON"),
        (b"{}", Accepted, "`ok`"),
        (b'{"ok":1}', Accepted, "`ok`"),
        (b'{"ok":false}', Accepted, "`error`"),
        (b'{"ok":true}', Kicked, "`kicked`"),
        (b'{"ok":true,"kicked":true}', Kicked, "`kicked`"),
        (b'{"ok":true,"kicked":-1}', Kicked, "`kicked`"),
        (b'{"ok":true,"released":[],"busy":[]}', Yielded, "`absent`"),
        (b'{"ok":true}', Status, "`pid`"),
        (b'{"ok":true,"kicked":1,"seconds":-1}', Kicked, "`seconds`"),
        (b'{"ok":true}', Suspended, "`order` must be an object"),
        (b'{"ok":true,"order":{"host":"a b","since":0}}', Suspended, "`host`"),
        (b'{"ok":true,"order":{"host":"a"}}', Suspended, "`since`"),
        (b'{"ok":true}', Resumed, "`hosts`"),
        (b'{"ok":true,"now":1}', ClockTaken, "`departed`"),
        (b'{"ok":true,"now":1,"departed":1e999}', ClockTaken, "`departed`"),
        (b'{"ok":true,"pid":1,"started":0,"orders":[{}]}', Status, "`host`"),
        (b'{"ok":true,"pid":1,"started":0,"delivering":[["a","b"]]}', Status, "lists of 3"),
        (b'{"ok":true,"pid":1,"started":0,"delivering":[["a",1,0]]}', Status, "`host`"),
        (b'{"ok":true,"pid":1,"started":0,"destinations":[1]}', Status, "list of objects"),
        (b'{"ok":true,"pid":1,"started":0,"destinations":[{}]}', Status, "`name`"),
        (b'{"ok":true,"pid":1,"started":"x"}', Status, "`started`"),
    ],
)
def test_what_is_not_as_the_protocol_has_it_is_marked_malformed(line, expected, says):
    reply = decode_reply(line, expected)
    assert isinstance(reply, Refused)
    assert reply.malformed
    assert says in reply.error


def test_a_status_too_long_for_a_line_loses_the_ends_of_its_lists_and_says_so():
    many = tuple(Destination(f"host{number}.example.net") for number in range(2000))
    read = decode_reply(encode_reply(Status(pid=1, destinations=many)), Status)
    kept = len(read.destinations)
    assert 100 < kept < 2000
    assert read.left_out == 2000 - kept
    assert read.destinations == many[:kept]
    assert len(encode_reply(Status(pid=1, destinations=many))) <= MAX_LINE


def test_orders_are_the_last_that_a_long_status_loses():
    orders = tuple(Order(f"h{n}", 0.0, None, "é" * 64, "é" * 200) for n in range(100))
    many = tuple(Destination(f"host{number}.example.net") for number in range(2000))
    read = decode_reply(encode_reply(Status(pid=1, destinations=many, orders=orders)), Status)
    assert read.destinations == () and 20 <= len(read.orders) < 100
    few = decode_reply(encode_reply(Status(pid=1, destinations=many, orders=orders[:9])), Status)
    assert few.orders == orders[:9] and few.destinations


def test_a_status_is_read_from_an_object_with_the_same_keys():
    content = {
        "pid": 7,
        "started": 1.5,
        "scanned": None,
        "delivering": [["001", "a", 2]],
        "destinations": [{"name": "a", "hosts": [["a", None]], "since": None, "error": ""}],
    }
    assert read_status(content) == Status(
        pid=7,
        started=1.5,
        delivering=(Delivering("001", "a", 2.0),),
        destinations=(Destination("a", (("a", None),)),),
    )
    with pytest.raises(ValueError, match="started"):
        read_status({"pid": 7})


def test_host_and_port_of_a_destination_are_its_first_ones():
    assert (STATUS.destinations[0].host, STATUS.destinations[0].port) == ("10.1.5.2", None)
    assert (Destination("mx").host, Destination("mx").port) == ("mx", None)


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)
_keys = [*json.loads(encode_reply(STATUS)), "kicked", "released", "busy", "absent", "error"]
_keys += ["suspended", "seconds", "order", "hosts", "waiting", "past_term", "now", "departed"]
_reply_like = st.fixed_dictionaries(
    {"ok": st.booleans(), "pid": st.just(1), "started": st.just(0)},
    optional={key: _json for key in _keys if key not in ("ok", "pid", "started", "v")},
)


@settings(max_examples=300)
@given(
    st.binary(max_size=60) | _reply_like.map(lambda o: json.dumps(o).encode()),
    st.sampled_from([Accepted, Kicked, Yielded, Status, Suspended, Resumed, ClockTaken]),
)
def test_no_bytes_raise(line, expected):
    reply = decode_reply(line, expected)
    assert isinstance(reply, (expected, Refused))
    if not isinstance(reply, Refused):
        assert decode_reply(encode_reply(reply), expected) == reply
