"""The commands of one incoming connection and the replies to them.

A `Dialogue` knows the command state – greeting, transaction, counts – and nothing of
octets, content or storing, which are `relay.smtp.server`'s.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum, auto
from typing import Protocol

from relay.smtp import replies
from relay.smtp.commands import HELO_SYNTAX, parse_helo, parse_mail, parse_rcpt
from relay.smtp.limits import Limits
from relay.smtp.mailbox import Mailbox
from relay.smtp.reply import Reply
from relay.smtp.transaction import Transaction


class Policy(Protocol):
    """Who may send where.  None means yes; a reply refuses, one of 421 also disconnects."""

    def connect(self) -> Reply | None:
        """Asked once, for the greeting: after a refusal only QUIT works (RFC 5321 3.1)."""
        ...

    def admit(self) -> Reply | None:
        """Asked at each MAIL: is there space for a message (452 4.3.1)?"""
        ...

    def mail(self, mailbox: Mailbox) -> Reply | None:
        """May this sender, perhaps null, send?"""
        ...

    def rcpt(self, mailbox: Mailbox) -> Reply | None:
        """May this recipient be sent to?  A yes adds it to the transaction."""
        ...


class Phase(Enum):
    """What the octets that come next are."""

    NEW = auto()
    COMMAND = auto()
    CONTENT = auto()
    STORING = auto()
    HANDSHAKE = auto()
    CLOSED = auto()


class Dialogue:
    """Runs commands one by one; each returns the phase that follows it.

    Replies gather in `replies`, as on the wire, until they are fetched.  `transaction` is
    the one that MAIL opened, None outside of one.
    """

    __slots__ = (
        "_barred",
        "_commands",
        "_errors",
        "_limits",
        "_mails",
        "_passing",
        "_policy",
        "_rcpt_tried",
        "_starttls",
        "esmtp",
        "helo",
        "hostname",
        "replies",
        "secure",
        "transaction",
    )

    def __init__(
        self,
        limits: Limits,
        policy: Policy,
        hostname: str,
        *,
        starttls: bool,
        tls_required: bool = False,
    ) -> None:
        if parse_helo(hostname) != hostname:
            raise ValueError(f"no host name: {hostname!r}")
        self.hostname = hostname
        self.helo = ""
        self.esmtp = False
        self.secure = False
        self.transaction: Transaction | None = None
        self.replies: list[bytes] = []
        self._limits = limits
        self._policy = policy
        self._starttls = starttls
        # What refuses every command but those that pass.
        self._barred = replies.TLS_FIRST if tls_required else None
        self._passing = _IN_CLEAR
        self._rcpt_tried = False
        self._commands = 0
        self._errors = 0
        self._mails = 0

    def greet(self) -> Phase:
        """Greet, or refuse with the policy's reply: then only QUIT works."""
        refusal = self._policy.connect()
        if refusal is None:
            return self.reply(Reply(220, "", f"{self.hostname} ESMTP"))
        self._barred, self._passing = replies.BAD_SEQUENCE, frozenset((_QUIT,))
        return self.reply(refusal)

    def command(self, text: str) -> Phase:
        """Run one command line, given without its CRLF."""
        word, _, rest = text.partition(" ")
        handler = _HANDLERS.get(word)
        if handler is None:
            handler = _HANDLERS.get(word.upper() if word.isascii() else "", _UNKNOWN)
        self._commands += 1
        if self._commands > self._limits.commands:
            return self.reply(replies.TOO_MANY_COMMANDS)
        if self._barred is not None and handler not in self._passing:
            return self.fault(self._barred)
        return handler(self, rest)

    def reply(self, reply: Reply, after: Phase = Phase.COMMAND) -> Phase:
        """Add a reply; 421 announces the end of the connection."""
        self.replies.append(reply.wire())
        return Phase.CLOSED if reply.code == 421 else after

    def fault(self, reply: Reply) -> Phase:
        """Refuse what the client should not have sent, and count it."""
        self._errors += 1
        ends = reply.code == 421  # whatever was counted before, this is why
        many = self._errors > self._limits.errors and not ends
        return self.reply(replies.TOO_MANY_ERRORS if many else reply)

    def stored(self, number: bytes) -> Phase:
        """Acknowledge the message of the transaction, which is over with it."""
        self._commands = 0
        self.transaction = None
        self.replies.append(b"250 2.0.0 %s stored\r\n" % number)
        return Phase.COMMAND

    def refused(self, reply: Reply) -> Phase:
        """Refuse the message of the transaction, which is over with it."""
        self.transaction = None
        return self.reply(reply)

    def secured(self) -> None:
        """Forget all that was said in clear (RFC 3207 4.2)."""
        self.secure = True
        if self._barred is replies.TLS_FIRST:
            self._barred = None
        self.helo = ""
        self.esmtp = False
        self.transaction = None

    # Commands, RFC 5321 4.1.1 unless said otherwise.

    def _ehlo(self, rest: str) -> Phase:
        if not self._hello(rest, esmtp=True):
            return self.fault(HELO_SYNTAX)
        lines = [
            self.hostname,
            "PIPELINING",  # RFC 2920
            f"SIZE {self._limits.size}",  # RFC 1870
            "8BITMIME",  # RFC 6152
            "SMTPUTF8",  # RFC 6531
            "ENHANCEDSTATUSCODES",  # RFC 2034
            "DSN",  # RFC 3461
        ]
        if self._starttls and not self.secure:
            lines.append("STARTTLS")  # RFC 3207
        return self.reply(Reply(250, "", "\n".join(lines)))

    def _helo(self, rest: str) -> Phase:
        if not self._hello(rest, esmtp=False):
            return self.fault(HELO_SYNTAX)
        return self.reply(Reply(250, "", self.hostname))

    def _hello(self, rest: str, *, esmtp: bool) -> bool:
        name = parse_helo(rest)
        if name is None:
            return False
        self.helo = name
        self.esmtp = esmtp
        self.transaction = None
        return True

    def _mail(self, rest: str) -> Phase:
        limits = self._limits
        if not self.helo:
            return self.fault(replies.SAY_HELLO)
        if self.transaction is not None:
            return self.fault(replies.NESTED_MAIL)
        if limits.mails and self._mails >= limits.mails:
            return self.reply(replies.TOO_MANY_MAILS)
        found = parse_mail(rest)
        if isinstance(found, Reply):
            return self.fault(found)
        refusal: Reply | None
        if limits.size and found.size > limits.size:
            refusal = replies.TOO_BIG
        else:
            refusal = self._policy.admit() or self._policy.mail(found.sender)
        if refusal is None:
            self.transaction = found
            self._rcpt_tried = False
        return self.reply(refusal or replies.SENDER_OK)

    def _rcpt(self, rest: str) -> Phase:
        transaction = self.transaction
        if transaction is None:
            return self.fault(replies.NEED_MAIL)
        self._rcpt_tried = True
        found = parse_rcpt(rest, utf8=transaction.utf8)
        if isinstance(found, Reply):
            return self.fault(found)
        refusal: Reply | None
        if len(transaction.recipients) >= self._limits.recipients:
            refusal = replies.TOO_MANY_RECIPIENTS
        else:
            refusal = self._policy.rcpt(found.mailbox)
        if refusal is None:
            transaction.recipients.append(found)
            self._commands -= 1
        return self.reply(refusal or replies.RECIPIENT_OK)

    def _data(self, rest: str) -> Phase:
        transaction = self.transaction
        if rest.strip(" "):
            return self.fault(replies.NO_ARGUMENT)
        if transaction is None:
            return self.fault(replies.NEED_MAIL)
        if not transaction.recipients:
            # No fault of a client that pipelines: RFC 5321 3.3, RFC 2920 3.1.
            if self._rcpt_tried:
                return self.reply(replies.NO_RECIPIENTS)
            return self.fault(replies.NEED_RCPT)
        self._mails += 1
        return self.reply(replies.START_DATA, Phase.CONTENT)

    def _rset(self, rest: str) -> Phase:
        if rest.strip(" "):
            return self.fault(replies.NO_ARGUMENT)
        self.transaction = None
        return self.reply(replies.OK)

    def _noop(self, _rest: str) -> Phase:
        return self.reply(replies.OK)

    def _vrfy(self, rest: str) -> Phase:
        if rest.strip(" "):
            return self.reply(replies.CANNOT_VERIFY)
        return self.fault(replies.ARGUMENT_WANTED)

    def _help(self, _rest: str) -> Phase:
        return self.reply(replies.HELP)

    def _quit(self, _rest: str) -> Phase:
        return self.reply(replies.BYE, Phase.CLOSED)

    def _start_tls(self, rest: str) -> Phase:
        if not self._starttls:
            return self.fault(replies.NOT_IMPLEMENTED)
        if self.secure or not self.esmtp:
            return self.fault(replies.BAD_SEQUENCE)
        if rest.strip(" "):
            return self.fault(replies.NO_ARGUMENT)
        self.transaction = None
        return self.reply(replies.START_TLS, Phase.HANDSHAKE)

    def _not_implemented(self, _rest: str) -> Phase:
        return self.fault(replies.NOT_IMPLEMENTED)

    def _not_smtp(self, _rest: str) -> Phase:
        return self.reply(replies.NOT_SMTP)

    def _unknown(self, _rest: str) -> Phase:
        return self.fault(replies.UNKNOWN)


