"""The envelope that a client gives us: sender, recipients, their ESMTP parameters."""

from __future__ import annotations

from dataclasses import dataclass, field

from relay.smtp.mailbox import Mailbox


@dataclass(slots=True)
class Recipient:
    """One accepted RCPT.

    `params` holds the parameters as on the wire, joined by one blank, for the spool
    file.  `notify` is the upper-cased list of NOTIFY or "", `orcpt` the value of ORCPT.
    """

    mailbox: Mailbox
    params: str = ""
    notify: str = ""
    orcpt: str = ""


@dataclass(slots=True)
class Transaction:
    """One MAIL and its RCPTs.

    `mail_params` holds RET, ENVID, BODY and SMTPUTF8 as on the wire.  SIZE is in `size`
    (octets as declared, 0 for none) and nowhere else, since the size changes with the
    headers; AUTH= is ignored (RFC 4954 5).
    """

    sender: Mailbox
    mail_params: str = ""
    size: int = 0
    eightbit: bool = False
    utf8: bool = False
    ret: str = ""
    envid: str = ""
    recipients: list[Recipient] = field(default_factory=list)
