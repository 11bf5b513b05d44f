"""Transfer encodings (RFC 2045 6) undone and made, in chunks cut anywhere.

A decoder never raises: what is odd gathers in `defects`, and it goes on as most readers do.
"""

from __future__ import annotations

import re
from binascii import Error, a2b_base64, a2b_qp, b2a_base64
from typing import Protocol

from relay.message.mime.defects import Defect
from relay.message.mime.tree import Encoding
from relay.message.quoted_printable import Quoter

_LETTERS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_BLANKS = b" \t\r\n"
_LONGEST = 64 * 1024
_MANY = 100
_JUNK = re.compile(rb"=(?![0-9A-Fa-f]{2}|[ \t]*+\r?\n)")
_SOFT = re.compile(rb"=[ \t]++\n")


class Decoder(Protocol):
    """Undoes an encoding."""

    defects: set[Defect]

    def feed(self, chunk: bytes) -> bytes:
        """What is certain by now."""
        ...

    def end(self) -> bytes:
        """The rest."""
        ...


class Encoder(Protocol):
    """Makes an encoding; what it makes has LF line ends."""

    def feed(self, chunk: bytes) -> bytes:
        """What is certain by now."""
        ...

    def end(self) -> bytes:
        """The rest."""
        ...


class Plain:
    """No encoding, both ways."""

    def __init__(self) -> None:
        self.defects: set[Defect] = set()

    def feed(self, chunk: bytes) -> bytes:
        """The chunk."""
        return chunk

    def end(self) -> bytes:
        """Nothing."""
        return b""


class Base64Decoder:
    """Base64 (RFC 2045 6.8).

    Characters that are not of it are passed over, and what follows its end is decoded as
    if it began anew: both are defects.
    """

    def __init__(self) -> None:
        self.defects: set[Defect] = set()
        self._held = b""
        self._padding = 0
        self._seen = 0
        self._ended = False

    def feed(self, chunk: bytes) -> bytes:
        """What is certain by now."""
        letters = chunk.translate(None, _BLANKS)
        odd = letters.translate(None, _LETTERS)
        if not odd and not self._ended and not self._padding:
            return self._whole(letters)
        if odd.strip(b"="):
            self.defects.add(Defect.BASE64_JUNK)
            letters = letters.translate(None, odd.replace(b"=", b""))
        runs = letters.split(b"=", max(_MANY - self._seen, 0))
        self._seen += len(runs) - 1
        runs[-1] = runs[-1].translate(None, b"=")  # by then it counts for nothing any more
        out = []
        for number, run in enumerate(runs):
            if number:
                out.append(self._pad())
            if run:
                if self._ended or self._padding:
                    self.defects.add(Defect.BASE64_AFTER_END)
                    out.append(self._close())
                out.append(self._whole(run))
        return b"".join(out)

    def end(self) -> bytes:
        """The rest, whether padded or not."""
        if self._held or self._padding:
            self.defects.add(Defect.BASE64_UNPADDED)
        return self._close()

    def _whole(self, letters: bytes) -> bytes:
        held = self._held + letters
        whole = len(held) & ~3
        self._held = held[whole:]
        return a2b_base64(held[:whole])

    def _pad(self) -> bytes:
        """One `=`; the last quantum is complete with it, or with another."""
        if self._ended or len(self._held) < 2:
            self.defects.add(Defect.BASE64_JUNK)
            return b""
        self._padding += 1
        if len(self._held) + self._padding < 4:
            return b""
        out = self._close()
        self._ended = True
        return out

    def _close(self) -> bytes:
        held, self._held, self._padding, self._ended = self._held, b"", 0, False
        if len(held) < 2:
            return b""
        return a2b_base64(held + b"=" * (4 - len(held)))


class QuotedDecoder:
    """Quoted-printable (RFC 2045 6.7); a `=` that means nothing stays, and is a defect."""

    def __init__(self) -> None:
        self.defects: set[Defect] = set()
        self._held = b""

    def feed(self, chunk: bytes) -> bytes:
        """What is certain by now."""
        text = self._held + chunk
        end = text.rfind(b"\n") + 1
        if not end and len(text) > _LONGEST:
            mark = text.rfind(b"=", len(text) - 3)
            end = mark if mark >= 0 else len(text)
        self._held = text[end:]
        return self._decode(text[:end])

    def end(self) -> bytes:
        """The rest, a last line without LF."""
        held, self._held = self._held, b""
        return self._decode(held, b"\n")

    def _decode(self, text: bytes, after: bytes = b"") -> bytes:
        if b"=" not in text:
            return text
        if _JUNK.search(text + after):
            self.defects.add(Defect.QUOTED_JUNK)
        return a2b_qp(_SOFT.sub(b"=\n", text))


class Base64Encoder:
    """Base64 in lines of `columns` characters (a multiple of four, at least one quantum)."""

    def __init__(self, columns: int = 76) -> None:
        self._octets = max(columns // 4, 1) * 3
        self._held = b""

    def feed(self, chunk: bytes) -> bytes:
        """The lines that are complete by now."""
        held = self._held + chunk
        whole = len(held) - len(held) % self._octets
        self._held = held[whole:]
        return self._lines(held[:whole])

    def end(self) -> bytes:
        """The last line."""
        held, self._held = self._held, b""
        return self._lines(held)

    def _lines(self, data: bytes) -> bytes:
        step = self._octets
        return b"".join(b2a_base64(data[at : at + step]) for at in range(0, len(data), step))


def decoder(encoding: Encoding) -> Decoder:
    """A decoder of that encoding."""
    match encoding:
        case Encoding.BASE64:
            return Base64Decoder()
        case Encoding.QUOTED:
            return QuotedDecoder()
        case Encoding.IDENTITY:
            return Plain()


def encoder(encoding: Encoding, columns: int = 76) -> Encoder:
    """An encoder of that encoding; base64 keeps lines of `columns` where SMTP can carry them."""
    match encoding:
        case Encoding.BASE64:
            return Base64Encoder(columns if 4 <= columns <= 996 else 76)
        case Encoding.QUOTED:
            return Quoter()
        case Encoding.IDENTITY:
            return Plain()


def decode_head(data: bytes) -> bytes:
    """The beginning of base64 as far as it goes; b"" when it is none."""
    letters = data.translate(None, _BLANKS)
    end = len(letters) & ~3
    if not letters or letters.translate(None, _LETTERS).strip(b"="):
        return b""
    try:
        return a2b_base64(letters[:end])
    except Error:
        return b""
