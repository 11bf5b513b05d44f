"""What `requeue` wants done."""

from __future__ import annotations

from functools import partial

from spooltool.change.caution import undo_holds
from spooltool.change.wish import Study, Wish
from spooltool.diagnose.backscatter import requeue_notes
from spooltool.diagnose.planning import Chosen
from spooltool.diagnose.retargeting import changing
from spooltool.look.sight import Sight
from spooltool.spool import placing
from spooltool.spool.plan import Plan


def requeueing(sight: Sight, *, kick: bool = False) -> Wish:
    """As if just received."""
    return Wish(
        "requeue",
        partial(placing.requeue, flat=sight.spool.flat),
        undo_holds("requeue"),
        study=_study,
        kick=kick,
        trash=True,
    )


def _study(plan: Plan, chosen: Chosen) -> Study:
    return Study(tuple(requeue_notes(changing(plan, chosen.rows))))
