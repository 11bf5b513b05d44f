"""Plan first, always: keys typed ahead, numbers, conflicts, and what goes wrong around a plan."""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from spooltool.look.sight import Sight
from spooltool.store.journal import Transaction
from spooltool.tui.changes.plan_dialog import PlanDialog
from spooltool.tui.changes.plan_frame import Phase
from spooltool.tui.changes.target import Target, of_filter, of_messages, words_of
from spooltool.workers.changes import Planned
from tests.harness.process import Child
from tests.spooltool.cli.calling import start
from tests.spooltool.cli.changed import NEW, OLD, put, tree, values
from tests.spooltool.tui.changes.hosting import Play, journal, number_of, play

HOSTILE = "[@click=app.quit]x[/][/b]:smile:"


@pytest.fixture
def spool(tmp_path: Path) -> Path:
    put(tmp_path / "spool", 3)
    return tmp_path / "spool"


def everything(spool: Path) -> Target:
    return of_messages([number_of(file) for file in values(spool, "DST")])


def results(one: Transaction) -> list[str]:
    return sorted(outcome.result for outcome in one.outcomes)


# keys typed ahead


@pytest.mark.parametrize("keys", ["Hy", "Dy3\n", "By3\n", "Hyyyy", "Ry", "Uy", "Qy", "Hd", "uy"])
def test_what_is_typed_ahead_changes_nothing(spool: Path, keys: str) -> None:
    before = tree(spool)

    async def part(at: Play) -> None:
        driver = at.app._driver
        assert driver is not None
        from textual.events import Key

        for key in keys:  # all of them before the first is looked at
            driver.send_message(Key("enter" if key == "\n" else key, key))
        await at.until(lambda: isinstance(at.app.screen, PlanDialog), "open")
        if keys[0] not in "Ru":
            await at.phase(Phase.SHOWN)
            assert at.dialog.focused is at.dialog.button

    play(spool, part, everything(spool))
    assert tree(spool) == before


def test_a_key_from_before_the_paint_is_dropped_however_late_it_comes(spool: Path) -> None:
    async def part(at: Play) -> None:
        await at.plan("hold")
        at.dialog._pressed("y", at.dialog.painted)
        assert at.dialog.phase is Phase.SHOWN
        at.dialog._pressed("y", at.dialog.painted + 0.001)
        assert at.dialog.phase is Phase.APPLYING
        await at.phase(Phase.DONE)

    play(spool, part, everything(spool))


def test_a_field_takes_no_key_from_before_it_was_seen(spool: Path) -> None:
    from textual.events import Key

    async def part(at: Play) -> None:
        driver = at.app._driver
        assert driver is not None
        for key in "R1y":
            driver.send_message(Key(key, key))
        await at.phase(Phase.OPEN)
        assert at.dialog.form.values["to"] == ""

    play(spool, part, everything(spool))


def test_enter_at_first_is_cancel(spool: Path) -> None:
    before = tree(spool)

    async def part(at: Play) -> None:
        await at.plan("hold")
        await at.press("enter")
        await at.until(lambda: not isinstance(at.app.screen, PlanDialog), "closed")

    assert play(spool, part, everything(spool)).results == [None]
    assert tree(spool) == before


@pytest.mark.parametrize("verb", ["hold", "delete", "bounce", "requeue", "accept"])
def test_cancel_changes_no_byte(spool: Path, verb: str) -> None:
    assert start("--spool", spool, "set", "--all", "ACCT=1", "--yes").code == 0
    before = tree(spool)

    async def part(at: Play) -> None:
        await at.plan(verb)
        await at.close()

    play(spool, part, everything(spool))
    assert tree(spool) == before


# the number


@pytest.mark.parametrize("typed", ["2", "", "33", "y"])
def test_another_number_is_no_yes(spool: Path, typed: str) -> None:
    before = tree(spool)

    async def part(at: Play) -> None:
        await at.plan("delete")
        await at.press("y", *typed, "enter")
        await at.phase(Phase.SHOWN)
        assert "that is not 3: nothing was changed" in at.shown
        assert at.dialog.focused is at.dialog.button

    play(spool, part, everything(spool))
    assert tree(spool) == before


def test_more_than_a_thousand_want_the_number(tmp_path: Path) -> None:
    spool = tmp_path / "spool"
    put(spool, 1001)

    async def part(at: Play) -> None:
        await at.plan("hold")
        assert "apply: type 1001" in at.shown
        await at.press("y")
        await at.type("1")
        await at.press("enter")
        await at.phase(Phase.SHOWN)
        await at.apply(*"1001")

    play(spool, part, of_filter(f"dst:{OLD}", (), 1001))
    assert journal(spool)[-1].count("done") == 1001


# what a plan is about


def test_the_row_under_the_cursor(spool: Path) -> None:
    first, *others = values(spool, "DST")

    async def part(at: Play) -> None:
        await at.press("H")
        await at.apply()

    play(spool, part, of_messages([number_of(first)]))
    assert sorted(values(spool, "DST")) == sorted([f"D_hold/{first[-9:]}", *others])


