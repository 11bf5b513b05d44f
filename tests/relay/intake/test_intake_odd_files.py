"""Odd files in the spool do not stop the intake, and it touches none of them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from relay.intake.cleaner import PARTIAL_AGE, clean_partials
from relay.intake.space import count_messages
from spooltool.spool.names import MAIL_DIRS, STATE_DIR
from spooltool.store.root import Spool
from tests.harness.odd_files import IRREGULAR, KINDS, Outside, deadline, put_odd
from tests.relay.intake.house import House, Play

HELLO = b"EHLO client.example\r\n"
ENVELOPE = b"MAIL FROM:<a@example.com>\r\nRCPT TO:<anna@example.org>\r\nDATA\r\n"
MESSAGE = b"Subject: invoice\r\n\r\nhello\r\n.\r\n"


@pytest.mark.parametrize("kind", IRREGULAR)
def test_the_cleaner_touches_no_odd_partial(spool: Spool, tmp_path: Path, kind: str) -> None:
    outside = Outside.made(tmp_path)
    partial = Path(spool.path, STATE_DIR, "T0000zzzz")
    put_odd(kind, partial, outside)
    before = outside.facts
    with deadline(20):
        assert clean_partials(spool, os.lstat(partial).st_mtime + 2 * PARTIAL_AGE) == []
    assert os.path.lexists(partial)
    assert outside.facts == before


@pytest.mark.parametrize("kind", KINDS)
def test_mail_is_taken_past_them_and_no_number_hits_one(
    play: Play, tmp_path: Path, kind: str
) -> None:
    """One in each directory, under the very number that would be next."""

    async def scene(house: House) -> None:
        outside = Outside.made(tmp_path)
        for directory in MAIL_DIRS:
            letter = "T" if directory == STATE_DIR else "R"
            put_odd(kind, Path(house.spool.path, directory, f"{letter}00000001"), outside)
        before = outside.facts
        with deadline(20):
            count_messages(house.spool)
            connection, transport = house.connect()
            for data in (HELLO, ENVELOPE, MESSAGE):
                connection.data_received(data)
            await house.until(lambda: b" stored\r\n" in transport.sent)
        assert b"250 2.0.0 R00000002 stored\r\n" in transport.sent
        assert outside.facts == before
        assert not outside.path.with_name("made-by-following").exists()

    play(scene)


@pytest.mark.parametrize("kind", IRREGULAR)
def test_a_counter_that_is_no_file_puts_mail_off(play: Play, tmp_path: Path, kind: str) -> None:
    async def scene(house: House) -> None:
        outside = Outside.made(tmp_path)
        put_odd(kind, Path(house.spool.path, ".spooltool/counter"), outside)
        before = outside.facts
        with deadline(20):
            connection, transport = house.connect()
            for data in (HELLO, ENVELOPE, MESSAGE):
                connection.data_received(data)
        assert b"\r\n451 4.3.0 " in transport.sent
        assert house.everywhere == ([], [])
        assert outside.facts == before

    play(scene)
