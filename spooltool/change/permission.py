"""Whether mail of a spool can be changed from here, before anybody is offered to."""

from __future__ import annotations

import os

from spooltool.errors import SpooltoolError
from spooltool.look.sight import Sight
from spooltool.store.root import check_local, check_parents, user_name


def can_change(sight: Sight) -> str:
    """ "" where changes can be offered, else why not.  Looks, and becomes nobody."""
    if sight.read_only:
        return "--read-only"
    if sight.as_of is not None:
        return "this is a look at the past (--as-of)"
    path = sight.located.path
    try:
        owner = os.stat(path).st_uid
        if os.geteuid() not in (0, owner):
            return f"the spool belongs to {user_name(owner)}, and this is {user_name(os.geteuid())}"
        if os.statvfs(path).f_flag & os.ST_RDONLY:
            return "the disk is mounted read-only"
        check_parents(path, owner)
        check_local(path)
    except OSError as error:
        return f"the spool cannot be looked at: {error.strerror}"
    except SpooltoolError as error:
        return error.message
    return ""
