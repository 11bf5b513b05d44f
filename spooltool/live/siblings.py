"""The rotated files beside a log.

`mdq.elg.0`, `mdq.elg.1.gz`, `mdq.elg-20261124`: a small number counts backwards in time
(the larger, the older), a date forwards.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass

_SUFFIX = re.compile(r"[.-]([0-9][0-9T:_-]{0,18})(\.gz)?\Z")
_DATE_DIGITS = 8


@dataclass(frozen=True, slots=True)
class Sibling:
    """A rotated file: its path, and whether it is compressed."""

    path: str
    compressed: bool


def siblings(path: str) -> list[Sibling]:
    """Rotated files of a log, oldest first; a directory that cannot be read has none.

    While a file is being compressed both forms stand there; the plain one counts.
    """
    directory, name = os.path.split(path)
    found: dict[str, Sibling] = {}
    try:
        entries = os.listdir(directory or ".")
    except OSError:
        return []
    for entry in entries:
        match = _SUFFIX.match(entry, len(name)) if entry.startswith(name) else None
        if match is not None:
            other = found.get(match[1])
            if other is None or other.compressed:
                found[match[1]] = Sibling(os.path.join(directory, entry), bool(match[2]))
    return [found[suffix] for suffix in sorted(found, key=_age_order)]


def _age_order(suffix: str) -> tuple[int, int, str]:
    digits = re.sub("[^0-9]", "", suffix)
    if len(digits) >= _DATE_DIGITS:
        return 0, int(digits[:_DATE_DIGITS]), suffix
    return 1, -int(digits), suffix
