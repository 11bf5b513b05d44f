"""A reader without its process, driven by a test; what its pictures show; mail to look at."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

from spooltool.look.sight import Sight
from spooltool.spool.compose import NewMessage, encode_digest, encode_envelope, encode_sizes
from spooltool.spool.recipient import Path as Mailbox
from spooltool.spool.recipient import Recipient
from spooltool.spool.state import State
from spooltool.workers.queue import Ask, Misread, Picture, Show
from spooltool.workers.reading.core import Reader
from spooltool.workers.table import Block, Cells, Flag, Order, block, order
from tests.spooltool.cli.calling import AS_OF, start

DIRECTORIES = ("D_state", "D_sender", "D_resend", "D_hold", "D_quarantine")


class Clock:
    """A clock that goes when it is told to."""

    def __init__(self, at: float) -> None:
        self.at = at

    def __call__(self) -> float:
        return self.at


class Restless(Clock):
    """A clock by which every glance at it takes a while: work is cut into many slices."""

    def __call__(self) -> float:
        self.at += 0.01
        return self.at


class Seen:
    """A reader and the last picture that it gave, with all that came before."""

    def __init__(
        self,
        spool: Path,
        *,
        now: float = AS_OF,
        ticks: Clock | None = None,
        config: str | None = None,
        patience: float = 60.0,
    ) -> None:
        self.now = Clock(now)
        self.ticks = ticks or Clock(1000.0)
        self.sight = Sight(spool_option=str(spool), config_option=config)
        self.reader = Reader(self.sight, self.now, self.ticks, patience=patience)
        self.pictures: list[Picture] = []
        self.misread: Misread | None = None
        self.strings: list[str] = []
        self.serial = 0
        self._epoch = -1
        self._block: Block | None = None
        self._order: Order | None = None

    def show(self, text: str = "", sort: str = "", group: str = "dst") -> Picture:
        """The picture of a query, when everything is through."""
        self.misread = None
        self.serial += 1
        return self.ask(Show(self.serial, text, sort, group))

    def ask(self, *asks: Ask) -> Picture:
        """The picture after these."""
        for ask in asks:
            self.reader.asked(ask)
        return self.step()

    def touch(self, *numbers: str) -> Picture:
        """The picture after the kernel told of these."""
        self.reader.touched(numbers)
        return self.step()

    def step(self, seconds: float = 0.5) -> Picture:
        """The picture after so long."""
        self.ticks.at += seconds
        self.once()
        self.ticks.at += 0.2
        self.once()
        return self.picture

    def once(self, seconds: float = 1.0) -> None:
        """One step; its pictures are taken in as a screen does."""
        for frame in self.reader.step(seconds):
            if isinstance(frame.value, Misread):
                self.misread = frame.value
                continue
            picture: Picture = frame.value
            self.pictures.append(picture)
            self._block = block(frame.fds[0], picture.rows)
            self._order = order(frame.fds[1], picture.listed)
            if picture.epoch != self._epoch:
                self.strings.clear()
                self._epoch = picture.epoch
            del self.strings[picture.strings_from :]
            self.strings += picture.strings

    @property
    def picture(self) -> Picture:
        return self.pictures[-1]

    @property
    def cells(self) -> list[Cells]:
        """The rows of the list."""
        assert self._block is not None and self._order is not None
        return [self._block[self._order[row]] for row in range(len(self._order))]

    @property
    def slots(self) -> list[int]:
        """The slots of the list."""
        assert self._order is not None
        return [self._order[row] for row in range(len(self._order))]

    @property
    def files(self) -> list[str]:
        """The files of the list."""
        return [file_of(cells) for cells in self.cells]

    @property
    def rows(self) -> list[dict[str, Any]]:
        """The rows of the list, in words; when they changed is left out."""
        return [
            {
                "file": file_of(cells),
                "standing": cells.standing_word,
                "reason": cells.reason_word,
                "why": self.strings[cells.why],
                "dst": self.strings[cells.dst],
                "arrived": cells.arrived,
                "next_try": cells.next_try,
                "attempts": cells.attempts,
                "size": cells.size,
                "flags": Flag(cells.flags),
            }
            for cells in self.cells
        ]

    def close(self) -> None:
        self._block = self._order = None
        self.reader.close()
        self.sight.close()


def file_of(cells: Cells) -> str:
    base = cells.letter + cells.number
    return f"{cells.dir}/{base}" if cells.dir else base


def listed(spool: Path, *words: str, now: float = AS_OF) -> list[dict[str, Any]]:
    """What `ls --json` prints."""
    done = start("--spool", spool, "--as-of", str(now), "ls", "--json", *words)
    assert done.code in (0, 4), done.err
    return [json.loads(line) for line in done.lines]


def empty_spool(folder: Path) -> Path:
    for name in DIRECTORIES:
        (folder / name).mkdir(parents=True)
    return folder


def mail(
    *,
    dst: str = "10.1.5.2",
    sender: str = "billing@example.com",
    recipients: tuple[str, ...] = ("anna@example.org",),
    arrived: float = AS_OF - 7200.0,
    attempts: int = 3,
    reason: str = "refused",
    next_try: int = AS_OF + 300,
    text: str = "connect 10.1.5.2:25: Connection refused",
    code: int = 0,
    body: bytes = b"hello\n",
    subject: str = "invoice",
    own: bool = True,
) -> bytes:
    """A message that was tried before; `own` False: with a line that the encoder never writes."""
    last = next_try - 600
    result = {"attempts": attempts, "last_try": last, "next_try": next_try, "host": dst}
    composed = encode_envelope(
        NewMessage(
            {"SRC": "192.0.2.24", "SPORT": "3446", "DST": dst, "ERR_SERVER": dst},
            arrived,
            Mailbox(sender),
            [Recipient(Mailbox(one), code=code, text=text, **result) for one in recipients],
            helo="mail.example.com",
            state=State(
                reason,
                attempts,
                last_try=last,
                next_try=next_try,
                term=int(arrived),
                pending=len(recipients),
                host=dst,
                text=text,
                code=code,
            ),
        )
    )
    head = f"From: {sender}\nSubject: {subject}\n".encode()
    rest = head + b"\n" + head + b"\n" + body
    sizes = encode_sizes(len(head), len(head), len(body))
    digest = encode_digest(hashlib.sha256(rest).hexdigest())
    envelope = bytearray(composed.head)
    envelope[composed.sizes_at : composed.sizes_at + len(sizes)] = sizes
    envelope[composed.digest_at : composed.digest_at + len(digest)] = digest
    prefix = b"" if own else b"X_OTHER:\tyes\n"
    return prefix + bytes(envelope) + rest


def put(spool: Path, file: str, data: bytes) -> None:
    """A file as a writer makes it: whole under another name, then renamed."""
    place = spool / file
    fresh = place.with_name(f".new-{place.name}")
    fresh.write_bytes(data)
    os.rename(fresh, place)
