"""Records in the text form of `fw log`."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spooltool.logs import TRACKER_FIELDS, Record, format_record, parse_record

TIME = 1490190122.0
ATTESTED = (
    b"22Mar2017 13:42:02 accept 10.59.31.10 >Internal inzone: Internal; outzone: External; "
    b"src: 10.59.0.58; dst: 165.225.32.40; proto: tcp; rule: 13; product: VPN-1 & FireWall-1; "
    b"service: 80; s_port: 56985; product_family: Network;"
)


def test_the_attested_line_reads_and_is_written_back_to_the_byte():
    record = parse_record(ATTESTED)
    assert (record.time, record.action, record.origin) == (TIME, "accept", "10.59.31.10")
    assert (record.direction, record.interface) == (">", "Internal")
    assert record.get("product") == "VPN-1 & FireWall-1"
    assert record.get("src") == "10.59.0.58"
    assert record.get("to") is None
    assert record.defects == ()
    again = format_record(
        record.time,
        record.action,
        record.origin,
        record.fields,
        direction=record.direction,
        interface=record.interface,
    )
    assert again.encode() == ATTESTED


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (
            b" 3Feb2007  9:05:00 drop gw1 >eth8 rule: 1;\r\n".lstrip(),
            Record(1170493500.0, "drop", "gw1", ">", "eth8", (("rule", "1"),)),
        ),
        (
            b"22Mar2017 13:42:02 accept gw1 rule: 1;",
            Record(TIME, "accept", "gw1", "", "", (("rule", "1"),)),
        ),
        (b"22Mar2017 13:42:02 monitor gw1 <", Record(TIME, "monitor", "gw1", "<", "")),
        (
            b"22Mar2017 13:42:02 accept gw1 Reason: 451 4.7.1: later; empty: ;",
            Record(TIME, "accept", "gw1", "", "", (("Reason", "451 4.7.1: later"), ("empty", ""))),
        ),
        (
            rb"22Mar2017 13:42:02 accept gw1 Reason: a\x3b \x0a\xff C:\new;",
            Record(TIME, "accept", "gw1", "", "", (("Reason", "a; \n\udcff C:\\new"),)),
        ),
    ],
)
def test_parse(line, expected):
    assert parse_record(line) == expected


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (b"", "no-record"),
        (b"garbage", "no-record"),
        (b"22Mar2017 13:42:02 accept", "no-record"),
        (b"22M\xe4r2017 13:42:02 accept gw1 a: b;", "no-record"),
        (b"31Feb2017 13:42:02 accept gw1 a: b;", "bad-time"),
        (b"22Mar2017 25:42:02 accept gw1 a: b;", "bad-time"),
        (b"22Mar2017 13:42:02 accept gw1 a: b", "open-pair"),
        (b"22Mar2017 13:42:02 accept gw1 a: b; junk; c: d;", "bad-pair"),
    ],
)
def test_what_cannot_be_read_is_a_defect(line, code):
    assert [defect.code for defect in parse_record(line).defects] == [code]


def test_the_rest_of_a_record_with_a_defect_is_kept():
    record = parse_record(b"22Mar2017 13:42:02 accept gw1 a: b; junk; c: d")
    assert record.fields == (("a", "b"), ("c", "d"))


@pytest.mark.parametrize(
    ("action", "origin", "direction", "interface", "fields"),
    [
        ("", "gw1", "", "", ()),
        ("accept", "", "", "", ()),
        ("two words", "gw1", "", "", ()),
        ("accept", "gw1", "", "eth0", ()),
        ("accept", "gw1", "-", "eth0", ()),
        ("accept", "gw1:", "", "", ()),
        ("accept", "gw1\n", "", "", ()),
        ("accept", "gw1", "", "", (("a:b", "c"),)),
        ("accept", "gw1", "", "", (("a;", "c"),)),
        ("accept", "gw1", "", "", (("a\n", "c"),)),
    ],
)
def test_words_of_the_program_are_refused_when_they_would_not_read_back(
    action, origin, direction, interface, fields
):
    with pytest.raises(ValueError, match=r"record|field"):
        format_record(0.0, action, origin, fields, direction=direction, interface=interface)


_any_text = st.text(st.characters(), max_size=40) | st.text(
    st.sampled_from("\\x3b;: \n\udcff\u202e"), max_size=20
)


@settings(max_examples=300)
@given(
    st.integers(0, 253402300799),
    st.lists(st.tuples(st.sampled_from(list(TRACKER_FIELDS)), _any_text), max_size=5),
    st.sampled_from([("", ""), (">", ""), ("<", "eth0")]),
)
def test_round_trip(time, fields, way):
    direction, interface = way
    line = format_record(
        time, "accept", "gw1", fields, direction=direction, interface=interface
    ).encode()
    assert b"\n" not in line
    assert parse_record(line) == Record(
        float(time), "accept", "gw1", direction, interface, tuple(fields)
    )


@settings(max_examples=200)
@given(st.binary(max_size=60) | st.binary(max_size=60).map((ATTESTED[:42] + b" ").__add__))
def test_any_bytes_are_a_record(data):
    record = parse_record(data)
    assert record.defects or record.action
