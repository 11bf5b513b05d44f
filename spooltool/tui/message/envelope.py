"""The envelope, line by line."""

from __future__ import annotations

from collections import defaultdict

from spooltool.look.open_message import OpenMessage
from spooltool.render.envelope import EnvelopeLine, envelope_line, split_line
from spooltool.render.message import defect_lines
from spooltool.render.text import columns, visible
from spooltool.spool.defects import DEFECTS, Defect
from spooltool.store.patient import DigestCheck
from spooltool.tui.message.tab import Tab
from spooltool.tui.spans import Span, Spans, cut_spans, flow, padded

_NUMBER, _KEY = 6, 13
_LABELS = _NUMBER + _KEY
_WIDE = 100
_SHORT, _LESS_SHORT = 18, 30
"""Columns of a value that has its meaning beside it, on a narrow and on a wide screen."""

_MOST_LAID_OUT = 300
"""Lines that are wrapped; of more, each is one row, made when it is seen."""

_LONGEST_VALUE = 4000
_DIGEST_STEPS = 4


class EnvelopeTab(Tab):
    """Every key of the envelope with its value, unescaped, and what the key means.

    What is wrong with a line stands below it.  DIGEST is checked while one looks.
    """

    name = "envelope"

    def __init__(self, message: OpenMessage) -> None:
        super().__init__(message)
        self._rows: list[Spans] = []
        self._width = -1
        self._whole = message.whole
        self._check: DigestCheck | None = None
        self._digest_told: list[Spans] = []

    @property
    def _long(self) -> bool:
        file = self.message.file
        return file is not None and file.outline is not None

    def work(self) -> bool:
        """The content is hashed."""
        file = self.message.file
        if file is None or not file.whole:
            return False
        if not self._whole:
            self._whole, self._width = True, -1
        if self._check is None:
            self._check = DigestCheck(file)
        for _ in range(_DIGEST_STEPS):
            if not self._check.step():
                break
        told = self._about_digest()
        if told != self._digest_told:
            self._digest_told, self._width = told, -1
        return not self._check.done

    def again(self) -> None:
        """Every row is made anew; what was hashed is as it was."""
        self._width = -1

    def count(self, width: int) -> int:
        """Laid out rows, or the lines of a long envelope."""
        rows = len(self._laid_out(width))
        file = self.message.file
        return rows + (len(file.outline.starts) if file is not None and file.outline else 0)

    def row(self, row: int, width: int) -> Spans:
        """One of them."""
        rows = self._laid_out(width)
        return rows[row] if row < len(rows) else self._far_row(row - len(rows), width)

    def _laid_out(self, width: int) -> list[Spans]:
        if width != self._width:
            self._rows, self._width = self._lay_out(width), width
        return self._rows

    def _lay_out(self, width: int) -> list[Spans]:
        rows: list[Spans] = []
        if self.message.trouble:
            rows.append([(self.message.trouble, "bad")])
        placeless = [one for one in self.message.defects if not one.line or self._long]
        for at, line in enumerate(defect_lines(placeless, width, width)):
            rows.append([(line, "warn" if at else "head")])
        if self._long:
            return rows + self._digest_told
        return rows + self._lines(width)

    def _lines(self, width: int) -> list[Spans]:
        envelope = self.message.row.envelope if self.message.file is not None else None
        if envelope is None:
            return []
        rows: list[Spans] = []
        at_line: defaultdict[int, list[Defect]] = defaultdict(list)
        for defect in self.message.defects:
            at_line[defect.line].append(defect)
        explained: set[str] = set()
        numbered = {line.number: line for line in envelope.lines}
        for number in sorted({*numbered, *(at_line.keys() - {0})})[:_MOST_LAID_OUT]:
            line = numbered.get(number)
            if line is not None:
                told = envelope_line(line.key, line.raw[:_LONGEST_VALUE], self._now)
                known = line.key in explained
                rows += _wrapped(number, told, "" if known else told.meaning, width)
                explained.add(line.key)
                if line.key == "DIGEST":
                    rows += self._digest_told
            for defect in at_line.get(number, ()):
                rows += _wrong(f"{defect.code}: {_defect_words(defect)}", width)
        if len(numbered) > _MOST_LAID_OUT:
            rows.append([(f"{len(numbered) - _MOST_LAID_OUT:,} more lines: raw", "dim")])
        return rows

    @property
    def _now(self) -> float:
        return self.message.row.around.now

    def _about_digest(self) -> list[Spans]:
        check = self._check
        if check is None or (check.done and check.fits is None):
            return []
        blanks = " " * _LABELS
        if not check.done:
            return [[(f"{blanks}DIGEST being checked: {check.part:.0%}", "dim")]]
        if check.fits:
            return [[(f"{blanks}checked: DIGEST fits the content", "good")]]
        return [[(f"{blanks}! edited: the content does not fit DIGEST", "bad")]]

    def _far_row(self, line: int, width: int) -> Spans:
        """A line of a long envelope: read now, one row."""
        file = self.message.file
        if file is None or file.outline is None:
            return []
        start, length = file.outline.span(line)
        key, raw = split_line(self.message.read(start, min(length, _LONGEST_VALUE)))
        told = envelope_line(key, raw, self._now)
        spans = [*_label(line + 1, told.key), (told.value, "")]
        if told.wrong:
            spans.append((f"  ! {told.wrong}", "bad"))
        elif key != "RCPT":
            spans.append((f"  {told.meaning}", "dim"))
        return cut_spans(spans, width)


def _label(number: int, key: str) -> list[Span]:
    return [(f"{number:>{_NUMBER - 2}}  ", "dim"), (f"{key:<{_KEY - 1}} ", "head")]


def _wrapped(number: int, told: EnvelopeLine, meaning: str, width: int) -> list[Spans]:
    """Value and meaning beside each other where both have room, else below each other."""
    room = max(10, width - _LABELS)
    left = _SHORT if width < _WIDE else _LESS_SHORT
    if not meaning or columns(told.value) > left:
        rows = flow([(told.value, "")], room)
        rows += [[("  ", ""), *one] for one in flow([(meaning, "dim")], room - 2) if meaning]
    else:
        values = flow([(told.value, "")], left)
        words = flow([(meaning, "dim")], room - left - 2)
        rows = [
            [*padded(values[at] if at < len(values) else [], left + 2), *words[at]]
            if at < len(words)
            else values[at]
            for at in range(max(len(values), len(words)))
        ]
    first, *others = rows
    out: list[Spans] = [[*_label(number, told.key), *first]]
    out += [[(" " * _LABELS, ""), *one] for one in others]
    return [*out, *(_wrong(told.wrong, width) if told.wrong else [])]


def _wrong(text: str, width: int) -> list[Spans]:
    lines = flow([(f"! {text}", "bad")], max(10, width - _LABELS), 2)
    return [[(" " * _LABELS, ""), *line] for line in lines]


def _defect_words(defect: Defect) -> str:
    return visible(defect.text) or DEFECTS.get(defect.code, "")
