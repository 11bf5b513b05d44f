"""What an error mail is made of, as values."""

from __future__ import annotations

from dataclasses import dataclass

from relay.message.words import plain


@dataclass(frozen=True, slots=True)
class FailedRecipient:
    """One recipient that the message never reached.

    `address` is the one that the sender wrote, `orcpt` the ORCPT parameter as on the wire
    (`rfc822;anna+2Bx@example.org`) or "".  `code`, `enhanced` and `text` are the last
    reply and `host` who gave it; with `code` 0 nobody replied, and `text` is our own
    account (`connection refused`).  `last_try` is in unix seconds, 0 for never.
    """

    address: str
    orcpt: str = ""
    code: int = 0
    enhanced: str = ""
    host: str = ""
    text: str = ""
    last_try: int = 0

    @property
    def permanent(self) -> bool:
        """Whether the recipient was ruled out, rather than time running out."""
        return self.code >= 500 or self.enhanced.startswith("5")


@dataclass(frozen=True, slots=True)
class NoticeFacts:
    """Everything that a notice is made of.

    `number` is that of the E file, `born` when it became one, `arrived` when the message
    came (unix seconds).  `sender` is who gets the notice, as in the original envelope;
    `envid` the ENVID parameter as on the wire or "".  `headers` is the original header
    block, `separator` what stood between it and the body, `body` the whole body where
    RET=FULL asks for it, else None; beyond `relay.message.notice.RETURN_LIMIT` it is left
    out, so a caller need not read further than one byte past that.  `detailed` adds the
    reasons.  `postmaster` is where a person may ask, "" for postmaster at `hostname`.
    """

    hostname: str
    number: str
    born: float
    arrived: float
    sender: str
    recipients: tuple[FailedRecipient, ...]
    headers: bytes
    separator: bytes = b"\n"
    body: bytes | None = None
    envid: str = ""
    detailed: bool = False
    postmaster: str = ""

    @property
    def wide(self) -> bool:
        """Whether the notice needs SMTPUTF8: its addressee is UTF-8 beyond ASCII."""
        try:
            return not self.sender.isascii() and plain(self.sender).encode().decode() == self.sender
        except UnicodeEncodeError:
            return False
