"""The fields of both header sets beside each other, the words that differ marked."""

from __future__ import annotations

import re
from collections import defaultdict, deque
from collections.abc import Sequence
from difflib import SequenceMatcher
from typing import NamedTuple, TypeAlias

from spooltool.render.text import visible

Piece: TypeAlias = tuple[str, bool]
"""Visible text (a line break stands for itself), and whether the other side has it otherwise."""

_Fields: TypeAlias = tuple[str | None, str | None]

_MOST_FIELDS = 300
_MOST_WORDS = 300
"""More are not matched: that is quadratic."""

_MOST_REWRITTEN = 50
"""Of so many fields the words are matched; of further ones all words count as changed."""

_WORDS = re.compile(r"\s+|[^\s]+")


class FieldPair(NamedTuple):
    """A field as received and as it will be sent; None: that side has no such field."""

    before: tuple[Piece, ...] | None
    after: tuple[Piece, ...] | None

    @property
    def changed(self) -> bool:
        """Whether the sides differ."""
        return self.before != self.after


def header_pairs(original: bytes, modified: bytes) -> list[FieldPair]:
    """Every field of both sets, in their order, equal ones and rewritten ones paired."""
    before, after = _fields(original), _fields(modified)
    start = 0
    while start < min(len(before), len(after)) and before[start] == after[start]:
        start += 1
    same = 0
    while same < min(len(before), len(after)) - start and before[-1 - same] == after[-1 - same]:
        same += 1
    end, stop = len(before) - same, len(after) - same
    matched = _aligned(before[start:end], after[start:stop])
    rewritten = 0
    pairs = [_equal(one) for one in before[:start]]
    for old, new in matched:
        both = old is not None and new is not None and old != new
        rewritten += both
        pairs.append(_pair(old, new, words=rewritten <= _MOST_REWRITTEN))
    return [*pairs, *(_equal(one) for one in before[end:])]


def _fields(block: bytes) -> list[str]:
    """Each field with its folds; a line that is none stands alone."""
    fields: list[list[str]] = []
    lines = block.decode("utf-8", "surrogateescape").replace("\r\n", "\n").split("\n")
    if lines[-1] == "":
        lines.pop()
    for line in lines:
        if line.startswith((" ", "\t")) and fields:
            fields[-1].append(line)
        else:
            fields.append([line])
    return ["\n".join(one) for one in fields]


def _aligned(before: Sequence[str], after: Sequence[str]) -> list[_Fields]:
    if len(before) + len(after) > _MOST_FIELDS:
        return _by_name(before, after)
    pairs: list[_Fields] = []
    for tag, low, high, start, end in SequenceMatcher(None, before, after, False).get_opcodes():
        if tag == "equal":
            pairs += [(one, one) for one in before[low:high]]
        else:
            pairs += _by_name(before[low:high], after[start:end])
    return pairs


def _by_name(before: Sequence[str], after: Sequence[str]) -> list[_Fields]:
    """Fields of one name belong together, the first to the first; others stand alone."""
    waiting: defaultdict[str, deque[int]] = defaultdict(deque)
    for at, field in enumerate(after):
        waiting[_name(field)].append(at)
    pairs: list[_Fields] = []
    told = 0
    for field in before:
        same = waiting[_name(field)]
        while same and same[0] < told:  # it came before another that is paired already
            same.popleft()
        if not same:
            pairs.append((field, None))
            continue
        at = same.popleft()
        pairs += [(None, one) for one in after[told:at]]
        pairs.append((field, after[at]))
        told = at + 1
    return [*pairs, *((None, one) for one in after[told:])]


def _name(field: str) -> str:
    return field.partition(":")[0].rstrip(" \t").lower()


def _equal(field: str) -> FieldPair:
    piece = ((_shown(field), False),)
    return FieldPair(piece, piece)


def _pair(before: str | None, after: str | None, *, words: bool) -> FieldPair:
    """Both sides; with `words` those that differ are found, else all of them do."""
    if before is None or after is None:
        return FieldPair(
            None if before is None else ((_shown(before), False),),
            None if after is None else ((_shown(after), False),),
        )
    return _equal(before) if before == after else _rewritten(before, after, words=words)


def _rewritten(before: str, after: str, *, words: bool) -> FieldPair:
    old, new = _WORDS.findall(before), _WORDS.findall(after)
    if not words or max(len(old), len(new)) > _MOST_WORDS:
        return FieldPair(((_shown(before), True),), ((_shown(after), True),))
    left: list[Piece] = []
    right: list[Piece] = []
    for tag, low, high, start, end in SequenceMatcher(None, old, new, False).get_opcodes():
        changed = tag != "equal"
        if high > low:
            left.append((_shown("".join(old[low:high])), changed))
        if end > start:
            right.append((_shown("".join(new[start:end])), changed))
    return FieldPair(tuple(left), tuple(right))


def _shown(text: str) -> str:
    lines = text.split("\n")
    return "\n".join(
        visible(f"    {line[1:]}" if line.startswith("\t") else line) for line in lines
    )
