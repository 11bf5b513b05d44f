"""What to say when the system forbids to read: whose it is, and the command that works."""

from __future__ import annotations

import grp
import os
import stat

from spooltool.look.sight import Sight
from spooltool.render.text import visible
from spooltool.store.root import user_name


def explain_directory(sight: Sight, directory: str, why: str) -> str:
    """`D_resend: Permission denied (owner relay, group relay, 0700): sudo -u relay …`."""
    path = os.path.join(sight.spool.path, directory)
    try:
        facts = os.stat(path)
    except OSError:
        return visible(f"{path}: {why}")
    owner = user_name(facts.st_uid)
    mode = stat.S_IMODE(facts.st_mode)
    command = visible(" ".join(["sudo", "-u", owner, "spooltool", *sight.arguments]))
    return (
        f"{visible(path)}: {why} (owner {owner}, group {_group_name(facts.st_gid)}, "
        f"mode {mode:04o}); this works: {command}"
    )


def _group_name(gid: int) -> str:
    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return str(gid)
