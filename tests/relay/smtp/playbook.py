"""Conversations as text files, run against either side, cut into segments in any way.

One line is one step::

    C: text       the client sends this line (escapes as in Python, CRLF is added)
    C+ text       the same without CRLF
    S: text       the server sends this line
    ! fact …      a fact is reported to the side under test
    > order …     an order is expected from it
    limits: k=v   limits of the session;  starttls  offers STARTTLS
    # …           a comment

Lines of the side that is played gather to one input; all that follows up to the next
input or fact is what the side under test must answer, no more and no less.
"""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from relay.smtp import Client, Limits, Mail, Mailbox, Reply, Session
from relay.smtp.orders import (
    Abort,
    Begin,
    ClientOrder,
    Close,
    Content,
    Decide,
    Done,
    End,
    HostFailed,
    Ready,
    Send,
    SendContent,
    ServerOrder,
    StartTls,
)

FOLDER = Path(__file__).parent / "dialogues"
Cut = Callable[[bytes], Iterator[bytes]]


def whole(data: bytes) -> Iterator[bytes]:
    yield data


def bytewise(data: bytes) -> Iterator[bytes]:
    for number in range(len(data)):
        yield data[number : number + 1]


def split_at(*places: int) -> Cut:
    def cut(data: bytes) -> Iterator[bytes]:
        start = 0
        for place in sorted(places):
            if start < place < len(data):
                yield data[start:place]
                start = place
        yield data[start:]

    return cut


@dataclass
class Fence:
    """A policy told in advance whom it refuses."""

    greeting: Reply | None = None
    space: Reply | None = None
    senders: dict[str, Reply] = field(default_factory=dict)
    recipients: dict[str, Reply] = field(default_factory=dict)

    def connect(self) -> Reply | None:
        return self.greeting

    def admit(self) -> Reply | None:
        return self.space

    def mail(self, mailbox: Mailbox) -> Reply | None:
        return self.senders.get(mailbox.text)

    def rcpt(self, mailbox: Mailbox) -> Reply | None:
        return self.recipients.get(mailbox.text)


def fence() -> Fence:
    """The policy of the dialogues."""
    return Fence(
        senders={"busy@example.org": Reply(450, "4.2.1", "later")},
        recipients={
            "nobody@example.com": Reply(550, "5.1.1", "no such user"),
            "other@example.net": Reply(450, "4.2.1", "Mailbox Unavailable"),
            "closed@example.com": Reply(421, "4.3.2", "go away"),
        },
    )


@dataclass
class Turn:
    """What goes in (octets or a fact) and the events that must come out."""

    data: bytes
    fact: str
    expected: list[str]


def read(path: Path, played: str) -> tuple[dict[str, str], list[Turn]]:
    """Parse a dialogue; `played` is "C" or "S", the side the test plays."""
    settings: dict[str, str] = {}
    turns = [Turn(b"", "", [])]
    gathering = False
    for raw in path.read_text().splitlines():
        mark, _, rest = raw.partition(" ")
        if not raw.strip() or mark == "#":
            continue
        if mark == "limits:":
            settings.update(word.partition("=")[::2] for word in rest.split())
        elif mark in (f"{played}:", f"{played}+"):
            data = codecs.decode(rest, "unicode_escape").encode("latin-1")
            if mark.endswith(":"):
                data += b"\r\n"
            if not gathering:
                turns.append(Turn(b"", "", []))
            turns[-1].data += data
            gathering = True
        elif mark == "!":
            turns.append(Turn(b"", rest, []))
            gathering = False
        else:
            turns[-1].expected.append(raw.rstrip())
            gathering = False
    return settings, turns


def limits(settings: dict[str, str]) -> Limits:
    numbers = {key: int(value) for key, value in settings.items() if value.isdigit()}
    bare = settings.get("bare")
    return Limits(**numbers, bare="normalise" if bare == "normalise" else "reject")


def server_fact(session: Session, fact: str) -> list[ServerOrder]:
    word, _, rest = fact.partition(" ")
    if word in ("refused", "refuse_content", "closing"):
        code, enhanced, text = rest.split(" ", 2)
        return getattr(session, word)(Reply(int(code), enhanced, text))
    return getattr(session, word)(*([rest] if rest else []))


