"""8-bit content made 7-bit: nothing but the parts that need it changes, and all reads back."""

from __future__ import annotations

from email import message_from_bytes
from email.message import Message
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.message.seven_bit import MAX_DEPTH, Plan, Survey

LATIN = "Grüße aus Köln, 5 % = halb\n".encode("latin-1")
UTF8 = "Grüße aus Köln, 5 % = halb\n".encode()


def planned(content: bytes, *cuts: int) -> tuple[bytes, bytes, Plan | str]:
    """Headers, body and plan of a message; the body comes in pieces cut at these places."""
    headers, _, body = content.partition(b"\n\n")
    headers += b"\n"
    survey = Survey(headers)
    for chunk in pieces(body, cuts):
        survey.feed(chunk)
    return headers, body, survey.end()


def pieces(body: bytes, cuts: tuple[int, ...] | list[int]) -> list[bytes]:
    places = sorted({cut % (len(body) + 1) for cut in cuts})
    return [body[a:b] for a, b in zip([0, *places], [*places, len(body)], strict=True)]


def convert(content: bytes, *cuts: int) -> bytes:
    _, body, plan = planned(content, *cuts)
    assert isinstance(plan, Plan), plan
    return plan.headers + b"\n" + b"".join(plan.convert(pieces(body, cuts)))


def leaves(content: bytes) -> list[tuple[str, bytes]]:
    """Type and decoded bytes of every leaf, as the standard library reads them."""
    found: list[tuple[str, bytes]] = []

    def walk(part: Message[Any, Any]) -> None:
        if part.is_multipart():
            for one in part.get_payload():
                walk(one)  # type: ignore[arg-type]
        else:
            payload = part.get_payload(decode=True)
            found.append((part.get_content_type(), bytes(payload)))  # type: ignore[arg-type]

    walk(message_from_bytes(content))
    return found


SINGLE = (
    b"""Received: by gw1
Subject: invoice
MIME-Version: 1.0
Content-Type: text/plain;
\tcharset=iso-8859-1
Content-Transfer-Encoding:   8bit
X-After: kept

"""
    + LATIN
)

MIXED = (
    b"""Subject: parts
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="outer (1)"
Content-Transfer-Encoding: 8bit
DKIM-Signature: v=1; d=example.com

This is a message in parts.
--outer (1)
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: 8bit

"""
    + UTF8
    + b"""
--outer (1)
Content-Type: text/plain

pure = ascii \t
--outer (1)
Content-Type: multipart/alternative; boundary=inner

--inner
Content-Type: text/html; charset=utf-8
content-transfer-encoding: BINARY

<p>"""
    + UTF8
    + b"""--inner
Content-Type: application/octet-stream
Content-Transfer-Encoding: base64

R3LDvMOfZQ==
--inner--
--outer (1)
Content-Type: message/rfc822
Content-Transfer-Encoding: 8bit

From: <anna@example.org>
Subject: forwarded

"""
    + LATIN
    + b"""--outer (1)--
the end
"""
)


def test_a_single_body_becomes_quoted_printable_and_the_rest_stays() -> None:
    made = convert(SINGLE)
    head, _, body = SINGLE.partition(b"\n\n")
    assert made.startswith(head.replace(b"   8bit", b" quoted-printable") + b"\n\n")
    assert made.isascii()
    assert body not in made
    assert message_from_bytes(made).get_payload(decode=True) == LATIN


def test_only_parts_that_hold_8_bit_text_change() -> None:
    made = convert(MIXED)
    assert made.isascii()
    assert leaves(made) == leaves(MIXED)
    assert b"Content-Type: text/plain\n\npure = ascii \t\n--outer (1)\n" in made
    assert b"Content-Transfer-Encoding: base64\n\nR3LDvMOfZQ==\n--inner--\n" in made
    assert made.endswith(b"--outer (1)--\nthe end\n")
    assert made.startswith(b"Subject: parts\nMIME-Version: 1.0\nContent-Type: multipart/mixed;")
    assert made.count(b"quoted-printable") == 3


def test_composite_parts_are_labelled_7bit_which_they_are_then() -> None:
    made = message_from_bytes(convert(MIXED))
    assert made["Content-Transfer-Encoding"] == "7bit"
    enclosed = made.get_payload()[3]  # type: ignore[index]
    assert enclosed["Content-Transfer-Encoding"] == "7bit"  # type: ignore[index]


def test_an_enclosed_message_gets_the_fields_that_make_its_encoding_count() -> None:
    made = convert(MIXED)
    at = made.index(b"Subject: forwarded\n")
    assert made[at:].startswith(
        b"Subject: forwarded\nMIME-Version: 1.0\n"
        b"Content-Type: text/plain; charset=unknown-8bit\n"
        b"Content-Transfer-Encoding: quoted-printable\n\n"
    )


def test_a_signature_that_will_not_verify_is_told() -> None:
    for content, broken in ((SINGLE, False), (MIXED, True)):
        _, _, plan = planned(content)
        assert isinstance(plan, Plan)
        assert plan.breaks_dkim is broken


