"""Pane 2: what is stuck, by destination (or another key) against age."""

from __future__ import annotations

from spooltool.diagnose.grouping import AGES, KEYS, UNKNOWN_AGE
from spooltool.render.text import fit, fit_right, visible
from spooltool.tui.glyphs import Glyphs
from spooltool.tui.model import Queue
from spooltool.tui.panes.pane import Pane
from spooltool.tui.spans import Span, Spans
from spooltool.workers.queue import Group
from spooltool.workers.table import Cells

_STATE = 5
_ALL, _NUMBER = 6, 4
_BAD = frozenset(("down", "late"))
_KEYS = tuple(key.name for key in KEYS)


class DestinationsPane(Pane):
    """Stuck mail by destination against age; `Enter` sets the filter, `g` groups by another key.

    The darker a cell, the more messages it counts.  The last column says what the relay
    knows of the host: down, the code it answered, late, susp, ok.
    """

    pane_id = "destinations"
    share = 10

    def __init__(self, glyphs: Glyphs) -> None:
        super().__init__(glyphs)
        self.wanted_key = _KEYS[0]
        self.groups: tuple[Group, ...] = ()
        self.key = self.wanted_key
        self._most = 0

    def next_key(self) -> None:
        """Another key is to be counted by; what it counts comes with a later picture."""
        self.wanted_key = _KEYS[(_KEYS.index(self.wanted_key) + 1) % len(_KEYS)]

    def take(self, queue: Queue) -> None:
        """Other counts."""
        groups, key = queue.facts.groups, queue.facts.grouped_by or self.key
        if (groups, key) == (self.groups, self.key):
            return
        chosen = self.label(self.cursor) if self.groups else None
        self.groups, self.key = groups, key
        self._most = max((max(group.ages, default=0) for group in groups), default=0)
        labels = [group.label for group in groups]
        self.reset(labels.index(chosen) if chosen in labels else None)

    def label(self, row: int) -> str:
        """What a row counts; "" for no row."""
        return self.groups[row].label if 0 <= row < len(self.groups) else ""

    @property
    def host(self) -> str | None:
        """The destination under the cursor."""
        return self.label(self.cursor) if self.key == "dst" else None

    def query_of(self, row: int) -> str:
        """What a row counts."""
        query = self.groups[row].query
        return f"stuck {query}" if query else ""

    def equal(self, under: Cells | None) -> list[str]:
        """The same counts."""
        return ["group", "stuck", "--by", self.wanted_key]

    @property
    def count(self) -> int:
        """The groups."""
        return len(self.groups)

    def heads(self, width: int) -> list[Spans]:
        """Title and headings."""
        name = {"dst": "DST"}.get(self.key, self.key.upper())
        what = "DESTINATION" if self.key == "dst" else name
        title = self.title(f"{what} x AGE (stuck)", width)
        line = "  " + fit(name, self._label(width)) + fit_right("ALL", _ALL)
        line += "".join(fit_right(heading, _NUMBER) for heading in self._ages)
        return [title, [(line + fit_right("STATE", _STATE + 1), "head")]]

    def _label(self, width: int) -> int:
        return max(8, width - 2 - _ALL - _NUMBER * len(self._ages) - (_STATE + 1) - 1)

    @property
    def _ages(self) -> list[str]:
        """The headings of the columns; the age that nothing tells only where there is such mail."""
        unknown = any(group.ages[len(AGES) :] > (0,) for group in self.groups)
        return [heading for heading, _ in AGES] + [UNKNOWN_AGE] * unknown

    def _heat(self, number: int) -> int:
        """1 to 4, by how much of the largest cell it is: each step is a factor of four."""
        share = number / max(self._most, 1)
        return 4 if share > 1 / 4 else 3 if share > 1 / 16 else 2 if share > 1 / 64 else 1

    def row(self, row: int, width: int) -> Spans:
        """One destination."""
        group = self.groups[row]
        quiet = not group.messages
        spans: list[Span] = [
            (">" if row == self.cursor else " ", "strong"),
            (" " + fit(visible(group.label) or "-", self._label(width)), "dim" if quiet else ""),
            (fit_right(_number(group.messages, _ALL - 1), _ALL), "dim" if quiet else "strong"),
        ]
        for number in group.ages[: len(self._ages)]:
            style = f"heat{self._heat(number)}" if number else "dim"
            spans.append((fit_right(_number(number, _NUMBER - 1), _NUMBER), style))
        bad = group.state in _BAD or group.state[:1] in ("4", "5")
        style = "bad" if bad else "warn" if group.state == "susp" else "good"
        return [*spans, (fit_right(visible(group.state), _STATE + 1), style)]


def _number(number: int, digits: int) -> str:
    """`.` for none, so that what is there stands out; `12k` where the digits do not suffice."""
    if not number:
        return "."
    return str(number) if number < 10**digits else f"{number // 1000}k"
