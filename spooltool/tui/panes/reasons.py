"""Pane 3: what is stuck, by reason."""

from __future__ import annotations

from spooltool.render.text import cut, fit, fit_right, visible
from spooltool.tui.glyphs import Glyphs
from spooltool.tui.model import Queue
from spooltool.tui.panes.pane import Pane
from spooltool.tui.spans import Spans
from spooltool.workers.queue import ReasonRow
from spooltool.workers.table import Cells

_REASON, _NUMBER, _BAR = 11, 7, 9


class ReasonsPane(Pane):
    """Stuck mail by reason, with the destination that most of it has; `Enter` sets the filter."""

    pane_id = "reasons"
    share = 8

    def __init__(self, glyphs: Glyphs) -> None:
        super().__init__(glyphs)
        self.reasons: tuple[ReasonRow, ...] = ()

    def take(self, queue: Queue) -> None:
        """Other counts."""
        reasons = queue.facts.reasons
        if reasons == self.reasons:
            return
        at = self.cursor
        chosen = self.reasons[at].reason if 0 <= at < len(self.reasons) else None
        self.reasons = reasons
        names = [one.reason for one in reasons]
        self.reset(names.index(chosen) if chosen in names else None)

    def query_of(self, row: int) -> str:
        """What a row counts."""
        return self.reasons[row].query

    def equal(self, under: Cells | None) -> list[str]:
        """The same counts."""
        return ["group", "stuck", "--by", "reason"]

    @property
    def count(self) -> int:
        """The reasons that there are."""
        return len(self.reasons)

    def heads(self, width: int) -> list[Spans]:
        """The title."""
        return [self.title("REASON (stuck)", width)]

    def empty(self, width: int) -> list[Spans]:
        """Nothing is stuck."""
        return [[("  nothing is stuck", "good")]]

    def row(self, row: int, width: int) -> Spans:
        """One reason: how many, a bar, and where most of them want to go."""
        one = self.reasons[row]
        most = max(reason.messages for reason in self.reasons)
        bar = self.glyphs.bar * max(1, round(_BAR * one.messages / most))
        left = width - 2 - _REASON - _NUMBER - 2 - _BAR - 1
        return [
            (">" if row == self.cursor else " ", "strong"),
            (" " + fit(one.reason, _REASON), ""),
            (fit_right(f"{one.messages:,}", _NUMBER) + "  ", "strong"),
            (fit(bar, _BAR) + " ", "bad"),
            (cut(visible(one.about), max(0, left)), ""),
        ]
