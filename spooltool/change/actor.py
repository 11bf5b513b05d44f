"""Who changes: for the journal, and for `undo`, which takes back one's own."""

from __future__ import annotations

import os
import shlex
import sys

from spooltool.look.sight import Sight
from spooltool.store.journal import Actor
from spooltool.store.root import user_name


def who(sight: Sight) -> Actor:
    """The person at this command line.  Ask before the tool becomes the spool's owner.

    Behind sudo it is who called sudo: the journal should name a person, not a role.
    """
    user = user_name(os.getuid())
    if os.environ.get("SUDO_UID") and os.environ.get("SUDO_USER"):
        user = os.environ["SUDO_USER"]
    command = shlex.join(["spooltool", *sight.arguments])
    return Actor(user, terminal(), os.uname().nodename, command)


def terminal() -> str:
    """The terminal of this process: `pts/3`; "" without one."""
    for stream in (sys.stdin, sys.stderr, sys.stdout):
        try:
            return os.ttyname(stream.fileno()).removeprefix("/dev/")
        except (OSError, ValueError, AttributeError):
            continue  # not a terminal: the next stream may be one
    return ""
