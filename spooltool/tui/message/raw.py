"""The file as it stands, by offset."""

from __future__ import annotations

from spooltool.look.open_message import OpenMessage
from spooltool.render.hexdump import OFFSET_WIDTH, bytes_a_row, hex_words, offset_words
from spooltool.render.text import visible
from spooltool.render.units import size
from spooltool.tui.message.line_index import LineIndex
from spooltool.tui.message.tab import Tab
from spooltool.tui.spans import Spans, cut_spans

_STEPS = 6


class RawTab(Tab):
    """The spool file, line by line with its offsets; control bytes are written out.

    `x` shows the bytes as numbers.  A file of any size opens at once: what is not seen is
    not kept.
    """

    name = "raw"
    keys = {"x": "bytes as numbers, or lines"}  # noqa: RUF012

    def __init__(self, message: OpenMessage) -> None:
        super().__init__(message)
        self._hex = False
        self._width = 80
        self._index = self._fresh_index(self._width)
        self._index.step()

    def _fresh_index(self, width: int) -> LineIndex:
        room = max(16, width - OFFSET_WIDTH - 1)
        return LineIndex(self._read, self.message.size, room)

    def _read(self, offset: int, length: int) -> bytes:
        return self.message.read(offset, length)

    def _fit(self, width: int) -> None:
        if width != self._width:
            self._width = width
            self._index = self._fresh_index(width)
            self._index.step()

    def work(self) -> bool:
        """The next lines are counted."""
        return all(self._index.step() for _ in range(_STEPS))

    def again(self) -> None:
        """Results are written in place: no byte moves."""
        self._index.forget()

    def count(self, width: int) -> int:
        """Rows known so far; all of them as numbers."""
        self._fit(width)
        if self._hex and self.message.size:
            number = bytes_a_row(width)
            return -(-self.message.size // number)
        return max(self._index.count, 0 if self.message.size else 1)

    def row(self, row: int, width: int) -> Spans:
        """Offset and text, or offset, numbers and text."""
        self._fit(width)
        if self.message.file is None:
            return [(self.message.trouble, "bad")]
        if not self.message.size:
            return [("the file has no bytes", "dim")]
        if self._hex:
            return self._hex_row(row, width)
        offset, data = self._index.row(row)
        text = visible(data.decode("utf-8", "surrogateescape"))
        return cut_spans([(offset_words(offset), "dim"), (text, "")], width)

    def _hex_row(self, row: int, width: int) -> Spans:
        number = bytes_a_row(width)
        numbers, text = hex_words(self.message.read(row * number, number), number)
        return [(offset_words(row * number), "dim"), (numbers, ""), (f"  {text}", "note")]

    def place(self, top: int, rows: int, width: int) -> str:
        """How far into how many bytes the top is; its offset stands in the row."""
        total = self.message.size
        if not total:
            return ""
        at = self._offset(min(top, self.count(width) - 1), width)
        return f"{at / total:.0%} of {size(total)}"

    def press(self, key: str, top: int) -> int | None:
        """`x`: the same offset stays in view."""
        offset = self._offset(top, self._width)
        self._hex = not self._hex
        return offset // bytes_a_row(self._width) if self._hex else self._index.find(offset)

    def _offset(self, row: int, width: int) -> int:
        if self._hex:
            return row * bytes_a_row(width)
        return self._index.row(row)[0] if 0 <= row < self._index.count else 0
