"""The header block of a message: cut from a stream of content, then read by byte range.

Nothing here parses and prints.  A block stays the bytes that came; a field is a handful
of offsets into it, so that folding, odd spacing and signatures survive whatever is
later changed elsewhere in the block.

What is the header block (RFC 5322 2.1, read as leniently as other MTAs do):

- It is the longest run of header lines from the start.  A header line is a field name,
  blanks or none, a colon; or, after the first line, a continuation that begins with
  SPACE or TAB.
- An empty line ends it and is the *separator*.  It belongs to neither side.
- Any other line that is no header line ends it too: there the body starts, with that
  line, and the separator is empty.  No byte is added to mend such a message.
- A block is empty or ends in LF.  A last line without LF is body.

So `block + separator + rest` is what came, byte for byte, and sending it back in that
order is sending what came.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from relay.smtp.reply import Reply

_LINES = re.compile(rb"(?:[!-9;-~]{1,998}+[ \t]{0,998}+:[^\n]*+\n|[ \t][^\n]*+\n)*+")
_BEGINNING = re.compile(rb"(?!:)[!-9;-~]{0,998}+[ \t]{0,998}+(:?)")
_FIELD = re.compile(rb"(?m)^([!-9;-~]++)[ \t]*+:([^\n]*+(?:\n[ \t][^\n]*+)*+)")


@dataclass(frozen=True, slots=True)
class HeaderLimits:
    """How large a header block may be: `size` in bytes, `fields` in number."""

    size: int = 256 * 1024
    fields: int = 1000


DEFAULT_LIMITS = HeaderLimits()


class HeaderCollector:
    """Cuts the header block off a stream of content chunks (LF line ends).

    Call `feed` with each chunk until it returns True, or `end` when the content ends
    first; then read `block`, `separator`, `rest` (the first bytes of the body, as far as
    they have come) and `problem`.  Later chunks are body and are not fed.  The result
    does not depend on how the content was cut into chunks.

    A block over the limits, or with a NUL in it, shows as `problem`: the reply to give
    to the final dot.  Then the three parts hold nothing of use.  The memory held is
    bounded by the limit and the size of one chunk.
    """

    __slots__ = ("_buffer", "_limits", "_line", "block", "done", "problem", "rest", "separator")

    def __init__(self, limits: HeaderLimits = DEFAULT_LIMITS) -> None:
        self._limits = limits
        self._buffer = bytearray()
        self._line = 0
        self.block = b""
        self.separator = b""
        self.rest = b""
        self.problem: Reply | None = None
        self.done = False

    def feed(self, chunk: bytes) -> bool:
        """Take the next chunk; True once the header block has ended or is refused.

        Raises ValueError when called after that.
        """
        if self.done:
            raise ValueError("the header block has ended already")
        buffer = self._buffer
        content: bytes | bytearray = chunk
        if buffer:
            buffer += chunk
            content = buffer
        line = self._line
        if b"\n" in chunk:
            if line or content[:1] not in (b" ", b"\t"):
                match = _LINES.match(content, line)
                line = match.end() if match else line
            if line < len(content):
                end = content.find(b"\n", line)
                if end >= 0:
                    return self._cut(content, line, 1 if end == line else 0)
        self._line = line
        if self._is_body(content, line):
            return self._cut(content, line, 0)
        if len(content) > self._limits.size and self._overflows(content, line):
            self._buffer = bytearray()
            return self._refuse(_too_large(self._limits))
        if content is chunk:
            buffer += chunk
        return False

    def end(self) -> None:
        """The content has ended: what was fed is all there is.  Harmless when done."""
        if not self.done:
            self._cut(self._buffer, self._line, 0)

    def _is_body(self, content: bytes | bytearray, line: int) -> bool:
        """Whether the unfinished line at `line` can no longer become a header line."""
        if line == len(content) or (line and content[line] in b" \t"):
            return False
        match = _BEGINNING.match(content, line)
        if match is None or (line == 0 and content[0] in b" \t"):
            return True
        return not match[1] and match.end() < len(content)

    def _overflows(self, content: bytes | bytearray, line: int) -> bool:
        """Whether the block is too large already, an unfinished header line counted."""
        if line > self._limits.size:
            return True
        if line and content[line : line + 1] in (b" ", b"\t"):
            return True
        match = _BEGINNING.match(content, line)
        return bool(match and match[1])

    def _cut(self, content: bytes | bytearray, at: int, separator: int) -> bool:
        self.block = bytes(content[:at])
        self.separator = b"\n" if separator else b""
        self.rest = bytes(content[at + separator :])
        self._buffer = bytearray()
        self.done = True
        self.problem = _block_problem(self.block, self._limits)
        return True

    def _refuse(self, problem: Reply) -> bool:
        self.done = True
        self.problem = problem
        return True


def _too_large(limits: HeaderLimits) -> Reply:
    return Reply(552, "5.3.4", f"header block is larger than {limits.size} bytes")


def _block_problem(block: bytes, limits: HeaderLimits) -> Reply | None:
    if len(block) > limits.size:
        return _too_large(limits)
    if len(block) > 2 * limits.fields and count_fields(block) > limits.fields:
        return Reply(554, "5.6.0", f"more than {limits.fields} header fields")
    if b"\0" in block:
        return Reply(554, "5.6.0", "NUL in the header block")
    return None


class Field(NamedTuple):
    """One header field as offsets into its block; cut the block to get at the bytes.

    `name` is as written.  The field is `block[start:end]` with its folding and without
    its last LF, the name `block[start:name_end]`, the value `block[value:end]`, still
    folded and with the blanks after the colon.
    """

    name: bytes
    start: int
    name_end: int
    value: int
    end: int


def fields(block: bytes) -> Iterator[Field]:
    """The fields of a header block in order; lines that belong to no field are passed over.

    Copies the names alone.  RFC 5322 2.2, and the obsolete blanks before the colon.
    """
    for match in _FIELD.finditer(block):
        start, name_end = match.span(1)
        value, end = match.span(2)
        yield Field(match[1], start, name_end, value, end)


def find(block: bytes, name: str) -> Field | None:
    """The first field of that name, in any letter case; None when there is none."""
    match = _named(name).search(block)
    if match is None:
        return None
    start, name_end = match.span(1)
    value, end = match.span(2)
    return Field(match[1], start, name_end, value, end)


def unfold(value: bytes) -> bytes:
    """A field's value on one line: folds undone, outer blanks gone (RFC 5322 2.2.3)."""
    if b"\n" in value:
        value = value.replace(b"\r\n", b"").replace(b"\n", b"")
    return value.strip(b" \t\r")


def value_of(block: bytes, name: str) -> bytes | None:
    """The unfolded value of the first field of that name; None when there is none."""
    field = find(block, name)
    return None if field is None else unfold(block[field.value : field.end])


def count_fields(block: bytes) -> int:
    """How many fields a collected block holds: its lines less the continuations."""
    return block.count(b"\n") - block.count(b"\n ") - block.count(b"\n\t")


def is_eightbit(content: bytes) -> bool:
    """Whether content needs a hop with 8BITMIME (RFC 6152): a byte above 127 is in it."""
    return not content.isascii()


def needs_smtputf8(block: bytes) -> bool:
    """Whether the header block holds anything but ASCII (RFC 6531 3.4).

    Also true for raw Latin-1, which no extension allows and which no hop without
    SMTPUTF8 has promised to carry either.
    """
    return not block.isascii()


@lru_cache(maxsize=256)
def _named(name: str) -> re.Pattern[bytes]:
    quoted = re.escape(name.encode("ascii"))
    return re.compile(
        rb"(?mi)^(" + quoted + rb")[ \t]*+:([^\n]*+(?:\n[ \t][^\n]*+)*+)",
    )
