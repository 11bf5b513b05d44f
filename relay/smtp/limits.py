"""The limits of one incoming connection, each with the reply that enforces it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of one session.  Sizes are octets; 0 means no limit where that is said.

    ============== ======================================================= =============
    field          what it bounds                                          reply
    ============== ======================================================= =============
    line           command line with its CRLF: 512 of RFC 5321 4.5.3.1.4   500 5.5.2
                   and what AUTH= (500), ORCPT and NOTIFY (525), ENVID
                   and RET (123), SIZE (26), BODY (17) add to it
    content_line   line of content without its CRLF (0: no limit),         554 5.6.0
                   RFC 5321 4.5.3.1.6
    size           content with CRLF line ends (0: no limit), RFC 1870     552 5.3.4
    recipients     accepted RCPTs of one message, RFC 5321 4.5.3.1.10      452 4.5.3
    errors         faulty commands and messages of one connection          421 4.7.0
    commands       commands without an accepted recipient since the        421 4.7.0
                   connection began or a message was stored
    mails          messages of one connection (0: no limit)                421 4.7.0
    discard        octets read and dropped beyond `size`, or of one        552 or 421,
                   endless command line, before the connection closes      then closed
    backlog        octets that may wait while a message is being stored    421 4.7.0
    ============== ======================================================= =============

    A refused recipient is no error: a long list with some unknown names must still get
    through.  It is counted by `commands`.  `bare` says what a CR or LF that is no CRLF
    does in content: "reject" the message with 550 5.6.11, or "normalise" it to a line end.
    """

    line: int = 2048
    content_line: int = 998
    size: int = 1_024_000
    recipients: int = 500
    errors: int = 20
    commands: int = 1000
    mails: int = 100
    discard: int = 16 * 1024 * 1024
    backlog: int = 256 * 1024
    bare: Literal["reject", "normalise"] = "reject"

    def __post_init__(self) -> None:
        if self.line < 512:
            raise ValueError("line: RFC 5321 4.5.3.1.4 wants at least 512 octets")
        if min(self.recipients, self.errors, self.commands) < 1:
            raise ValueError("recipients, errors and commands must be at least 1")
        if min(self.content_line, self.size, self.mails, self.discard, self.backlog) < 0:
            raise ValueError("a limit cannot be negative")
