"""Whatever happened to a spool and in whatever order it was told: the picture is a fresh one's."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from spooltool.workers.queue import Freeze, LookAgain, Thaw
from spooltool.workers.table import Flag
from tests.spooltool.workers.seeing import Seen, empty_spool, mail, put

NUMBERS = [f"0000000{digit}" for digit in "12345"]
PLACES = ["D_sender/R", "D_resend/R", "D_resend/E", "D_hold/R", "D_state/T", "D_quarantine/R"]
SHOWS = [
    ("", ""),
    ("stuck", ""),
    ("stuck", "-attempts"),
    ("not held", "rcpt"),
    ("dst:10.1.5.2 or held", "size"),
    ("rcpt:ben@example.org", "-id"),
    ("attempts:3..", "dst"),
    ("00000001 or held", "reason"),
    ("00000002 00000003", ""),
    ("dir:trash or stuck", ""),
]
TRASH = ".spooltool/trash"

number = st.sampled_from(NUMBERS)
place = st.sampled_from(PLACES)
content = st.builds(
    mail,
    dst=st.sampled_from(["10.1.5.2", "10.1.5.3"]),
    recipients=st.sampled_from([("anna@example.org",), ("ben@example.org", "cara@example.net")]),
    attempts=st.integers(0, 5),
    arrived=st.sampled_from([1795540000.0, 1795540000.25, 1795544000.5]),
    reason=st.sampled_from(["refused", "put-off"]),
    body=st.sampled_from([b"short\n", b"longer than that\n" * 9]),
)
step = st.one_of(
    st.tuples(st.just("arrive"), place, number, content),
    st.tuples(st.just("move"), number, place),
    st.tuples(st.just("trash"), number),
    st.tuples(st.just("delete"), number),
    st.tuples(st.just("write"), number, content),
    st.tuples(st.just("freeze"), st.booleans()),
    st.tuples(st.just("thaw")),
    st.tuples(st.just("show"), st.sampled_from(SHOWS)),
    st.tuples(st.just("look"), st.sampled_from(["touched", "all", "late"])),
)


class World:
    """A spool, and what would have been told of it."""

    def __init__(self, folder: Path) -> None:
        self.spool = empty_spool(folder)
        (self.spool / TRASH).mkdir(parents=True)
        self.touched: set[str] = set()

    def files(self, wanted: str) -> list[Path]:
        return sorted(path for path in self.spool.glob("D_*/*") if path.name[1:] == wanted)

    def do(self, what: tuple[object, ...]) -> None:
        match what:
            case ("arrive", str(where), str(wanted), bytes(data)):
                put(self.spool, where + wanted, data)
                self.touched.add(wanted)
            case ("move", str(wanted), str(where)):
                for path in self.files(wanted)[:1]:
                    os.rename(path, self.spool / (where + wanted))
                self.touched.add(wanted)
            case ("trash", str(wanted)):
                for path in self.files(wanted)[:1]:
                    os.rename(path, self.spool / TRASH / path.name)
                self.touched.add(wanted)
            case ("delete", str(wanted)):
                for path in self.files(wanted)[:1]:
                    path.unlink()
                self.touched.add(wanted)
            case ("write", str(wanted), bytes(data)):
                for path in self.files(wanted)[:1]:  # in place, as STATE is; no event tells
                    path.write_bytes(data)


def alike(seen: Seen, shown: tuple[str, str], world: World) -> None:
    fresh = Seen(world.spool)
    try:
        picture = fresh.show(*shown)
        assert seen.rows == fresh.rows
        assert seen.picture.matched == picture.matched
        assert seen.picture.facts.everything == picture.facts.everything
        assert (seen.picture.new, seen.picture.gone, seen.picture.unjudged) == (0, 0, 0)
    finally:
        fresh.close()


def frozen_as(seen: Seen, before: list[str], slots: list[int], *, everything: bool) -> None:
    """The list is as it was when it was frozen, and its counts add up."""
    assert ([cells.number for cells in seen.cells], seen.slots) == (before, slots)
    gone = [cells for cells in seen.cells if cells.flags & Flag.GONE]
    assert seen.picture.gone == len(gone)
    if everything:  # then what is listed and has not left matches
        assert seen.picture.new == seen.picture.matched.messages - (len(before) - len(gone))


@settings(max_examples=200)
@given(
    st.lists(st.tuples(st.just("arrive"), place, number, content), min_size=3, max_size=6),
    st.sampled_from(SHOWS),
    st.booleans(),
    st.lists(step, min_size=5, max_size=30),
)
def test_a_picture_is_that_of_a_fresh_reader(
    tmp_path: Path,
    first: list[tuple[object, ...]],
    shown: tuple[str, str],
    frozen: bool,
    steps: list[tuple[object, ...]],
) -> None:
    folder = tmp_path / "spool"
    shutil.rmtree(folder, ignore_errors=True)
    world = World(folder)
    for one in first:
        world.do(one)
    seen = Seen(world.spool)
    try:
        seen.show(*shown)
        seen.ask(Freeze(frozen))
        listed, slots = [c.number for c in seen.cells], seen.slots
        for one in steps:
            world.do(one)
            match one:
                case ("freeze", bool(on)):
                    seen.ask(Freeze(on))
                    frozen, listed, slots = on, [c.number for c in seen.cells], seen.slots
                case ("thaw",):
                    seen.ask(Thaw())
                    listed, slots = [c.number for c in seen.cells], seen.slots
                case ("show", (str(text), str(sort))):
                    seen.show(text, sort)
                    if (text, sort) != shown:
                        listed, slots = [c.number for c in seen.cells], seen.slots
                    shown = (text, sort)
                case ("look", "touched"):
                    seen.touch(*world.touched)
                    world.touched.clear()
                case ("look", "all"):
                    seen.ask(LookAgain())
                case ("look", "late"):
                    seen.step(10.0)
            if frozen:
                frozen_as(seen, listed, slots, everything=not shown[0])
        seen.ask(LookAgain(), Freeze(False))
        seen.step()
        alike(seen, shown, world)
    finally:
        seen.close()


@settings(max_examples=60)
@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("arrive"), place, number, content),
            st.tuples(st.just("move"), number, place),
            st.tuples(st.just("delete"), number),
        ),
        max_size=12,
    ),
    st.sampled_from(SHOWS[:-1]),
)
def test_what_the_kernel_tells_suffices_for_what_comes_moves_and_goes(
    tmp_path: Path, steps: list[tuple[object, ...]], shown: tuple[str, str]
) -> None:
    folder = tmp_path / "spool"
    shutil.rmtree(folder, ignore_errors=True)
    world = World(folder)
    seen = Seen(world.spool)
    try:
        seen.show(*shown)
        for one in steps:
            world.do(one)
            seen.reader.touched(world.touched)
            world.touched.clear()
            seen.step(0.1)
        alike(seen, shown, world)
    finally:
        seen.close()
