"""Each defect: a message that has it, one that is like it and has not, and what it means."""

from __future__ import annotations

import base64

import pytest

from relay.message.mime import Defect, Reading
from relay.policy.content import Blocked, Check, judge
from tests.relay.message.mime.scanned import defects, rules, scan

_MIXED = b"MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=abc\n\n"


def _typed(value: bytes) -> bytes:
    return b"Content-Type: " + value + b"\n\n--abc\n\nx\n--abc--\n"


def _part(header: bytes, body: bytes = b"x\n") -> bytes:
    return _MIXED + b"--abc\n" + header + b"\n" + body + b"--abc--\n"


def _coded(encoding: bytes, body: bytes) -> bytes:
    return _part(b"Content-Transfer-Encoding: " + encoding + b"\n", body)


_QUOTED = b"quoted-printable"
_DEEP = b"Content-Type: message/rfc822\n\n" * 102 + b"To: a\n\n"
_FOUR = b"To: a\n\n"
for _ in range(4):
    _FOUR = (
        b"Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\n"
        + base64.encodebytes(_FOUR)
    )

MESSAGES: list[tuple[Defect, bytes]] = [
    (Defect.NUL, _part(b"", b"a\0b\n")),
    (Defect.CR, _part(b"", b"a\rb\n")),
    (Defect.CR, _part(b"X-A: b\rContent-Type: text/html\n")),
    (Defect.HEADER_UNENDED, _MIXED + b"--abc\nX-A: b\nwords\n--abc--\n"),
    (Defect.HEADER_UNENDED, _MIXED + b"--abc\nX-A: b\n--abc--\n"),
    (Defect.HEADER_UNENDED, b"Subject: a\nwords\n"),
    (Defect.HEADER_TOO_LARGE, _part(b"X-A: b\n" * 1001)),
    (Defect.HEADER_TOO_LARGE, _part(b"X-A: " + b"b" * 300_000 + b"\n")),
    (Defect.HEADER_IN_BODY, _part(b"", b"Content-Type: text/html\n\nx\n")),
    (Defect.BLANK_LINE_IN_HEADER, _part(b"X-A: b\n \t\n")),
    (Defect.BLANK_BEFORE_COLON, _part(b"Content-Type : text/html\n")),
    (Defect.FIELD_TWICE, _part(b"Content-Type: text/html\nContent-Type: text/plain\n")),
    (
        Defect.FIELD_TWICE,
        _part(b"Content-Transfer-Encoding: 8bit\nContent-Transfer-Encoding: base64\n", b"QQ==\n"),
    ),
    (
        Defect.FIELD_TWICE,
        _part(b"Content-Disposition: inline\nContent-Disposition: inline; filename=a\n"),
    ),
    (Defect.FIELD_REPEATED, _part(b"Content-Type: text/html\n" * 2)),
    (Defect.TYPE_BROKEN, _typed(b"multipart/mixed boundary=abc")),
    (Defect.TYPE_BROKEN, _typed(b"multipart (x); boundary=abc")),
    (Defect.TYPE_ODD, _part(b"Content-Type: text\n")),
    (Defect.COMMENT, _part(b"Content-Type: text/plain; charset=us-ascii (plain)\n")),
    (Defect.QUOTING_ODD, _part(b'Content-Type: text/plain; name="a\n')),
    (Defect.BOUNDARY_MISSING, _typed(b"multipart/mixed")),
    (Defect.BOUNDARY_EMPTY, _typed(b'multipart/mixed; boundary=""')),
    (Defect.BOUNDARY_ODD, _typed(b'multipart/mixed; boundary="abc "')),
    (Defect.BOUNDARY_ODD, _typed(b'multipart/mixed; boundary="ab\\c"')),
    (Defect.BOUNDARY_ODD, _typed(b'multipart/mixed; boundary="abc')),
    (Defect.BOUNDARY_ODD, _typed(b"multipart/mixed; boundary*=us-ascii''abc")),
    (Defect.BOUNDARY_ODD, _typed(b"multipart/mixed; boundary=abc (x)")),
    (Defect.BOUNDARY_ODD, _typed(b"multipart/mixed; (x) boundary=abc")),
    (Defect.BOUNDARY_ODD, _typed(b"multipart/mixed; boundary = abc")),
    (Defect.BOUNDARY_ODD, _typed(b"multipart/mixed; xboundary=abc")),
    (Defect.BOUNDARY_ODD, _typed(b'multipart/mixed; x="; boundary=abc')),
    (Defect.BOUNDARY_ODD, _typed(b"multipart/mixed; boundary=abc;boundary=" + b"a" * 71)),
    (Defect.BOUNDARIES_DIFFER, _typed(b"multipart/mixed; boundary=abc; boundary=abd")),
    (Defect.BOUNDARIES_DIFFER, _typed(b'multipart/mixed; boundary=abc; x="boundary=abd"')),
    (
        Defect.BOUNDARY_REUSED,
        _part(b"Content-Type: multipart/mixed; boundary=abc\n", b"--abc\n\nx\n--abc--\n"),
    ),
    (Defect.BOUNDARY_ON_LEAF, _part(b"Content-Type: text/plain; boundary=q\n", b"--q\n\nx\n")),
    (Defect.DELIMITER_LIKE, _part(b"", b"--abcd\n")),
    (Defect.DELIMITER_LIKE, _part(b"", b"words --abc\n")),
    (Defect.DELIMITER_LIKE, _part(b"", b"--abc--d\n")),
    (
        Defect.DELIMITER_LIKE,
        _part(b"Content-Type: multipart/mixed; boundary=abc.1\n", b"--abc.1\n\nx\n--abc.1--\n"),
    ),
    (
        Defect.DELIMITER_IN_HEADER,
        _MIXED.replace(b"abc", b'"a:b"') + b"--a:b\nX-A: b\n--a:b: c\n\n--a:b--\n",
    ),
    (Defect.DELIMITER_PADDED, _MIXED + b"--abc \t\n\nx\n--abc--\n"),
    (Defect.DELIMITER_AFTER_END, _part(b"") + b"--abc\n\nx\n"),
    (Defect.PARTS_MISSING, _MIXED + b"words\n"),
    (Defect.END_MISSING, _MIXED + b"--abc\n\nx\n"),
    (
        Defect.END_MISSING,
        _part(b"Content-Type: multipart/mixed; boundary=q\n", b"--q\n\nx\n"),
    ),
    (Defect.TOO_DEEP, _DEEP),
    (Defect.TOO_DEEP, _FOUR),
    (Defect.TOO_MANY_PARTS, _MIXED + b"--abc\n\n" * 10_001 + b"--abc--\n"),
    (Defect.TOO_MANY_DEFECTS, _part(b"", b"--abcd\n" * 1001)),
    (Defect.FRAGMENT, b"Content-Type: message/partial; id=a; number=1; total=2\n\nx\n"),
    (Defect.ENCODING_UNKNOWN, _coded(b"x-uuencode", b"x\n")),
    (Defect.ENCODING_UNKNOWN, _coded(b"8-bit", b"x\n")),
    (Defect.ENCODING_ODD, _coded(b"base64 (x)", b"QQ==\n")),
    (Defect.ENCODING_ODD, _coded(b'"quoted-printable"', b"x\n")),
    (
        Defect.ENCODED_MULTIPART,
        _MIXED.replace(b"\n\n", b"\nContent-Transfer-Encoding: base64\n\n")
        + b"--abc\n\nx\n--abc--\n",
    ),
    (
        Defect.ENCODED_MESSAGE,
        b"Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\nVG86IGEKCg==\n",
    ),
    (Defect.BASE64_JUNK, _coded(b"base64", b"QU*JD\n")),
    (Defect.BASE64_JUNK, _coded(b"base64", b"QUJD\n-- \nlist\n")),
    (Defect.BASE64_AFTER_END, _coded(b"base64", b"QQ==\nQUJD\n")),
    (Defect.BASE64_UNPADDED, _coded(b"base64", b"QUJDRA\n")),
    (Defect.QUOTED_JUNK, _coded(_QUOTED, b"a=ZZ\n")),
    (Defect.EMBEDDED, _part(b"", b"begin 644 a\n#86)C\n`\nend\n")),
    (Defect.EMBEDDED_BROKEN, _part(b"", b"begin 644 a\nwords and words\n")),
    (Defect.EMBEDDED_BROKEN, _part(b"", b"begin 644 a\n\nwords\n")),
    (Defect.EMBEDDED_OUTSIDE, _MIXED + b"begin 644 a\n#86)C\n`\nend\n--abc\n\nx\n--abc--\n"),
    (Defect.EMBEDDED_OUTSIDE, _part(b"") + b"begin 644 a\n#86)C\n`\nend\n"),
    (Defect.TOO_MANY_EMBEDDED, _part(b"", b"begin 644 a\n#86)C\n`\nend\n" * 101)),
    (Defect.NAME_TOO_LONG, _part(b"Content-Type: a/b; name=" + b"a" * 3001 + b"\n")),
    (Defect.TOO_MANY_NAMES, _part(b"Content-Type: a/b" + b"; name=a.b" * 501 + b"\n")),
    (
        Defect.TOO_MANY_NAMES,
        _part(b"Content-Type: a/b" + b"".join(b"; name=%d" % n for n in range(300)) + b"\n"),
    ),
    (Defect.SIGNED, _typed(b"multipart/signed; boundary=abc")),
    (Defect.SEALED, _typed(b"multipart/encrypted; boundary=abc")),
    (Defect.SEALED, b"Content-Type: application/pkcs7-mime\n\nx\n"),
]


