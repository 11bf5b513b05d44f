"""U: held messages go on."""

from __future__ import annotations

from typing import ClassVar

from spooltool.spool.checks import Check
from spooltool.tui.changes.change import KICK, REASON, Change, Choose, Field

_PASSES = (
    ("", "no check: what is held goes on, what is in quarantine stays"),
    *((check.word, f"{check.word}: let through though {check.meaning}") for check in Check),
)


class Release(Change):
    """Let messages out of D_hold, and with a pass out of quarantine, to where they came from."""

    key = "U"
    verb = "release"
    label = "unhold"
    lines: ClassVar[tuple[tuple[Field, ...], ...]] = (
        (Choose("pass", "Pass", _PASSES),),
        (KICK, REASON),
    )


CHANGE = Release()
