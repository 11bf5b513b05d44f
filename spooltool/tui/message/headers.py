"""Both header sets."""

from __future__ import annotations

from spooltool.diagnose.header_changes import header_changes
from spooltool.look.open_message import MOST_HEADERS
from spooltool.render.diff import change_words
from spooltool.render.header_pairs import FieldPair, Piece, header_pairs
from spooltool.render.units import size
from spooltool.tui.message.tab import TextTab
from spooltool.tui.spans import Span, Spans, flow, padded

_WIDE = 72
_DIVIDER: Span = (" | ", "dim")
_INDENT = 4
_BEFORE = ("[-", "-]", "removed", "- ")
_AFTER = ("{+", "+}", "added", "+ ")
Side = tuple[str, str, str, str]
"""Marks around changed words, the style, and what stands before the line."""


class HeadersTab(TextTab):
    """The headers as received and as they will be sent, and who changed them.

    From 72 columns on they stand beside each other.  `-` and `+` mark the fields that
    differ, `[-words-]` and `{+words+}` what differs within them.
    """

    name = "headers"
    _whole = True

    def lines(self, width: int) -> list[Spans]:
        """Who changed what, then the fields."""
        message = self.message
        self._whole = message.whole
        if not message.whole or message.file is None:
            why = message.trouble or "its envelope is long and being read ..."
            return [[(why, "bad" if message.trouble else "dim")]]
        original, modified = message.headers()
        if not original and not modified:
            return [[("no headers", "dim")]]
        pairs = header_pairs(original, modified)
        changes = header_changes(original, modified, message.row.rule, message.row.resource)
        rows: list[Spans] = []
        for change in changes:
            rows += flow([(change_words(change), "note")], width, 2)
        if not changes and not any(pair.changed for pair in pairs):
            rows.append([("sent as received", "note")])
        longest = max(message.file.parts.original[1], message.file.parts.modified[1])
        if longest > MOST_HEADERS:
            words = f"the first {size(MOST_HEADERS)} of {size(longest)}; all of it: raw"
            rows.append([(words, "warn")])
        rows.append([])
        return rows + (_beside(pairs, width) if width >= _WIDE else _below(pairs, width))

    def work(self) -> bool:
        """Shown when the envelope is read to its end."""
        if self._whole != self.message.whole:
            self.stale()
        return False


def _beside(pairs: list[FieldPair], width: int) -> list[Spans]:
    half = (width - len(_DIVIDER[0])) // 2
    rows: list[Spans] = [
        [*padded([("  as received", "head")], half), _DIVIDER, ("  as it will be sent", "head")]
    ]
    for pair in pairs:
        left = _lines(pair.before, pair.changed, _BEFORE, half)
        right = _lines(pair.after, pair.changed, _AFTER, half)
        for at in range(max(len(left), len(right))):
            first = left[at] if at < len(left) else []
            second = right[at] if at < len(right) else []
            rows.append([*padded(first, half), _DIVIDER, *second])
    return rows


def _below(pairs: list[FieldPair], width: int) -> list[Spans]:
    rows: list[Spans] = []
    for pair in pairs:
        rows += _lines(pair.before if pair.changed else None, True, _BEFORE, width)
        rows += _lines(pair.after, pair.changed, _AFTER, width)
    return rows


def _lines(pieces: tuple[Piece, ...] | None, changed: bool, side: Side, width: int) -> list[Spans]:
    """A field in lines of at most `width`; none where that side lacks it."""
    if pieces is None:
        return []
    opening, closing, style, mark = side
    spans: list[Span] = [(mark if changed else "  ", style if changed else "")]
    alone = len(pieces) == 1
    for text, differs in pieces:
        if not differs:
            spans.append((text, style if changed and alone else ""))
        elif text.isspace():
            spans.append((text, style))
        else:
            spans.append((f"{opening}{text}{closing}", style))
    return flow(spans, width, _INDENT)
