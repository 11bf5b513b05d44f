"""Reading loses nothing and never raises; an edit changes what it must and nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fixtures.build import CHAPTER_17
from spooltool.spool.codec import apply_splices, parse, splices
from spooltool.spool.defects import DEFECTS
from spooltool.spool.fields import FIELD, ORDER
from tests.spooltool.spool.spool_files import FILES, KEYS, anything

VALUES: dict[str, str] = {
    "AV_SETTING": "cure", "AV_IPADDR": "10.9.8.7", "AV_PORT": "18181", "AV_HEADERS": "1",
    "COMPOUND": "4", "SRC": "192.0.2.1", "SPORT": "9", "DST": "{mx1.example.net,10.1.5.9:2525}",
    "DPORT": "2525", "ERR_SERVER": "[2001:db8::1]:26", "RULE": "12", "RULEACT": "17",
    "ERRMAIL": "1", "ACCT": "1", "LOG_OK": "MDQ_ALERT", "LOG_BAD": "MDQ_ALERT",
    "LOG_ERR": "MDQ_LOG", "FORMAT": "1", "STATE": "x", "ARRIVED": "1795540000.25", "HELO": "other",
    "PROTO": "LMTP", "RESOURCE": "none", "ROUTE": "mx", "ERR_ROUTE": "mx", "NOTICE_OF": "001njchs",
    "NOTICE": "delay 1796420591", "VERDICT": "-",
    "FROM": "<new@example.com> RET=HDRS",
    "RCPT": "<new@example.org>", "PASS": "av jo 1", "SIZES": "1 2 3", "DIGEST": "sha256:ab",
}  # fmt: skip


@given(anything)
def test_any_bytes_read_and_every_line_stands_where_it_says(data: bytes) -> None:
    env = parse(data)
    at = 0
    for line in env.lines:
        assert data[line.value_start : line.value_end] == line.raw
        assert at <= line.value_start <= line.value_end <= line.end <= len(data)
        assert line.raw == line.raw.strip(b" \t")
        assert line.value.encode("utf-8", "surrogateescape") == line.raw
        at = line.end
    assert env.end == -1 or at <= env.end <= len(data)
    assert apply_splices(data, ()) == data


@given(anything)
def test_every_derived_value_of_any_bytes_reads_without_raising(data: bytes) -> None:
    env = parse(data)
    assert {defect.code for defect in env.defects} <= DEFECTS.keys()
    assert env.state is None or env.state_fixed
    assert env.sender is None or env.get("FROM") is not None
    assert len(env.recipients) <= len(env.all("RCPT"))
    assert env.arrived is None or env.arrived >= 0
    assert not (env.torn and env.grown)


def assert_only_values_differ(data: bytes, key: str, value: str) -> None:
    """The heart of it: all bytes but the value's own are the same, in the same places."""
    env = parse(data)
    edited = apply_splices(data, splices(env, {key: value}))
    raw = value.encode()
    lines = env.all(key)
    if lines:
        at, wanted = 0, b""
        for line in lines:
            wanted += data[at : line.value_start] + raw
            at = line.value_end
        assert edited == wanted + data[at:]
    else:
        (edit,) = splices(env, {key: value})
        assert edit.old == 0
        assert edited == data[: edit.offset] + edit.new + data[edit.offset :]
        assert edit.offset in (0, len(data), *(line.end for line in env.lines))
        assert edit.new.strip(b"\r\n") == (key + FIELD[key].separator).encode() + raw
    again = parse(edited)
    assert {line.value for line in again.all(key)} == {value}
    others = [(line.key, line.raw) for line in env.lines if line.key != key]
    assert [(line.key, line.raw) for line in again.lines if line.key != key] == others


@pytest.mark.parametrize("path", FILES)
def test_editing_one_key_of_a_fixture_leaves_all_other_bytes(path: str) -> None:
    for key in ("DST", "DPORT", "ERR_SERVER", "LOG_BAD", "ROUTE", "FROM"):
        assert_only_values_differ(FILES[path], key, VALUES[key])


@settings(max_examples=400)
@given(anything, st.sampled_from(KEYS))
def test_editing_one_key_of_any_file_leaves_all_other_bytes(data: bytes, key: str) -> None:
    assert_only_values_differ(data, key, VALUES[key])


@settings(max_examples=300)
@given(anything, st.dictionaries(st.sampled_from(KEYS), st.booleans(), max_size=6))
def test_several_keys_set_and_removed_at_once(data: bytes, wishes: dict[str, bool]) -> None:
    env = parse(data)
    changes = {key: VALUES[key] if keep else None for key, keep in wishes.items()}
    edited = apply_splices(data, splices(env, changes))
    again = parse(edited)
    for key, value in changes.items():
        assert {line.value for line in again.all(key)} == ({value} if value is not None else set())
    others = [(line.key, line.raw) for line in env.lines if line.key not in changes]
    kept = [(line.key, line.raw) for line in again.lines if line.key not in changes]
    assert kept == others
    if env.end >= 0:
        assert edited[again.end :] == data[env.end :]


def test_the_chapters_file_retargeted_differs_in_the_value_alone() -> None:
    edited = apply_splices(CHAPTER_17, splices(parse(CHAPTER_17), {"DST": "10.1.5.9"}))
    assert edited == CHAPTER_17.replace(b"\nDST:\t10.158.5.2\n", b"\nDST:\t10.1.5.9\n")


def test_undoing_a_retarget_gives_back_the_same_bytes() -> None:
    for data in FILES.values():
        old = parse(data).get("DST")
        if len(parse(data).all("DST")) != 1 or old is None:
            continue
        edited = apply_splices(data, splices(parse(data), {"DST": "mx9.example.net"}))
        try:
            back = splices(parse(edited), {"DST": old})
        except ValueError:
            continue  # the old value was one that may not be written
        assert apply_splices(edited, back) == data


