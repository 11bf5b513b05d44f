"""Entries as RFC 5424 messages and as datagrams of the journal: what a receiver reads back."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spooltool.logs.entry import Entry, Severity, Source
from spooltool.logs.events import EVENTS
from spooltool.logs.journal import format_journal
from spooltool.logs.quoting import unescape
from spooltool.logs.syslog import MAX_OCTETS, format_syslog

# RFC 5424 6: header, one element of structured data, text
_MESSAGE = re.compile(
    r"<(\d{1,3})>1 (\S+) ([!-~]{1,255}) ([!-~]{1,48}) ([!-~]{1,128}) ([!-~]{1,32}) "
    r'\[([!#-<>-\\^-~]{1,32})((?: [!#-<>-\\^-~]{1,32}="(?:[^"\\\]]|\\["\\\]])*")*)\]'
    r"(?: \ufeff?(.*))?\Z",
    re.DOTALL,
)
_PARAM = re.compile(r' ([!-~]+?)="((?:[^"\\\]]|\\["\\\]])*)"')
_VALUE = st.text(
    st.characters() | st.sampled_from('"\\]\n\r\x00\x1b\x7f\u2028\u202e\udcff='), max_size=40
)


def _entry(*fields: tuple[str, str], **changes: object) -> Entry:
    facts: dict[str, object] = {
        "source": Source.TRACKER, "time": 1795543999.123, "host": "gw1", "process": "mdq",
        "pid": 4172, "word": "delivered", "id": "001njqb0", "fields": fields,
    }  # fmt: skip
    return Entry(**(facts | changes))  # type: ignore[arg-type]


def _read(message: bytes) -> tuple[re.Match[str], dict[str, str]]:
    match = _MESSAGE.match(message.decode())
    assert match is not None, message
    params = {
        name: unescape(re.sub(r'\\(["\\\]])', r"\1", escaped))
        for name, escaped in _PARAM.findall(match[8])
    }
    return match, params


def test_a_message_as_it_is_sent() -> None:
    entry = _entry(("from", "jo@example.com"), ("to", 'a"]\\b'), ("Reason", "250 ok"))
    assert format_syslog(entry) == (
        b"<22>1 2026-11-24T18:13:19.123Z gw1 relay-mdq 4172 delivered "
        b'[relay@32473 source="tracker" id="001njqb0" from="jo@example.com" '
        b'to="a\\"\\]\\\\\\\\b" Reason="250 ok"] '
        b'delivered id=001njqb0 from=jo@example.com to="a\\"]\\\\b" Reason="250 ok"'
    )


@given(st.dictionaries(st.sampled_from(["from", "to", "Reason"]), _VALUE), _VALUE)
def test_whatever_a_value_holds_it_is_read_back(fields: dict[str, str], text: str) -> None:
    message = format_syslog(_entry(*fields.items(), text=text, host="g w\n1"))
    match, params = _read(message)
    assert (match[3], match[4], match[5], match[6]) == ("g?w?1", "relay-mdq", "4172", "delivered")
    for name, content in fields.items():
        assert params.get(name, "") == content
    assert not any(ord(ch) < 32 or ch in "\x7f\u202e\u2028" for ch in message.decode())


@pytest.mark.parametrize("value", ["x" * 3000, "ü" * 3000, "\x00" * 3000, '"' * 3000, "]" * 3000])
def test_a_long_message_is_cut_and_still_one(value: str) -> None:
    fields = [(f"field-{number}", value) for number in range(30)]
    message = format_syslog(_entry(*fields))
    assert len(message) <= MAX_OCTETS
    _read(message)


def test_text_beyond_ascii_is_marked_as_utf8() -> None:
    assert b"\xef\xbb\xbf" not in format_syslog(_entry(("to", "a")))
    assert b"] \xef\xbb\xbfdelivered" in format_syslog(_entry(("to", "ü")))


def test_names_and_hosts_that_do_not_fit_are_made_to() -> None:
    match, params = _read(format_syslog(_entry(("a name=", "v"), host="")))
    assert match[3] == "-"
    assert params["a_name_"] == "v"


@pytest.mark.parametrize(
    ("source", "word", "severity"),
    [
        (Source.TRACKER, "delivered", Severity.INFO),
        (Source.TRACKER, "put-off", Severity.NOTICE),
        (Source.TRACKER, "trashed", Severity.WARNING),
        (Source.ALERT, "alert", Severity.ERROR),
        (Source.EVENT, "rejected", Severity.INFO),
    ],
)
def test_severities(source: Source, word: str, severity: Severity) -> None:
    entry = _entry(source=source, word=word)
    assert entry.severity is severity
    assert format_syslog(entry).startswith(b"<%d>1 " % (16 + severity))


def test_every_event_is_a_word_of_a_message() -> None:
    for event in EVENTS:
        assert _read(format_syslog(_entry(word=event.name)))[0][6] == event.name


@given(st.dictionaries(st.sampled_from(["from", "Orig_to", "s-p"]), _VALUE), _VALUE)
def test_a_datagram_of_the_journal_is_lines_of_fields(fields: dict[str, str], text: str) -> None:
    data = format_journal(_entry(*fields.items(), text=text))
    assert data.endswith(b"\n")
    lines = [line.partition("=") for line in data.decode().removesuffix("\n").split("\n")]
    assert all(re.fullmatch(r"[A-Z][A-Z0-9_]{0,63}", name) for name, _, _ in lines)
    found = {name: content for name, _, content in lines}
    assert found["MESSAGE_ID"] == "229ec19b4f2e43468782d33411d8c4cc"
    assert (found["PRIORITY"], found["SYSLOG_IDENTIFIER"]) == ("6", "relay-mdq")
    assert (found["RELAY_ID"], found["RELAY_ACTION"]) == ("001njqb0", "delivered")
    for name, content in fields.items():
        key = "RELAY_" + name.upper().replace("-", "_")
        assert unescape(found.get(key, "")) == content
