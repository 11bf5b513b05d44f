"""Names of findings: text of a scanner made fit to keep, and what the names amount to.

ClamAV reports what it did not look at as a finding (`AlertExceedsMax`, `AlertEncrypted`;
clamd.conf(5)), and c-icap hands these names on.
"""

from __future__ import annotations

from collections.abc import Sequence

from relay.policy.scan_outcome import UNNAMED, Infected, NotScanned, Unscanned

_LONGEST = 200
_MOST = 20
_NOT_LOOKED_AT = (
    ("heuristics.limits.exceeded", Unscanned.LIMIT),
    ("heuristics.encrypted.", Unscanned.ENCRYPTED),
)


def name_of(text: str | bytes) -> str:
    """A name as one short printable line; UNNAMED for nothing."""
    if isinstance(text, bytes):
        text = text.decode("utf-8", "backslashreplace")
    shown = "".join(char if char.isprintable() else "?" for char in text.strip())
    return shown[:_LONGEST] or UNNAMED


def verdict_of(names: Sequence[str]) -> Infected | NotScanned:
    """What findings amount to: one that is real counts more than those of things unseen."""
    found = tuple(dict.fromkeys(names))[:_MOST] or (UNNAMED,)
    unseen = [_unseen(name) for name in found]
    real = tuple(name for name, why in zip(found, unseen, strict=True) if why is None)
    if real or unseen[0] is None:
        return Infected(real)
    return NotScanned(unseen[0], f"the scanner did not look at all of it: {', '.join(found)}")


def _unseen(name: str) -> Unscanned | None:
    lowered = name.lower()
    for start, why in _NOT_LOOKED_AT:
        if lowered.startswith(start):
            return why
    return None
