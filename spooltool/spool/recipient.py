"""RCPT lines: a recipient with its own results, in fixed-width fields.

::

    RCPT:<TAB>P 000 0.0.0     0000 0000000000 0000000000 <host 40> <text 80> <address> params

The result fields lie at fixed places, so that an attempt is counted by one `pwrite`
and the mark, the last to be written, by another.  `cat` shows which recipient failed,
where and why.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from spooltool.spool.fields import escape_text, unescape_text

MARKS: dict[str, str] = {
    "P": "pending",
    "U": "pending, outcome of the last attempt unknown",
    "D": "delivered",
    "F": "failed for good, its notice is owed by this file",
    "N": "failed for good, its notice is owed by an E file of its own",
    "X": "ended without a notice",
}
PENDING_MARKS = "PU"

HOST_WIDTH = 40
TEXT_WIDTH = 80
RESULT_WIDTH = 1 + 1 + 3 + 1 + 9 + 1 + 4 + 1 + 10 + 1 + 10 + 1 + HOST_WIDTH + 1 + TEXT_WIDTH
"""Bytes from the mark to the end of the reply text."""

LATEST = 9_999_999_999
"""The latest unix second that ten digits hold."""

_RESULT = re.compile(
    rb"([PUDFNX]) ([0-9]{3}) ([0-9.]{5,9} {0,4}) ([0-9]{4}) ([0-9]{10}) ([0-9]{10}) "
    rb"([ -~]{%d}) ([ -~]{%d}) (?=<)" % (HOST_WIDTH, TEXT_WIDTH)
)
_ENHANCED = re.compile(rb"[0-9.]{5,9}\Z")
_PATH = re.compile(r'<((?:"(?:[^"\\]|\\.)*"|[^<>"])*)>(?: (.*))?\Z', re.DOTALL)
FRESH_RESULT = (
    "P 000 0.0.0     0000 0000000000 0000000000 " + " " * HOST_WIDTH + " " + " " * TEXT_WIDTH
).encode()

_FRESH = FRESH_RESULT + b" <"

_SPANS: list[tuple[int, int]] = []
_at = 0
for _width in (1, 3, 9, 4, 10, 10, HOST_WIDTH, TEXT_WIDTH):
    _SPANS.append((_at, _at + _width))
    _at += _width + 1


@dataclass(frozen=True, slots=True)
class Path:
    """An envelope address with its ESMTP parameters as on the wire; "" is the null sender."""

    address: str
    params: str = ""
    orig: str = ""

    def __str__(self) -> str:
        return f"<{self.address}>"

    def param(self, name: str) -> str | None:
        """Value of an ESMTP parameter ("" when it stands alone), None when absent."""
        for word in self.params.split():
            key, _, value = word.partition("=")
            if key.upper() == name:
                return value
        return None


@dataclass(frozen=True, slots=True)
class Recipient:
    """One recipient.  Times are unix seconds, 0 for never.

    `offset` is where the mark stands in the file; `fixed` tells that the line has its
    format's width, so that results may be written in place.
    """

    path: Path
    mark: str = "P"
    code: int = 0
    enhanced: str = ""
    attempts: int = 0
    last_try: int = 0
    next_try: int = 0
    host: str = ""
    text: str = ""
    offset: int = -1
    fixed: bool = False

    @property
    def address(self) -> str:
        """The address that mail is delivered to."""
        return self.path.address

    @property
    def pending(self) -> bool:
        """Whether this recipient still waits for an end."""
        return self.mark in PENDING_MARKS


def fit(text: str, width: int) -> bytes:
    """Text in a fixed-width field: escaped to printable ASCII, cut, padded with blanks.

    It is cut between characters, so that no half of one is left.  `<` is escaped too: the
    first one of a RCPT line begins its address, also where a person changed the widths.
    """
    if text.isascii() and text.isprintable() and "%" not in text and "<" not in text:
        return text[:width].encode().ljust(width)
    raw = ""
    for ch in text:
        if " " <= ch <= "~" and ch not in "%<":
            piece = ch
        else:
            piece = "".join(f"%{byte:02X}" for byte in ch.encode("utf-8", "surrogateescape"))
        if len(raw) + len(piece) > width:
            break
        raw += piece
    return raw.encode().ljust(width)


def within(value: int, top: int) -> int:
    """A number kept from 0 to `top`, so that its digits fit their field."""
    return 0 if value < 0 else min(value, top)


def enhanced_field(enhanced: str) -> bytes:
    """An enhanced status code as it stands in a file; 0.0.0 for none and for anything else."""
    raw = enhanced.encode("utf-8", "surrogateescape")
    return raw if _ENHANCED.match(raw) else b"0.0.0"


def encode_result(recipient: Recipient) -> bytes:
    """The result fields, `RESULT_WIDTH` bytes from the mark on.

    Numbers are kept within their field's digits.  Raises ValueError for a mark that is
    none of MARKS.
    """
    if recipient.mark not in MARKS:
        raise ValueError(f"no mark: {recipient.mark!r}")
    return (
        b"%s %03d %-9s %04d %010d %010d "
        % (
            recipient.mark.encode(),
            recipient.code % 1000,
            enhanced_field(recipient.enhanced),
            within(recipient.attempts, 9999),
            within(recipient.last_try, LATEST),
            within(recipient.next_try, LATEST),
        )
        + fit(recipient.host, HOST_WIDTH)
        + b" "
        + fit(recipient.text, TEXT_WIDTH)
    )


def encode_path(path: Path) -> str:
    """`<address> params ORIG=<address before rewriting>` as a value."""
    text = f"<{path.address}>"
    if path.params:
        text += " " + path.params
    if path.orig:
        text += f" ORIG=<{escape_text(path.orig)}>"
    return text


def parse_path_value(value: str) -> Path | None:
    """Read a FROM value, or a RCPT value after its results; None when it is none."""
    match = _PATH.match(value)
    if not match:
        return None
    params, orig = match[2] or "", ""
    if "ORIG=<" in params:
        before, _, after = params.rpartition("ORIG=<")
        if after.endswith(">"):
            params, orig = before.rstrip(" "), unescape_text(after[:-1])
    return Path(match[1], params, orig)


def parse_recipient(raw: bytes, offset: int) -> Recipient | None:
    """Read the value of a RCPT line that begins at `offset`; None when it has no address.

    A line without fixed-width results (typed by hand) reads as a pending recipient that
    cannot be written in place.
    """
    if raw.startswith(_FRESH):  # the usual case while the queue flows
        path = parse_path_value(raw[RESULT_WIDTH + 1 :].decode("utf-8", "surrogateescape"))
        return Recipient(path, offset=offset, fixed=True) if path else None
    match = _RESULT.match(raw)
    if match is None:
        found = raw.find(b"<")
        path = (
            parse_path_value(raw[found:].decode("utf-8", "surrogateescape")) if found >= 0 else None
        )
        if path is None:
            return None
        mark = raw[:1].decode() if raw[:2] in (b"P ", b"U ", b"D ", b"F ", b"N ", b"X ") else "P"
        return Recipient(path, mark=mark, offset=offset)
    path = parse_path_value(raw[match.end() :].decode("utf-8", "surrogateescape"))
    if path is None:
        return None
    mark_, code, enhanced, attempts, last_try, next_try, host, text = match.groups()
    enhanced = enhanced.rstrip()
    return Recipient(
        path,
        mark_.decode(),
        int(code),
        "" if enhanced == b"0.0.0" else enhanced.decode(),
        int(attempts),
        int(last_try),
        int(next_try),
        unescape_text(host.decode().rstrip()),
        unescape_text(text.decode().rstrip()),
        offset,
        match.end() == RESULT_WIDTH + 1,
    )


def path_at(raw: bytes) -> int:
    """Where the address begins in the value of a RCPT line that `parse_recipient` reads."""
    match = _RESULT.match(raw)
    return match.end() if match else raw.find(b"<")


def padding(offset: int) -> int:
    """Blanks to put before a result block so that no field of it crosses a 512-byte line.

    A sector is written whole or not at all; a field inside one cannot tear.
    """
    at = offset % 512
    return 0 if at + RESULT_WIDTH <= 512 else _padding(at)


@lru_cache(maxsize=512)
def _padding(at: int) -> int:
    for pad in range(512):
        start = (at + pad) % 512
        if all(start + low >= 512 or start + high <= 512 for low, high in _SPANS):
            return pad
    raise AssertionError("a field wider than a sector")
