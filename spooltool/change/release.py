"""What `release` wants done."""

from __future__ import annotations

import time
from functools import partial

from spooltool.change.actor import who
from spooltool.change.caution import undo_holds
from spooltool.change.wish import Wish
from spooltool.errors import UsageError
from spooltool.look.sight import Sight
from spooltool.render.text import visible
from spooltool.spool import verbs
from spooltool.spool.checks import Check, check_of
from spooltool.spool.passes import Pass
from spooltool.store.journal import Actor

CHECKS = ", ".join(check.word for check in Check)
"""Every word that a pass can name."""


def releasing(
    sight: Sight, waive: str = "", *, kick: bool = False, me: Actor | None = None
) -> Wish:
    """Out of D_hold or D_quarantine; `waive` is the check that quarantined mail passes.

    `me` is who lets it pass, for whoever has become another user since.  Raises UsageError
    for a word that is no check.
    """
    waived = _waived(waive, me or who(sight))
    decide = partial(verbs.release, flat=sight.spool.flat, waived=waived)
    return Wish("release", decide, undo_holds("release"), kick=kick)


def _waived(word: str, actor: Actor) -> Pass | None:
    if not word:
        return None
    check = check_of(word)
    if check is None:
        raise UsageError(f"--pass {visible(word)}: no such check; there are {CHECKS}")
    return Pass(check, f"{actor.user}@{actor.host}", time.time())
