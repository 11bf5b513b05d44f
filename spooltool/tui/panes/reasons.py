"""Pane 3: what is stuck, by reason."""

from __future__ import annotations

from spooltool.render.text import cut, fit, fit_right, visible
from spooltool.tui.glyphs import Glyphs
from spooltool.tui.grid import Grid
from spooltool.tui.spans import Spans
from spooltool.tui.title import title_line
from spooltool.workers.queue import ReasonRow

_REASON, _NUMBER, _BAR = 11, 7, 10


class ReasonsPane(Grid):
    """Stuck mail by reason, with the destination that most of it has; `Enter` sets the filter."""

    def __init__(self, glyphs: Glyphs, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.reasons: tuple[ReasonRow, ...] = ()
        self._glyphs = glyphs

    def take(self, reasons: tuple[ReasonRow, ...]) -> None:
        """Other counts."""
        if reasons == self.reasons:
            return
        at = self.cursor
        chosen = self.reasons[at].reason if 0 <= at < len(self.reasons) else None
        self.reasons = reasons
        names = [one.reason for one in reasons]
        self.reset(names.index(chosen) if chosen in names else None)

    @property
    def count(self) -> int:
        """The reasons that there are."""
        return len(self.reasons)

    def heads(self, width: int) -> list[Spans]:
        """The title."""
        return [title_line("3 REASON (stuck)", width, self._glyphs)]

    def row(self, row: int, width: int) -> Spans:
        """One reason: how many, a bar, and where most of them want to go."""
        one = self.reasons[row]
        most = max(reason.messages for reason in self.reasons)
        bar = self._glyphs.bar * max(1, round(_BAR * one.messages / most))
        left = width - 2 - _REASON - _NUMBER - 2 - _BAR - 1
        return [
            (">" if row == self.cursor else " ", "strong"),
            (" " + fit(one.reason, _REASON), ""),
            (fit_right(f"{one.messages:,}", _NUMBER) + "  ", "strong"),
            (fit(bar, _BAR) + " ", "bad"),
            (cut(visible(one.about), max(0, left)), ""),
        ]
