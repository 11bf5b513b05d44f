"""What the screen reads from files itself: the rows that it paints, the message it shows."""

from __future__ import annotations

from collections import OrderedDict
from contextlib import suppress

from spooltool.diagnose.relay import RelayView
from spooltool.diagnose.row import Row
from spooltool.errors import SpooltoolError
from spooltool.look.relay_view import Holders, find_holders
from spooltool.look.selection import RowMaker
from spooltool.look.sight import Sight
from spooltool.render.rows import shown_recipients
from spooltool.render.text import visible
from spooltool.spool.names import SpoolName
from spooltool.tui.model import Queue
from spooltool.workers.table import Cells, Flag

_KEPT = 2000


class Glimpses:
    """Files of the queue, one at a time; the recipients of a few thousand are remembered."""

    def __init__(self, sight: Sight, queue: Queue) -> None:
        self._sight = sight
        self._queue = queue
        self._known: OrderedDict[tuple[str, int, int], str] = OrderedDict()
        self._maker: RowMaker | None = None

    def follow(self) -> None:
        """Look into the directories that stand at the spool's path now, as the reader does."""
        with suppress(SpooltoolError, OSError):  # the reader tells what is not to be found
            self._sight.spool.refresh()

    def recipients(self, cells: Cells) -> str:
        """`anna@example.org +1`, the first who still waits; "" when the file has left."""
        sign = (cells.number, cells.changed, cells.next_try)
        text = self._known.get(sign)
        if text is None:
            row = self._rows().named(name_of(cells))
            text = self._known[sign] = visible(shown_recipients(row)) if row else ""
            if len(self._known) > _KEPT:
                self._known.popitem(last=False)
        return text

    def sight(self) -> Sight:
        """The spool as the last picture has it: its clock, its relay."""
        sight = self._sight.later(self._queue.facts.relay)
        sight.now = self._queue.at
        return sight

    def row(self, cells: Cells) -> Row | None:
        """The message, judged by what the last picture told of clock and relay; None: it left."""
        maker = self._rows()
        relay = self._queue.facts.relay
        maker.hear(relay, self._holders(cells, relay))
        maker.at(self._queue.at)
        return maker.named(name_of(cells))

    def _holders(self, cells: Cells, relay: RelayView) -> Holders:
        """Who holds it: only what the relay does not name is asked of the kernel."""
        if not cells.flags & Flag.HELD:
            return Holders({}, {})
        told = relay.delivering.get(cells.number)
        if told is None:
            return find_holders(self._sight.spool, relay)
        return Holders({cells.number: (f"mdq {relay.pid}", told[1])}, {})

    def _rows(self) -> RowMaker:
        if self._maker is None:
            self._maker = RowMaker(self.sight(), heads_only=True)
        return self._maker


def name_of(cells: Cells) -> SpoolName:
    """Where a message's file stands."""
    return SpoolName(cells.dir, cells.letter, cells.number)