def test_a_query_but_for_some(spool: Path) -> None:
    numbers = [number_of(file) for file in values(spool, "DST")]
    target = of_filter(f"dst:{OLD} or held", numbers[:2], 1)

    async def part(at: Play) -> None:
        await at.plan("hold", target)
        assert "1 matches; 1 would change" in at.shown
        await at.apply()

    play(spool, part, target)
    assert [one.id for one in journal(spool)[-1].changes] == numbers[2:]


@pytest.mark.parametrize(
    ("text", "but", "words"),
    [
        ("stuck", (), "stuck"),
        ("", (), ""),
        ("", ("001", "002"), "not (001 or 002)"),
        ("stuck dst:a", ("001",), "stuck dst:a not 001"),
        ("stuck or held", ("001", "002"), "(stuck or held) not (001 or 002)"),
    ],
)
def test_exceptions_are_from_all_of_it(text: str, but: tuple[str, ...], words: str) -> None:
    assert " ".join(words_of(text, but)) == words


def test_an_empty_filter_is_everything_and_is_said(spool: Path) -> None:
    async def part(at: Play) -> None:
        await at.plan("hold")
        assert "= spooltool hold --all" in at.shown

    play(spool, part, of_filter("", (), 3))


def test_nothing_chosen_is_nothing(spool: Path) -> None:
    async def part(at: Play) -> None:
        await at.plan("hold", Target())
        assert "no message is chosen" in at.shown

    play(spool, part, Target())


def test_the_plan_is_the_one_that_was_shown(spool: Path) -> None:
    """What arrives between plan and yes is not in it."""

    async def part(at: Play) -> None:
        await at.plan("hold")
        put(spool, 1)
        done = await at.apply()
        assert "1 new one matches" in " ".join(done.lines)

    play(spool, part, of_filter(f"dst:{OLD}", (), 3))
    assert len(journal(spool)[-1].changes) == 3


# forms


def test_a_text_is_planned_when_enter_ends_it(spool: Path) -> None:
    async def part(at: Play) -> None:
        await at.plan("hold")
        planned = at.dialog.planned
        assert planned is not None
        await at.press("shift+tab")
        await at.type("INC-7")
        assert at.dialog.planned is None
        assert at.dialog.phase is Phase.OPEN
        await at.press("y", "backspace", "enter")
        await at.phase(Phase.SHOWN)
        assert at.dialog.focused is at.dialog.button
        assert "--reason INC-7" in at.shown
        await at.apply()

    play(spool, part, everything(spool))
    assert journal(spool)[-1].reason == "INC-7"


def test_a_refusal_is_told_and_mended(spool: Path) -> None:
    async def part(at: Play) -> None:
        await at.plan("retarget")
        await at.type("10.1.5.9:99999")
        await at.press("enter")
        await at.until(lambda: "not a host" in at.shown, "refused")
        await at.press("shift+tab", "shift+tab", "shift+tab", "shift+tab", "shift+tab")
        await at.press("shift+tab", "ctrl+u")
        await at.type("mx")
        await at.press("enter")
        await at.phase(Phase.SHOWN)
        assert "ROUTE  dst -> mx" in at.shown

    play(spool, part, everything(spool))


def test_a_query_that_cannot_be_read_is_told_with_its_column(spool: Path) -> None:
    async def part(at: Play) -> None:
        await at.plan("hold")
        assert "query, column" in at.shown and "no value" in at.shown

    play(spool, part, Target(("dst:",), 3))


def test_every_diff(spool: Path) -> None:
    async def part(at: Play) -> None:
        await at.plan("retarget")
        await at.type(NEW)
        await at.press("enter")
        await at.phase(Phase.SHOWN)
        await at.press("d")
        await at.until(lambda: at.shown.count(f"+ DST:    {NEW}") == 3, "each diff")
        await at.press("y")  # not from here
        assert at.dialog.phase is Phase.SHOWN
        await at.press("escape")
        await at.phase(Phase.SHOWN)
        assert at.shown.count(f"+ DST:    {NEW}") == 1

    play(spool, part, everything(spool))
    assert journal(spool) == []


def test_another_width_is_the_same_plan(spool: Path) -> None:
    async def part(at: Play) -> None:
        await at.plan("hold")
        first = at.dialog.planned
        await at.pilot.resize_terminal(160, 48)
        await at.until(lambda: at.dialog.planned is not first, "reflowed")
        await at.apply()

    play(spool, part, everything(spool))
    assert journal(spool)[-1].count("done") == 3


# what happens meanwhile


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


# hostile text


