"""The three parts after the envelope: original headers, modified headers, body.

::

    envelope <empty line> original headers <empty line> modified headers <empty line> body

SIZES divides them when its sum fits the file's length; else the blank lines do, and
that is a defect.
"""

from __future__ import annotations

from spooltool.spool.codec import Envelope, Parts
from spooltool.spool.defects import Defect

SEPARATOR = b"\n"


def parts_by_sizes(env: Envelope) -> Parts | None:
    """The division that SIZES gives; None when it does not fit the file."""
    sizes = env.sizes
    if sizes is None or env.end < 0 or env.expected_size != env.size:
        return None
    original, modified, body = sizes
    second = env.end + original + 1
    third = second + modified + 1
    return Parts((env.end, original), (second, modified), (third, body))


def parts_by_blank_lines(env: Envelope, tail: bytes) -> tuple[Parts, tuple[Defect, ...]]:
    """The division by blank lines; `tail` is the file from `env.end` on (as far as read).

    A file with one header set only has that set as both original and modified headers.
    """
    start = env.end if env.end >= 0 else env.size
    gap = b"\r\n\r\n" if env.crlf else b"\n\n"
    size = env.size
    if start >= size:
        none = (size, 0)
        return Parts(none, none, none), (Defect("no-headers"),)
    length, second = _block(tail, 0, gap)
    original = (start, length)
    if second < 0:
        return Parts(original, original, (size, 0)), (Defect("one-header-set"),)
    if not _header_like(tail[second : second + 1024]):
        rest = (start + second, size - start - second)
        return Parts(original, original, rest), (Defect("one-header-set"),)
    length, third = _block(tail, second, gap)
    if third < 0:
        return Parts(original, (start + second, size - start - second), (size, 0)), ()
    modified = (start + second, length)
    return Parts(original, modified, (start + third, size - start - third)), ()


def _block(tail: bytes, at: int, gap: bytes) -> tuple[int, int]:
    """Length of the header block at `at`, and where the next begins; -1 when it is the last."""
    step = len(gap) // 2
    if tail.startswith(gap[:step], at):
        return 0, at + step
    found = tail.find(gap, at)
    return (found + step - at, found + 2 * step) if found >= 0 else (len(tail) - at, -1)


def _header_like(text: bytes) -> bool:
    """Whether text begins as a header field does: a name of printable bytes and a colon."""
    line = text.split(b"\n", 1)[0]
    name, colon, _ = line.partition(b":")
    return bool(colon) and bool(name) and all(33 <= byte <= 126 for byte in name)
