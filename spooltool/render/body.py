"""A body as lines that can be shown, made as it is read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from spooltool.render.diff import shown_lines

LONGEST = 64 * 1024
"""Bytes of a line; a longer one is divided."""


def shown_stream(chunks: Iterable[bytes]) -> Iterator[str]:
    """The lines of what comes in chunks, each fit to be shown."""
    rest = b""
    for chunk in chunks:
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            yield from shown_lines(line + b"\n")
        while len(rest) > LONGEST:
            yield from shown_lines(rest[:LONGEST])
            rest = rest[LONGEST:]
    if rest:
        yield from shown_lines(rest)
