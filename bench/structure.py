"""Time over size of reading a message's structure: n, 2n, 4n of what is made to be slow.

`python -m bench.structure` shows it.  A ratio near 2 a doubling is linear; well below it,
a limit ended the reading.
"""

from __future__ import annotations

import base64
import time
from collections.abc import Callable

from relay.message.mime import Scanner

SIZES = (1 << 20, 1 << 21, 1 << 22)
STEP = 1 << 16

_MIXED = b"MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=abc\n\n"
_ENCODED = (
    b"Content-Type: message/rfc822\nContent-Transfer-Encoding: quoted-printable\n\n" * 3
    + b"A: b\n\n"
)
_NAMED = (
    b'--abc\nContent-Type: a/b; name="=?utf-8?q?a=2Ezip?= ; x(\\"%e2"\n'
    b"Content-Disposition: x; filename*0*=utf-8''a%2e; filename*2=zip; filename*1=\"..\"\n\n"
    + b"y" * 800
    + b"\n"
)


def _in_part(fields: bytes, unit: bytes) -> Callable[[int], bytes]:
    """One part whose body is a unit, again and again."""
    head = _MIXED + b"--abc\n" + fields + b"\n"
    return lambda size: head + unit * (size // len(unit)) + b"\n--abc--\n"


def _deep(unit: bytes) -> Callable[[int], bytes]:
    """The unit below 99 multiparts, each with a boundary of its own."""
    levels = b"".join(
        b"Content-Type: multipart/mixed; boundary=%dx\n\n--%dx\n" % (level, level)
        for level in range(99)
    )
    return lambda size: levels + b"Content-Type: text/plain\n\n" + unit * (size // len(unit))


_B64 = b"Content-Transfer-Encoding: base64\n"
_QP = b"Content-Transfer-Encoding: quoted-printable\n"

GENERATORS: dict[str, Callable[[int], bytes]] = {
    "base64": _in_part(_B64, base64.encodebytes(bytes(range(228)))),
    "base64, padded everywhere": _in_part(_B64, b"QQ==\n"),
    "quoted-printable, all quoted": _in_part(_QP, b"=41"),
    "quoted-printable, blanks": _in_part(_QP, b" "),
    "one line": _in_part(b"", b"x"),
    "begin": _in_part(b"", b"begin\n"),
    "begin 644": _in_part(b"", b"begin 644 a.exe\n"),
    "boundary inside lines": _in_part(b"", b"x--abc"),
    "dashes below 99 multiparts": _deep(b"--\n"),
    "subject": lambda size: b"Subject: " + b"x" * size + b"\n\nx\n",
    "headers": lambda size: b"A: b\n" * (size // 5) + b"\n",
    "parameters": lambda size: b"Content-Type: a/b" + b"; name*0=a" * (size // 10) + b"\n\n",
    "comments": lambda size: b"Content-Type: a/b; name=" + b"(" * size + b"\n\n",
    "parts": lambda size: _MIXED + b"--abc\n\n\n" * (size // 8) + b"--abc--\n",
    "parts with odd names": lambda size: _MIXED + _NAMED * (size // len(_NAMED)) + b"--abc--\n",
    "enclosed messages": lambda size: b"Content-Type: message/rfc822\n\n" * (size // 30),
    "encoded messages": lambda size: _ENCODED + b"hello\n" * (size // 6),
}


def seconds(content: bytes) -> float:
    """CPU time of scanning it."""
    started = time.process_time()
    scanner = Scanner()
    for at in range(0, len(content), STEP):
        scanner.feed(content[at : at + STEP])
    scanner.end()
    return time.process_time() - started


def growth() -> dict[str, list[float]]:
    """CPU time of each generator at each size."""
    return {name: [seconds(make(size)) for size in SIZES] for name, make in GENERATORS.items()}


def main() -> None:
    """Show it."""
    for name, (one, two, four) in growth().items():
        print(f"{name:32} {one:.3f} s  {two:.3f} s  {four:.3f} s   {four / max(two, 1e-3):.1f}")


if __name__ == "__main__":
    main()
