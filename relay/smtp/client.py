"""The client side of SMTP as a state machine: facts in, orders out, no I/O and no clock.

Make a `Client` when a connection stands and report each fact by the method named for it
(`receive`, `content_sent`, `secured`, `lost`, `timed_out`).  After `Ready` call `deliver`,
`starttls` or `quit`.  Each call returns the orders to carry out, in their order.

What a transaction goes through::

    deliver(mail) -> Send(MAIL RCPT … DATA)
    receive(354)  -> SendContent()          content_sent() at its last octets
    receive(250)  -> Done(outcomes) Ready()

A mail whose content is not known to be fit yet is held before DATA, until the peer has
taken its sender and a recipient::

    deliver(mail, held=True) -> Send(MAIL RCPT …)
    receive(250 250)         -> Decide()     go_on() -> Send(DATA), or call_off() -> Send(RSET)

Before the final dot a lost connection means "temporary", after it "unknown".
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum, auto
from typing import Literal

from relay.smtp import outcome, wire
from relay.smtp.attempt import DATA, Attempt
from relay.smtp.commands import parse_helo
from relay.smtp.envelope import Mail, sendable
from relay.smtp.extensions import Extensions, parse_extensions
from relay.smtp.orders import (
    ClientOrder,
    Close,
    Decide,
    Done,
    HostFailed,
    Ready,
    Send,
    SendContent,
    StartTls,
)
from relay.smtp.outcome import Outcome
from relay.smtp.reply import Reply, ReplyReader


class State(Enum):
    """What the next reply of the peer answers."""

    GREETING = auto()
    EHLO = auto()
    HELO = auto()
    READY = auto()
    """Nothing: a reply now is one too many."""
    ENVELOPE = auto()
    HELD = auto()
    """Nothing: the envelope is taken, and we have not decided yet."""
    CONTENT = auto()
    """Nothing: the content is being sent."""
    DOT = auto()
    LONE_DOT = auto()
    RSET = auto()
    STARTTLS = auto()
    HANDSHAKE = auto()
    """Nothing: TLS is being negotiated."""
    QUIT = auto()
    CLOSED = auto()


_STAGES = {
    State.GREETING: "waiting for the greeting",
    State.EHLO: "waiting for the reply to EHLO",
    State.HELO: "waiting for the reply to HELO",
    State.HELD: "the content was judged",
    State.CONTENT: "sending the content",
    State.DOT: "waiting for the reply to the final dot",
    State.STARTTLS: "waiting for the reply to STARTTLS",
    State.HANDSHAKE: "negotiating TLS",
}
_NOTHING = Mail("", ())
_BEFORE_MAIL = frozenset((State.GREETING, State.EHLO, State.HELO, State.STARTTLS, State.HANDSHAKE))


class Client:
    """One outgoing connection.

    `helo` is our name.  `soft_bounce` turns each 5xx into a temporary outcome.
    `eightbit` says what becomes of 8-bit content when the peer lacks 8BITMIME: "send" it
    as it is, or "bounce" it with 5.6.3, as is content that could not be converted
    ("convert").  `greeting`, `extensions` and `size_limit` show
    what the peer said of itself.  ValueError for calls in the wrong state.
    """

    __slots__ = (
        "_attempt",
        "_eightbit",
        "_held",
        "_helo",
        "_orders",
        "_reader",
        "_soft",
        "extensions",
        "greeting",
        "secure",
        "state",
    )

    def __init__(
        self,
        helo: str,
        *,
        soft_bounce: bool = False,
        eightbit: Literal["send", "convert", "bounce"] = "send",
    ) -> None:
        if parse_helo(helo) != helo:
            raise ValueError(f"no host name: {helo!r}")
        self.state = State.GREETING
        self.greeting = ""
        self.extensions = Extensions()
        self.secure = False
        self._helo = helo
        self._soft = soft_bounce
        self._eightbit = eightbit
        self._held = False
        self._reader = ReplyReader()
        self._orders: list[ClientOrder] = []
        self._attempt = Attempt(_NOTHING, self.extensions, soft=soft_bounce)

    @property
    def size_limit(self) -> int | None:
        """The largest message the peer takes, in octets; None when it names no limit."""
        return self.extensions.size_limit

    # Calls.

    def deliver(self, mail: Mail, *, held: bool = False) -> list[ClientOrder]:
        """Begin a transaction; commands are pipelined where the peer offers it.

        `held`: DATA waits for `go_on`.
        """
        self._want(State.READY)
        count = len(mail.recipients)
        if not count:
            raise ValueError("a mail without recipients")
        gap, lacking = self._gap(mail)
        if lacking is not None:
            return [Done((lacking,) * count, gap), Ready()]
        if not sendable(mail.sender):
            refused = outcome.unsendable("4.1.7", "sender address cannot be sent")
            return [Done((refused,) * count), Ready()]
        self._held = held
        self._attempt = attempt = Attempt(mail, self.extensions, soft=self._soft, held=held)
        if attempt.empty:
            return [Done(attempt.results(None)), Ready()]
        if "PIPELINING" in self.extensions:
            data = b"".join(attempt.commands)
            attempt.commands.clear()
        else:
            data = attempt.commands.pop(0)
        self.state = State.ENVELOPE
        return [Send(data)]

    def go_on(self) -> list[ClientOrder]:
        """After `Decide`: the content may be sent."""
        if self.state is State.CLOSED:
            return []
        self._want(State.HELD)
        self.state = State.ENVELOPE
        return [Send(DATA)]

    def call_off(self) -> list[ClientOrder]:
        """After `Decide`: nothing is sent; no outcome follows."""
        if self.state is State.CLOSED:
            return []
        self._want(State.HELD)
        self._rset()
        return self._flush()

    def starttls(self) -> list[ClientOrder]:
        """Ask for TLS (RFC 3207); `StartTls`, then `secured()`, or `HostFailed` follow."""
        self._want(State.READY)
        self.state = State.STARTTLS
        return [Send(b"STARTTLS\r\n")]

    @property
    def between_mails(self) -> bool:
        """Whether no mail is under way: ready, or only the reply to RSET is awaited."""
        return self.state in (State.READY, State.RSET)

    def quit(self) -> list[ClientOrder]:
        """End the connection: politely when nothing is under way, else at once, untold."""
        if self.between_mails:
            self.state = State.QUIT
            return [Send(b"QUIT\r\n")]
        return self._finally(self._close)

    # Facts.

    def receive(self, data: bytes) -> list[ClientOrder]:
        """Octets came in.  What is no reply ends the connection, as a temporary failure."""
        if self.state is State.CLOSED:
            return []
        for reply in self._reader.feed(data):
            _ON_REPLY[self.state](self, reply)
            if self._is(State.CLOSED):
                break
        if self._reader.defect and not self._is(State.CLOSED):
            self._fail(outcome.PUT_OFF, f"protocol error: {self._reader.defect}")
        if self._is(State.HANDSHAKE):
            if self._reader.pending:
                self._injected()
            else:
                self._orders.append(StartTls())
        return self._flush()

    def content_sent(self) -> list[ClientOrder]:
        """The last octets of the content, final dot included, were handed to the socket."""
        if self.state is not State.CLOSED:  # a reply may have ended it meanwhile
            self._want(State.CONTENT)
            self.state = State.DOT
        return []

    def secured(self) -> list[ClientOrder]:
        """The TLS handshake succeeded: what the peer said in clear is forgotten."""
        self._want(State.HANDSHAKE)
        self.secure = True
        self.greeting = ""
        self.extensions = Extensions()
        self._reader = ReplyReader()
        self.state = State.EHLO
        return [self._say("EHLO")]

    def lost(self, text: str = "connection lost") -> list[ClientOrder]:
        """The peer closed the connection, or it broke for the reason in `text`."""
        return self._finally(lambda: self._fail(outcome.TIMEOUT, text))

    def timed_out(self, *, unsent: bool = False) -> list[ClientOrder]:
        """Nothing moved for too long; `unsent` tells that the final dot never left."""
        if unsent and self.state is State.DOT:
            self.state = State.CONTENT
        return self._finally(lambda: self._fail(outcome.TIMEOUT, "timed out"))

    # Before mail.

    def _greeted(self, reply: Reply) -> None:
        self.greeting = reply.single()
        if reply.code == 220:
            self._orders.append(self._say("EHLO"))
            self.state = State.EHLO
        else:
            self._host_failed(reply)

    def _ehlo_replied(self, reply: Reply) -> None:
        if reply.positive:
            self.extensions = parse_extensions(reply)
            self._ready()
        elif reply.permanent:
            self._orders.append(self._say("HELO"))
            self.state = State.HELO
        else:
            self._host_failed(reply)

    def _helo_replied(self, reply: Reply) -> None:
        if reply.positive:
            self._ready()
        else:
            self._host_failed(reply)

    def _starttls_replied(self, reply: Reply) -> None:
        if reply.code == 220:
            self.state = State.HANDSHAKE
        else:
            self._host_failed(reply, outcome.TLS)

    def _host_failed(self, reply: Reply, reason: str = "") -> None:
        if not reason:
            reason = outcome.REFUSED if reply.permanent else outcome.PUT_OFF
        self._orders.append(HostFailed(reply, reason, reply.single()))
        if reply.code != 421:
            self._orders.append(Send(b"QUIT\r\n"))
        self._close()

    # The transaction.

    def _gap(self, mail: Mail) -> tuple[str, Outcome | None]:
        """The extension that this peer lacks for this mail, and the outcome of that."""
        peer = self.extensions
        limit = peer.size_limit
        if limit is not None and mail.size > limit:
            text = f"message of {mail.size} octets, the server takes {limit}"
            return "SIZE", outcome.lacking("5.3.4", text, soft=self._soft)
        if mail.needs_utf8 and "SMTPUTF8" not in peer:
            text = "the server does not offer SMTPUTF8"
            return "SMTPUTF8", outcome.lacking("5.6.7", text, soft=self._soft)
        if mail.eightbit and self._eightbit != "send" and "8BITMIME" not in peer:
            text = "the server does not offer 8BITMIME"
            return "8BITMIME", outcome.lacking("5.6.3", text, soft=self._soft)
        return "", None

    def _envelope_replied(self, reply: Reply) -> None:
        attempt = self._attempt
        if reply.code == 421:
            self._fail(outcome.PUT_OFF, reply.single(), reply)
        elif attempt.awaits_data:
            self._data_replied(reply)
        elif 300 <= reply.code < 400:
            self._fail(outcome.PUT_OFF, f"protocol error: {reply}")
        else:
            attempt.replied(reply)
            if attempt.commands:
                self._step(attempt)
            elif self._held:
                self._hold(attempt)

    def _step(self, attempt: Attempt) -> None:
        """Without pipelining: send the next command, or give up where none makes sense."""
        if attempt.hopeless:
            self._done(None)
            self._rset()
        else:
            self._orders.append(Send(attempt.commands.pop(0)))

    def _hold(self, attempt: Attempt) -> None:
        """A mail held back: once its last recipient was answered it is our turn."""
        if not attempt.awaits_data:
            return
        if attempt.hopeless:
            self._done(None)
            self._rset()
        else:
            self.state = State.HELD
            self._orders.append(Decide())

    def _interrupted(self, reply: Reply) -> None:
        """A reply while the peer waits for DATA: a farewell, as a rule."""
        text = reply.single() if reply.code == 421 else f"protocol error: {reply}"
        self._fail(outcome.PUT_OFF, text, reply if reply.code == 421 else None)

    def _data_replied(self, reply: Reply) -> None:
        attempt = self._attempt
        if reply.code == 354:
            if not attempt.hopeless:
                self.state = State.CONTENT
                self._orders.append(SendContent())
                return
            self._done(None)
            if attempt.accepted:
                # It took recipients without a sender: a dot might send them nothing.
                self._close()
            else:
                self._orders.append(Send(wire.END))
                self.state = State.LONE_DOT
        elif reply.code < 400:
            self._fail(outcome.PUT_OFF, f"protocol error: {reply}")
        else:
            self._done(outcome.judge(reply, soft=self._soft))
            self._rset()

    def _content_interrupted(self, reply: Reply) -> None:
        """A reply before the dot: what was sent of the content cannot be taken back."""
        self._orders = [order for order in self._orders if not isinstance(order, SendContent)]
        if reply.code >= 400:
            self._done(outcome.judge(reply, soft=self._soft))
            self._close()
        else:
            self._fail(outcome.PUT_OFF, f"protocol error: {reply}")

    def _dot_replied(self, reply: Reply) -> None:
        if 300 <= reply.code < 400:
            self._fail(outcome.PUT_OFF, f"protocol error: {reply}")
            return
        reports = "DSN" in self.extensions
        self._done(outcome.judge(reply, soft=self._soft, reports=reports))
        if reply.code == 421:
            self._close()
        else:
            self._ready()

    def _lone_dot_replied(self, reply: Reply) -> None:
        if reply.code == 421:
            self._close()
        else:
            self._ready()

    def _rset_replied(self, reply: Reply) -> None:
        if reply.positive:
            self._ready()
        else:
            self._close()

    def _unasked(self, _reply: Reply) -> None:
        """A reply that answers nothing, be it a farewell: never the answer to what follows."""
        self._close()

    def _done(self, rest: Outcome | None) -> None:
        self._orders.append(Done(self._attempt.results(rest)))

    # Ends.

    def _ready(self) -> None:
        self.state = State.READY
        self._orders.append(Ready())

    def _rset(self) -> None:
        self._orders.append(Send(b"RSET\r\n"))
        self.state = State.RSET

    def _fail(self, reason: str, text: str, reply: Reply | None = None) -> None:
        """The connection is of no more use."""
        state = self.state
        told = text if reply is not None else f"{text} while {self._stage()}"
        if state in (State.STARTTLS, State.HANDSHAKE):
            reason = outcome.TLS
        if state in _BEFORE_MAIL:
            self._orders.append(HostFailed(reply, reason, told))
        elif state in (State.ENVELOPE, State.HELD, State.CONTENT, State.DOT):
            if reply is not None:
                rest = outcome.judge(reply)
            else:
                rest = outcome.broken(reason, told, after_dot=state is State.DOT)
            self._done(rest)
        self._close()

    def _injected(self) -> None:
        self._orders.append(HostFailed(None, outcome.TLS, "reply injected before TLS"))
        self._close()

    def _handshake_interrupted(self, _reply: Reply) -> None:
        self._injected()

    def _stage(self) -> str:
        if self.state is State.ENVELOPE:
            return f"waiting for the reply to {self._attempt.stage}"
        return _STAGES.get(self.state, "idle")

    def _close(self) -> None:
        self.state = State.CLOSED
        self._orders.append(Close())

    def _finally(self, action: Callable[[], None]) -> list[ClientOrder]:
        if self.state is State.CLOSED:
            return []
        action()
        return self._flush()

    def _say(self, verb: str) -> Send:
        return Send(f"{verb} {self._helo}\r\n".encode())

    def _is(self, state: State) -> bool:
        return self.state is state

    def _flush(self) -> list[ClientOrder]:
        orders, self._orders = self._orders, []
        return orders

    def _want(self, state: State) -> None:
        if self.state is not state:
            raise ValueError(f"{state.name} expected, the client is in {self.state.name}")


_ON_REPLY: dict[State, Callable[[Client, Reply], None]] = {
    State.GREETING: Client._greeted,
    State.EHLO: Client._ehlo_replied,
    State.HELO: Client._helo_replied,
    State.READY: Client._unasked,
    State.ENVELOPE: Client._envelope_replied,
    State.HELD: Client._interrupted,
    State.CONTENT: Client._content_interrupted,
    State.DOT: Client._dot_replied,
    State.LONE_DOT: Client._lone_dot_replied,
    State.RSET: Client._rset_replied,
    State.STARTTLS: Client._starttls_replied,
    State.HANDSHAKE: Client._handshake_interrupted,
    State.QUIT: Client._unasked,
}
