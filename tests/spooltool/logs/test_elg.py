"""Lines of mdq.elg and asmtpd.elg."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spooltool.logs import EVENT, EVENTS, SCAN_STOP, ElgLine, format_line, parse_line

PREFIX = b"[4172@gw1] 2026-11-24T19:43:59.123Z"
TIME = 1795549439.123


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (
            b"[195@firewall] max concurrent sent mails limit reached - spool scanning stops",
            ElgLine(195, "firewall", None, "", "scan-stop", {}, SCAN_STOP),
        ),
        (
            b"[195@firewall] max concurrent sent mails limit reached \xe2\x80\x93"
            b" spool scanning stops",
            ElgLine(
                195, "firewall", None, "", "scan-stop", {}, SCAN_STOP.replace(" - ", " \u2013 ")
            ),
        ),
        (
            b"[195@firewall] max concurrent sent mails limit reached \x96 spool scanning stops\r\n",
            ElgLine(
                195, "firewall", None, "", "scan-stop", {}, SCAN_STOP.replace(" - ", " \udc96 ")
            ),
        ),
        (b"[1@gw1] anything else", ElgLine(1, "gw1", None, text="anything else")),
        (b"[1@gw1]", ElgLine(1, "gw1", None)),
        (
            PREFIX + b' 001njqb0 delivered host=10.1.5.7:25 reply="250 ok" to=a@b.c',
            ElgLine(
                4172,
                "gw1",
                TIME,
                "001njqb0",
                "delivered",
                {"host": "10.1.5.7:25", "reply": "250 ok", "to": "a@b.c"},
            ),
        ),
        (PREFIX + b" - start\n", ElgLine(4172, "gw1", TIME, "", "start")),
        (
            PREFIX + b' - down host= text="no route"  ',
            ElgLine(4172, "gw1", TIME, "", "down", {"host": ""}, "no route"),
        ),
        (
            b"[4172@gw1] 2026-11-24T20:43:59+01:00 - start",
            ElgLine(4172, "gw1", 1795549439.0, "", "start"),
        ),
        (PREFIX + b" - start key=a=b", ElgLine(4172, "gw1", TIME, "", "start", {"key": "a=b"})),
        (
            PREFIX + rb' - start key="\x0a\xff\u202e\"\\ \q"',
            ElgLine(4172, "gw1", TIME, "", "start", {"key": '\n\udcff\u202e"\\ \\q'}),
        ),
    ],
)
def test_parse(line, expected):
    assert parse_line(line) == expected


@pytest.mark.parametrize(
    ("line", "codes", "columns"),
    [
        (b"", ["no-prefix"], [1]),
        (b"garbage \xff", ["no-prefix"], [1]),
        (b"[x@gw1] text", ["no-prefix"], [1]),
        (b"[1@gw1] 2026-13-24T19:43:59Z - start", ["bad-time"], [9]),
        (b"[1@gw1] 2026-02-29T19:43:59Z - start", ["bad-time"], [9]),
        (PREFIX + b" 001njqb0", ["no-event"], [36]),
        (PREFIX + b" 001njqb0 Not-An-Event", ["no-event"], [36]),
        (PREFIX + b" - start junk a=1", ["bad-field"], [44]),
        (PREFIX + b' - start a=1 b="open', ["open-quote"], [48]),
        (PREFIX + b" - start a=1 a=2", ["doubled-key"], [48]),
        (PREFIX + b' - start a="x"y b=2', ["bad-field"], [44]),
    ],
)
def test_what_cannot_be_read_is_a_defect_with_its_column(line, codes, columns):
    read = parse_line(line)
    assert [defect.code for defect in read.defects] == codes
    assert [defect.column for defect in read.defects] == columns


def test_the_rest_of_a_line_with_a_defect_is_kept():
    assert parse_line(PREFIX + b" - start junk a=1").fields == {"a": "1"}
    assert parse_line(b"no \xff line").text == "no \udcff line"
    assert parse_line(PREFIX + b" what, now").text == "what, now"


def test_format_is_what_the_chapter_prints():
    assert format_line(195, "firewall", None, text=SCAN_STOP) == (
        "[195@firewall] max concurrent sent mails limit reached - spool scanning stops"
    )


def test_format_of_a_full_line():
    line = format_line(
        4172,
        "gw1",
        TIME,
        "001njqb0",
        "delivered",
        {"host": "10.1.5.7", "to": "a@b.c", "size": 12, "none": None, "tls": True, "empty": ""},
        text="two words",
    )
    assert line == (
        "[4172@gw1] 2026-11-24T19:43:59.123Z 001njqb0 delivered"
        ' host=10.1.5.7 to=a@b.c size=12 tls=1 empty="" text="two words"'
    )


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("a\nb", r'"a\x0ab"'),
        ("\x1b[31m", r'"\x1b[31m"'),
        ('say "hi"', r'"say \"hi\""'),
        ("C:\\x", r'"C:\\x"'),
        ("\u202egpj.exe", r'"\u202egpj.exe"'),
        ("\u2028", r'"\u2028"'),
        ("\x9b31m", r'"\u009b31m"'),
        ("\udcff", r'"\xff"'),
        ("\u3000", '"\u3000"'),
        ("é@example.org", "é@example.org"),
    ],
)
def test_what_must_not_reach_a_terminal_is_escaped(value, shown):
    assert format_line(1, "h", 0.0, "", "e", {"k": value}).partition("k=")[2] == shown


@pytest.mark.parametrize(
    "wrong",
    [
        {"id": "two words"},
        {"id": "\n"},
        {"event": "two words"},
        {"event": ""},
        {"event": "x\n"},
        {"fields": {"a b": "c"}},
        {"fields": {"a\n": "c"}},
        {"host": "a b"},
        {"host": "a]"},
        {"host": "a\n"},
        {"pid": -1},
    ],
)
def test_words_of_the_program_are_refused_when_they_would_not_read_back(wrong):
    good = {"pid": 1, "host": "h", "time": 0.0, "id": "1", "event": "start", "fields": {}}
    with pytest.raises(ValueError, match="not a"):
        format_line(**{**good, **wrong})


def test_the_table_of_events_is_one_that_the_grammar_takes():
    assert len(EVENT) == len(EVENTS)
    for event in EVENTS:
        fields = dict.fromkeys(event.fields, "x")
        read = parse_line(format_line(1, "h", 0.0, "1", event.name, fields).encode())
        assert (read.event, read.defects) == (event.name, ())
        assert set(read.fields) == set(event.fields) - {"text"}


_any_text = st.text(st.characters(), max_size=40) | st.text(
    st.sampled_from('\\"x0a u202e=\n\r[]@-\udcff\u202e\x00'), max_size=20
)
_key = st.from_regex(r"\A[a-z][a-z0-9_-]{0,8}\Z").filter(lambda key: key != "text")
_time = st.integers(0, 253402300799000).map(lambda milli: milli / 1000)


@settings(max_examples=300)
@given(
    time=_time,
    id=st.from_regex(r"\A[0-9A-Za-z]{0,17}\Z"),
    event=st.from_regex(r"\A[a-z][a-z0-9-]{0,12}\Z"),
    fields=st.dictionaries(_key, _any_text, max_size=5),
    text=_any_text,
)
def test_round_trip(time, id, event, fields, text):
    line = format_line(4172, "gw1", time, id, event, fields, text).encode()
    assert b"\n" not in line
    assert b"\r" not in line
    assert parse_line(line) == ElgLine(4172, "gw1", time, id, event, fields, text)


@settings(max_examples=300)
@given(_any_text | st.just("2026-11-24T19:43:59Z - start"))
def test_round_trip_without_a_time(text):
    line = format_line(4172, "gw1", None, text=text).encode()
    read = parse_line(line)
    assert (read.time, read.text, read.defects) == (None, text, ())


@settings(max_examples=300)
@given(
    st.binary(max_size=60)
    | st.binary(max_size=60).map((PREFIX + b" - e ").__add__)
    | st.text('a=" \\xn', max_size=30).map(lambda tail: PREFIX + b" - e " + tail.encode())
)
def test_any_bytes_are_a_line(data):
    read = parse_line(data)
    assert read.defects or read.host
