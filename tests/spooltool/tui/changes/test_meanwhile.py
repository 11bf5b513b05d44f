"""What happens while a plan is read or carried out."""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from spooltool.look.sight import Sight
from spooltool.tui.changes.plan_frame import Phase
from tests.harness.process import Child
from tests.spooltool.cli.calling import start
from tests.spooltool.cli.changed import NEW, OLD, put, tree, values
from tests.spooltool.tui.changes.hosting import Play, everything, journal, number_of, play, results


def test_a_message_that_is_busy_is_waited_for(spool: Path) -> None:
    file = next(iter(values(spool, "DST")))

    async def part(at: Play) -> None:
        with open(spool / file, "rb") as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            await at.plan("hold")
            assert "wait" in at.shown and "asked to let go" in at.shown
            await at.press("y")
            await at.until(lambda: "1 busy" in at.shown, "waited for")
            assert "2 of 3" in at.shown
            fcntl.flock(held, fcntl.LOCK_UN)
            await at.phase(Phase.DONE)

    play(spool, part, everything(spool))
    assert results(journal(spool)[-1]) == ["done"] * 3


def test_stop_ends_it_between_two_batches(spool: Path) -> None:
    file = next(iter(values(spool, "DST")))

    async def part(at: Play) -> None:
        with open(spool / file, "rb") as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            await at.plan("hold")
            await at.press("y")
            await at.until(lambda: "1 busy" in at.shown, "waited for")
            await at.press("escape")
            await at.phase(Phase.DONE)
            assert "interrupted: 1 of 3 were not reached" in at.shown

    app = play(spool, part, everything(spool))
    assert app.results == []
    last = journal(spool)[-1]
    assert (results(last), last.ended) == (["done", "done"], False)
    assert values(spool, "DST")[file] == OLD


def test_the_screen_is_left_in_the_middle(spool: Path) -> None:
    """Its end waits for the batch, which is recorded."""
    file = next(iter(values(spool, "DST")))

    async def part(at: Play) -> None:
        with open(spool / file, "rb") as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            await at.plan("hold")
            await at.press("y")
            await at.until(lambda: "1 busy" in at.shown, "waited for")
            pid = at.app.hand._feed.pid  # type: ignore[union-attr]
            at.app.hand.close()
            with pytest.raises(ProcessLookupError):
                os.kill(pid, 0)

    play(spool, part, everything(spool))
    assert results(journal(spool)[-1]) == ["done", "done"]


def test_what_changed_or_left_since_the_plan_is_named(spool: Path) -> None:
    first, second, third = values(spool, "DST")

    async def part(at: Play) -> None:
        await at.plan("retarget")
        await at.type(NEW)
        await at.press("enter")
        await at.phase(Phase.SHOWN)
        words = ("retarget", number_of(first), "--to", "10.9.9.9", "--yes")
        assert start("--spool", spool, *words).code == 0
        (spool / second).unlink()
        done = await at.apply()
        assert done.code == 1
        text = "\n".join(done.lines)
        assert "another file stands here since the plan was made" in text
        assert "left the queue since" in text

    play(spool, part, everything(spool))
    assert results(journal(spool)[-1]) == ["changed", "done", "gone"]
    assert values(spool, "DST") == {first: "10.9.9.9", third: NEW}


def test_the_spool_vanishes_under_a_plan(spool: Path) -> None:
    target = everything(spool)

    async def part(at: Play) -> None:
        await at.plan("hold")
        spool.rename(spool.with_name("elsewhere"))
        put(spool, 1)
        await at.until(lambda: "the spool is not there any more" in at.shown, "told")
        assert "apply" not in at.dialog.hints.keys
        await at.press("y")
        assert at.dialog.phase is Phase.SHOWN

    play(spool, part, target)
    assert journal(spool) == journal(spool.with_name("elsewhere")) == []


def test_the_spool_vanishes_before_the_yes(spool: Path) -> None:
    target = everything(spool)

    async def part(at: Play) -> None:
        await at.plan("hold")
        shutil.rmtree(spool)
        await at.press("y")
        await at.until(lambda: "the spool is not there any more" in at.shown, "told")

    play(spool, part, target)
    assert not spool.exists()


def test_the_relay_goes_down_under_a_plan(spool: Path, dequeuer: Callable[[Path], Child]) -> None:
    relay = dequeuer(spool)

    async def part(at: Play) -> None:
        await at.plan("hold")
        relay.stop()
        await at.until(lambda: "the relay is not running now" in at.shown, "told")
        await at.apply()

    play(spool, part, everything(spool))
    assert journal(spool)[-1].count("done") == 3


def test_without_a_relay_a_kick_is_refused(spool: Path) -> None:
    async def part(at: Play) -> None:
        await at.plan("kick")
        assert "the relay is not running" in at.shown

    play(spool, part, everything(spool))


def test_the_hand_is_killed_and_started_anew(spool: Path) -> None:
    async def part(at: Play) -> None:
        await at.plan("hold")
        feed = at.app.hand._feed
        os.kill(feed.pid, signal.SIGKILL)  # type: ignore[union-attr]
        await at.until(lambda: "hand was ended by SIGKILL" in at.shown, "told")
        await at.close()
        await at.plan("hold")
        await at.apply()

    play(spool, part, everything(spool))
    assert journal(spool)[-1].count("done") == 3


def test_read_only_is_refused_all_the_same(spool: Path) -> None:
    before = tree(spool)

    async def part(at: Play) -> None:
        for verb in ("hold", "kick", "purge"):
            await at.plan(verb)
            assert "nothing can be changed from here: --read-only" in at.shown
            await at.close()

    sight = Sight(spool_option=str(spool), read_only=True)
    play(spool, part, everything(spool), sight=sight)
    assert tree(spool) == before
