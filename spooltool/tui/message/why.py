"""Why it is where it is."""

from __future__ import annotations

from spooltool.diagnose.row import Row
from spooltool.render.message import LABELS, defect_lines, facts, verdict_line
from spooltool.render.text import columns
from spooltool.tui.message.tab import TextTab
from spooltool.tui.spans import Span, Spans

_STYLES = {
    "stuck": "bad",
    "waiting": "warn",
    "held": "warn",
    "quarantined": "warn",
    "delivering": "good",
}
_TABLES = ("to", "mend")
_MOST_LINES = 5
"""Of one sentence: a client may call itself anything."""

_LABEL_STYLES = {"mend": "strong", "suspended": "warn"}


def verdict_style(row: Row) -> str:
    """The style of a standing; its word stands beside it."""
    return _STYLES.get(row.standing, "")


class WhyTab(TextTab):
    """The verdict with its code, each recipient with its result, what was tried and comes next.

    Below them stand what is wrong with the file and the commands that help.
    """

    name = "why"
    _whole = True

    def work(self) -> bool:
        """Told anew when a long envelope is read to its end."""
        if self._whole != self.message.whole:
            self.stale()
        return False

    def lines(self, width: int) -> list[Spans]:
        """What `spooltool show` says, without the headers."""
        self._whole = self.message.whole
        shown = self.message.shown()
        room = max(20, width - 1)
        out: list[Spans] = [_verdict(line, shown.row) for line in verdict_line(shown.row, room)]
        out.append([])
        for label, lines in facts(shown, max(20, room - LABELS), max(20, room - LABELS)):
            style = _LABEL_STYLES.get(label, "")
            if label not in _TABLES and len(lines) > _MOST_LINES:
                lines = [*lines[:_MOST_LINES], "~ all of it: envelope"]
            for at, line in enumerate(lines):
                out.append([(f"  {label if not at else '':<{LABELS - 2}}", "dim"), (line, style)])
        if self.message.trouble:
            out += [[], [(self.message.trouble, "bad")]]
        if not self.message.whole:
            out += [[], [("its envelope is long and being read ...", "dim")]]
        elif told := defect_lines(self.message.defects, room, room):
            out += [[], [(told[0], "head")], *([(line, "warn")] for line in told[1:])]
        return out


def _verdict(line: str, row: Row) -> Spans:
    """Words strong, the code at the right edge in the style of the standing."""
    words, gap, code = line.rpartition("  ")
    if not gap:
        return [(line, "strong")]
    spans: list[Span] = [(words + gap, "strong"), (code, verdict_style(row))]
    return spans if columns(code) else [(line, "strong")]
