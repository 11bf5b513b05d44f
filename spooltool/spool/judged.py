"""The VERDICT line: what content policy last said of a message, in one fixed-width line.

::

    VERDICT:<TAB>word(7) when(10) basis(32) digest(64) crc32

Written in place before the message is sent.  Where the sending fails, the next attempt
within the hour need not ask again: `digest` is of the octets that may be sent, `basis` of
everything that the verdict depends on, so that any change of these makes it void.
"""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass

from spooltool.spool.recipient import LATEST, within

PASS, CHANGED = "pass", "changed"
NEVER = "-"
BASIS_WIDTH = 32
_DIGEST_WIDTH = 64
_LINE = re.compile(
    rb"(pass|changed) *([0-9]{10}) ([0-9a-f]{%d}) ([0-9a-f]{%d}) ([0-9a-f]{8})"
    % (BASIS_WIDTH, _DIGEST_WIDTH)
)
_CRC_WIDTH = 8


@dataclass(frozen=True, slots=True)
class Judged:
    """A verdict that lets content be sent: the word, when (unix seconds), on what it depends,
    and the SHA-256 of what may be sent.  Digests are in hexadecimal."""

    word: str
    when: int
    basis: str
    digest: str


def encode_judged(judged: Judged | None) -> bytes:
    """The value of VERDICT, `JUDGED_WIDTH` bytes; of None that there is none yet.

    Raises ValueError for digests of another width.
    """
    if judged is None:
        judged = Judged(NEVER, 0, "0" * BASIS_WIDTH, "0" * _DIGEST_WIDTH)
    if len(judged.basis) != BASIS_WIDTH or len(judged.digest) != _DIGEST_WIDTH:
        raise ValueError("a digest of another width")
    text = f"{judged.word:<7} {within(judged.when, LATEST):010} {judged.basis} {judged.digest} "
    body = text.encode("ascii")
    return body + b"%08x" % zlib.crc32(body)


JUDGED_WIDTH = len(encode_judged(None))


def parse_judged(raw: bytes) -> Judged | None:
    """Read a value of VERDICT; None where there is none, or none that can be trusted."""
    found = _LINE.fullmatch(raw)
    if found is None or int(found[5], 16) != zlib.crc32(raw[:-_CRC_WIDTH]):
        return None
    return Judged(found[1].decode(), int(found[2]), found[3].decode(), found[4].decode())
