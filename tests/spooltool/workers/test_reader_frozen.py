"""The frozen list: rows keep slot and place, what comes and goes is counted."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from spooltool.workers.queue import Freeze, Show, Thaw
from spooltool.workers.table import Flag
from tests.spooltool.cli.calling import AS_OF
from tests.spooltool.workers.seeing import Seen, mail, put

See = Callable[..., Seen]
A, B, C, D = (f"D_resend/R0000000{letter}" for letter in "abcd")


def numbers(seen: Seen) -> list[str]:
    return [cells.number[-1] for cells in seen.cells]


@pytest.fixture
def frozen(spool: Path, see: See) -> Seen:
    """A list of three, frozen; the oldest first."""
    for at, file in enumerate((A, B, C)):
        put(spool, file, mail(arrived=AS_OF - 9000.0 + at))
    seen = see(spool)
    seen.show("stuck")
    seen.ask(Freeze(True))
    assert numbers(seen) == ["a", "b", "c"]
    return seen


def test_what_comes_is_counted_and_not_listed(frozen: Seen, spool: Path) -> None:
    put(spool, D, mail(arrived=AS_OF - 9999.0))
    picture = frozen.touch("0000000d")
    assert (picture.frozen, picture.new, picture.gone) == (True, 1, 0)
    assert picture.matched.messages == 4
    assert numbers(frozen) == ["a", "b", "c"]


def test_what_leaves_stays_as_it_was(frozen: Seen, spool: Path) -> None:
    slots, before = frozen.slots, frozen.rows
    (spool / B).unlink()
    picture = frozen.touch("0000000b")
    assert (picture.new, picture.gone) == (0, 1)
    assert picture.matched.messages == picture.facts.everything.messages == 2
    assert frozen.slots == slots
    gone = frozen.rows[1].pop("flags")
    assert gone == Flag.GONE | before[1].pop("flags")
    assert frozen.rows[0] == before[0]
    assert {k: v for k, v in frozen.rows[1].items() if k != "flags"} == before[1]
    assert frozen.cells[1].changed == AS_OF


def test_a_standing_that_changes_shows(frozen: Seen, spool: Path) -> None:
    os.rename(spool / B, spool / "D_hold/R0000000b")
    picture = frozen.touch("0000000b")
    assert numbers(frozen) == ["a", "b", "c"]
    assert [row["standing"] for row in frozen.rows] == ["stuck", "held", "stuck"]
    assert picture.matched.messages == 2
    assert (picture.new, picture.gone) == (0, 0)


def test_thaw_takes_in_once_and_stays_frozen(frozen: Seen, spool: Path) -> None:
    put(spool, D, mail(arrived=AS_OF - 9999.0))
    (spool / B).unlink()
    frozen.touch("0000000b", "0000000d")
    picture = frozen.ask(Thaw())
    assert numbers(frozen) == ["d", "a", "c"]
    assert (picture.frozen, picture.new, picture.gone) == (True, 0, 0)
    (spool / A).unlink()
    picture = frozen.touch("0000000a")
    assert numbers(frozen) == ["d", "a", "c"]
    assert picture.gone == 1


def test_what_was_changed_is_in_its_place_after_the_end(frozen: Seen, spool: Path) -> None:
    put(spool, A, mail(arrived=AS_OF - 100.0))
    frozen.touch("0000000a")
    assert numbers(frozen) == ["a", "b", "c"]
    picture = frozen.ask(Freeze(False))
    assert numbers(frozen) == ["b", "c", "a"]
    assert not picture.frozen


def test_what_comes_back_is_in_its_old_place(frozen: Seen, spool: Path) -> None:
    slots = frozen.slots
    data = (spool / B).read_bytes()
    (spool / B).unlink()
    assert frozen.touch("0000000b").gone == 1
    put(spool, B, data)
    picture = frozen.touch("0000000b")
    assert (picture.new, picture.gone, frozen.slots) == (0, 0, slots)
    assert frozen.rows[1]["flags"] == Flag(0)
    assert picture.matched.messages == 3


def test_another_message_never_takes_a_frozen_slot(frozen: Seen, spool: Path) -> None:
    (spool / B).unlink()
    frozen.touch("0000000b")
    put(spool, D, mail())
    frozen.touch("0000000d")
    assert numbers(frozen) == ["a", "b", "c"]
    frozen.ask(Thaw())
    assert numbers(frozen) == ["a", "c", "d"]


def test_a_slot_is_used_again_and_its_number_tells(spool: Path, see: See) -> None:
    put(spool, A, mail())
    seen = see(spool)
    seen.show()
    (spool / A).unlink()
    put(spool, B, mail())
    seen.touch("0000000a")
    picture = seen.touch("0000000b")
    assert (picture.rows, numbers(seen)) == (1, ["b"])
    assert seen.slots == [0]


def test_another_query_is_listed_though_frozen(frozen: Seen, spool: Path) -> None:
    put(spool, "D_hold/R0000000d", mail())
    (spool / A).unlink()
    frozen.touch("0000000a", "0000000d")
    picture = frozen.show("held or stuck")
    assert numbers(frozen) == ["b", "c", "d"]
    assert (picture.frozen, picture.new, picture.gone) == (True, 0, 0)
    put(spool, A, mail())
    picture = frozen.touch("0000000a")
    assert numbers(frozen) == ["b", "c", "d"]
    assert picture.new == 1


def test_another_group_leaves_the_list_alone(frozen: Seen, spool: Path) -> None:
    put(spool, D, mail())
    frozen.touch("0000000d")
    picture = frozen.ask(Show(9, "stuck", "", "reason"))
    assert (picture.serial, picture.new) == (9, 1)
    assert numbers(frozen) == ["a", "b", "c"]
    assert [group.label for group in picture.facts.groups] == ["refused"]


def test_frozen_at_once_the_list_still_comes(spool: Path, see: See) -> None:
    """Keys pressed while nothing is listed yet do not leave the screen empty."""
    put(spool, A, mail())
    seen = see(spool)
    seen.reader.asked(Freeze(True))
    seen.show("stuck")
    assert numbers(seen) == ["a"]


def test_two_files_of_one_number_keep_their_slots(spool: Path, see: See) -> None:
    put(spool, A, mail(arrived=AS_OF - 100.0))
    put(spool, "D_hold/R0000000a", mail(arrived=AS_OF - 90.0))
    seen = see(spool)
    seen.show()
    slots = dict(zip(seen.files, seen.slots, strict=True))
    assert list(slots) == [A, "D_hold/R0000000a"]
    os.rename(spool / "D_hold/R0000000a", spool / "D_sender/R0000000a")
    seen.touch("0000000a")
    moved = dict(zip(seen.files, seen.slots, strict=True))
    assert moved == {A: slots[A], "D_sender/R0000000a": slots["D_hold/R0000000a"]}
    (spool / A).unlink()
    seen.touch("0000000a")
    assert (seen.files, seen.slots) == (["D_sender/R0000000a"], [slots["D_hold/R0000000a"]])


def test_a_slot_is_kept_over_moves_and_edits(spool: Path, see: See) -> None:
    put(spool, A, mail())
    put(spool, B, mail())
    seen = see(spool)
    seen.show()
    slots = dict(zip(numbers(seen), seen.slots, strict=True))
    os.rename(spool / A, spool / "D_hold/R0000000a")
    seen.touch("0000000a")
    put(spool, "D_hold/R0000000a", mail(body=b"another\n" * 50))
    seen.touch("0000000a")
    os.rename(spool / "D_hold/R0000000a", spool / "D_resend/E0000000a")
    seen.touch("0000000a")
    assert dict(zip(numbers(seen), seen.slots, strict=True)) == slots


def test_strings_that_nobody_uses_are_forgotten_in_a_new_epoch(
    spool: Path, see: See, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(spool, A, mail(text="421 first"))
    seen = see(spool)
    seen.show()
    epoch, before = seen.picture.epoch, seen.rows
    monkeypatch.setattr("spooltool.workers.reading.strings._MANY", 1)
    for attempt in range(4, 9):
        put(spool, A, mail(text=f"421 another {attempt}"))
        seen.touch("0000000a")
    seen.ask(Freeze(True))
    seen.step(10.0)
    assert seen.picture.epoch > epoch
    assert seen.rows == [{**before[0], "why": "refused: 421 another 8"}]
    assert [text for text in seen.strings if "another" in text] == ["refused: 421 another 8"]
    put(spool, B, mail(dst="10.9.9.9"))
    seen.ask(Freeze(False))
    seen.touch("0000000b")
    assert {row["dst"] for row in seen.rows} == {"10.1.5.2", "10.9.9.9"}
