"""Where the lines of a long envelope stand, found piece by piece.

An envelope of 50,000 recipients has ten megabytes: parsed in one go it would hold up
whoever looks at it.  Here pieces of it are taken one after the other, and what is kept of
a line is where it begins.
"""

from __future__ import annotations

from array import array
from collections import Counter
from dataclasses import dataclass, field

from spooltool.spool.recipient import MARKS

_RCPT = b"RCPT:"
_BLANKS = b" \t"


@dataclass(slots=True)
class Outline:
    """The lines of an envelope so far.  Feed it from offset `at` on, some KB at
    a time, until it is `done`.

    `starts` are offsets of lines, `end` is the offset after the blank line (-1: none was
    found), `recipients` are the lines of RCPT, `marks` counts them by their mark.  `crlf`
    tells that a CR belongs to the line ends.
    """

    crlf: bool = False
    at: int = 0
    end: int = -1
    done: bool = False
    starts: array[int] = field(default_factory=lambda: array("Q"))
    recipients: array[int] = field(default_factory=lambda: array("I"))
    marks: Counter[str] = field(default_factory=Counter)
    _within: bool = False

    def feed(self, data: bytes, *, last: bool) -> None:
        """Take the bytes at `at`; `last` tells that the file ends with them.

        Whole lines are taken.  One that is longer than all of `data` is taken in parts.
        """
        taken = 0
        while taken < len(data):
            end = data.find(b"\n", taken)
            if end < 0 and not (last or self._within or taken == 0):
                break
            stop = len(data) if end < 0 else end
            if self._closes(data, taken, stop):
                self.at = self.end = self.at + end + 1
                self.done = True
                return
            self._take(data, taken, stop)
            self._within = end < 0
            taken = stop if end < 0 else end + 1
        self.at += taken
        self.done = last

    def span(self, line: int) -> tuple[int, int]:
        """Offset and length of a line, its line end included."""
        start = self.starts[line]
        after = line + 1
        stop = self.starts[after] if after < len(self.starts) else self._stop
        return start, stop - start

    @property
    def _stop(self) -> int:
        """Where the last line ends: before the blank line."""
        if self.end < 0:
            return self.at
        return self.end - (2 if self.crlf else 1)

    def _closes(self, data: bytes, start: int, end: int) -> bool:
        if self._within or end == len(data):
            return False
        return end == start or (self.crlf and data[start:end] == b"\r")

    def _take(self, data: bytes, start: int, end: int) -> None:
        if self._within:
            return
        if data.startswith(_RCPT, start):
            mark = data[start + len(_RCPT) : end].lstrip(_BLANKS)[:2]
            known = mark[:1].decode("ascii", "replace")
            self.marks[known if mark[1:] == b" " and known in MARKS else "P"] += 1
            self.recipients.append(len(self.starts))
        self.starts.append(self.at + start)
