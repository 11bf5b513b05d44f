"""Spools made for each test, by the code that makes them in production."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path as FilePath

import pytest

from spooltool.spool.compose import NewMessage
from spooltool.spool.names import SpoolName
from spooltool.spool.recipient import Path
from spooltool.store.counter import Counter
from spooltool.store.filesystem import Syncer
from spooltool.store.incoming import Incoming, commit
from spooltool.store.root import Spool

ARRIVED = 1795543999.5
Put = Callable[..., SpoolName]


@pytest.fixture
def spool(tmp_path: FilePath) -> Iterator[Spool]:
    """An empty spool."""
    with Spool.create(str(tmp_path / "spool")) as made:
        yield made


@pytest.fixture
def syncer(spool: Spool) -> Iterator[Syncer]:
    """What makes the spool's batches durable."""
    with closing(Syncer(spool.path)) as made:
        yield made


@pytest.fixture
def put(spool: Spool, syncer: Syncer) -> Put:
    """Accept a message as the intake does; its name in D_sender."""
    counter = Counter(spool, block=100)

    def one(
        body: bytes = b"hello\n",
        dst: str = "10.1.5.2",
        recipients: tuple[str, ...] = ("anna@example.org",),
    ) -> SpoolName:
        incoming = Incoming(spool, counter.take())
        chapter = {"SRC": "192.168.230.24", "SPORT": "3446", "DST": dst, "ERR_SERVER": dst}
        incoming.begin(
            NewMessage(
                chapter,
                ARRIVED,
                Path("billing@example.com", "BODY=8BITMIME"),
                [Path(address) for address in recipients],
            ),
            b"Subject: invoice\n",
            b"Received: from client\nSubject: invoice\n",
        )
        incoming.append(body)
        incoming.finish()
        assert commit(spool, [incoming], syncer) == [None]
        incoming.release()
        return incoming.name

    return one
