"""Mails that hide a program: 40 codings of it, and ambiguities of structure around it.

Each must be stripped of the program, or not count as clean.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterator

PAYLOAD = b"MZ\x90\0\x03\0\0\0\x04\0\0\0\xff\xff\0\0\xb8" + bytes(range(256)) + b"This program"
WORDS = b"Good morning,\n\nplease see what is attached.\n"

Coding = tuple[bytes, bytes]
"""Header lines of the part, and its body."""

_TYPE = b"Content-Type: application/octet-stream\n"
_TEXT = b"Content-Type: text/plain\n"


def _lines(letters: bytes, size: int = 76) -> bytes:
    return b"".join(letters[at : at + size] + b"\n" for at in range(0, len(letters), size))


_B64 = base64.b64encode(PAYLOAD)
_FULL = _lines(_B64)
_QUOTED = binascii.b2a_qp(PAYLOAD, istext=False) + b"\n"
_ALL_QUOTED = _lines(b"".join(b"=%02X" % byte for byte in PAYLOAD), 72).replace(b"\n", b"=\n")


def _uu(begin: bytes = b"begin 644 report") -> bytes:
    steps = range(0, len(PAYLOAD), 45)
    body = b"".join(binascii.b2a_uu(PAYLOAD[at : at + 45]) for at in steps)
    return begin + b"\n" + body + b"`\nend\n"


def _yenc() -> bytes:
    out = b""
    for byte in PAYLOAD:
        value = (byte + 42) & 0xFF
        out += b"=%c" % ((value + 64) & 0xFF) if value in (0, 10, 13, 61) else bytes([value])
    return b"=ybegin line=128 size=%d name=report\n%s\n=yend size=%d\n" % (
        len(PAYLOAD),
        out,
        len(PAYLOAD),
    )


_HQX = b"!\"#$%&'()*+,-012345689@ABCDEFGHIJKLMNPQRSTUVXYZ[`abcdefhijklmpqr"


def _binhex() -> bytes:
    plain = b"\x06report\0BINAhDmp\0\0" + len(PAYLOAD).to_bytes(4, "big") + bytes(4) + b"\0\0"
    plain = (plain + PAYLOAD + b"\0\0").replace(b"\x90", b"\x90\0")
    bits = "".join(f"{byte:08b}" for byte in plain)
    bits += "0" * (-len(bits) % 6)
    coded = bytes(_HQX[int(bits[at : at + 6], 2)] for at in range(0, len(bits), 6))
    return b"(This file must be converted with BinHex 4.0)\n\n:" + _lines(coded, 64)[:-1] + b":\n"


def _called(encoding: bytes) -> bytes:
    return _TYPE + b"Content-Transfer-Encoding: " + encoding + b"\n"


def codings() -> Iterator[tuple[str, Coding]]:
    """The payload coded in every way that some reader undoes."""
    b64, qp = _called(b"base64"), _called(b"quoted-printable")
    yield "base64", (b64, _FULL)
    yield "base64, one line", (b64, _B64 + b"\n")
    yield "base64, lines of 3", (b64, _lines(_B64, 3))
    yield "base64, upper case", (_called(b"BASE64"), _FULL)
    yield "base64, blanks after", (_called(b"base64  \t"), _FULL)
    yield "base64, folded", (_called(b"\n base64"), _FULL)
    yield "base64, semicolon", (_called(b"base64;"), _FULL)
    yield "base64, quoted", (_called(b'"base64"'), _FULL)
    yield "base64, comment", (_called(b"base64 (of it)"), _FULL)
    yield "base64, comment first", (_called(b"(of it) base64"), _FULL)
    yield "base64, list", (_called(b"7bit, base64"), _FULL)
    yield "base64, encoded word", (_called(b"=?us-ascii?q?base64?="), _FULL)
    yield "base64, no-break space", (_called(b"\xa0base64"), _FULL)
    yield "base64, split word", (_called(b"base\n 64"), _FULL)
    yield "base64, two labels", (_called(b"7bit") + b"Content-Transfer-Encoding: base64\n", _FULL)
    yield "base64, labels turned", (b64 + b"Content-Transfer-Encoding: 7bit\n", _FULL)
    yield "base64, junk inside", (b64, _FULL[:5] + b"*!*" + _FULL[5:])
    yield "base64, junk line first", (b64, b"-- \n" + _FULL)
    yield "base64, padding first", (b64, b"=" + _FULL)
    yield (
        "base64, in pieces",
        (
            b64,
            b"".join(base64.encodebytes(PAYLOAD[at : at + 10]) for at in range(0, 290, 10)),
        ),
    )
    yield "base64, decoy first", (b64, b"SGVsbG8=\n" + _FULL)
    yield "base64, unpadded", (b64, _FULL.replace(b"=", b""))
    yield "base64, blank lines", (b64, b"\n\n" + _FULL.replace(b"\n", b"\n \t\n"))
    yield "base64, text after", (b64, _FULL + b"\n____\nlist footer, unsubscribe\n")
    yield "base64, no label", (_TYPE, _FULL)
    yield "base64, called 8bit", (_called(b"8bit"), _FULL)
    yield "base64, called quoted-printable", (qp, _FULL)
    yield "quoted-printable", (qp, _QUOTED)
    yield "quoted-printable, all", (qp, _ALL_QUOTED)
    yield "quoted-printable, lower case", (qp, _ALL_QUOTED.lower())
    yield "quoted-printable, blanks", (qp, _ALL_QUOTED.replace(b"=\n", b"=  \n"))
    yield "quoted-printable, junk", (qp, _ALL_QUOTED.replace(b"=5A", b"=5A=ZZ", 1))
    yield "quoted-printable, called base64", (b64, _QUOTED)
    yield "binary", (_called(b"binary"), PAYLOAD + b"\n")
    yield "8bit without zeros", (_called(b"8bit"), PAYLOAD.replace(b"\0", b"\1") + b"\n")
    yield "unknown encoding", (_called(b"x-rot47"), _FULL)
    yield "x-gzip64", (_called(b"x-gzip64"), _FULL)
    yield "uuencode", (_TEXT, _uu())
    yield "uuencode, after words", (_TEXT, WORDS + _uu())
    yield "uuencode, called x-uuencode", (_called(b"x-uuencode"), _uu())
    yield "uuencode, mode 0", (_TEXT, _uu(b"begin 0644  report"))
    yield "uuencode, no mode", (_TEXT, _uu(b"begin  report"))
    yield (
        "uuencode in base64",
        (
            _TEXT + b"Content-Transfer-Encoding: base64\n",
            base64.encodebytes(WORDS + _uu()),
        ),
    )
    yield (
        "uuencode in base64, CRLF",
        (
            _TEXT + b"Content-Transfer-Encoding: base64\n",
            base64.encodebytes((WORDS + _uu()).replace(b"\n", b"\r\n")),
        ),
    )
    yield (
        "uuencode in quoted-printable",
        (
            _TEXT + b"Content-Transfer-Encoding: quoted-printable\n",
            binascii.b2a_qp(WORDS + _uu()),
        ),
    )
    yield "uuencode -m", (_TEXT, b"begin-base64 644 report\n" + _FULL + b"====\n")
    yield "yEnc", (_TEXT, _yenc())
    yield "BinHex", (_TEXT, WORDS + _binhex())


_TOP = b"From: a@example.com\nSubject: hello\nMIME-Version: 1.0\n"
_MIXED = _TOP + b"Content-Type: multipart/mixed; boundary=abc\n\n"
_FIRST = b"--abc\nContent-Type: text/plain\n\nhello\n"


def _inner(part: bytes, boundary: bytes = b"inner", kind: bytes = b"mixed") -> bytes:
    head = b"Content-Type: multipart/%s; boundary=%s\n\n" % (kind, boundary)
    return head + b"--%s\n%s--%s--\n" % (boundary, part, boundary)


def _in_mixed(part: bytes) -> bytes:
    return _MIXED + _FIRST + b"--abc\n" + part + b"--abc--\n"


def _typed(value: bytes, boundary: bytes = b"abc") -> Callable[[bytes], bytes]:
    """A multipart of an odd Content-Type."""

    def made(part: bytes) -> bytes:
        body = (_FIRST + b"--abc\n" + part + b"--abc--\n").replace(b"--abc", b"--" + boundary)
        return _TOP + b"Content-Type: " + value + b"\n\n" + body

    return made


def _divided(first: bytes, second: bytes, last: bytes = b"--abc--\n") -> Callable[[bytes], bytes]:
    """Odd delimiters around the part."""
    return lambda part: _MIXED + first + second + part + last


def _deep(part: bytes, levels: int) -> bytes:
    for level in range(levels):
        part = _inner(part, b"level%d=" % level)
    return _in_mixed(part)


def _encoded(kind: bytes, encoding: bytes) -> Callable[[bytes], bytes]:
    def made(part: bytes) -> bytes:
        whole = b"Subject: inner\nMIME-Version: 1.0\n" + _inner(part)
        body = base64.encodebytes(whole) if encoding == b"base64" else binascii.b2a_qp(whole)
        head = b"Content-Type: %s\nContent-Transfer-Encoding: %s\n\n" % (kind, encoding)
        return _in_mixed(head + body)

    return made


def structures() -> Iterator[tuple[str, Callable[[bytes], bytes]]]:
    """Ways to put a part (header, empty line, body) into a message."""
    yield "alone", lambda part: _TOP + part
    yield "mixed", _in_mixed
    yield "mixed in mixed", lambda part: _in_mixed(_inner(part))
    yield "four deep", lambda part: _deep(part, 4)
    yield "a hundred and twenty deep", lambda part: _deep(part, 120)
    yield "in a message", lambda part: _in_mixed(b"Content-Type: message/rfc822\n\nTo: b\n" + part)
    yield "in an odd message", lambda part: _in_mixed(b"Content-Type: message/x-foo\n\n" + part)
    yield "in a digest", lambda part: _in_mixed(_inner(b"\nTo: b\n" + part, kind=b"digest"))
    yield "in a base64 message", _encoded(b"message/rfc822", b"base64")
    yield "in a quoted message", _encoded(b"message/rfc822", b"quoted-printable")
    yield "in a global message", _encoded(b"message/global", b"base64")
    yield (
        "in a base64 multipart",
        lambda part: _in_mixed(
            b"Content-Type: multipart/mixed; boundary=inner\nContent-Transfer-Encoding: base64\n\n"
            + base64.encodebytes(b"--inner\n" + part + b"--inner--\n")
        ),
    )
    yield "in the epilogue", _divided(_FIRST + b"--abc--\n", b"--abc\n")
    yield "no end", _divided(_FIRST, b"--abc\n", b"")
    yield "no end inside", lambda part: _in_mixed(_inner(part)[: -len(b"--inner--\n")])
    yield "the same boundary inside", lambda part: _in_mixed(_inner(part, b"abc"))
    yield "a longer boundary inside", lambda part: _in_mixed(_inner(part, b"abc.1"))
    yield "a shorter boundary inside", lambda part: _in_mixed(_inner(part, b"ab"))
    yield "delimiter that goes on", _divided(_FIRST, b"--abcdef\n")
    yield "delimiter after a blank", _divided(_FIRST, b" --abc\n")
    yield "delimiter after words", _divided(_FIRST, b"words --abc\n")
    yield "delimiter with blanks", _divided(_FIRST, b"--abc  \t\n")
    yield "delimiter with a NUL", _divided(_FIRST, b"--abc\0\n")
    yield "delimiter with CR", _divided(_FIRST, b"--abc\r\n")
    yield "delimiter of CR", _divided(_FIRST, b"words\r--abc\r")
    yield "end with words", _divided(_FIRST, b"--abc--not yet\n--abc\n")
    yield "end with blanks", _divided(_FIRST, b"--abc-- \n--abc\n")
    yield "end with a blank inside", _divided(_FIRST, b"--abc --\n--abc\n")
    yield "no empty line", _divided(_FIRST, b"--abc\nX-Words\n")
    yield "an empty line too many", _divided(_FIRST, b"--abc\n\n")
    yield "a line of blanks", _divided(_FIRST, b"--abc\nX-A: b\n \n")
    yield "fields behind an empty line", _divided(_FIRST, b"--abc\nX-A: b\n\n")
    yield "two boundaries", _typed(b"multipart/mixed; boundary=abd; boundary=abc")
    yield "two boundaries, turned", _typed(b"multipart/mixed; boundary=abc; boundary=abd")
    yield "boundary of RFC 2231", _typed(b"multipart/mixed; boundary*=us-ascii''abc")
    yield "boundary both ways", _typed(b"multipart/mixed; boundary=abd; boundary*=us-ascii''abc")
    yield "boundary in sections", _typed(b"multipart/mixed; boundary*0=a; boundary*1=bc")
    yield "boundary with a blank", _typed(b'multipart/mixed; boundary="abc "')
    yield "boundary with a fold", _typed(b'multipart/mixed; boundary="ab\n c"', b"ab c")
    yield "boundary with a pair", _typed(b'multipart/mixed; boundary="a\\bc"')
    yield "boundary with a comment", _typed(b"multipart/mixed; boundary=abc(d)")
    yield "boundary after a comment", _typed(b"multipart/mixed; (x) boundary=abc")
    yield "boundary in a string", _typed(b'multipart/mixed; x="; boundary=abd"; boundary=abc')
    yield "boundary of a longer name", _typed(b"multipart/mixed; xboundary=abc")
    yield "boundary with two words", _typed(b"multipart/mixed; boundary=abc def")
    yield "boundary with one quote", _typed(b'multipart/mixed; boundary="abc')
    yield "boundary in single quotes", _typed(b"multipart/mixed; boundary='abc'")
    yield "boundary with a blank before =", _typed(b"multipart/mixed; boundary =abc")
    yield "no boundary", _typed(b"multipart/mixed")
    yield "an empty boundary", _typed(b'multipart/mixed; boundary=""', b"")
    yield "a long boundary", _typed(b"multipart/mixed; boundary=" + b"a" * 90, b"a" * 90)
    yield "a boundary with a colon", _typed(b'multipart/mixed; boundary="a:b"', b"a:b")
    yield "no semicolon", _typed(b"multipart/mixed boundary=abc")
    yield "a comment in the type", _typed(b"multipart/(x)mixed; boundary=abc")
    yield "a comment before the type", _typed(b"(x) multipart/mixed; boundary=abc")
    yield "blanks in the type", _typed(b"multipart / mixed; boundary=abc")
    yield "an encoded type", _typed(b"=?us-ascii?q?multipart/mixed?=; boundary=abc")
    yield "half a type", _typed(b"multipart; boundary=abc")
    yield "an odd multipart", _typed(b"Multipart/X-Odd; Boundary=abc")
    yield "text with a boundary", _typed(b"text/plain; boundary=abc")
    yield "two types", _typed(b"text/plain\nContent-Type: multipart/mixed; boundary=abc")
    yield "two types, turned", _typed(b"multipart/mixed; boundary=abc\nContent-Type: text/plain")
    yield (
        "two equal types",
        _typed(b"multipart/mixed; boundary=abc\nContent-Type: multipart/mixed; boundary=abc"),
    )
    yield (
        "blank before the colon",
        lambda part: (
            _TOP + b"Content-Type : multipart/mixed; boundary=abc\n\n--abc\n" + part + b"--abc--\n"
        ),
    )
    yield "folded at once", _typed(b"\n multipart/mixed;\n\tboundary=abc")
    yield (
        "a fragment",
        lambda part: _TOP + b"Content-Type: message/partial; id=1; number=1; total=2\n\n" + part,
    )
    yield "many parts", _divided(b"--abc\n\nx\n" * 10_050, b"--abc\n")


MAIN = ("base64", "base64, in pieces", "quoted-printable", "uuencode", "binary", "base64, no label")
"""Codings that are put into every structure."""


def mails() -> Iterator[tuple[str, bytes]]:
    """All of them: every coding in two structures, the main ones in each."""
    made = dict(structures())
    for name, (head, body) in codings():
        for structure, put in made.items():
            once = structure == "many parts" and name != "base64"  # half a second each
            if not once and (name in MAIN or structure in ("mixed", "alone")):
                yield f"{name} / {structure}", put(head + b"\n" + body)