@pytest.mark.parametrize("size", [(80, 24), (160, 48)])
def test_what_is_hostile_stands_there_as_it_is(tmp_path: Path, size: tuple[int, int]) -> None:
    spool = tmp_path / "sp[b]ool"
    (file,) = put(spool, 1)
    path = spool / file
    bad = HOSTILE.encode() + b"\x1b[2J\xe2\x80\xae"
    text = path.read_bytes()
    for key in (b"DST", b"ERR_SERVER", b"RULE", b"RESOURCE"):
        lines = [b"%s:\t%s" % (key, bad) if line.startswith(key + b":") else line
                 for line in text.split(b"\n")]  # fmt: skip
        text = b"\n".join(lines)
    path.write_bytes(text)

    async def part(at: Play) -> None:
        await at.plan("set", of_messages([number_of(file)]))
        await at.type(f"DST={NEW} ERR_SERVER={NEW}")
        await at.press("enter")
        await at.phase(Phase.SHOWN)
        assert HOSTILE in at.shown and "^[[2J\\u202e" in at.shown
        drawn = at.app.export_screenshot()
        assert "[@click=app.quit]x[/]" in drawn.replace("&#160;", " ")
        assert "\x1b" not in drawn and "\u202e" not in drawn
        await at.press("d")
        await at.until(lambda: at.dialog._diffs, "diffs")
        await at.press("escape", "escape")
        await at.plan("delete", of_messages([HOSTILE]))
        await at.pilot.click("#plan-text")
        assert at.app.is_running

    play(spool, part, of_messages([number_of(file)]), size)


def test_hostile_words_typed_into_a_form(spool: Path) -> None:
    async def part(at: Play) -> None:
        await at.plan("retarget")
        await at.type(HOSTILE)
        await at.press("enter")
        await at.until(lambda: "not a host" in at.shown, "refused")
        assert HOSTILE in at.shown

    play(spool, part, everything(spool))


def test_hostile_transactions_in_the_list(spool: Path) -> None:
    words = ("set", "--all", "ACCT=1", "--yes", "--reason", f"{HOSTILE}\x1b[2J")
    assert start("--spool", spool, *words).code == 0

    async def part(at: Play) -> None:
        await at.plan("undo", Target())
        await at.pilot.pause()
        assert "[@click=app.quit]x[/]" in at.app.export_screenshot().replace("&#160;", " ")
        await at.apply()

    play(spool, part, Target(), (160, 48))
    assert set(values(spool, "ACCT").values()) == {"0"}


# the editor


def scripted(folder: Path, text: str) -> str:
    script = folder / "editor"
    script.write_text(f"#!/bin/sh\n{text}\n")
    script.chmod(0o755)
    return str(script)


def test_nothing_edited_is_nothing_planned(
    spool: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EDITOR", "true")

    async def part(at: Play) -> None:
        await at.plan("edit")
        assert "nothing differs" in at.shown

    play(spool, part, of_messages([number_of(next(iter(values(spool, "DST"))))]))
    assert journal(spool) == []


def test_a_mistake_is_told_with_its_line_and_edited_again(
    spool: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = tmp_path / "seen"
    script = f'cp "$1" {seen}; grep -q "^#! " "$1" && sed -i "s/^ERRMAIL: 7/ERRMAIL: 0/" "$1" '
    script += '|| sed -i "s/^ERRMAIL: 1/ERRMAIL: 7/" "$1"'
    monkeypatch.setenv("VISUAL", scripted(tmp_path, script))

    async def part(at: Play) -> None:
        await at.plan("edit")
        assert "line " in at.shown and "ERRMAIL=7: not one of 0, 1" in at.shown
        await at.press("e")
        await at.phase(Phase.SHOWN)
        await at.apply()

    play(spool, part, of_messages([number_of(next(iter(values(spool, "DST"))))]))
    assert "#! ERRMAIL=7: not one of 0, 1\nERRMAIL: 7\n" in seen.read_text()
    assert sorted(values(spool, "ERRMAIL").values()) == ["0", "1", "1"]


@pytest.mark.parametrize(
    ("editor", "says"), [("/nowhere/ed", "No such file"), ("false", "ended with 1"), ("'", "quot")]
)
def test_an_editor_that_cannot(
    spool: Path, monkeypatch: pytest.MonkeyPatch, editor: str, says: str
) -> None:
    monkeypatch.setenv("VISUAL", editor)

    async def part(at: Play) -> None:
        await at.plan("edit")
        assert says in at.shown

    play(spool, part, of_messages([number_of(next(iter(values(spool, "DST"))))]))
    assert journal(spool) == []


# the end


def test_the_mouse_does_what_the_keys_do(spool: Path) -> None:
    async def part(at: Play) -> None:
        await at.plan("hold")
        await at.pilot.click("#plan-hints", offset=(1, 0))
        await at.phase(Phase.DONE)
        await at.pilot.click("#plan-cancel")
        await at.until(lambda: not isinstance(at.app.screen, PlanDialog), "closed")

    assert [one and one.summary for one in play(spool, part, everything(spool)).results] == [
        "txn 1 hold: 3 done"
    ]


def test_what_is_about_another_plan_is_past(spool: Path) -> None:
    async def part(at: Play) -> None:
        await at.plan("hold")
        before = at.shown
        at.dialog.told(Planned(10**6, "delete", "elsewhere", 9, ("9 match",)))
        assert at.shown == before

    play(spool, part, everything(spool))
