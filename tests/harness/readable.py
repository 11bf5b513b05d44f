"""Whether a descriptor has something to be read, of whatever number."""

from __future__ import annotations

import selectors


def readable(descriptor: int, seconds: float) -> bool:
    """Wait until it has, or so long; False when nothing came."""
    with selectors.PollSelector() as waiting:
        waiting.register(descriptor, selectors.EVENT_READ)
        return bool(waiting.select(seconds))
