"""The octets that are judged, scanned and sent: a range of an open file, with its digest."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass

from relay.content.scratch import open_scratch
from relay.delivery.connection import Content
from relay.policy.mail_head import without_addresses
from relay.smtp.wire import encode
from spooltool.store.message import read_chunks

WHOLE = 256 * 1024
"""Texts up to this many octets are read at once."""

LARGEST_HEAD = 64 << 20
"""Octets in which a header block must end; none that the intake takes is larger."""

_EMPTY_LINE = re.compile(rb"(?:\A|\n)(\r?\n)")


class Differs(OSError):
    """The octets are not those that were judged."""


@dataclass(slots=True)
class Text:
    """`size` octets from `start` on.  `crlf` tells of its line ends; `owned` that closing it
    closes the descriptor.  `digest` is the SHA-256 of what may be sent, "" while unknown."""

    fd: int
    start: int
    size: int
    crlf: bool = False
    owned: bool = False
    digest: str = ""

    @property
    def end(self) -> int:
        """The offset after its last octet."""
        return self.start + self.size

    def close(self) -> None:
        """Let go of it; harmless when done."""
        if self.owned:
            self.owned = False
            os.close(self.fd)

    def chunks(self) -> Iterator[bytes]:
        """Its octets, piece by piece."""
        return read_chunks(self.fd, (self.start, self.size))

    def proved(self) -> Iterator[bytes]:
        """The same, and the last piece only when the whole is what was judged.

        Raises Differs instead, so that no reader gets to the end of anything else.
        """
        found, held = hashlib.sha256(), b""
        for chunk in self.chunks():
            if held:
                yield held
            found.update(chunk)
            held = chunk
        if found.hexdigest() != self.digest:
            raise Differs("the content is not what was judged")
        yield held

    def content(self) -> Content:
        """What a delivery sends.  Raises Differs, and BareLineEndError for what never is."""
        if self.size <= WHOLE and not self.crlf:
            return Content(encode((b"".join(self.proved()),)))
        return Content(chunks=self.proved, crlf=self.crlf)

    def head(self) -> tuple[bytes, int]:
        """The header block with LF line ends, and where in the text the body begins.

        (b"", 0) where nothing ends it.
        """
        text = b""
        for chunk in self.chunks():
            text += chunk
            if found := _EMPTY_LINE.search(text):
                return text[: found.start(1)].replace(b"\r\n", b"\n"), found.end()
            if len(text) > LARGEST_HEAD:
                break
        return b"", 0

    def body_after(self, block: bytes, body: int) -> Iterator[bytes]:
        """Another header block, an empty line, and the body from there on."""
        yield block
        yield b"\n"
        yield from read_chunks(self.fd, (self.start + body, self.size - body))

    def for_scanner(self, *, headers: bool) -> Iterator[bytes]:
        """What a scanner is sent: all of it, or the body with what says how it is read."""
        block, body = (b"", 0) if headers else self.head()
        if not body:
            return self.chunks()
        return self.body_after(without_addresses(block), body)


def collected(pieces: Iterator[bytes], folder: str) -> Text:
    """Pieces written into a file without a name.  Raises OSError."""
    fd = open_scratch(folder)
    try:
        digest = hashlib.sha256()
        size = 0
        for piece in pieces:
            view = memoryview(piece)
            while view:
                view = view[os.write(fd, view) :]
            digest.update(piece)
            size += len(piece)
    except BaseException:
        os.close(fd)
        raise
    return Text(fd, 0, size, owned=True, digest=digest.hexdigest())
