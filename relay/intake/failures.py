"""What a client is told when the disk or the system says no."""

from __future__ import annotations

import errno

from relay.smtp.reply import Reply

NO_SPACE = Reply(452, "4.3.1", "insufficient system storage")
NO_SPOOL = Reply(451, "4.3.0", "the message could not be stored, try again later")
UNSPOOLABLE = Reply(554, "5.6.0", "an address of the envelope cannot be stored")

_FULL = frozenset((errno.ENOSPC, errno.EDQUOT, errno.EFBIG))


def reply_to(error: BaseException) -> Reply:
    """452 when space ran out (RFC 5321 4.5.3.1.9), else 451: both are tried again."""
    cause = error if isinstance(error, OSError) else error.__cause__
    if isinstance(cause, OSError) and cause.errno in _FULL:
        return NO_SPACE
    return NO_SPOOL
