"""What is not ambiguous is read alike by another reader: the standard library's.

Messages put together at random from what readers differ on.  That library follows other rules
for what is odd, so whatever it finds in a message that counts as clean must be found here.
"""

from __future__ import annotations

import email
import random
from email.message import Message

from relay.message.mime import Kind, Tree, decoder
from tests.relay.message.mime.scanned import scan

COUNT = 3000
_BEGINNINGS = (
    b"Content-Type: multipart/mixed; boundary=a\n\n--a\n",
    b"Content-Type: multipart/mixed; boundary=b\n\n--b\n",
    b'Content-Type: multipart/related; boundary="b"\n\n--b\n',
    b"Content-Type: multipart/digest; boundary=b\n\n--b\n",
    b"Content-Type: message/rfc822\n\n",
)
_PIECES = (
    *_BEGINNINGS,
    *(b"--a\n", b"--a\n", b"--b\n", b"--a--\n", b"--b--\n", b"--ab\n", b"--a \n", b"--"),
    *(b"\n", b"\n", b"\n", b"x\n", b" y\n", b" \n", b"x", b" ", b"-", b"a", b"\r\n"),
    *(b"Subject: x\n", b"Content-Type: text/html\n\n", b"Content-type: text/plain\n"),
    *(b"Content-Type: application/x;\n name=z.exe\n\n", b"Content-Type: message/x\n\n"),
    *(b"Content-Transfer-Encoding: base64\n\nQUJD\nRA==\n", b"Content-Type: multipart/mixed;\n"),
    *(b"Content-Transfer-Encoding: quoted-printable\n\na=3D=\nb\n", b"QQ==\n", b"\tboundary=a\n"),
    *(b"Content-Disposition: attachment; filename=z.exe\n", b"; boundary=a\n", b"name=z.exe\n"),
)


def content(seed: int) -> bytes:
    made = random.Random(seed)
    body = b"".join(made.choice(_PIECES) for _ in range(made.randrange(1, 12)))
    ends = made.choice((b"", b"\n--a--\n", b"\n--b--\n", b"\n--b--\n--a--\n", b"\n--a--\n--b--\n"))
    return b"Subject: x\n" + made.choice(_BEGINNINGS) + body + ends


def theirs(message: Message) -> list[tuple[str, bytes, bool]]:
    return [
        (
            part.get_content_type().split()[0],
            (part.get_payload(decode=True) or b"").strip(),
            part.get_filename() == "z.exe",
        )
        for part in message.walk()
        if not part.is_multipart()
    ]


def ours(tree: Tree, text: bytes) -> list[tuple[str, bytes, bool]]:
    found = []
    for part in tree.parts:
        if part.kind is Kind.LEAF:
            one = decoder(part.encoding)
            body = one.feed(text[part.body.start : part.body.end]) + one.end()
            found.append((part.type, body.strip(), "z.exe" in part.names))
    return found


def test_the_standard_library_reads_what_is_clean_alike() -> None:
    clean = 0
    for seed in range(COUNT):
        text = content(seed)
        tree = scan(text)
        if tree.ambiguous or any(part.inner for part in tree.parts):
            continue
        clean += 1
        them, we = theirs(email.message_from_bytes(text)), ours(tree, text)
        assert [one[:2] for one in them] == [one[:2] for one in we], text
        assert all(mine[2] or not other[2] for mine, other in zip(we, them, strict=True)), text
    assert clean > COUNT // 100
