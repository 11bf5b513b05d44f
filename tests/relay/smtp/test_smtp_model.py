"""The session against a small reference model, by programs that hypothesis writes."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from relay.smtp import Limits, Reply, ReplyReader, Session
from relay.smtp.orders import Abort, Begin, Close, Content, End, Send, ServerOrder, StartTls
from tests.relay.smtp.playbook import Fence, split_at

RECIPIENTS = 3
SIZE = 50


class Model:
    """What RFC 5321 wants: the code that answers each command."""

    def __init__(self) -> None:
        self.hello = ""
        self.tls = False
        self.sender: str | None = None
        self.recipients: list[str] = []
        self.tried = False

    def reset(self) -> None:
        self.sender, self.recipients, self.tried = None, [], False

    def run(self, verb: str, argument: str) -> int:
        if verb in ("EHLO", "HELO"):
            if not argument:
                return 501
            self.hello = verb
            self.reset()
            return 250
        if verb == "MAIL":
            if not self.hello or self.sender is not None:
                return 503
            if "é" in argument and "SMTPUTF8" not in argument:
                return 553
            if "X-NO" in argument:
                return 555
            if "SIZE=" in argument:
                return 552
            if "busy" in argument:
                return 450
            self.sender = argument.partition("<")[2].partition(">")[0]
            return 250
        if verb == "RCPT":
            if self.sender is None:
                return 503
            self.tried = True
            if "%" in argument:
                return 553
            if len(self.recipients) == RECIPIENTS:
                return 452
            if "nobody" in argument:
                return 550
            self.recipients.append(argument.partition("<")[2].partition(">")[0])
            return 250
        if verb == "DATA":
            if self.sender is None or not (self.recipients or self.tried):
                return 503
            return 354 if self.recipients else 554
        if verb == "RSET":
            self.reset()
            return 250
        if verb == "STARTTLS":
            return 220 if self.hello == "EHLO" and not self.tls else 503
        return {"NOOP": 250, "VRFY": 252, "HELP": 214, "?": 214}.get(verb, 500)


COMMANDS = st.sampled_from(
    [
        ("EHLO", "client.example.org"),
        ("HELO", "client.example.org"),
        ("HELO", ""),
        ("RSET", ""),
        ("NOOP", "x"),
        ("MAIL", "FROM:<a@b>"),
        ("MAIL", "FROM:<a2@b> BODY=8BITMIME"),
        ("MAIL", "FROM:<>"),
        ("MAIL", "FROM:<busy@b>"),
        ("MAIL", "FROM:<é@b>"),
        ("MAIL", "FROM:<é@b> SMTPUTF8"),
        ("MAIL", "FROM:<a@b> SIZE=99999"),
        ("MAIL", "FROM:<a@b> X-NO=1"),
        ("RCPT", "TO:<c@d>"),
        ("RCPT", "TO:<e@f>"),
        ("RCPT", "TO:<nobody@d>"),
        ("RCPT", "TO:<a%b@d>"),
        ("VRFY", "é SMTPUTF8"),
        ("HELP", ""),
        ("?", ""),
        ("WIZ", ""),
        ("", ""),
    ]
)
CUTS = st.lists(st.integers(1, 80), max_size=4)
BODIES = {
    b"": 0,
    b"text\r\n": 0,
    b"..\r\n": 0,
    b"MAIL FROM:<x@y>\r\nRCPT TO:<x@y>\r\nDATA\r\n": 0,
    b"bare\nMAIL FROM:<x@y>\r\n": 550,
    b"\r.\r\n": 550,
    b"x" * SIZE + b"\r\n": 552,
    b"x" * 31 + b"\r\n": 554,
    b"a\0\r\n": 554,
}


class Conversation(RuleBasedStateMachine):
    """One connection; commands come singly or in groups, cut anywhere."""

    def __init__(self) -> None:
        super().__init__()
        self.connect()

    def connect(self) -> None:
        fence = Fence(
            senders={"busy@b": Reply(450, "4.2.1", "later")},
            recipients={"nobody@d": Reply(550, "5.1.1", "no such user")},
        )
        limits = Limits(recipients=RECIPIENTS, size=SIZE, content_line=30, errors=10_000, mails=0)
        self.session = Session(limits, fence, "gw.example.org", starttls=True)
        self.model = Model()
        self.reader = ReplyReader()
        self.open: tuple[str, list[str]] | None = None
        self.content = b""
        self.body: bytes | None = None
        self.ended = 0
        self.acknowledged = 0
        self.tls_asked = self.may_close = False
        assert self.codes(self.session.connected()) == [220]

    def codes(self, orders: list[ServerOrder]) -> list[int]:
        """The replies among the orders; the others are kept and checked against the model."""
        found: list[int] = []
        for order in orders:
            match order:
                case Send(data):
                    replies = self.reader.feed(data)
                    assert not self.reader.pending
                    found += [reply.code for reply in replies]
                    self.acknowledged += sum("stored" in reply.text for reply in replies)
                case Begin(transaction):
                    assert self.open is None
                    self.open = (
                        transaction.sender.text,
                        [each.mailbox.text for each in transaction.recipients],
                    )
                    assert self.open == (self.model.sender, self.model.recipients)
                    assert self.open[1]
                    self.content = b""
                case Content(chunk):
                    self.content += chunk
                case End():
                    assert self.open is not None
                    self.ended += 1
                case Abort():
                    assert self.open is not None
                case StartTls():
                    self.tls_asked = True
                case Close():
                    assert self.may_close
        return found

    def feed(self, data: bytes, cuts: list[int]) -> list[int]:
        return [
            code
            for part in split_at(*cuts)(data)
            for code in self.codes(self.session.receive(part))
        ]

    @precondition(lambda self: self.open is None and not self.tls_asked)
    @rule(group=st.lists(COMMANDS, min_size=1, max_size=6), cuts=CUTS)
    def commands(self, group: list[tuple[str, str]], cuts: list[int]) -> None:
        expected = [self.model.run(*command) for command in group]
        data = b"".join(" ".join(filter(None, command)).encode() + b"\r\n" for command in group)
        assert self.feed(data, cuts) == expected

    @precondition(lambda self: self.open is None and not self.tls_asked)
    @rule(cuts=CUTS)
    def mail_at_once(self, cuts: list[int]) -> None:
        group = [("EHLO", "c"), ("MAIL", "FROM:<a@b>"), ("RCPT", "TO:<c@d>")]
        self.commands(group, cuts)

    @precondition(lambda self: self.open is None and not self.tls_asked)
    @rule(cuts=CUTS)
    def data(self, cuts: list[int]) -> None:
        assert self.feed(b"DATA\r\n", cuts) == [self.model.run("DATA", "")]

    @precondition(lambda self: self.open is not None and not self.session.waiting)
    @rule(body=st.sampled_from(sorted(BODIES)), cuts=CUTS)
    def content_arrives(self, body: bytes, cuts: list[int]) -> None:
        code = BODIES[body]
        got = self.feed(body + b".\r\n", cuts)
        if code:
            assert got == [code]
            self.open = None
            self.model.reset()
        else:
            assert got == []
            assert self.session.waiting
            plain = b"".join(line.removeprefix(b".") for line in body.splitlines(keepends=True))
            assert self.content == plain.replace(b"\r\n", b"\n")

    @precondition(lambda self: self.open is not None and not self.session.waiting)
    @rule()
    def shell_refuses_content(self) -> None:
        assert self.codes(self.session.refuse_content(Reply(452, "4.3.1", "full"))) == []
        assert self.feed(b"x\n\r\n.\r\n", []) == [452]
        self.open = None
        self.model.reset()

    @precondition(lambda self: self.open is not None and self.session.waiting)
    @rule(group=st.lists(COMMANDS, max_size=3), good=st.booleans())
    def store_ends(self, group: list[tuple[str, str]], good: bool) -> None:
        data = b"".join(" ".join(filter(None, command)).encode() + b"\r\n" for command in group)
        assert self.feed(data, []) == []
        self.open = None
        self.model.reset()
        expected = [self.model.run(*command) for command in group]
        if good:
            assert self.codes(self.session.stored("1")) == [250, *expected]
        else:
            refusal = Reply(451, "4.3.0", "no")
            assert self.codes(self.session.refused(refusal)) == [451, *expected]
            self.ended -= 1

    @precondition(lambda self: self.open is None and not self.tls_asked)
    @rule(injected=st.sampled_from([b"", b"MAIL FROM:<x@y>\r\n", b"EHLO x\r\nMAIL"]))
    def starttls(self, injected: bytes) -> None:
        code = self.model.run("STARTTLS", "")
        if code != 220:
            injected = b""
        if injected:
            self.may_close = True
            assert self.feed(b"STARTTLS\r\n" + injected, []) == [554]
            assert self.session.closed
            self.connect()
        else:
            assert self.feed(b"STARTTLS\r\n", []) == [code]
            assert self.tls_asked == (code == 220)

    @precondition(lambda self: self.tls_asked)
    @rule()
    def handshake(self) -> None:
        assert self.session.secured() == []
        self.tls_asked = False
        self.model = Model()
        self.model.tls = True

    @invariant()
    def acknowledged_is_stored(self) -> None:
        pending = self.open is not None and self.session.waiting
        assert self.acknowledged == self.ended - pending


Conversation.TestCase.settings = settings(max_examples=120, stateful_step_count=30, deadline=None)
TestConversation = Conversation.TestCase