_Handler = Callable[[Dialogue, str], Phase]
_UNKNOWN: _Handler = Dialogue._unknown
_QUIT: _Handler = Dialogue._quit
_IN_CLEAR: frozenset[_Handler] = frozenset(
    (Dialogue._ehlo, Dialogue._helo, Dialogue._noop, Dialogue._start_tls, _QUIT)
)
"""Commands of a client that must begin TLS and has not (RFC 3207 4)."""

_HANDLERS: dict[str, _Handler] = {
    "EHLO": Dialogue._ehlo,
    "HELO": Dialogue._helo,
    "MAIL": Dialogue._mail,
    "RCPT": Dialogue._rcpt,
    "DATA": Dialogue._data,
    "RSET": Dialogue._rset,
    "NOOP": Dialogue._noop,
    "QUIT": _QUIT,
    "VRFY": Dialogue._vrfy,
    "HELP": Dialogue._help,
    "?": Dialogue._help,
    "STARTTLS": Dialogue._start_tls,
    **dict.fromkeys(("AUTH", "BDAT", "ETRN", "EXPN", "TURN"), Dialogue._not_implemented),
    # A browser that is led to post a form to port 25 speaks these first.
    **dict.fromkeys(("CONNECT", "GET", "POST", "PUT"), Dialogue._not_smtp),
}
