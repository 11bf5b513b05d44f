"""The field table: the chapter's order, the values each key allows."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixtures.build import CHAPTER_17
from spooltool.spool.codec import parse
from spooltool.spool.fields import CHAPTER_KEYS, FIELD, FIELDS, check_value
from tests.spooltool.spool.spool_files import KEYS


def test_the_chapters_keys_come_first_in_its_order() -> None:
    assert tuple(line.key for line in parse(CHAPTER_17).lines) == CHAPTER_KEYS == tuple(KEYS[:17])
    assert KEYS[17:19] == ["FORMAT", "STATE"]


def test_the_chapters_lines_have_no_defect_but_the_missing_envelope() -> None:
    assert [defect.code for defect in parse(CHAPTER_17).defects] == ["no-envelope"]


def test_separators_are_the_chapters() -> None:
    for line in CHAPTER_17.decode().splitlines():
        key = line.partition(":")[0]
        assert line.startswith(key + FIELD[key].separator)


def test_every_default_is_allowed() -> None:
    for field in FIELDS:
        if field.default is not None:
            assert check_value(field.key, field.default) == ""


@pytest.mark.parametrize(
    ("key", "good", "bad"),
    [
        ("AV_SETTING", "none check cure", "off None"),
        ("AV_IPADDR", "0.0.0.0 255.255.255.255", "256.1.1.1 1.2.3 a.b.c.d ::1 1.2.3.4.5 1..2.3"),
        ("AV_PORT", "0 18181 65535", "-1 65536 x"),
        ("AV_HEADERS", "0 1", "2 yes"),
        ("SRC", "192.168.230.24 2001:db8::1 [2001:db8::1]", "localhost 10.1.5.2:25 {10.0.0.1,::1}"),
        ("DST", "10.1.5.2 mx1:26 {a,b} [::1]:25", "a,b {} http://x"),
        ("DPORT", "1 25 65535", "0 65536 smtp"),
        ("RULE", "0 11 999999", "1000000 x"),
        ("LOG_BAD", "MDQ_LOG MDQ_ALERT", "mdq_log none"),
        ("FORMAT", "1", "2"),
        ("ARRIVED", "0 1795543999 1795543999.123456", "now -1 1.1234567 1e9"),
        ("ROUTE", "dst mx", "DST both"),
        ("DIGEST", "sha256:00ff", "sha256 sha256:xy :00"),
    ],
)
def test_values(key: str, good: str, bad: str) -> None:
    for value in good.split():
        assert check_value(key, value) == "", value
    for value in (*bad.split(), "", "9" * 5000):
        assert check_value(key, value), value


@given(st.sampled_from([*KEYS, "OTHER"]), st.text(st.characters(), max_size=30))
def test_checking_never_raises_and_what_passes_can_be_written(key: str, value: str) -> None:
    if not check_value(key, value):
        raw = value.encode("utf-8", "surrogateescape")
        assert not any(byte < 32 or byte == 127 for byte in raw)


@pytest.mark.parametrize("key", ["DST", "ERR_SERVER"])
def test_hosts_leave_room_for_state_in_the_first_4_kib(key: str) -> None:
    """Both together 2 KiB at most."""
    longest = "{" + ",".join(["a" * 99] * 10) + "}"
    assert len(longest) == 1001
    assert check_value(key, longest) == ""
    assert check_value(key, longest[:-1] + "," + "b" * 22 + "}") == ""
    assert check_value(key, longest[:-1] + "," + "b" * 23 + "}") == "longer than 1024 bytes"


@pytest.mark.parametrize("value", ["\ud800", "a\udfffb"])
def test_half_characters_cannot_be_written(value: str) -> None:
    assert check_value("HELO", value)


def test_a_key_that_set_does_not_change_says_why_and_what_does() -> None:
    for field in FIELDS:
        assert bool(field.instead) != field.settable, field.key
    assert "`retarget --to mx`" in FIELD["ROUTE"].instead
    assert "`accept`" in FIELD["SIZES"].instead and "`accept`" in FIELD["DIGEST"].instead
