"""New files: what went in is read back, or is refused; nothing forges a line (R7)."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spooltool.spool.codec import HEAD_BYTES, parse
from spooltool.spool.compose import (
    DIGEST_WIDTH,
    SIZES_WIDTH,
    NewMessage,
    encode_digest,
    encode_envelope,
    encode_sizes,
)
from spooltool.spool.fields import CHAPTER_KEYS, FIELDS, check_value, escape_text, unescape_text
from spooltool.spool.hosts import MAX_HOSTS_BYTES
from spooltool.spool.recipient import MARKS, RESULT_WIDTH, Path, Recipient
from spooltool.spool.state import STATE_WIDTH, State
from tests.spooltool.spool.spool_files import outside

CHAPTER = {"SRC": "192.0.2.1", "SPORT": "9", "DST": "10.1.5.2", "ERR_SERVER": "10.1.5.2"}
paths = st.builds(Path, outside(), outside(), outside())
recipients = st.one_of(
    paths,
    st.builds(
        Recipient, paths, mark=st.sampled_from(list(MARKS)), host=outside(), text=outside(200)
    ),
)


@settings(max_examples=2000)
@given(paths, st.lists(recipients, min_size=1, max_size=5), outside(), outside(), outside(),
       st.dictionaries(st.sampled_from(CHAPTER_KEYS), outside(), max_size=3))  # fmt: skip
def test_what_is_written_reads_back_or_is_refused(
    sender: Path, rcpts: list[Path | Recipient], helo: str, proto: str, resource: str,
    keys: dict[str, str],
) -> None:  # fmt: skip
    message = NewMessage(
        {**CHAPTER, **keys}, 1.5, sender, rcpts, helo=helo, proto=proto, resource=resource
    )
    try:
        head = encode_envelope(message).head
    except ValueError:
        return
    env = parse(head)
    assert env.end == len(head)
    assert env.sender == sender
    assert [r.path for r in env.recipients] == [
        r.path if isinstance(r, Recipient) else r for r in rcpts
    ]
    assert all(recipient.fixed for recipient in env.recipients)
    for key, text in (("HELO", helo), ("PROTO", proto), ("RESOURCE", resource)):
        assert unescape_text(env.get(key) or "") == text
    for key, value in keys.items():
        assert env.get(key) == (value or None if key.startswith("LOG_") else value)
    left_out = sum(keys.get(key) == "" for key in ("LOG_OK", "LOG_BAD", "LOG_ERR"))
    absent = ("NOTICE_OF", "NOTICE", "ERR_ROUTE", "VERDICT")
    once = sum(not field.repeats and field.key not in absent for field in FIELDS)
    assert head.count(b"\n") == len(env.lines) + 1 == once + len(rcpts) - left_out + 1


@pytest.mark.parametrize("evil", ["\n", "\r", "\r\n", "\0", "\nRCPT:\t<m@x>", "\x1b", "\x7f", "\t"])
@pytest.mark.parametrize("where", ["sender", "recipient", "params", "dst", "route"])
def test_control_bytes_in_an_address_or_a_key_are_refused(evil: str, where: str) -> None:
    text = f"a{evil}b"
    message = NewMessage(
        {**CHAPTER, "DST": text if where == "dst" else "10.1.5.2"},
        1.5,
        Path(text if where == "sender" else "a@b", text if where == "params" else ""),
        [Path(text if where == "recipient" else "a@b")],
        route=text if where == "route" else "dst",
    )
    with pytest.raises(ValueError, match=r"control|read back"):
        encode_envelope(message)


@pytest.mark.parametrize(
    "path",
    [Path("a>b@c"), Path("a@b", "X "), Path("a@b", "ORIG=<x>"), Path('"a@b')],
)
def test_an_address_that_would_read_otherwise_is_refused(path: Path) -> None:
    with pytest.raises(ValueError):
        encode_envelope(NewMessage(CHAPTER, 1.5, path, [Path("a@b")]))
    with pytest.raises(ValueError):
        encode_envelope(NewMessage(CHAPTER, 1.5, Path(""), [path]))


@given(outside(200))
def test_escaped_text_is_one_legal_value_and_unescapes(text: str) -> None:
    escaped = escape_text(text)
    assert not check_value("HELO", escaped)
    assert escaped == escaped.strip(" ")
    assert unescape_text(escaped) == text


def longest() -> dict[str, str]:
    host = ",".join(["h" * 60 + ".example"] * 20)
    value = "{" + host[: MAX_HOSTS_BYTES - 3] + "x}"
    assert len(value) <= MAX_HOSTS_BYTES and not check_value("DST", value)
    return {**CHAPTER, "DST": value, "ERR_SERVER": value, "SRC": "2001:db8:" + "1" * 4,
            "AV_IPADDR": "255.255.255.255", "RULE": "999999"}  # fmt: skip


def test_state_stands_in_the_first_4096_bytes_with_the_longest_hosts() -> None:
    head = encode_envelope(NewMessage(longest(), 1.5, Path(""), [Path("a@b")])).head
    line = parse(head[:HEAD_BYTES], 1 << 20).line("STATE")
    assert line is not None and line.end < HEAD_BYTES
    assert parse(head).state == State(next_try=1, term=1, pending=1)


def test_values_that_push_state_out_of_reach_are_refused() -> None:
    with pytest.raises(ValueError, match="STATE"):
        encode_envelope(
            NewMessage({**CHAPTER, "COMPOUND": "9" * 4000}, 1.5, Path(""), [Path("a@b")])
        )


@settings(max_examples=60)
@given(st.integers(0, 900), st.lists(st.integers(1, 300), min_size=1, max_size=30))
def test_no_fixed_field_crosses_a_sector(shift: int, lengths: list[int]) -> None:
    rcpts = [Path("a" * length + "@b") for length in lengths]
    chapter = {**CHAPTER, "COMPOUND": "0" * (shift + 1)}
    env = parse(encode_envelope(NewMessage(chapter, 1.5, Path(""), rcpts)).head)
    line = env.line("STATE")
    assert line is not None and len(line.raw) == STATE_WIDTH
    assert line.value_start // 512 == (line.value_end - 1) // 512
    widths = (1, 3, 9, 4, 10, 10, 40, 80)
    assert sum(widths) + len(widths) - 1 == RESULT_WIDTH
    for recipient in env.recipients:
        at = recipient.offset
        for width in widths:
            assert at // 512 == (at + width - 1) // 512
            at += width + 1


@given(st.tuples(*[st.integers(0, 10**12 - 1)] * 3), st.binary(min_size=32, max_size=32))
def test_sizes_and_digest_fill_their_blanks(sizes: tuple[int, int, int], digest: bytes) -> None:
    composed = encode_envelope(NewMessage(CHAPTER, 1.5, Path(""), [Path("a@b")]))
    head = bytearray(composed.head)
    for at, raw, width in (
        (composed.sizes_at, encode_sizes(*sizes), SIZES_WIDTH),
        (composed.digest_at, encode_digest(digest.hex()), DIGEST_WIDTH),
    ):
        assert len(raw) == width and head[at : at + width] == b" " * width
        head[at : at + width] = raw
    env = parse(bytes(head))
    assert env.sizes == sizes
    assert env.get("DIGEST") == f"sha256:{digest.hex()}"
    assert {defect.code for defect in env.defects} <= {"torn"}


def test_log_keys_left_empty_are_left_out() -> None:
    env = parse(encode_envelope(NewMessage({**CHAPTER, "LOG_BAD": ""}, 1.5, Path(""), [])).head)
    assert env.line("LOG_BAD") is None and env.line("LOG_OK") is not None
