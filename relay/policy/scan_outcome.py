"""What a scanner can have said about content.  Values, and nothing that is not one of them.

`Clean` is the only one that lets content pass as it is, so it is made in as few places as
possible: from a whole answer, about the whole content, that says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

UNNAMED = "(unnamed)"
"""Stands for a finding that the scanner gave no name."""


class Mode(StrEnum):
    """What a scanner is asked for, in the words of AV_SETTING."""

    CHECK = "check"
    """Say what there is; what is found blocks the message."""
    CURE = "cure"
    """Where content can be mended, give it back mended."""


class Unscanned(StrEnum):
    """Why there is no verdict although the scanner answered."""

    LIMIT = "limit"
    """The content is larger, deeper or of more parts than the scanner looks at."""
    ENCRYPTED = "encrypted"
    """The scanner cannot look inside."""
    PARTIAL = "partial"
    """The answer broke off, or came before the scanner had seen everything."""
    ERROR = "error"
    """The scanner failed, or its answer makes no sense."""


@dataclass(frozen=True, slots=True)
class Clean:
    """The scanner has seen the whole and found nothing."""


@dataclass(frozen=True, slots=True)
class Infected:
    """Something was found; `names` as the scanner calls it, never empty."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Cured:
    """Something was found and the scanner gave mended content back: `size` octets in the sink."""

    names: tuple[str, ...]
    size: int


@dataclass(frozen=True, slots=True)
class NotScanned:
    """The scanner answered, and that is no verdict; `text` tells a person."""

    reason: Unscanned
    text: str


@dataclass(frozen=True, slots=True)
class Unreachable:
    """No connection, or it was lost before the answer.  Another try may help."""

    text: str


@dataclass(frozen=True, slots=True)
class Silent:
    """Nothing moved in either direction for `timeout`.  Another try may help."""

    text: str


Outcome = Clean | Infected | Cured | NotScanned | Unreachable | Silent
