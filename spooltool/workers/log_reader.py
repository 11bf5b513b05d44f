"""The logs of a relay as the screen sees them: followed, searched, counted.

One follower reads what comes, for the rates and for the choice that is shown.  What the
logs held before is looked for backwards from where the follower stands, in slices, so that
the first lines are there at once and each line is told exactly once.
"""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator

from spooltool.errors import QueryError, SpooltoolError
from spooltool.live.logfile import Start
from spooltool.live.merge import LogLine, MergedLogs
from spooltool.live.patient import PatientLog
from spooltool.look.log_places import log_directory
from spooltool.look.sight import Sight
from spooltool.render.loglines import SHORT
from spooltool.render.text import visible
from spooltool.store.journal_pieces import JournalPieces
from spooltool.workers.log_choice import Choice, choose, shown
from spooltool.workers.log_matching import MatchingNow
from spooltool.workers.log_messages import (
    BATCH,
    Followed,
    Line,
    Lines,
    Looked,
    Matching,
    Show,
    Told,
)
from spooltool.workers.log_operators import Operators
from spooltool.workers.log_rates import Counting
from spooltool.workers.log_search import Search
from spooltool.workers.queue import Misread

BATCH_EVERY = 0.1
"""Least seconds between two batches of lines."""

RATES_EVERY = 1.0
"""Seconds between two counts, and between two looks at what is amiss."""


