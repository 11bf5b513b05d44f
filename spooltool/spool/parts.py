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
    step = len(gap) // 2
    size = env.size
    if start >= size:
        none = (size, 0)
        return Parts(none, none, none), (Defect("no-headers"),)
    first = tail.find(gap)
    if first < 0:
        whole = (start, size - start)
        return Parts(whole, whole, (size, 0)), (Defect("one-header-set"),)
    original = (start, first + step)
    second = start + first + 2 * step
    next_gap = tail.find(gap, first + 2 * step)
    looks_like_headers = _header_like(tail[first + 2 * step : first + 2 * step + 1024])
    if not looks_like_headers:
        return Parts(original, original, (second, size - second)), (Defect("one-header-set"),)
    if next_gap < 0:
        return Parts(original, (second, size - second), (size, 0)), ()
    third = start + next_gap + 2 * step
    modified = (second, start + next_gap + step - second)
    return Parts(original, modified, (third, size - third)), ()


def _header_like(text: bytes) -> bool:
    """Whether text begins as a header field does: a name of printable bytes and a colon."""
    line = text.split(b"\n", 1)[0]
    name, colon, _ = line.partition(b":")
    return bool(colon) and bool(name) and all(33 <= byte <= 126 for byte in name)
