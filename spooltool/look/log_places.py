"""Where the logs of a relay are."""

from __future__ import annotations

import os

from spooltool.look.sight import Sight
from spooltool.spool.names import OWN_DIR


def log_directory(sight: Sight) -> str:
    """`logdir` of the configuration of this spool, else the spool's own; it may not be there."""
    return sight.settings.logdir or os.path.join(sight.spool.path, OWN_DIR, "log")


def log_of_dequeuer(sight: Sight) -> str:
    """The path of mdq.elg, whether it is there or not."""
    return os.path.join(log_directory(sight), "mdq.elg")
