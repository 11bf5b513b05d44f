"""The header block that a scanner is given which must not see the mail's own: AV_HEADERS 0.

What the parts of a mail are stays: without it nobody could look into them.
"""

from __future__ import annotations

from relay.message.headers import fields

_KEPT = b"content-"
_VERSION = b"MIME-Version: 1.0\n"


def without_addresses(block: bytes) -> bytes:
    """A header block (LF line ends) reduced to what says how the body is to be read."""
    kept = [
        block[field.start : field.end] + b"\n"
        for field in fields(block)
        if field.name.lower().startswith(_KEPT)
    ]
    return _VERSION + b"".join(kept)