def test_text_of_no_mime_message_is_of_an_unknown_character_set() -> None:
    made = message_from_bytes(convert(b"Subject: x\n\n" + LATIN))
    assert made.get_param("charset") == "unknown-8bit"
    assert made["MIME-Version"] == "1.0"
    assert made.get_payload(decode=True) == LATIN


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"Subject: x\n caf\xc3\xa9\n\nbody\xe9\n", "header fields hold 8-bit"),
        (b"Content-Type: multipart/mixed; boundary=b\n\n\xe9\n--b\n\nx\n--b--\n", "around"),
        (b"Content-Type: multipart/mixed; boundary=b\n\n--b\n\nx\n--b--\n\xe9\n", "around"),
        (b"Content-Type: multipart/mixed\n\n\xe9\n", "names no boundary"),
        (b"Content-Type: multipart/mixed; boundary=b; boundary=c\n\n--b\n\n\xe9\n", "no boundary"),
        (b"Content-Transfer-Encoding: base64\n\n\xe9\n", "called base64"),
        (b"Content-Type: text/plain\nContent-Type: text/html\n\n\xe9\n", "twice"),
        (b"Content-Type: message/partial; id=a; number=1\n\nSubject: \xe9\n\n\xe9\n", "partial"),
        (b"Content-Type: message/rfc822\n\nSubject: \xe9\n\nx\n", "header fields"),
        (
            b'Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Disposition: x; '
            b'filename="\xc3\xa9"\n\nx\n--b--\n',
            "header fields",
        ),
        (b"Content-Type: multipart/mixed; boundary=b\n\n--b\nno header \xe9\n--b--\n", "no empty"),
        (
            b"Content-Type: multipart/mixed; boundary=b\n\n--b\nX: " + b"x" * 70000 + b"\n\n\xe9\n",
            "larger than",
        ),
        (
            b"Content-Type: message/rfc822\n\n" * (MAX_DEPTH + 1) + b"\n\xe9\n",
            "nested deeper",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_done_says_why(content: bytes, why: str) -> None:
    _, _, plan = planned(content)
    assert isinstance(plan, str)
    assert why in plan


def test_the_outer_delimiter_ends_a_part_that_was_never_closed() -> None:
    content = (
        b"Content-Type: multipart/mixed; boundary=o\n\n--o\nContent-Type: multipart/mixed; "
        b"boundary=i\n\n--i\n\n" + UTF8 + b"--o\n\nplain\n"
    )
    made = convert(content)
    assert made.endswith(b"--o\n\nplain\n")
    assert leaves(made) == leaves(content)


def test_a_line_without_end_is_quoted_with_soft_breaks() -> None:
    text = "ü".encode() * 100_000 + b" "
    made = convert(b"Subject: x\n\n" + text)
    assert max(map(len, made.split(b"\n"))) <= 77
    assert message_from_bytes(made).get_payload(decode=True) == text


texts = st.one_of(
    st.binary(max_size=60).map(lambda b: b.replace(b"\r", b"")),
    st.sampled_from([UTF8, LATIN, b"\n", b"--", b"-- \n", b"--b\n", b".\n", b"a " * 70 + b"\xe9"]),
)


@st.composite
def entities(draw: st.DrawFn, depth: int = 0) -> bytes:
    """A well-formed MIME entity with parts of any content that has no line of a delimiter."""
    if depth < 3 and draw(st.booleans()):
        name = b"b%d" % depth
        label = draw(st.sampled_from([b"", b"Content-Transfer-Encoding: 8bit\n"]))
        parts = draw(st.lists(entities(depth + 1), min_size=1, max_size=3))
        body = b"".join(b"--%s\n%s\n" % (name, part) for part in parts) + b"--%s--\n" % name
        return b"Content-Type: multipart/mixed; boundary=%s\n%s\n%s" % (name, label, body)
    text = b"".join(draw(st.lists(texts, max_size=6))).replace(b"--b", b"--c")
    label = draw(st.sampled_from([b"", b"8bit", b"binary", b"7bit"]))
    head = b"Content-Type: text/plain; charset=utf-8\n"
    return head + (b"Content-Transfer-Encoding: %s\n" % label if label else b"") + b"\n" + text


@given(entities(), st.lists(st.integers(0, 2000), max_size=8))
def test_every_leaf_reads_back_and_any_cut_gives_the_same(entity: bytes, cuts: list[int]) -> None:
    content = b"Subject: x\nMIME-Version: 1.0\n" + entity
    made = convert(content)
    assert made == convert(content, *cuts)
    assert made.isascii()
    if content.isascii():
        assert made.replace(b"7bit", b"8bit") == content.replace(b"7bit", b"8bit")
    assert [text for _, text in leaves(made)] == [text for _, text in leaves(content)]


@given(st.binary(max_size=300), st.lists(st.integers(0, 400), max_size=5))
def test_anything_gives_ascii_or_a_reason(body: bytes, cuts: list[int]) -> None:
    body = body.replace(b"\r", b"")
    content = b"Content-Type: multipart/mixed; boundary=b\n\n--b\n" + body
    _, there, plan = planned(content, *cuts)
    if isinstance(plan, str):
        assert plan
    else:
        assert b"".join(plan.convert([there])).isascii()