@pytest.mark.parametrize("key", [key for key in ORDER if ORDER[key] < 17])
def test_a_removed_key_returns_to_its_place(key: str) -> None:
    value = parse(CHAPTER_17).get(key)
    without = apply_splices(CHAPTER_17, splices(parse(CHAPTER_17), {key: None}))
    assert without == b"".join(
        line
        for line in CHAPTER_17.splitlines(keepends=True)
        if line.partition(b":")[0] != key.encode()
    )
    assert apply_splices(without, splices(parse(without), {key: value})) == CHAPTER_17


def test_missing_keys_are_put_in_the_order_of_the_field_table() -> None:
    wishes = ("SIZES", "FROM", "ARRIVED", "FORMAT")
    edits = splices(parse(CHAPTER_17), {key: VALUES[key] for key in wishes})
    added = apply_splices(CHAPTER_17, edits)[len(CHAPTER_17) :]
    assert [line.partition(b":")[0] for line in added.splitlines()] == [
        b"FORMAT", b"ARRIVED", b"FROM", b"SIZES",
    ]  # fmt: skip


def test_added_lines_do_not_close_the_envelope_of_a_file_without_a_last_line_end() -> None:
    data = b"SRC:\t1.2.3.4"
    edits = splices(parse(data), {"DST": "10.1.5.9", "DPORT": "25"})
    assert apply_splices(data, edits) == b"SRC:\t1.2.3.4\nDST:\t10.1.5.9\nDPORT:\t25\n"
    edits = splices(parse(data), {"DST": "10.1.5.9", "SRC": None})
    assert apply_splices(data, edits) == b"DST:\t10.1.5.9\n"


def test_a_key_that_is_put_before_a_removed_one() -> None:
    data = b"SRC:\t1.2.3.4\nDPORT:\t25\n\nbody"
    edits = splices(parse(data), {"DPORT": None, "DST": "10.1.5.9"})
    assert apply_splices(data, edits) == b"SRC:\t1.2.3.4\nDST:\t10.1.5.9\n\nbody"


def test_crlf_files_keep_crlf() -> None:
    data = FILES["gw/D_resend/Rcrlf"]
    env = parse(data)
    assert env.crlf and env.get("DST") == "10.158.5.2"
    edits = splices(env, {"DST": "10.1.5.9", "FORMAT": "1", "LOG_BAD": None})
    edited = apply_splices(data, edits)
    assert edited.count(b"\r\n") == edited.count(b"\n") == data.count(b"\n")
    assert b"DST:\t10.1.5.9\r\n" in edited and b"LOG_ERR: \t MDQ_ALERT\r\nFORMAT:\t1\r\n" in edited


def test_cr_belongs_to_the_value_unless_every_line_has_it() -> None:
    assert parse(FILES["gw/D_resend/Rmixedends"]).get("DST") == "10.158.5.2\r"
    assert not parse(b"DST:\t1\r").crlf
    assert parse(b"DST:\t1\r\nDPORT:\t2\r").get("DPORT") == "2\r"


def test_a_doubled_key_is_changed_everywhere() -> None:
    data = FILES["gw/D_resend/Rdoubled"]
    edited = apply_splices(data, splices(parse(data), {"DST": "10.1.5.9"}))
    assert [line.value for line in parse(edited).all("DST")] == ["10.1.5.9"] * 2


@pytest.mark.parametrize("value", ["a\nRCPT:\t<x@y>", "a\r", "a\0", "a\x1b[m", "a\tb", "a\ud800"])
def test_a_value_that_would_leave_its_line_is_refused(value: str) -> None:
    for key in KEYS:
        with pytest.raises(ValueError, match=key):
            splices(parse(CHAPTER_17), {key: value})


def test_added_lines_of_a_key_that_repeats_stand_after_the_others() -> None:
    data = FILES["gw/D_resend/Rsupplied"]
    edits = splices(parse(data), {}, more={"RCPT": [b"<ben@example.org>", b"<cara@example.org>"]})
    addresses = [r.address for r in parse(apply_splices(data, edits)).recipients]
    assert addresses == ["eva@example.org", "ben@example.org", "cara@example.org"]


def test_keys_and_lines_added_at_the_end_of_a_cut_line_stand_in_their_order() -> None:
    changes, more = {"FROM": "<a@b>", "SIZES": "1 2 3"}, {"RCPT": [b"<ben@example.org>"]}
    edits = splices(parse(CHAPTER_17[:-1]), changes, more=more)
    added = b"FROM:\t<a@b>\nRCPT:\t<ben@example.org>\nSIZES:\t1 2 3\n"
    assert apply_splices(CHAPTER_17[:-1], edits) == CHAPTER_17 + added


@pytest.mark.parametrize("path", FILES)
def test_a_head_reads_as_the_whole_file_does(path: str) -> None:
    data = FILES[path]
    whole = parse(data)
    for length in {1, 100, 700, 4096, whole.end} & set(range(1, len(data))):
        head = parse(data[:length], len(data))
        complete = whole.end >= 0 and length >= whole.end
        if whole.crlf or head.crlf or path.endswith(("Rmixedends", "Rjunk1", "Rjunk2")):
            continue  # whether CR belongs to the line end cannot be told from a part
        assert head.complete == complete
        assert head.lines == (whole.lines if complete else whole.lines[: len(head.lines)])
        if "STATE" in (line.key for line in head.lines):
            assert head.state == whole.state
