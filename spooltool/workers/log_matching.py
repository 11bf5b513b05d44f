"""The messages that match a query now, asked for in slices: lines about them are meant."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from spooltool.diagnose.row import Row
from spooltool.errors import SpooltoolError
from spooltool.look.log_lines import lines_about, numbers_named
from spooltool.look.selection import Selection, select
from spooltool.look.sight import Sight
from spooltool.query import parse_text
from spooltool.render.loglines import Logged
from spooltool.workers.log_choice import Choice
from spooltool.workers.log_messages import Matching, Show


class MatchingNow:
    """The answer to a `Show` of a query, while the queue is asked.  Raises QueryError.

    `looked` counts the messages that were looked at.
    """

    def __init__(self, sight: Sight, show: Show, about: Matching) -> None:
        self.show = show
        self.looked = 0
        self.trouble = ""
        self._text = about.text
        self._query = parse_text(about.text)
        self._sight = Sight.taken_over(sight.handed_over())
        named = numbers_named(self._query)
        self._named = named is not None
        self._here = named or set()
        self._rows: Iterator[Row] = iter(())
        self._selection: Selection | None = None

    def read(self, over: Callable[[], bool]) -> bool:
        """Look at messages until the time is over; whether all are known."""
        if self._named:
            return True
        try:
            if self._selection is None:
                self._selection = select(self._sight, [self._text])
                self._rows = self._selection.all_rows()
            for row in self._rows:
                self.looked += 1
                if self._selection.query.matches(row):
                    self._here.add(row.id)
                if over():
                    return False
        except SpooltoolError as error:
            self.trouble = error.message  # what the lines themselves say is enough to go on
        return True

    def choice(self) -> Choice:
        """The choice, once all are known."""
        only = next(iter(self._here)) if self._named and len(self._here) == 1 else ""
        here = self._here
        return Choice(
            self._lines(),
            lambda meant: meant.id in here,
            needles=(only.encode(),) if only else (),
            number=only,
        )

    def close(self) -> None:
        """Let the spool go."""
        self._sight.close()

    def _lines(self) -> Callable[[Logged], bool]:
        return lines_about(self._query, self._here, self._sight.now)
