"""The body of a part while it passes: decoded, its first bytes kept, files in it found."""

from __future__ import annotations

import re
from typing import Protocol

from relay.message.mime.defects import Defect
from relay.message.mime.embedded import EmbeddedFiles
from relay.message.mime.signatures import HEAD, types_of
from relay.message.mime.transfer import decode_head, decoder
from relay.message.mime.tree import Embedded, Encoding, Tree

_HEADER_LIKE = re.compile(
    rb"\s*content-(?:type|transfer-encoding|disposition)[ \t]*+:", re.IGNORECASE
)
_FEW = 60
"""Letters that make base64 without a label worth a look."""


class Reader(Protocol):
    """A scanner of the message that is decoded."""

    def feed(self, chunk: bytes) -> None:
        """The next bytes."""
        ...

    def end(self) -> Tree:
        """The message is over."""
        ...


class LineEnds:
    """Gives a reader LF for CRLF: decoded text has the line ends of RFC 2045 6.8."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._held = b""

    def feed(self, chunk: bytes) -> None:
        """The next bytes."""
        text = self._held + chunk
        self._held = b"\r" if text.endswith(b"\r") else b""
        self._reader.feed(text.removesuffix(b"\r").replace(b"\r\n", b"\n"))

    def end(self) -> Tree:
        """The message is over."""
        self._reader.feed(self._held)
        return self._reader.end()


class LeafReader:
    """Takes a body in chunks; after `end`, what is known of it.

    `readers` see an encoded message: the first its decoded form, others what was fed.
    Holds the first `HEAD` bytes and a line.
    """

    def __init__(self, encoding: Encoding, readers: tuple[Reader, ...] = ()) -> None:
        self.size = 0
        self.columns = 0
        self.types: tuple[str, ...] = ()
        self.embedded: tuple[Embedded, ...] = ()
        self.inner: tuple[Tree, ...] = ()
        self.defects: set[Defect] = set()
        self._encoding = encoding
        self._decoder = decoder(encoding)
        self._files = EmbeddedFiles()
        self._readers = readers
        self._head = bytearray()
        self._raw_head = bytearray()
        self._held = False

    def feed(self, chunk: bytes) -> None:
        """The next bytes; a last LF is held, for it may be that before a delimiter."""
        if self._held:
            self._held = False
            self._take(b"\n")
        if chunk.endswith(b"\n"):
            self._held = True
            chunk = chunk[:-1]
        self._take(chunk)

    def end(self, *, whole: bool) -> None:
        """The body is over; `whole` tells that a last LF is of it."""
        if self._held and whole:
            self._take(b"\n")
        self._decoded(self._decoder.end())
        self._files.end()
        self.embedded = tuple(self._files.found)
        self.inner = tuple(reader.end() for reader in self._readers)
        self.columns = len(self._raw_head.lstrip(b"\n").partition(b"\n")[0])
        self.types = types_of(bytes(self._head))
        if not self._readers and _HEADER_LIKE.match(self._raw_head):
            self.defects.add(Defect.HEADER_IN_BODY)
        self.defects |= self._decoder.defects | self._files.defects
        if self._encoding is not Encoding.BASE64 and len(self._head) > _FEW:
            self.types += types_of(decode_head(bytes(self._head)))

    def _take(self, raw: bytes) -> None:
        if len(self._raw_head) < HEAD:
            self._raw_head += raw[: HEAD - len(self._raw_head)]
        for reader in self._readers[1:]:
            reader.feed(raw)
        self._decoded(self._decoder.feed(raw))

    def _decoded(self, data: bytes) -> None:
        if not data:
            return
        self.size += len(data)
        if len(self._head) < HEAD:
            self._head += data[: HEAD - len(self._head)]
        for reader in self._readers[:1]:
            reader.feed(data)
        self._files.feed(data)
