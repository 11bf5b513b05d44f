"""Orders: what a session or a client wants done, in the order given.

They are plain slotted values, made by the thousand: never change one.
"""

from __future__ import annotations

from dataclasses import dataclass

from relay.smtp.outcome import Outcome
from relay.smtp.reply import Reply
from relay.smtp.transaction import Transaction


@dataclass(slots=True)
class Send:
    """Write these octets to the peer."""

    data: bytes


@dataclass(slots=True)
class Close:
    """Close the connection once everything sent before is written."""


@dataclass(slots=True)
class StartTls:
    """Begin the TLS handshake once everything sent before is written.

    Octets already read belong to nobody and are dropped.  Report `secured()`.
    """


@dataclass(slots=True)
class Begin:
    """A message begins: its envelope is complete.  `End` or `Abort` will follow."""

    transaction: Transaction


@dataclass(slots=True)
class Content:
    """The next part of the message: no dot-stuffing, LF line ends."""

    chunk: bytes


@dataclass(slots=True)
class End:
    """The message is complete: store it, then report `stored(id)` or `refused(reply)`."""


@dataclass(slots=True)
class Abort:
    """The message that began will never be complete: drop it."""


@dataclass(slots=True)
class Decide:
    """The peer takes the envelope of a mail held back: call `go_on` or `call_off`."""


@dataclass(slots=True)
class SendContent:
    """Write the content in its wire form, final dot included (`relay.smtp.wire`).

    Report `content_sent()` in the same step that hands over the last octets, before
    anything further is read: from then on a loss means "unknown".
    """


@dataclass(slots=True)
class Done:
    """The transaction is over: one outcome for each recipient, in the order given.

    `gap` names the extension (SMTPUTF8, SIZE, 8BITMIME) that the message needs and the
    peer lacks, so that another host may be tried before the outcomes are believed;
    "" otherwise.  `Ready` or `Close` follows, now or after the peer's next reply.
    """

    outcomes: tuple[Outcome, ...]
    gap: str = ""


@dataclass(slots=True)
class Ready:
    """The next `deliver`, `starttls` or `quit` may be called."""


@dataclass(slots=True)
class HostFailed:
    """This host is of no use before any mail was offered: try the next address."""

    reply: Reply | None
    reason: str
    text: str


ServerOrder = Send | Begin | Content | End | Abort | StartTls | Close
ClientOrder = Send | Decide | SendContent | Done | Ready | HostFailed | StartTls | Close
