"""What content policy says of a message before and after it was looked at, as values."""

from __future__ import annotations

from dataclasses import dataclass

from relay.policy.asked import Asked
from spooltool.spool.checks import Check

SCANNER, LIMIT = "scanner", "limit"
"""Reason codes in STATE of a message that is put off."""


@dataclass(frozen=True, slots=True)
class Stopped:
    """Content policy lets it go to nobody: by which check, why, what the scanner found."""

    check: Check
    text: str
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PutOff:
    """Nothing is known: it waits, by the reason code `reason`.

    `killed` tells that it may have been this message that ended its worker, `alert` that it
    takes a person to mend it.
    """

    reason: str
    text: str
    killed: bool = False
    alert: bool = False


Ruling = Asked | PutOff | None
"""What is to be done with a message's content: judge it; nothing, for now; nothing at all."""
