"""Which resources the mail in a spool was accepted by."""

from __future__ import annotations

from collections import Counter

from spooltool.spool.names import SpoolName
from spooltool.store.root import Spool
from spooltool.store.scan import scan


def resources_in_use(spool: Spool) -> dict[str, int]:
    """How many messages that are still to be delivered name each resource.

    Heads of files are read, without locks; what cannot be read counts for nothing.
    """
    found = scan(spool)
    entries = found.entries(name for name in found.names() if _waits(name))
    values = (entry.envelope.get("RESOURCE") for entry in entries if entry.envelope is not None)
    names = Counter(value.partition(" ")[0] for value in values if value)
    del names["none"]
    return dict(names)


def _waits(name: SpoolName) -> bool:
    return name.letter == "R"
