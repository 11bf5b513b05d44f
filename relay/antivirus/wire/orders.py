"""One scan as a conversation: the shell tells what happened and does what it is told.

::

    opening()        sent first
    content(chunk)   the form in which a piece of content is sent; not while `holding`
    ended()          sent after the last piece
    receive(data)    bytes came: Send, Keep, and in the end Finished
    lost()           the connection is over: the outcome

Send means bytes at once, and that content may go on (`holding` is False again).  Keep is
content that the scanner gives back, for the sink; it counts only if the outcome is `Cured`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from relay.policy.scan_outcome import Outcome


@dataclass(frozen=True, slots=True)
class Send:
    """Send these bytes, then go on with the content."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Keep:
    """Content that came back."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Finished:
    """The verdict; `reusable` tells that another request may follow on this connection."""

    outcome: Outcome
    reusable: bool = False


Order = Send | Keep | Finished


class Conversation(Protocol):
    """A scan in one of the protocols."""

    @property
    def holding(self) -> bool:
        """Whether content must wait for a Send."""

    def opening(self) -> bytes:
        """What is sent first."""

    def content(self, chunk: bytes) -> bytes:
        """A piece of content as it is sent; possibly nothing yet."""

    def ended(self) -> bytes:
        """What is sent when there is no more content."""

    def receive(self, data: bytes) -> list[Order]:
        """Bytes came."""

    def lost(self) -> Outcome:
        """The connection is over before a Finished."""
