"""A client, a sender or a recipient that policy refused, for the logs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from relay.smtp.reply import Reply


@dataclass(frozen=True, slots=True)
class Refusal:
    """What was said, and which rule said it: 0 for none or the implicit one.

    `verb` is "connect" or the SMTP verb in lower case.  `dropped` tells a rule with the
    action drop; `tracked` whether there is to be a record, `alert` whether with an alert.
    """

    reply: Reply
    verb: str = "connect"
    rule: int = 0
    dropped: bool = False
    tracked: bool = True
    alert: bool = False
    sender: str = ""
    recipient: str = ""


Told = Callable[[Refusal], None]
"""Hears of each refusal."""


def nobody_told(refusal: Refusal) -> None:
    """For callers that keep no logs."""
