"""SMTP, both sides, as state machines without I/O: facts in, orders out.

- `server`: `Session`, one incoming connection; `dialogue` runs its commands, `lines`
  and `content` read its octets, `replies` is the table of what it says.
- `client`: `Client`, one outgoing connection; `envelope` makes its commands,
  `extensions` reads EHLO, `wire` encodes content, `outcome` says what became of it.
- `proxy_header`: the header of the PROXY protocol, which comes before a session.
- `orders`, `reply`, `mailbox`, `parameters`, `commands`, `transaction`, `limits`: values.

Pure: may import the standard library, itself and `spooltool.spool` (the grammar of
addresses); no files, sockets, clocks, logging.
"""

from relay.smtp.client import Client
from relay.smtp.envelope import Mail
from relay.smtp.limits import Limits
from relay.smtp.mailbox import Mailbox
from relay.smtp.outcome import Kind, Outcome
from relay.smtp.reply import Reply, ReplyReader
from relay.smtp.server import Policy, Session
from relay.smtp.transaction import Recipient, Transaction

__all__ = [
    "Client",
    "Kind",
    "Limits",
    "Mail",
    "Mailbox",
    "Outcome",
    "Policy",
    "Recipient",
    "Reply",
    "ReplyReader",
    "Session",
    "Transaction",
]
