"""What `bounce` wants done."""

from __future__ import annotations

from functools import partial

from spooltool.change.caution import undo_holds
from spooltool.change.wish import Study, Wish
from spooltool.diagnose.backscatter import bounce_notes
from spooltool.diagnose.planning import Chosen
from spooltool.diagnose.retargeting import changing
from spooltool.look.sight import Sight
from spooltool.spool import placing
from spooltool.spool.plan import Plan


def bouncing(sight: Sight, reason: str = "", *, kick: bool = False) -> Wish:
    """Given up now; `reason` is told to the sender where notices are detailed."""
    return Wish(
        "bounce",
        partial(placing.bounce, reason=reason, flat=sight.spool.flat),
        undo_holds("bounce"),
        study=_study,
        kick=kick,
    )


def _study(plan: Plan, chosen: Chosen) -> Study:
    return Study(tuple(bounce_notes(changing(plan, chosen.rows))))
