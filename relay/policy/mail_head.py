"""The header block that a scanner is given which must not see the mail's own: AV_HEADERS 0.

What the parts of a mail are stays: without it nobody could look into them.
"""

from __future__ import annotations

from relay.message.headers import fields

_KEPT = b"content-"
_FIRST = b"Received: by a mail gateway\nMIME-Version: 1.0\n"
"""Scanners know a mail by its first fields: behind MIME-Version alone clamd does not look for
files in the text."""


def without_addresses(block: bytes) -> bytes:
    """A header block (LF line ends) reduced to what says how the body is to be read."""
    kept = [
        block[field.start : field.end] + b"\n"
        for field in fields(block)
        if field.name.lower().startswith(_KEPT)
    ]
    return _FIRST + b"".join(kept)
