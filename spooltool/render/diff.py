"""Original against modified headers, line by line."""

from __future__ import annotations

from difflib import SequenceMatcher, unified_diff
from typing import assert_never

from spooltool.diagnose.header_changes import Done, HeaderChange
from spooltool.render.text import visible

_MOST_LINES = 4000


def shown_lines(block: bytes) -> list[str]:
    """The lines of a block of text, each fit to be shown."""
    lines = block.split(b"\n")
    if lines and lines[-1] == b"":
        lines.pop()
    return [visible(_text(line)) for line in lines]


def _text(line: bytes) -> str:
    text = line.removesuffix(b"\r").decode("utf-8", "surrogateescape")
    return text.replace("\t", "    ") if text.startswith("\t") else text


def whole_diff(original: bytes, modified: bytes) -> list[str]:
    """Every line of both, marked: `  ` in both, `- ` of the original, `+ ` of the modified."""
    before, after = shown_lines(original), shown_lines(modified)
    if before == after:
        return [f"  {line}" for line in after]
    if len(before) + len(after) > _MOST_LINES:  # matching is quadratic
        return [*(f"- {line}" for line in before), *(f"+ {line}" for line in after)]
    out: list[str] = []
    for tag, start, end, low, high in SequenceMatcher(None, before, after, False).get_opcodes():
        if tag == "equal":
            out += [f"  {line}" for line in before[start:end]]
        else:
            out += [f"- {line}" for line in before[start:end]]
            out += [f"+ {line}" for line in after[low:high]]
    return out


def header_diff(original: bytes, modified: bytes) -> list[str]:
    """A unified diff of the two header sets; empty when they are equal."""
    before, after = shown_lines(original), shown_lines(modified)
    if len(before) + len(after) > _MOST_LINES:
        return whole_diff(original, modified)
    return list(unified_diff(before, after, "original headers", "modified headers", lineterm=""))


def change_words(change: HeaderChange) -> str:
    """What was done to some fields and by whom: `To, Cc rewritten: rule 11, resource in`."""
    by = visible(change.by)
    match change.done:
        case Done.ADDED:
            words = f"added by {by}" if by else "added by none of its rules"
        case Done.REWRITTEN | Done.REMOVED:
            words = f"{change.done.value}: {by or 'by none of its rules'}"
        case Done.BROKEN:
            return f"DKIM broken by {by or 'that'}"
        case _:
            assert_never(change.done)
    return f"{', '.join(map(visible, change.fields))} {words}"
