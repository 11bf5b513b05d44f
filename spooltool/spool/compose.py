"""A new spool file's envelope: from values to bytes.

Two passes, because SIZES and DIGEST are known last: `encode_envelope` writes them as
blanks of their width, `encode_sizes` and `encode_digest` fill them in place.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from spooltool.spool.codec import HEAD_BYTES
from spooltool.spool.fields import CHAPTER_KEYS, FIELD, FORMAT_VERSION, LOG_KEYS, escape_text
from spooltool.spool.judged import JUDGED_WIDTH, encode_judged
from spooltool.spool.recipient import (
    FRESH_RESULT,
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
    `judged` tells that its content will be.  `notice_of` is the message for some of whose
    recipients this E file is made, "" else; `notice` the value of NOTICE, "" for a failure.
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
    notice_of: str = ""
    err_route: str = "dst"
    notice: str = ""
    judged: bool = False


@dataclass(frozen=True, slots=True)
class Composed:
    """An envelope's bytes, with the offsets of the two fields that are filled in last."""

    head: bytes
    sizes_at: int
    digest_at: int


_SEPARATORS = {key: key + FIELD[key].separator for key in FIELD}
_DEFAULTS = {key: FIELD[key].default or "" for key in CHAPTER_KEYS}
_STATE = _SEPARATORS["STATE"].encode()
_RCPT = _SEPARATORS["RCPT"].encode()
_VERDICT = _SEPARATORS["VERDICT"].encode()
_SIZES = _SEPARATORS["SIZES"].encode()
_DIGEST = _SEPARATORS["DIGEST"].encode()


def encode_envelope(message: NewMessage) -> Composed:
    """The envelope with its closing blank line, SIZES and DIGEST still blank.

    Raises ValueError when a value would break out of its line or would not read back as
    it is: the intake refuses such a message, it is never cleaned silently.
    """
    values = {**_DEFAULTS, **message.chapter}
    text = [_line(k, values[k]) for k in CHAPTER_KEYS if values[k] or k not in LOG_KEYS]
    text.append(_line("FORMAT", FORMAT_VERSION))
    out = [_encoded("".join(text))]
    at = len(out[0]) + len(_STATE)
    state = message.state or fresh_state(int(message.arrived), len(message.recipients))
    pad = _state_padding(at)
    at += pad + STATE_WIDTH + 1
    if at > HEAD_BYTES:
        raise ValueError(f"values too long: STATE would end after {HEAD_BYTES} bytes")
    out.append(_STATE + b" " * pad + encode_state(state) + b"\n")
    text = [
        _line("ARRIVED", f"{message.arrived:.6f}"),
        _line("HELO", escape_text(message.helo)),
        _line("PROTO", escape_text(message.proto)),
        _line("RESOURCE", escape_text(message.resource)),
        _line("ROUTE", message.route),
        *((_line("ERR_ROUTE", message.err_route),) if message.err_route != "dst" else ()),
        *((_line("NOTICE_OF", message.notice_of),) if message.notice_of else ()),
        *((_line("NOTICE", message.notice),) if message.notice else ()),
    ]
    out.append(_encoded("".join(text)))
    at += len(out[-1])
    if message.judged:
        out.append(_verdict(at + len(_VERDICT)))
        at += len(out[-1])
    out.append(_encoded(_line("FROM", _path(message.sender))))
    at += len(out[-1])
    for recipient in message.recipients:
        out.append(_recipient(recipient, at + len(_RCPT)))
        at += len(out[-1])
    sizes_at = at + len(_SIZES)
    digest_at = sizes_at + SIZES_WIDTH + 1 + len(_DIGEST)
    out += [_SIZES, b" " * SIZES_WIDTH, b"\n", _DIGEST, b" " * DIGEST_WIDTH, b"\n\n"]
    return Composed(b"".join(out), sizes_at, digest_at)


def encode_sizes(original: int, modified: int, body: int) -> bytes:
    """The value of SIZES, `SIZES_WIDTH` bytes."""
    return b"%12d %12d %12d" % (original, modified, body)


def encode_digest(hexdigest: str) -> bytes:
    """The value of DIGEST, `DIGEST_WIDTH` bytes."""
    return f"{DIGEST_ALGORITHM}:{hexdigest}".encode()


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _line(key: str, value: str) -> str:
    if not value.isprintable() or value[:1] == " " or value[-1:] == " ":
        if any(ch < " " or ch == "\x7f" for ch in value):
            raise ValueError(f"{key}: control characters cannot stand in a value")
        if value != value.strip(" "):
            raise ValueError(f"{key}: blanks at an end would not read back")
    return f"{_SEPARATORS[key]}{value}\n"


def _path(path: Path) -> str:
    text = encode_path(path)
    if parse_path_value(text) != path:
        raise ValueError(f"an address that would not read back: {text!r}")
    return text


def _state_padding(offset: int) -> int:
    """Blanks that keep the whole STATE inside one 512-byte sector."""
    room = 512 - offset % 512
    return 0 if room >= STATE_WIDTH else room


def _verdict(offset: int) -> bytes:
    """A VERDICT line that says nothing yet, its value in one sector."""
    room = 512 - offset % 512
    pad = 0 if room >= JUDGED_WIDTH else room
    return _VERDICT + b" " * pad + encode_judged(None) + b"\n"


def _recipient(recipient: Path | Recipient, offset: int) -> bytes:
    """A RCPT line whose value begins at `offset`."""
    if isinstance(recipient, Recipient):
        result, path = encode_result(recipient), recipient.path
    else:
        result, path = FRESH_RESULT, recipient
    address = _line("RCPT", _path(path))[len(_RCPT) :]
    return b"%s%*s%s %s" % (_RCPT, padding(offset), b"", result, _encoded(address))
