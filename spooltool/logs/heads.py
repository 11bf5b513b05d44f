"""Id and event of an .elg line, without reading the rest of it."""

from __future__ import annotations

import re

_HEAD = re.compile(
    rb"\[[0-9]{1,10}@[^\]\s\x00-\x1f]{1,255}\] ?[0-9TtZz:.+-]{20,40} "
    rb"(-|[0-9A-Za-z]{1,17}) ([a-z][a-z0-9-]*)(?= |[\r\n]*\Z)"
)


def line_head(line: bytes) -> tuple[str, str] | None:
    """Id ("" for no message) and event of a line; None when it has none."""
    head = _HEAD.match(line)
    if head is None:
        return None
    return "" if head[1] == b"-" else head[1].decode("ascii"), head[2].decode("ascii")
