"""The structure: ranges, paths, kinds; the same however the content is cut."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relay.message.mime import Encoding, Kind, Limits, Part, Scanner, Tree, tree_lines
from tests.relay.message.mime.hidden_mail import mails
from tests.relay.message.mime.scanned import scan

NESTED = b"""\
From: a@example.com
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="=_outer"

preamble
--=_outer
Content-Type: multipart/alternative;
\tboundary=inner

--inner
Content-Type: text/plain; charset=UTF-8
Content-Transfer-Encoding: quoted-printable

caf=C3=A9
--inner
Content-Type: text/html

<p>hello</p>

--inner--

--=_outer
Content-Type: message/rfc822

Subject: inside

words
--=_outer
Content-Type: application/octet-stream; name=a.bin
Content-Transfer-Encoding: base64

AAECAw==
--=_outer--
epilogue
"""


def text(part: Part) -> bytes:
    return NESTED[part.body.start : part.body.end]


def test_parts_are_ranges_of_the_content() -> None:
    tree = scan(NESTED)
    assert [(part.path, part.type) for part in tree.parts] == [
        ("1", "multipart/mixed"),
        ("1.1", "multipart/alternative"),
        ("1.1.1", "text/plain"),
        ("1.1.2", "text/html"),
        ("1.2", "message/rfc822"),
        ("1.2.1", "text/plain"),
        ("1.3", "application/octet-stream"),
    ]
    assert [text(part) for part in tree.parts if part.kind is Kind.LEAF] == [
        b"caf=C3=A9",
        b"<p>hello</p>\n",
        b"words",
        b"AAECAw==",
    ]
    assert [part.parent for part in tree.parts] == [-1, 0, 1, 1, 0, 4, 0]
    assert [NESTED[line.start : line.end] for line in tree.parts[0].delimiters] == [
        *[b"--=_outer\n"] * 3,
        b"--=_outer--\n",
    ]
    assert text(tree.parts[0]) == NESTED.partition(b"\n\n")[2]
    assert not tree.ambiguous


def test_a_part_tells_what_its_body_holds() -> None:
    parts = {part.path: part for part in scan(NESTED).parts}
    assert (parts["1.1.1"].encoding, parts["1.1.1"].charset) == (Encoding.QUOTED, "utf-8")
    assert parts["1.1.1"].size == len("café".encode())
    assert parts["1.3"].encoding is Encoding.BASE64
    assert (parts["1.3"].size, parts["1.3"].columns, parts["1.3"].names) == (4, 8, ("a.bin",))
    assert "text/html" in parts["1.1.2"].types
    fields = parts["1.1"].fields
    assert [(one.name, NESTED[one.start : one.end]) for one in fields] == [
        ("content-type", b"Content-Type: multipart/alternative;\n\tboundary=inner\n")
    ]


@pytest.mark.parametrize("step", [1, 2, 3, 7, 64])
def test_however_it_is_cut_the_tree_is_the_same(step: int) -> None:
    assert scan(NESTED, step) == scan(NESTED)


def test_hidden_mails_cut_anywhere_give_the_same_tree() -> None:
    for name, mail in mails():
        if len(mail) < 10_000:
            assert scan(mail, 5) == scan(mail), name


@settings(max_examples=200)
@given(
    st.lists(
        st.sampled_from(
            [
                *(b"--a\n", b"--a--\n", b"--ab\n", b"\n", b"x", b" ", b"--", b"a", b"--a"),
                *(b"Content-Type: multipart/mixed; boundary=a\n", b"begin 644 a\n", b"\r", b"\0"),
                *(b"Content-Type: multipart/mixed; boundary=ab\n", b"QQ==\n", b"\xff", b":"),
                *(b"Content-Transfer-Encoding: base64\n", b"Content-Type: message/rfc822\n"),
            ]
        ),
        max_size=40,
    ),
    st.integers(1, 9),
)
def test_any_bytes_give_one_tree(pieces: list[bytes], step: int) -> None:
    content = b"".join(pieces)
    tree = scan(content)
    assert scan(content, step) == tree
    assert list(tree_lines(tree))
    for part in tree.parts:
        assert 0 <= part.header.start <= part.header.end <= part.body.start
        assert part.body.start <= part.body.end <= len(content)


def test_lines_longer_than_what_is_kept_are_cut_without_harm() -> None:
    head = b"Content-Type: multipart/mixed; boundary=abc\n\n--abc\n\n"
    for size in (65_530, 65_536, 70_000, 200_000):
        content = head + b"x" * size + b"\n--abc\n\nlast\n--abc--\n"
        tree = scan(content)
        assert [part.size for part in tree.parts[1:]] == [size, 4]
        assert scan(content, 1000) == tree
        inside = head + b"x" * size + b"--abc\n--abc--\n"
        assert scan(inside).ambiguous and scan(inside, 1000).ambiguous


def test_an_encoded_message_is_looked_into() -> None:
    inner = b"Subject: x\nContent-Type: application/pdf; name=a.pdf\n\n%PDF-1.7\n"
    head = b"Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\n"
    for ending in (b"\n", b"\r\n"):
        tree = scan(head + base64.encodebytes(inner.replace(b"\n", ending)))
        assert tree.parts[0].kind is Kind.MESSAGE
        assert [[one.type for one in found.parts] for found in tree.parts[0].inner] == [
            ["application/pdf"]
        ]
        assert not tree.ambiguous


def test_limits_end_the_reading_not_the_scan() -> None:
    limits = Limits(parts=5, depth=3, defects=4)

    def scanned(content: bytes) -> Tree:
        scanner = Scanner(limits)
        scanner.feed(content)
        return scanner.end()

    many = b"Content-Type: multipart/mixed; boundary=a\n\n" + b"--a\n\nx\n" * 20 + b"--a--\n"
    assert len(scanned(many).parts) == 5 and scanned(many).ambiguous
    deep = b"Content-Type: message/rfc822\n\n" * 20
    assert len(scanned(deep).parts) == 4 and scanned(deep).ambiguous
    odd = b"Content-Type: multipart/mixed; boundary=a\n\n--a\n\n" + b"--ab\n" * 20 + b"--a--\n"
    assert scanned(odd).parts[0].delimiters == scanned(odd).parts[0].delimiters[:1]
    assert scanned(odd).ambiguous


def test_what_a_message_holds_in_memory_does_not_grow_with_its_body() -> None:
    scanner = Scanner()
    scanner.feed(b"Content-Type: application/x\nContent-Transfer-Encoding: base64\n\n")
    line = base64.encodebytes(b"a" * 57) * 800
    for _ in range(20):
        scanner.feed(line)
        assert len(scanner._rest) <= 1 << 16
    assert scanner.end().parts[0].size == 57 * 800 * 20


def test_lines_for_a_person() -> None:
    lines = list(tree_lines(scan(NESTED.replace(b"a.bin", b'"a\x1b[31m.bin"'))))
    assert lines[0] == "1  multipart/mixed  identity  " + lines[0].split("  ")[3]
    assert lines[2].startswith("    1.1.1  text/plain  quoted-printable  5 bytes")
    assert not any("\x1b" in line for line in lines)
    odd = list(tree_lines(scan(NESTED.replace(b"--=_outer--\n", b""))))
    assert "  ! ambiguous at 500: the parts of a multipart have no end" in odd
