"""What an error mail is made of, as values."""

from __future__ import annotations

from dataclasses import dataclass

from relay.message.words import plain
from spooltool.spool.notice_kind import NoticeKind


@dataclass(frozen=True, slots=True)
class NoticeRecipient:
    """One recipient that a notice tells of.

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

    `number` is that of the E file, `of` that of the message it was made from ("" where it
    is that message itself), `born` when the notice became due, `arrived` when the message
    came (unix seconds).  `sender` is who gets the notice, as in the original envelope;
    `about` is the message's sender where somebody else gets it (the postmaster).  `envid` is
    the ENVID parameter as on the wire or "".  `headers` is the original header block,
    `separator` what stood between it and the body, `body` the whole body where RET=FULL asks
    for it, else None; beyond `relay.message.notice.RETURN_LIMIT` it is left out, so a caller
    need not read further than one byte past that.  `detailed` adds the reasons, and of a
    verdict of ours that there was one.  `postmaster` is where a person may ask, "" for
    postmaster at `hostname`.  `explanation` is what a scanner or a rule said, `until` when a
    delayed message is given up (0: not known).  `client` is what the client that handed us the
    message called itself, `address` its address; "" where that is not known.
    """

    hostname: str
    number: str
    born: float
    arrived: float
    sender: str
    recipients: tuple[NoticeRecipient, ...]
    headers: bytes
    separator: bytes = b"\n"
    body: bytes | None = None
    envid: str = ""
    detailed: bool = False
    postmaster: str = ""
    kind: NoticeKind = NoticeKind.FAILURE
    explanation: str = ""
    until: float = 0.0
    of: str = ""
    about: str = ""
    client: str = ""
    address: str = ""

    @property
    def told(self) -> NoticeKind:
        """The kind that the notice lets its reader see.

        Without detail a verdict of ours reads as any other failure: whoever tries to get
        something harmful in learns nothing from it (chapter, detailed_av_err_mail).
        """
        return NoticeKind.FAILURE if self.kind.judged and not self.detailed else self.kind

    @property
    def message(self) -> str:
        """The number under which the logs tell of the message."""
        return self.of or self.number

    @property
    def wide(self) -> bool:
        """Whether the notice needs SMTPUTF8: its addressee is UTF-8 beyond ASCII."""
        try:
            return not self.sender.isascii() and plain(self.sender).encode().decode() == self.sender
        except UnicodeEncodeError:
            return False