@pytest.mark.parametrize(("defect", "message"), MESSAGES, ids=lambda one: getattr(one, "name", ""))
def test_it_is_found(defect: Defect, message: bytes) -> None:
    assert defect in defects(scan(message))


def test_every_defect_has_a_message() -> None:
    assert {defect for defect, _ in MESSAGES} == set(Defect)


@pytest.mark.parametrize(("defect", "message"), MESSAGES, ids=lambda one: getattr(one, "name", ""))
def test_an_ambiguous_message_is_never_clean(defect: Defect, message: bytes) -> None:
    verdict = judge(scan(message), rules(names="*.no-such"))
    if defect.reading is Reading.AMBIGUOUS:
        assert isinstance(verdict, Blocked) and verdict.check is Check.STRUCTURE


ORDINARY = [
    _part(b"Content-Type: text/plain; charset=utf-8; format=flowed\n"),
    _part(b'Content-Type: application/pdf;\n\tname="a b.pdf"\n', b"%PDF-\n"),
    _typed(b'multipart/related; type="text/html"; boundary="abc"'),
    _typed(b'multipart/mixed;\n boundary="abc"; charset=utf-8'),
    _typed(b"multipart/report; report-type=delivery-status;\n\tboundary=abc"),
    _typed(b'multipart/mixed; boundary="----=_Part_1?(x)"').replace(
        b"--abc", b"------=_Part_1?(x)"
    ),
    _typed(b"multipart/mixed; boundary=----=_Part_1.2").replace(b"--abc", b"------=_Part_1.2"),
    _coded(b"7bit", b"dashes -- and --ab\n--\n-- \nabc\n"),
    _coded(_QUOTED, b"a=3Db=\n c=20\n=E4\n"),
    _coded(b"Base64", b"QUJD\nRA==\n\n"),
    _part(b"Content-Type: text/plain; boundary=never\n"),
    _part(b"Content-Type: message/delivery-status\n", b"Reporting-MTA: dns; a\n\nAction: failed\n"),
    _part(b"", b"to begin 644 words\nbegin now\n"),
    b"Subject: no MIME\n\nwords\n",
    b"Subject: no body\n",
    b"Subject: no body\n\n",
    _part(b"") + b"-- \nfooter of a list\n",
]


@pytest.mark.parametrize("message", ORDINARY)
def test_what_is_ordinary_has_no_defect_that_blocks(message: bytes) -> None:
    assert [found.defect for _, found in scan(message).ambiguities] == []
