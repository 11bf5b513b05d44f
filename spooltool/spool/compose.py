"""A new spool file's envelope: from values to bytes.

Two passes, because SIZES and DIGEST are known last: `encode_envelope` writes them as
blanks of their width, `encode_sizes` and `encode_digest` fill them in place.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from spooltool.spool.fields import CHAPTER_KEYS, FIELD, FORMAT_VERSION, escape_text
from spooltool.spool.recipient import (
    FRESH_RESULT,
    RESULT_WIDTH,
    Path,
    Recipient,
    encode_path,
    encode_result,
    padding,
    parse_path_value,
)
from spooltool.spool.state import STATE_WIDTH, State, encode_state, fresh_state

SIZE_WIDTH = 12
SIZES_WIDTH = 3 * SIZE_WIDTH + 2
DIGEST_ALGORITHM = "sha256"
DIGEST_WIDTH = len(DIGEST_ALGORITHM) + 1 + 64


@dataclass(slots=True)
class NewMessage:
    """What a new file's envelope says.

    `chapter` holds the chapter's keys; those left out get their defaults, and a LOG_ key
    of "" is left out of the file.  Addresses carry their parameters as on the wire.
    """

    chapter: Mapping[str, str]
    arrived: float
    sender: Path
    recipients: Sequence[Path | Recipient]
    helo: str = ""
    proto: str = "ESMTP"
    resource: str = "none"
    route: str = "dst"
    state: State | None = None


@dataclass(frozen=True, slots=True)
class Composed:
    """An envelope's bytes, with the offsets of the two fields that are filled in last."""

    head: bytes
    sizes_at: int
    digest_at: int


@dataclass(slots=True)
class _Writer:
    out: list[bytes] = field(default_factory=list)
    at: int = 0

    def line(self, key: str, value: bytes) -> int:
        """Add a line; the offset of its value."""
        if b"\n" in value or b"\r" in value or b"\0" in value:
            raise ValueError(f"{key}: a line break cannot stand in a value")
        separator = _SEPARATORS[key]
        start = self.at + len(separator)
        self.out.append(separator + value + b"\n")
        self.at = start + len(value) + 1
        return start


_SEPARATORS = {key: (key + FIELD[key].separator).encode() for key in FIELD}
_DEFAULTS = {key: FIELD[key].default or "" for key in CHAPTER_KEYS}


def encode_envelope(message: NewMessage) -> Composed:
    """The envelope with its closing blank line, SIZES and DIGEST still blank.

    Raises ValueError when a value would break out of its line: the intake refuses such
    a message, it is never cleaned silently.
    """
    writer = _Writer()
    values = {**_DEFAULTS, **message.chapter}
    for key in CHAPTER_KEYS:
        value = values[key]
        if value or not key.startswith("LOG_"):
            writer.line(key, _raw(value))
    writer.line("FORMAT", FORMAT_VERSION.encode())
    state = message.state or fresh_state(int(message.arrived), len(message.recipients))
    pad = _state_padding(writer.at + len(_SEPARATORS["STATE"]))
    writer.out.append(_SEPARATORS["STATE"] + b" " * pad + encode_state(state) + b"\n")
    writer.at += len(_SEPARATORS["STATE"]) + pad + STATE_WIDTH + 1
    writer.line("ARRIVED", b"%.6f" % message.arrived)
    writer.line("HELO", _raw(escape_text(message.helo)))
    writer.line("PROTO", _raw(escape_text(message.proto)))
    writer.line("RESOURCE", _raw(escape_text(message.resource)))
    writer.line("ROUTE", _raw(message.route))
    writer.line("FROM", _path(message.sender))
    for recipient in message.recipients:
        _write_recipient(writer, recipient)
    sizes_at = writer.line("SIZES", b" " * SIZES_WIDTH)
    digest_at = writer.line("DIGEST", b" " * DIGEST_WIDTH)
    writer.out.append(b"\n")
    return Composed(b"".join(writer.out), sizes_at, digest_at)


def encode_sizes(original: int, modified: int, body: int) -> bytes:
    """The value of SIZES, `SIZES_WIDTH` bytes."""
    return b"%12d %12d %12d" % (original, modified, body)


def encode_digest(hexdigest: str) -> bytes:
    """The value of DIGEST, `DIGEST_WIDTH` bytes."""
    return f"{DIGEST_ALGORITHM}:{hexdigest}".encode()


def _raw(value: str) -> bytes:
    return value.encode("utf-8", "surrogateescape")


def _path(path: Path) -> bytes:
    text = encode_path(path)
    if parse_path_value(text) != path:
        raise ValueError(f"an address that would not read back: {text!r}")
    return _raw(text)


def _state_padding(offset: int) -> int:
    """Blanks that keep the whole STATE inside one 512-byte sector."""
    room = 512 - offset % 512
    return 0 if STATE_WIDTH <= room else room


def _write_recipient(writer: _Writer, recipient: Path | Recipient) -> None:
    if isinstance(recipient, Recipient):
        result, path = encode_result(recipient), recipient.path
    else:
        result, path = FRESH_RESULT, recipient
    pad = padding(writer.at + len(_SEPARATORS["RCPT"]))
    value = b" " * pad + result + b" " + _path(path)
    writer.line("RCPT", value)


assert len(FRESH_RESULT) == RESULT_WIDTH