def server_events(orders: list[ServerOrder]) -> list[str]:
    """Orders as lines of a dialogue."""
    events: list[str] = []
    for order in orders:
        match order:
            case Send(data):
                assert data.endswith(b"\r\n")
                events += [f"S: {line.decode()}" for line in data[:-2].split(b"\r\n")]
            case Begin(transaction):
                words = [f"<{transaction.sender.text}>"]
                words += [f"<{each.mailbox.text}>" for each in transaction.recipients]
                events.append("> begin " + " ".join(words))
            case Content(chunk):
                events.append("> content " + repr(chunk)[2:-1])
            case End():
                events.append("> end")
            case Abort():
                events.append("> abort")
            case StartTls():
                events.append("> starttls")
            case Close():
                events.append("> close")
    return events


def settle(events: list[str]) -> list[str]:
    """Join the contents of a message, and forget those of one that was aborted."""
    settled: list[str] = []
    for event in events:
        if event == "> abort" and settled and settled[-1].startswith("> content "):
            settled.pop()
        if event.startswith("> content ") and settled and settled[-1].startswith("> content "):
            settled[-1] += event.removeprefix("> content ")
        else:
            settled.append(event)
    return settled


def play_server(path: Path, cut: Cut) -> None:
    settings, turns = read(path, "C")
    policy = fence()
    if "refuse" in settings:
        policy.greeting = Reply(554, "5.7.1", "no access")
    if "full" in settings:
        policy.space = Reply(452, "4.3.1", "no space")
    session = Session(limits(settings), policy, "gw.example.org", starttls="starttls" in settings)
    turns[0].fact = "connected"
    got: list[str] = []
    wanted: list[str] = []
    for turn in turns:
        wanted = settle(wanted + turn.expected)
        if turn.fact:
            got += server_events(server_fact(session, turn.fact))
        for part in cut(turn.data) if turn.data else ():
            got += server_events(session.receive(part))
        got = settle(got)
        assert got == wanted, _told(turn, got, wanted)


def client_events(orders: list[ClientOrder]) -> list[str]:
    events: list[str] = []
    for order in orders:
        match order:
            case Send(data):
                assert data.endswith(b"\r\n")
                events += [f"C: {line.decode()}" for line in data[:-2].split(b"\r\n")]
            case SendContent():
                events.append("> send-content")
            case Decide():
                events.append("> decide")
            case Done(outcomes, gap):
                for each in outcomes:
                    words = [each.kind.value, each.reason or "-", each.status]
                    events.append("> done " + " ".join(words) + (f" {gap}" if gap else ""))
            case Ready():
                events.append("> ready")
            case HostFailed(reply, reason, _):
                events.append(f"> host-failed {reason} {reply.code if reply else '-'}")
            case StartTls():
                events.append("> starttls")
            case Close():
                events.append("> close")
    return events


def client_fact(client: Client, fact: str) -> list[ClientOrder]:
    word, *rest = fact.split()
    if word == "deliver":
        flags = {item.partition("=")[0]: item.partition("=")[2] for item in rest if "=" in item}
        addresses = [item.strip("<>") for item in rest if item.startswith("<")]
        return client.deliver(
            Mail(
                addresses[0],
                [(address, "") for address in addresses[1:]],
                size=int(flags.get("size", "0")),
                eightbit="eightbit" in flags,
                utf8="utf8" in flags,
            ),
            held="held" in rest,
        )
    return getattr(client, word)()


def play_client(path: Path, cut: Cut) -> None:
    settings, turns = read(path, "S")
    client = Client(
        "gw.example.org",
        soft_bounce="soft" in settings,
        eightbit="bounce" if "bounce" in settings else "send",
    )
    for turn in turns:
        got: list[str] = []
        if turn.fact:
            got += client_events(client_fact(client, turn.fact))
        for part in cut(turn.data) if turn.data else ():
            got += client_events(client.receive(part))
        assert got == turn.expected, _told(turn, got, turn.expected)


def _told(turn: Turn, got: list[str], wanted: list[str]) -> str:
    return "\n".join([f"after {turn.fact or turn.data!r} came", *got, "and not", *wanted])
