"""The MIME reader: what it finds, and that nothing it is given holds it up."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spooltool.diagnose.content_fields import content_fields
from spooltool.diagnose.decoding import decoded_body, text_of
from spooltool.diagnose.mime import (
    MOST_CANDIDATES,
    MOST_DEPTH,
    MOST_PARTS,
    WINDOW,
    Part,
    PartReader,
)


def reader_of(header: bytes, body: bytes) -> PartReader:
    data = header + b"\n" + body
    return PartReader(reading(data), (0, len(header)), (len(header) + 1, len(body)))


def reading(data: bytes) -> Callable[[int, int], bytes]:
    return lambda offset, length: data[offset : offset + length]


def steps_of(reader: PartReader) -> int:
    """Read it to its end; how many steps that took."""
    steps = 1
    while reader.step():
        steps += 1
    return steps


def parts_of(header: bytes, body: bytes) -> list[Part]:
    reader = reader_of(header, body)
    steps_of(reader)
    return reader.parts


def told(header: bytes, body: bytes) -> list[tuple[str, str, bytes]]:
    """Number, type and body of each part."""
    data = header + b"\n" + body
    return [
        (".".join(map(str, one.path)), one.fields.type, data[one.body[0] : one.body[1]])
        for one in parts_of(header, body)
    ]


MIXED = b"Content-Type: multipart/mixed; boundary=b\n"


def test_a_message_without_mime_is_one_part() -> None:
    assert told(b"Subject: x\n", b"text\n") == [("", "", b"text\n")]


def test_parts_end_before_the_line_break_of_their_boundary() -> None:
    body = b"pre\n--b\nContent-Type: text/plain\n\none\n\n--b \n\ntwo\r\n--b--\nafter\n"
    assert told(MIXED, body) == [
        ("", "multipart/mixed", body),
        ("1", "text/plain", b"one\n"),
        ("2", "", b"two"),
    ]


def test_messages_and_multiparts_nest() -> None:
    inner = b'Content-Type: multipart/alternative; boundary="c d"\n\n--c d\n\ntext\n--c d--'
    body = b"--b\nContent-Type: message/rfc822\n\nSubject: x\n" + inner + b"\n--b--\n"
    assert told(MIXED, body)[1:] == [
        ("1", "message/rfc822", b"Subject: x\n" + inner),
        ("1.1", "multipart/alternative", b"--c d\n\ntext\n--c d--"),
        ("1.1.1", "", b"text"),
    ]


def test_an_outer_boundary_ends_what_is_open_within() -> None:
    body = b"--b\nContent-Type: multipart/mixed; boundary=c\n\n--c\n\none\n--b\n\ntwo\n--b--\n"
    found = parts_of(MIXED, body)
    assert [one.path for one in found] == [(), (1,), (1, 1), (2,)]
    assert found[1].odd == ["its boundary never closes it"]
    assert found[0].odd == []


@pytest.mark.parametrize(
    ("header", "body", "odd"),
    [
        (b"Content-Type: multipart/mixed\n", b"--b\n\nx\n", "multipart without a boundary"),
        (MIXED, b"no such line\n", "no parts"),
        (MIXED, b"--b--\n", "no parts"),
        (MIXED, b"--b\n\nx\n", "its boundary never closes it"),
    ],
)
def test_what_is_odd_is_said(header: bytes, body: bytes, odd: str) -> None:
    assert parts_of(header, body)[0].odd == [odd]


@pytest.mark.parametrize(
    ("body", "odd"),
    [
        (b"--b\nX: 1\n--b--\n", "no empty line after its headers"),
        (b"--b\nX: 1", "headers without an end"),
        (b"--b\n" + b"X: 1\n" * 20_000 + b"\ntext\n--b--\n", "headers too long"),
    ],
)
def test_odd_headers_of_a_part(body: bytes, odd: str) -> None:
    assert odd in parts_of(MIXED, body)[1].odd


def test_no_deeper_than_a_limit() -> None:
    body = b"".join(
        b"--b%d\nContent-Type: multipart/mixed; boundary=b%d\n\n" % (n, n + 1) for n in range(200)
    )
    found = parts_of(b"Content-Type: multipart/mixed; boundary=b0\n", body)
    assert max(len(one.path) for one in found) == MOST_DEPTH
    assert found[-1].odd == ["nested too deep: not divided any more"]


def test_no_more_parts_than_a_limit() -> None:
    reader = reader_of(MIXED, b"--b\n\nx\n" * (MOST_PARTS + 5))
    steps_of(reader)
    assert (len(reader.parts), reader.cut) == (MOST_PARTS, True)


def test_a_file_that_ends_early() -> None:
    reader = PartReader(reading(MIXED + b"\n--b\n\nhalf"), (0, len(MIXED)), (len(MIXED) + 1, 10**9))
    steps_of(reader)
    assert [one.path for one in reader.parts] == [(), (1,)]


@pytest.mark.parametrize(
    "line", [b"A" * 76 + b"\n", b"--other\n", b"--", b"\n--", b"--b", b"-" * 400 + b"\n", b"\r\n"]
)
def test_steps_are_bounded_by_the_size(line: bytes) -> None:
    body = b"--b\n\n" + line * (3_000_000 // len(line)) + b"\n--b--\n"
    reader = reader_of(MIXED, body)
    steps = steps_of(reader)
    least = min(WINDOW // 2, MOST_CANDIDATES * 2)
    assert steps <= len(body) // least + 3 * len(reader.parts) + 5


LINES = st.sampled_from(
    [
        b"--a\n",
        b"--b\r\n",
        b"--a--\n",
        b"--b--\n",
        b"\n",
        b"\r\n",
        b"text\n",
        b"Content-Type: multipart/mixed; boundary=a\n",
        b"Content-Type: multipart/mixed;\n boundary=b\n",
        b"content-type: message/rfc822\n",
        b"Content-Transfer-Encoding: base64\n",
        b"--",
        b"--a",
        b"\xff\0\n",
    ]
)


@given(st.lists(LINES, max_size=60).map(b"".join), st.sampled_from([MIXED, b"", b"\xff: \0\n"]))
def test_every_part_lies_inside_its_parent(body: bytes, header: bytes) -> None:
    reader = reader_of(header, body)
    steps = steps_of(reader)
    assert steps <= 3 * len(reader.parts) + body.count(b"--") + 5
    by_path = {one.path: one for one in reader.parts}
    total = len(header) + 1 + len(body)
    for path, part in by_path.items():
        assert part.body[0] <= part.body[1] <= total
        assert part.header[0] <= part.header[1] <= part.body[0] or not path
        if path:
            parent = by_path[path[:-1]]
            assert parent.body[0] <= part.header[0] and part.body[1] <= parent.body[1]
            if path[-1] > 1:
                before = by_path[(*path[:-1], path[-1] - 1)]
                assert before.body[1] <= part.header[0]


@given(st.binary(max_size=400), st.binary(max_size=400))
def test_any_bytes(header: bytes, body: bytes) -> None:
    assert parts_of(header, body)[0].path == ()


@pytest.mark.parametrize(
    ("field", "name"),
    [
        (b'Content-Disposition: attachment; filename="a b.pdf"', "a b.pdf"),
        (b'Content-Type: text/plain; name="a\\"b"', 'a"b'),
        (b'Content-Disposition: x; filename="=?utf-8?q?Gr=C3=BC=C3=9Fe?="', "Grüße"),
        (b"Content-Disposition: x; filename*=utf-8'de'Gr%C3%BC%C3%9Fe", "Grüße"),
        (b"Content-Disposition: x; filename*0*=utf-8''Gr%C3%BC; filename*1=50%", "Grü50%"),
        (b"Content-Disposition: x;\n\tfilename=plain;", "plain"),
        (b"Content-Disposition: x; filename*=no-such''%ff", "\udcff"),
    ],
)
def test_names_of_parts(field: bytes, name: str) -> None:
    assert content_fields(field + b"\n").name == name


@given(st.binary(max_size=300))
def test_fields_never_raise(value: bytes) -> None:
    assert content_fields(b"Content-Type: " + value).boundary.strip(b"\n") is not None


@pytest.mark.parametrize(
    ("data", "encoding", "decoded"),
    [
        (b"aGVs\nbG8=\n", "base64", b"hello"),
        (b"aGVsbG8", "base64", b"hello"),
        (b"a", "base64", b""),
        (b"!?\xff", "base64", b""),
        (b"a=3Db=\n=E9", "quoted-printable", b"a=b\xe9"),
        (b"as it is", "x-unknown", b"as it is"),
    ],
)
def test_transfer_encodings(data: bytes, encoding: str, decoded: bytes) -> None:
    assert decoded_body(data, encoding) == decoded


@given(
    st.binary(max_size=200),
    st.sampled_from(
        [
            "utf-8",
            "iso-8859-1",
            "utf-16",
            "utf-7",
            "iso-2022-jp",
            "gb18030",
            "cp037",
            "us-ascii",
            "hz",
            "cp999",
            "idna",
            "undefined",
            "zlib",
            "unicode_escape",
            "x\x00y",
            "",
        ]
    ),
    st.sampled_from(["base64", "quoted-printable", ""]),
)
def test_decoding_never_raises(data: bytes, charset: str, encoding: str) -> None:
    assert isinstance(text_of(decoded_body(data, encoding), charset), str)
