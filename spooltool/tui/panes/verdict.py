"""Below the list of a small screen: the verdict on the message under the cursor."""

from __future__ import annotations

from spooltool.diagnose.down import Down
from spooltool.diagnose.row import Found, Row, brief
from spooltool.diagnose.suspension import Keeper
from spooltool.look.open_message import given_up
from spooltool.look.sight import Sight
from spooltool.render.message import Shown
from spooltool.render.text import columns, cut, visible
from spooltool.render.verdict import Alike, Fact, silence, title_words, verdict_facts
from spooltool.tui.grid import Grid
from spooltool.tui.message.advice import mend_spans
from spooltool.tui.message.why import verdict_style
from spooltool.tui.spans import Span, Spans, at_right, cut_spans

LINES = 6
"""Title, verdict, last, next, alike, mend."""

_LABEL = 7


class VerdictPane(Grid, can_focus=False):
    """Why the message under the cursor is where it is, and what helps.

    Its words come from the file: what stands in brackets at the right says where from.
    """

    pointed = False

    def __init__(self, *, line: str = "-", changes: bool = True, id: str | None = None) -> None:
        """`line` fills the title; without `changes` no key that changes something is named."""
        super().__init__(id=id)
        self.changes = changes
        self._fill = line
        self._title = ""
        self._rows: list[tuple[Spans, Spans]] = []

    def show(self, sight: Sight, row: Row, alike: Alike | None = None) -> None:
        """Tell about a message, from its row alone; `alike` is how many share its fate."""
        row = _of_its_head(row)
        order = Keeper(sight.relay.orders).of(row)
        shown = Shown(row, b"", b"", 0, given_up=given_up(sight, row), order=order)
        self._title = title_words(row)
        self._rows = [(_verdict(sight, row), _code(row))]
        self._rows += [_told(fact) for fact in verdict_facts(shown, alike)]
        if mend := mend_spans(row, alike, changes=self.changes):
            self._rows.append(([("mend   ", "dim"), *mend], ()))
        self.reset()

    def clear(self) -> None:
        """Nothing is under the cursor."""
        self._title, self._rows = "", [([("no message under the cursor", "dim")], ())]
        self.reset()

    def left(self, name: str) -> None:
        """The message under the cursor has left the queue."""
        self._title = f"{visible(name)} left the queue"
        self._rows = [([("l", "key"), (" its log lines tell how", "")], ())]
        self.reset()

    @property
    def count(self) -> int:
        """Its lines, the title left out."""
        return len(self._rows)

    def heads(self, width: int) -> list[Spans]:
        """`- R001njd6k  48 KB  billing@example.com > anna@example.org +1 ----`."""
        title = f"{self._fill} {cut(self._title, max(0, width - 4))} " if self._title else ""
        return [[(title + self._fill * max(0, width - columns(title)), "title")]]

    def row(self, row: int, width: int) -> Spans:
        """One line, its source at the right edge."""
        left, right = self._rows[row]
        spans: list[Span] = [(" ", ""), *left]
        return at_right(spans, right, width) if right else cut_spans(spans, width)


def _of_its_head(row: Row) -> Row:
    """The row without a way to its file: a long envelope is not read at each step of a cursor."""
    found = Found(row.name, row.inode, row.size, row.mtime, row.head, row.error, row.irregular)
    return Row(found, row.around, held_since=row.held_since)


def _verdict(sight: Sight, row: Row) -> Spans:
    """Why, and since when nothing has got through, where the relay knows it."""
    down = Down(sight.relay.destinations).of(row) if row.standing == "stuck" else []
    words = silence(down, row.around.now)
    why = visible(row.verdict.why)
    if not words:
        return [(why, "strong")]
    return [(brief(why), "strong"), (f"; {words}", "")]  # the host stands in `last`


def _code(row: Row) -> Spans:
    verdict = row.verdict
    code = f"{verdict.word}, {verdict.reason}" if verdict.reason else verdict.word
    return [(code, verdict_style(row))]


def _told(fact: Fact) -> tuple[Spans, Spans]:
    source: Spans = [(f"[{fact.source}]", "dim")] if fact.source else []
    return [(f"{fact.label:<{_LABEL}}", "dim"), (fact.words, "")], source
