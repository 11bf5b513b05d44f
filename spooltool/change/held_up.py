"""Who holds the messages that stayed busy: mdq says, else the kernel, else nobody knows."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace

from spooltool.look.relay_view import Holders, find_holders
from spooltool.look.sight import Sight
from spooltool.render.outcome import Ending
from spooltool.store.root import Spool
from spooltool.store.scan import read_entry


def with_holders(sight: Sight, endings: Sequence[Ending]) -> tuple[Ending, ...]:
    """The endings, those that are busy with the holder of the moment as their detail."""
    if not any(ending.result == "busy" for ending in endings):
        return tuple(endings)
    with closing(sight.again()) as now:  # the relay is asked anew: what it held may be free
        holders = find_holders(now.spool, now.relay)
        return tuple(
            replace(ending, detail=_held(now.spool, holders, ending.id))
            if ending.result == "busy"
            else ending
            for ending in endings
        )


def _held(spool: Spool, holders: Holders, number: str) -> str:
    for name in spool.find(number):
        entry = read_entry(spool, name)
        holder, _ = holders.of(number, entry.inode) if entry else ("", None)
        if holder:
            return f"being worked on by {holder}"
    return "being worked on, holder unknown"