class LogReader:
    """Follows the logs of a spool's relay.  `asked`, then `step` again and again; `close`.

    `clock` is the time of the rates, `tick` that of slices and batches, both in seconds.
    Raises Incomplete when rotated logs change too fast to be opened.
    """

    def __init__(
        self,
        sight: Sight,
        *,
        clock: Callable[[], float] = time.time,
        tick: Callable[[], float] = time.monotonic,
    ) -> None:
        self._sight = sight
        self._clock = clock
        self._tick = tick
        self._directory = log_directory(sight)
        self._logs = _opened(self._directory)
        self._merged = MergedLogs(self._logs, clock)
        self._journal = JournalPieces(sight.spool)
        self._operators = Operators(self._journal)
        self._counting = Counting(self._logs, clock())
        self._show: Show | None = None
        self._choice: Choice | None = None
        self._search: Search | None = None
        self._queue: MatchingNow | None = None
        self._older: deque[Line] = deque()
        self._newer: deque[LogLine | Line] = deque(maxlen=BATCH)
        self._skipped = 0
        self._unread = ""
        self._looked: Looked | None = None
        self._told: list[Told] = []
        self._followed: Followed | None = None
        self._next_batch = self._next_rates = float("-inf")

    def close(self) -> None:
        """Let every file go."""
        self._end_search()
        self._counting.close()
        self._merged.close()
        self._journal.close()

    @property
    def busy(self) -> bool:
        """Whether there is something to do besides waiting for lines."""
        searching = self._search is not None and not self._search.done
        return searching or self._queue is not None or not self._counting.done

    def asked(self, show: Show) -> None:
        """Tell about something else from now on."""
        self._end_search()
        self._show, self._choice = show, None
        if isinstance(show.about, Matching):
            self._ask_queue(show, show.about)
        else:
            self._begin(show, choose(show.about))

    def step(self, seconds: float, *, listens: bool = True) -> list[Told]:
        """Work for about so long; what is to be told.  Of lines nothing, unless one `listens`."""
        end = self._tick() + seconds

        def over() -> bool:
            return self._tick() >= end

        self._follow(over)
        if self._queue is not None:
            self._read_queue(self._queue, over)
        if self._search is not None:
            self._search.step(over)
            self._older.extend(self._search.found)
            self._search.found.clear()
        if self._queue is None and (self._search is None or self._search.done):
            self._counting.step(over)
        if listens and self._tick() >= self._next_batch:
            self._next_batch = self._tick() + BATCH_EVERY
            self._tell_lines()
        if self._tick() >= self._next_rates:
            self._next_rates = self._tick() + RATES_EVERY
            self._tell_rates()
        told, self._told = self._told, []
        return told

    # following

    def _follow(self, over: Callable[[], bool]) -> None:
        while True:
            self._come(self._merged.poll())
            if over() or all(log.caught_up for log in self._logs):
                break
        if self._choice is not None:
            self._keep(self._operators.new(self._choice))

    def _come(self, lines: list[LogLine]) -> None:
        """Lines that have come: counted, and kept for the next batch where they are meant."""
        for line in lines:
            self._counting.count(line)
        choice = self._choice
        if choice is not None and lines:
            self._keep(lines if choice.everything else filter(choice.means, lines))

    def _keep(self, lines: Iterable[LogLine] | list[Line]) -> None:
        if self._show is None or not self._show.follow:
            return
        for line in lines:
            self._skipped += len(self._newer) == BATCH
            self._newer.append(line)

    # a choice

    def _begin(self, show: Show, choice: Choice) -> None:
        """Search from where the follower stands, and follow from there."""
        self._choice = None
        self._come(self._merged.held())
        self._newer.clear()
        self._skipped = 0
        self._choice = choice
        past = self._operators.past(choice)
        self._search = Search(show.serial, choice, self._logs, past)

    def _ask_queue(self, show: Show, about: Matching) -> None:
        try:
            self._queue = MatchingNow(self._sight, show, about)
        except QueryError as error:
            self._told.append(Misread(show.serial, error.message, error.column, error.hint))
        except SpooltoolError as error:
            self._told.append(Misread(show.serial, error.message, hint=error.hint))

    def _read_queue(self, queue: MatchingNow, over: Callable[[], bool]) -> None:
        if not queue.read(over):
            return
        self._queue = None
        self._begin(queue.show, queue.choice())
        self._unread = queue.trouble
        queue.close()

    def _end_search(self) -> None:
        if self._search is not None:
            self._search.close()
        if self._queue is not None:
            self._queue.close()
        self._search = self._queue = self._looked = None
        self._unread = ""
        self._older.clear()
        self._newer.clear()
        self._skipped = 0

    # telling

    def _tell_lines(self) -> None:
        show = self._show
        if show is None:
            return
        if self._newer:
            newer = [_shown(line) for line in self._newer]
            newer.sort(key=lambda line: line.time)
            self._told.append(Lines(show.serial, tuple(newer), skipped=self._skipped))
            self._newer.clear()
            self._skipped = 0
        if self._older:
            count = min(BATCH, len(self._older))
            older = [self._older.popleft() for _ in range(count)]
            self._told.append(Lines(show.serial, tuple(older[::-1]), older=True))
        looked = self._progress(show)
        if looked is not None and looked != self._looked and not self._older:
            self._looked = looked
            self._told.append(looked)

    def _progress(self, show: Show) -> Looked | None:
        if self._queue is not None:
            return Looked(show.serial, self._queue.looked, 0, asking=True)
        return self._search.progress() if self._search is not None else None

    def _tell_rates(self) -> None:
        self._told.append(self._counting.told(self._clock()))
        followed = Followed(
            tuple(os.path.basename(log.path) for log in self._logs if log.found),
            visible(self._directory),
            tuple(visible(text) for text in self._troubles()),
        )
        if followed != self._followed:
            self._followed = followed
            self._told.append(followed)

    def _troubles(self) -> Iterator[str]:
        if not os.path.isdir(self._directory):
            yield f"{self._directory}: no such directory"
        for log in self._logs:
            if log.trouble:
                yield log.trouble
            yield from log.problems
        if self._unread:
            yield self._unread
        if self._search is not None and self._search.trouble:
            yield self._search.trouble


def _opened(directory: str) -> list[PatientLog]:
    logs: list[PatientLog] = []
    try:
        for name in SHORT:
            logs.append(PatientLog(os.path.join(directory, name), Start.END))  # noqa: PERF401
    except BaseException:
        for log in logs:
            log.close()
        raise
    return logs


def _shown(line: LogLine | Line) -> Line:
    return line if isinstance(line, Line) else shown(line)
