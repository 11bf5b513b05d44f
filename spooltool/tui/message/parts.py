"""The parts of the message."""

from __future__ import annotations

from typing import ClassVar

from spooltool.diagnose.decoding import decoded_body, is_text, text_of
from spooltool.diagnose.mime import MOST_PARTS, Part, PartReader
from spooltool.look.open_message import OpenMessage
from spooltool.render.hexdump import bytes_a_row, hex_words, offset_words
from spooltool.render.parts import heading, part_title, part_words
from spooltool.render.text import visible
from spooltool.render.units import size
from spooltool.tui.message.tab import Tab
from spooltool.tui.spans import Span, Spans, cut_spans, flow

MOST_SHOWN = 64 * 1024
"""Bytes of a part that are decoded for the screen."""

_STEPS = 4


class PartsTab(Tab):
    """The parts of the message with type, encoding, size, offset in the file and name.

    `Enter` shows a part, decoded; `Esc` goes back to the list.
    """

    name = "parts"
    keys: ClassVar[dict[str, str]] = {}

    def __init__(self, message: OpenMessage) -> None:
        super().__init__(message)
        self._reader: PartReader | None = None
        self._inner: PartText | None = None
        self.work()

    @property
    def pointed(self) -> bool:
        """A part is chosen by the cursor."""
        return self._inner is None

    def work(self) -> bool:
        """The next piece of the body is looked at."""
        file = self.message.file
        if file is None or not file.whole:
            return False
        if self._reader is None:
            self._reader = PartReader(self._read, file.parts.modified, file.parts.body)
        return all(self._reader.step() for _ in range(_STEPS))

    def _read(self, offset: int, length: int) -> bytes:
        return self.message.read(offset, length)

    def heads(self, width: int) -> list[Spans]:
        """Headings of the columns, or what part is shown."""
        if self._inner is not None:
            return self._inner.heads(width)
        spans: list[Span] = [("  " + heading(width - 2), "head")]
        if self._reader is not None and not self._reader.done:
            spans.append((f"  being read: {self._reader.part_read:.0%}", "dim"))
        elif self._reader is not None and self._reader.cut:
            spans.append((f"  only the first {MOST_PARTS:,}", "warn"))
        return [cut_spans(spans, width)]

    def count(self, width: int) -> int:
        """The parts, or the rows of the one that is shown."""
        if self._inner is not None:
            return self._inner.count(width)
        return len(self._reader.parts) if self._reader is not None else 1

    def row(self, row: int, width: int) -> Spans:
        """One part."""
        if self._inner is not None:
            return self._inner.row(row, width)
        if self._reader is None:
            why = self.message.trouble or "its envelope is long and being read ..."
            return [(why, "bad" if self.message.trouble else "dim")]
        words = part_words(self._reader.parts[row], width - 2)
        spans: list[Span] = [
            ("  ", ""),
            (words.number, "strong"),
            (words.facts, ""),
            (f"  {words.name}", "note"),
        ]
        if words.odd:
            spans.append((f"  ! {words.odd}", "warn"))
        return cut_spans(spans, width)

    def part_at(self, row: int) -> Part | None:
        """The part of a row, or the one that is shown."""
        if self._inner is not None:
            return self._inner.part
        if self._reader is None or not 0 <= row < len(self._reader.parts):
            return None
        return self._reader.parts[row]

    def chosen(self, row: int) -> bool:
        """Its text is shown."""
        part = None if self._inner is not None else self.part_at(row)
        if part is None:
            return False
        self._inner = PartText(self.message, part)
        return True

    @property
    def inside(self) -> bool:
        """A part is shown."""
        return self._inner is not None

    def back(self) -> None:
        """To the list again."""
        self._inner = None


class PartText:
    """A part decoded, its first MOST_SHOWN bytes: lines of text, or numbers where it is none."""

    def __init__(self, message: OpenMessage, part: Part) -> None:
        self.part = part
        start, end = part.body
        self._length = max(0, (end if end >= 0 else message.size) - start)
        data = message.read(start, min(self._length, MOST_SHOWN))
        self._data = decoded_body(data, part.fields.encoding)
        self._textual = is_text(part.fields.type)
        self._rows: list[Spans] = []
        self._width = -1

    def heads(self, width: int) -> list[Spans]:
        """Which part it is, and how to leave it."""
        words = part_title(self.part)
        if self._length > MOST_SHOWN:
            words += f"; the first {size(MOST_SHOWN)}"
        return [cut_spans([("Esc back  ", "key"), (words, "head")], width)]

    def count(self, width: int) -> int:
        """Rows at this width."""
        if width != self._width:
            self._rows, self._width = self._lay_out(width), width
        return len(self._rows)

    def row(self, row: int, width: int) -> Spans:
        """One of them."""
        self.count(width)
        return self._rows[row]

    def _lay_out(self, width: int) -> list[Spans]:
        if not self._data:
            return [[("(nothing)", "dim")]]
        return self._text_rows(width) if self._textual else self._numbers(width)

    def _text_rows(self, width: int) -> list[Spans]:
        text = text_of(self._data, self.part.fields.charset).replace("\r\n", "\n")
        rows: list[Spans] = []
        for line in text.removesuffix("\n").split("\n"):
            rows += flow([(visible(line.replace("\t", "    ")), "")], width)
        return rows

    def _numbers(self, width: int) -> list[Spans]:
        number = bytes_a_row(width)
        rows: list[Spans] = []
        for at in range(0, len(self._data), number):
            numbers, text = hex_words(self._data[at : at + number], number)
            rows.append([(offset_words(at), "dim"), (numbers, ""), (f"  {text}", "note")])
        return rows
