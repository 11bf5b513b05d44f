"""The lines of the log pane: the last ones, narrowed by a text, each known by where it stands."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from spooltool.workers.log_messages import MOST, Line


class LogBook:
    """At most `most` lines, oldest first; `rows` are those that hold the text `narrow`.

    `newer` and `older` tell by how many rows what was shown has moved.  `dropped` counts the
    lines at the beginning that are not kept, as far as they were ever here.
    """

    def __init__(self, most: int = MOST) -> None:
        self.rows: list[Line] = []
        self.narrow = ""
        self.dropped = 0
        self._most = most
        self._lines: list[Line] = []

    def __len__(self) -> int:
        return len(self._lines)

    def clear(self) -> None:
        """Forget every line; the text stays."""
        self._lines, self.rows, self.dropped = [], [], 0

    def newer(self, lines: Sequence[Line]) -> tuple[int, int]:
        """Lines at the end: rows that were added there, and rows lost at the beginning for it."""
        self._lines += lines
        added = self._meant(lines)
        self.rows += added
        over = max(0, len(self._lines) - self._most)
        lost = len(self._meant(self._lines[:over]))
        del self._lines[:over], self.rows[:lost]
        self.dropped += over
        return len(added), lost

    def older(self, lines: Sequence[Line]) -> int:
        """Lines before the first one, as far as there is room: rows that were added there."""
        room = max(0, self._most - len(self._lines))
        kept = lines[len(lines) - room :] if room < len(lines) else lines
        self.dropped += len(lines) - len(kept)
        self._lines[:0] = kept
        added = self._meant(kept)
        self.rows[:0] = added
        return len(added)

    def narrowed(self, text: str) -> None:
        """Show the lines that hold this text, whatever its case."""
        self.narrow = text
        self.rows = self._meant(self._lines)

    def _meant(self, lines: Iterable[Line]) -> list[Line]:
        text = self.narrow.lower()
        return [line for line in lines if text in line.words.lower()] if text else list(lines)
