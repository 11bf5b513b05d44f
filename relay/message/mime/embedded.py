"""Files inside of text that no header names: uuencode, yEnc, BinHex.

Readers make attachments of them.  Each is found by its first line; the names and the first
bytes that follow are read, the rest is not.
"""

from __future__ import annotations

import re
from binascii import Error, a2b_uu
from collections.abc import Callable

from relay.message.mime.charsets import texts
from relay.message.mime.defects import Defect
from relay.message.mime.names import readings
from relay.message.mime.signatures import types_of
from relay.message.mime.transfer import decode_head
from relay.message.mime.tree import Embedded

MOST = 100
"""Files of one part; more are a defect."""

_SAMPLE = 2048
_LINE = 1024
_BEGIN = re.compile(
    rb"(?:begin(?P<b64>-base64)?[ \t]++(?P<mode>[0-7]{3,4})[ \t]++(?P<name>[^\r\n]++)"
    rb"|begin[ \t]{2,}(?P<loose>[^\r\n]++)"
    rb"|=ybegin[ \t][^\r\n]*?\bname=(?P<y>[^\r\n]++)"
    rb"|(?P<hqx>\(This file must be converted with BinHex))"
)
_MARKS = (b"begin", b"(This file must be converted with BinHex")
_HQX = b"!\"#$%&'()*+,-012345689@ABCDEFGHIJKLMNPQRSTUVXYZ[`abcdefhijklmpqr"
_HQX_VALUES = {letter: value for value, letter in enumerate(_HQX)}


class EmbeddedFiles:
    """Finds them in decoded text that comes in chunks cut anywhere.

    After `end`, `found` are the files and `defects` what is odd of them.
    """

    def __init__(self) -> None:
        self.defects: set[Defect] = set()
        self.found: list[Embedded] = []
        self._rest = b""
        self._samples: list[tuple[re.Match[bytes], bytearray]] = []
        self._line_start = True

    def feed(self, chunk: bytes) -> None:
        """The next bytes."""
        for _, sample in self._samples:
            sample += chunk[: _SAMPLE - len(sample)]
        text = self._rest + chunk
        last = text.rfind(b"\n") + 1
        at_end = len(text) - last > _LINE
        self._search(text, len(text) if at_end else last)
        self._rest = b"" if at_end else text[last:]
        self._line_start = not at_end
        self._settle(done=False)

    def end(self) -> None:
        """The text is over."""
        self._search(self._rest, len(self._rest))
        self._rest = b""
        self._settle(done=True)

    def _search(self, text: bytes, end: int) -> None:
        for mark in _MARKS:
            at = text.find(mark, 0, end)
            while at >= 0:
                start = at - 2 if mark == b"begin" and text[at - 2 : at] == b"=y" else at
                if text[start - 1 : start] == b"\n" or (start == 0 and self._line_start):
                    self._begin(text, start)
                at = text.find(mark, at + len(mark), end)

    def _begin(self, text: bytes, start: int) -> None:
        match = _BEGIN.match(text, start, start + _LINE)
        if match is None:
            return
        if len(self.found) + len(self._samples) >= MOST:
            self.defects.add(Defect.TOO_MANY_EMBEDDED)
            return
        line_end = text.find(b"\n", match.end())
        after = text[line_end + 1 : line_end + 1 + _SAMPLE] if line_end >= 0 else b""
        self._samples.append((match, bytearray(after)))

    def _settle(self, *, done: bool) -> None:
        waiting = []
        for match, sample in self._samples:
            if done or len(sample) >= _SAMPLE:
                self._take(match, bytes(sample))
            else:
                waiting.append((match, sample))
        self._samples = waiting

    def _take(self, match: re.Match[bytes], sample: bytes) -> None:
        coding, decode = _coding(match)
        head, name = decode(sample)
        named = match["name"] or match["loose"] or match["y"] or name
        names, complete = readings(texts(named.strip()))
        if not complete:
            self.defects.add(Defect.TOO_MANY_NAMES)
        if not head and match["loose"] is None:
            self.defects.add(Defect.EMBEDDED_BROKEN)
        elif head:
            self.defects.add(Defect.EMBEDDED)
        self.found.append(Embedded(coding, tuple(names), types_of(head)))


_Decode = Callable[[bytes], tuple[bytes, bytes]]


def _coding(match: re.Match[bytes]) -> tuple[str, _Decode]:
    if match["hqx"]:
        return "binhex", _from_binhex
    if match["y"]:
        return "yenc", _from_yenc
    if match["b64"]:
        return "base64", lambda sample: (decode_head(sample.partition(b"\n====")[0]), b"")
    return "uuencode", _from_uu


def _from_uu(sample: bytes) -> tuple[bytes, bytes]:
    head = b""
    lines = sample.split(b"\n")
    for line in lines[:-1] if len(sample) >= _SAMPLE else lines:
        if not line.strip():
            break
        try:
            data = a2b_uu(line.rstrip(b"\r"))
        except Error:
            break
        if not data:
            break
        head += data
    return head, b""


def _from_yenc(sample: bytes) -> tuple[bytes, bytes]:
    lines = sample.split(b"\n")
    while lines and lines[0].startswith(b"=ypart"):
        lines.pop(0)
    out = bytearray()
    escaped = False
    for byte in b"".join(line.rstrip(b"\r") for line in lines).partition(b"=yend")[0]:
        if byte == 0x3D and not escaped:
            escaped = True
            continue
        out.append((byte - (106 if escaped else 42)) & 0xFF)
        escaped = False
    return bytes(out), b""


def _from_binhex(sample: bytes) -> tuple[bytes, bytes]:
    """The beginning of the data fork, and the name before it."""
    _, _, coded = sample.partition(b":")
    bits = value = 0
    out = bytearray()
    for letter in coded:
        if letter in b"\r\n":
            continue
        if letter not in _HQX_VALUES:
            break
        value, bits = (value << 6 | _HQX_VALUES[letter]) & 0xFFFF, bits + 6
        if bits >= 8:
            bits -= 8
            out.append(value >> bits & 0xFF)
    plain = _unrepeated(bytes(out))
    if not plain:
        return b"", b""
    size = plain[0]
    # Name, a zero, type, creator, flags, two lengths, a checksum.
    return plain[1 + size + 1 + 4 + 4 + 2 + 4 + 4 + 2 :] or b"\n", plain[1 : 1 + size]


def _unrepeated(data: bytes) -> bytes:
    """BinHex's runs (90 and a count) spread out."""
    out = bytearray()
    at = 0
    while at < len(data):
        if data[at] == 0x90 and at + 1 < len(data):
            count = data[at + 1]
            out += b"\x90" if count == 0 else out[-1:] * (count - 1)
            at += 2
        else:
            out.append(data[at])
            at += 1
    return bytes(out)
