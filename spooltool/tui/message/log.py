"""What the logs say about the message."""

from __future__ import annotations

from collections.abc import Sequence

from spooltool.look.open_message import OpenMessage
from spooltool.tui.message.tab import TextTab
from spooltool.tui.spans import Spans, flow

LOOKING = "its log lines are being looked for ..."
NONE = "no line of the logs is about it"


class LogTab(TextTab):
    """The log lines about this message, oldest first, as far as they are found."""

    name = "log"

    def __init__(self, message: OpenMessage) -> None:
        super().__init__(message)
        self._told: Sequence[Spans] = ()
        self._note = LOOKING

    def tell(self, lines: Sequence[Spans], note: str) -> None:
        """All lines found so far; `note` says what is still done, "" when that is all."""
        self._told, self._note = lines, note
        self.stale()

    def lines(self, width: int) -> list[Spans]:
        """Each line, wrapped; what is still done comes last."""
        rows: list[Spans] = []
        for one in self._told:
            rows += flow(one, width, 2)
        note = self._note or ("" if self._told else NONE)
        return [*rows, *([[(note, "dim")]] if note else [])]
