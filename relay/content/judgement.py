"""What a content worker is asked and what it answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from relay.policy.verdict import Outcome, Verdict

__all__ = ["Judgement", "Outcome", "Progress", "Result", "Task", "Verdict"]


@dataclass(frozen=True, slots=True)
class Task:
    """Judge the octets from `start` to before `end` of the file that comes with it.

    `orders` tell the filter what to do; they are of the kinds that JSON has.
    """

    number: int
    start: int
    end: int
    orders: Mapping[str, object] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """Octets of the content."""
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class Progress:
    """A sign of life: octets read and written so far, which only grow."""

    number: int
    octets: int


@dataclass(frozen=True, slots=True)
class Result:
    """The end of a task.  `digest` is the SHA-256, in hexadecimal, of the octets that may be
    sent, `size` their number; "" and 0 where none may.  `last` tells that the worker ends now.
    """

    number: int
    outcome: Outcome
    size: int = 0
    digest: str = ""
    last: bool = False


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the pool answers.

    `output` is a descriptor of the filtered content, which the caller closes; None unless
    the verdict is CHANGED.  `ended` is false where the worker did not live to answer.
    """

    outcome: Outcome
    size: int = 0
    digest: str = ""
    output: int | None = None
    ended: bool = True
