"""Content on its way to a peer: CRLF line ends, dot-stuffing, the final dot.

Nothing here ever emits a CR or LF that is no CRLF: what holds a bare CR is refused with
`BareLineEndError`, so that no peer, however lenient, sees a second message in one.
"""

from __future__ import annotations

from collections.abc import Iterable

END = b".\r\n"
"""The final dot, to follow a line end."""


class BareLineEndError(ValueError):
    """The content holds a CR that belongs to no line end: the file must be held."""


def find_bare(data: bytes) -> int:
    """Where content with LF line ends holds a CR, -1 if nowhere."""
    return data.find(b"\r")


def encode_chunk(chunk: bytes, start: bool) -> bytes:
    """Encode a part of the content; `start` tells that it begins a line.

    The next part begins a line if this one ended in LF (an empty one changes nothing).
    Raises BareLineEndError.
    """
    if b"\r" in chunk:
        raise BareLineEndError(f"bare CR at offset {chunk.find(13)}")
    stuffed = start and chunk.startswith(b".")
    if b"\n." in chunk:
        chunk = chunk.replace(b"\n.", b"\n..")
    chunk = chunk.replace(b"\n", b"\r\n")
    return b"." + chunk if stuffed else chunk


def end(start: bool) -> bytes:
    """The end of the data; `start` tells that the content ended in LF or was empty."""
    return END if start else b"\r\n" + END


def encode(parts: Iterable[bytes]) -> bytes:
    """A whole message on the wire, final dot included.  Raises BareLineEndError.

    Content whose last line has no LF gets one: SMTP cannot say otherwise.
    """
    data = b"".join(parts)
    return encode_chunk(data, True) + end(not data or data.endswith(b"\n"))


class Encoder:
    """Encodes content that comes in chunks cut anywhere; call `end` after the last.

    With `crlf` the content's own line ends are CRLF, throughout: a CR or LF outside of
    one is bare.  The first defect raises BareLineEndError and nothing further may be
    sent.
    """

    __slots__ = ("_carry", "_crlf", "_start")

    def __init__(self, *, crlf: bool = False) -> None:
        self._crlf = crlf
        self._start = True
        self._carry = b""

    def encode(self, chunk: bytes) -> bytes:
        """The wire form of the next chunk, as far as it is certain."""
        if self._crlf:
            chunk = self._unify(chunk)
        if not chunk:
            return b""
        wire = encode_chunk(chunk, self._start)
        self._start = chunk.endswith(b"\n")
        return wire

    def end(self) -> bytes:
        """What ends the data."""
        if self._carry:
            raise BareLineEndError("bare CR at the end")
        return end(self._start)

    def _unify(self, chunk: bytes) -> bytes:
        chunk = self._carry + chunk
        keep = len(chunk) - chunk.endswith(b"\r")
        self._carry = chunk[keep:]
        text = chunk[:keep].replace(b"\r\n", b"\n")
        if text.count(b"\n") != keep - len(text):
            raise BareLineEndError("bare LF among CRLF line ends")
        return text
