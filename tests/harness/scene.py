"""One evening at a gateway: the same 1,204 messages each time, for screens and their pictures.

10.1.5.2 has refused connections since 14:21, mx1.example.net puts mail off, some mail is
held, some waits for its first retry, one message came in half.  Nothing of it is random
from run to run, and the clock is `NOW`.
"""

from __future__ import annotations

import hashlib
import os
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from spooltool.spool.compose import NewMessage, encode_digest, encode_envelope, encode_sizes
from spooltool.spool.names import format_number, number_value
from spooltool.spool.recipient import Path as Mailbox
from spooltool.spool.recipient import Recipient
from spooltool.spool.state import State

NOW = 1795545851.0
"""2026-11-24 18:44:11 UTC."""

AS_OF = "2026-11-24T18:44:11Z"

_FIRST = number_value("001njchs") or 0
_PEOPLE = ("anna", "ben", "cara", "eva", "it", "sales", "noc", "hr", "list", "bob")
_SUBJECTS = ("Invoice 2026-1124", "Re: delivery on Friday", "Minutes", "Your order", "Offer")
_MINUTE, _HOUR, _DAY = 60, 3600, 86400


@dataclass(frozen=True, slots=True)
class Kind:
    """So many messages of one fate; `ages` are the youngest and the oldest, seconds."""

    number: int
    dir: str
    letter: str
    host: str
    reason: str
    text: str
    ages: tuple[int, int]
    attempts: tuple[int, int] = (1, 30)
    code: int = 0
    enhanced: str = ""
    sizes: tuple[int, int] = (2_000, 60_000)


_REFUSED = "connect 10.1.5.2:25: Connection refused"
KINDS = (
    Kind(119, "D_resend", "R", "10.1.5.2", "refused", _REFUSED, (2 * _MINUTE, 5 * _HOUR)),
    Kind(1, "D_resend", "E", "10.1.5.2", "notice", _REFUSED, (5 * _DAY, 5 * _DAY), (720, 720)),
    Kind(
        *(14, "D_resend", "R", "mx1.example.net", "put-off", "slow down"),
        *((40 * _MINUTE, 4 * _HOUR), (4, 25), 451, "4.7.1"),
    ),
    Kind(6, "D_resend", "R", "192.0.2.40", "timeout", "no greeting", (2 * _HOUR, 3 * _HOUR)),
    Kind(
        2,
        "D_resend",
        "R",
        "mx9.example.net",
        "rejected",
        "no such user",
        (_HOUR, _DAY),
        (1, 3),
        550,
        "5.1.1",
    ),
    Kind(
        38,
        "D_resend",
        "R",
        "mx2.example.com",
        "put-off",
        "greylisted",
        (60, 9 * _MINUTE),
        (1, 1),
        450,
        "4.2.0",
    ),
    Kind(1006, "D_sender", "R", "10.1.5.7", "", "", (1, 90), (0, 0)),
    Kind(17, "D_hold", "R", "10.1.5.7", "", "", (_HOUR, 3 * _DAY), (0, 2)),
    Kind(1, "D_state", "T", "10.1.5.2", "", "", (2 * _HOUR, 2 * _HOUR), (0, 0)),
)


def make_scene(spool: Path) -> int:
    """Make the spool; how many messages are in it."""
    for name in ("D_state", "D_sender", "D_resend", "D_hold"):
        (spool / name).mkdir(parents=True, exist_ok=True)
    chance = random.Random(1124)
    numbers = iter(range(_FIRST, _FIRST + 5000))
    made = 0
    for kind in KINDS:
        for age in _ages(kind, chance):
            path = spool / kind.dir / f"{kind.letter}{format_number(next(numbers))}"
            path.write_bytes(_message(kind, age, chance))
            os.utime(path, (NOW - age, NOW - age))
            made += 1
    return made


def _ages(kind: Kind, chance: random.Random) -> Iterator[int]:
    """Oldest first, as numbers are given."""
    youngest, oldest = kind.ages
    yield from sorted((chance.randint(youngest, oldest) for _ in range(kind.number)), reverse=True)


def _message(kind: Kind, age: int, chance: random.Random) -> bytes:
    arrived = NOW - age
    attempts = min(chance.randint(*kind.attempts), max(1, age // 60)) if kind.reason else 0
    last = int(NOW - chance.randint(10, 590)) if attempts else 0
    due = last + 600 if attempts else int(arrived)
    state = State(
        kind.reason,
        attempts,
        last_try=last,
        next_try=due,
        term=int(arrived),
        held=int(arrived) if kind.dir == "D_hold" else 0,
        pending=1,
        code=kind.code,
        enhanced=kind.enhanced,
        host=kind.host if attempts else "",
        text=kind.text,
    )
    person = chance.choice(_PEOPLE)
    recipients = [
        Recipient(
            Mailbox(f"{who}@example.org"),
            attempts=attempts,
            last_try=last,
            next_try=due,
            code=kind.code,
            enhanced=kind.enhanced,
            host=kind.host if attempts else "",
            text=kind.text,
        )
        for who in ([person] if chance.random() < 0.8 else [person, "ben.mueller"])
    ]
    composed = encode_envelope(
        NewMessage(
            {
                "SRC": "192.168.230.24",
                "SPORT": str(chance.randint(1024, 60000)),
                "DST": kind.host,
                "ERR_SERVER": kind.host,
                "RULE": "11",
            },
            arrived,
            Mailbox("billing@example.com", "BODY=8BITMIME"),
            recipients,
            helo="mail.example.com",
            resource="smtp_in",
            state=state,
        )
    )
    return _whole(composed.head, composed.sizes_at, composed.digest_at, kind, person, chance)


def _whole(
    head: bytes, sizes_at: int, digest_at: int, kind: Kind, person: str, chance: random.Random
) -> bytes:
    subject = chance.choice(_SUBJECTS)
    original = (
        f"From: Billing <billing@example.com>\nTo: {person}@example.org\n"
        f"Subject: {subject}\nMessage-ID: <{chance.randrange(10**9)}@example.com>\n"
        "MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n"
    ).encode()
    received = b"Received: from mail.example.com ([192.168.230.24])\n\tby gw1.example.com; smtp\n"
    body = f"Dear {person},\n\nplease find it attached.\n\n".encode()
    body += b"lorem ipsum dolor sit amet\n" * (chance.randint(*kind.sizes) // 27)
    modified = received + original
    rest = original + b"\n" + modified + b"\n" + body
    envelope = bytearray(head)
    sizes = encode_sizes(len(original), len(modified), len(body))
    digest = encode_digest(hashlib.sha256(rest).hexdigest())
    envelope[sizes_at : sizes_at + len(sizes)] = sizes
    envelope[digest_at : digest_at + len(digest)] = digest
    return bytes(envelope) + rest
