"""Decoded parts in one file, each behind a line that tells of it.

::

    PATH SIZE NAME          NAME as JSON
    SIZE octets

A worker writes it and mdq reads it, as if a stranger had written it.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass

from relay.message.words import plain

LONGEST_LINE = 8192
_NAME = 150
_LINE = re.compile(rb'([0-9.]{1,3000}) ([0-9]{1,15}) (".{0,2000}")\n')


@dataclass(frozen=True, slots=True)
class Piece:
    """A decoded part: where in the message, octets, file name; `at` is where it begins."""

    path: str
    size: int
    name: str = ""
    at: int = 0


class BadPieces(ValueError):
    """A file that holds no such parts."""


def encode_piece(piece: Piece) -> bytes:
    """The line before a part."""
    name = json.dumps(plain(piece.name)[:_NAME])
    return f"{piece.path} {piece.size} {name}\n".encode("ascii")


def read_pieces(fd: int, size: int) -> Iterator[Piece]:
    """The parts of a file of that size.  Raises BadPieces, and OSError."""
    at = 0
    while at < size:
        found = _LINE.match(os.pread(fd, LONGEST_LINE, at))
        if found is None:
            raise BadPieces("no line that tells of a part")
        at += found.end()
        piece = Piece(found[1].decode(), int(found[2]), _name(found[3]), at)
        at += piece.size
        if at > size:
            raise BadPieces("a part that is longer than the file")
        yield piece


def _name(text: bytes) -> str:
    try:
        found = json.loads(text)
    except ValueError as error:
        raise BadPieces("a name that is none") from error
    return plain(str(found))
