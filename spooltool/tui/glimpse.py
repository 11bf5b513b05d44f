"""What a row shows that no column holds: read from the file when it is painted."""

from __future__ import annotations

from collections import OrderedDict

from spooltool.diagnose.row import Found, Row
from spooltool.look.sight import Sight
from spooltool.render.rows import shown_recipients
from spooltool.render.text import visible
from spooltool.spool.names import SpoolName
from spooltool.spool.states import Circumstance
from spooltool.store.scan import read_entry
from spooltool.workers.table import Cells

_KEPT = 2000


class Glimpses:
    """Recipients of the rows on the screen; a few thousand are remembered."""

    def __init__(self, sight: Sight) -> None:
        self._spool = sight.spool
        self._known: OrderedDict[tuple[str, int, int], str] = OrderedDict()

    def recipients(self, cells: Cells) -> str:
        """`anna@example.org +1`, the first who still waits; "" when the file has left."""
        sign = (cells.number, cells.changed, cells.next_try)
        text = self._known.get(sign)
        if text is None:
            text = self._known[sign] = self._read(cells)
            if len(self._known) > _KEPT:
                self._known.popitem(last=False)
        return text

    def _read(self, cells: Cells) -> str:
        entry = read_entry(self._spool, SpoolName(cells.dir, cells.letter, cells.number))
        if entry is None:
            return ""
        found = Found(entry.name, entry.inode, entry.size, entry.mtime, entry.head, entry.error)
        return visible(shown_recipients(Row(found, Circumstance(0.0))))
