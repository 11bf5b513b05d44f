"""When a message is tried again: one pure function."""

from __future__ import annotations

LONGEST = 86400.0
"""The longest wait that doubling leads to, seconds."""


def next_try(now: float, resend_period: float, *, unknown: bool = False, waited: float = 0) -> int:
    """Unix second of the next try after an attempt that ended at `now`.

    After a temporary failure that is one `resend_period` later.  After an `unknown`
    outcome (lost after the final dot: perhaps delivered) two periods, and twice what was
    `waited` before where that was unknown too, up to a day.
    """
    wait = resend_period
    if unknown:
        wait = min(2.0 * max(resend_period, waited), max(LONGEST, 2.0 * resend_period))
    return int(now + max(1.0, wait))


def due_at(last_try: float, next_try: float, now: float) -> float:
    """When a message read from its file is due.

    That is what it says, but where the clock was set back since (`last_try` is to come),
    the wait that was meant, from now on.  What was never tried is due: a clock that was
    ahead when the file was written must not make it wait.
    """
    if not last_try:
        return min(next_try, now)
    if last_try <= now:
        return next_try
    return now + max(0.0, next_try - last_try)
