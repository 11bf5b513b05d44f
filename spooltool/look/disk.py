"""The file system of a spool."""

from __future__ import annotations

import os

from spooltool.render.screen import Disk
from spooltool.store.root import Spool


def disk_of(spool: Spool) -> Disk | None:
    """How much of it is free to this user; None when nobody tells."""
    try:
        facts = os.fstatvfs(spool.fd)
    except OSError:
        return None
    block = facts.f_frsize
    return Disk(facts.f_bavail * block, facts.f_blocks * block, facts.f_favail, facts.f_files)
