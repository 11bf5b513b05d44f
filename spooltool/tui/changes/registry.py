"""Every change, found by the files that define them."""

from __future__ import annotations

import pkgutil
from importlib import import_module

from spooltool.tui.changes import kinds
from spooltool.tui.changes.change import Change

_ORDER = "RHUKBDESQPZu"


def _found() -> tuple[Change, ...]:
    names = sorted(one.name for one in pkgutil.iter_modules(kinds.__path__))
    made = [import_module(f"{kinds.__name__}.{name}").CHANGE for name in names]
    return tuple(sorted(made, key=_place))


def _place(change: Change) -> int:
    """Those with a key first, in the order of the last line."""
    return _ORDER.index(change.key) if change.key else len(_ORDER)


CHANGES: tuple[Change, ...] = _found()
"""All of them, as they are offered."""

BY_KEY: dict[str, Change] = {one.key: one for one in CHANGES if one.key}
BY_VERB: dict[str, Change] = {one.verb: one for one in CHANGES}
