"""Bytes as numbers with their characters beside them."""

from __future__ import annotations

OFFSET_WIDTH = 11
"""Columns of an offset and the blanks behind it."""


def bytes_a_row(width: int) -> int:
    """How many bytes fit a line of so many columns: 8, 16 or 32."""
    for number in (32, 16):
        if OFFSET_WIDTH + 4 * number + number // 8 + 2 <= width:
            return number
    return 8


def offset_words(offset: int) -> str:
    """An offset at the left of a line, eleven columns wide."""
    return f"{offset:>9}  "


def hex_words(data: bytes, number: int) -> tuple[str, str]:
    """`67 72 c3 bc`, padded to `number` bytes with a gap after each eight; and `gr..`."""
    words = [data[at : at + 8].hex(" ") for at in range(0, len(data), 8)]
    width = 3 * number - 1 + (number - 1) // 8
    text = "".join(chr(byte) if 0x20 <= byte < 0x7F else "." for byte in data)
    return "  ".join(words).ljust(width), text
