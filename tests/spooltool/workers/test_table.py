"""Columns by shared memory: what was written is what is read, and stays so."""

from __future__ import annotations

import os
from array import array

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spooltool.spool.names import LETTERS
from spooltool.workers.table import (
    DIRS,
    REASON_WORDS,
    STANDING_WORDS,
    Cells,
    Draft,
    Order,
    block,
    in_memory,
    order,
    place_of,
)

NUMBERS = st.text("0123456789abcdefghijklmnopqrstuvwxyzABC", min_size=1, max_size=16)
LONG, SHORT, TINY = (st.integers(0, 2**bits - 1) for bits in (32, 16, 8))
ROWS = st.builds(
    Cells,
    *(NUMBERS, LONG, LONG, LONG, LONG, LONG, LONG, SHORT),
    st.integers(0, len(DIRS) * 3 - 1),
    st.integers(0, len(STANDING_WORDS) - 1),
    st.integers(0, len(REASON_WORDS) - 1),
    TINY,
)


def drafted(rows: list[Cells]) -> Draft:
    draft = Draft()
    for cells in rows:
        draft.append(cells)
    return draft


@settings(max_examples=100)
@given(st.lists(ROWS, max_size=30))
def test_a_block_is_what_was_drafted(rows: list[Cells]) -> None:
    found = block(drafted(rows).frozen(), len(rows))
    assert [found[slot] for slot in range(len(rows))] == rows


@settings(max_examples=100)
@given(st.lists(ROWS, min_size=1, max_size=30, unique_by=lambda cells: cells.number), st.data())
def test_a_slot_is_found_by_its_number(rows: list[Cells], data: st.DataObject) -> None:
    found = block(drafted(rows).frozen(), len(rows))
    slot = data.draw(st.integers(0, len(rows) - 1))
    assert found.slot_of(rows[slot].number) == slot
    missing = data.draw(NUMBERS.filter(lambda number: number not in {r.number for r in rows}))
    assert found.slot_of(missing) is None


@settings(max_examples=100)
@given(st.permutations(range(60)), st.integers(0, 59), st.integers(0, 100))
def test_a_row_is_found_by_its_slot(slots: list[int], slot: int, near: int) -> None:
    found = order(in_memory([array("I", slots)]), len(slots))
    assert list(found) == slots
    assert found.find(slot, near) == slots.index(slot)
    assert found.find(60, near) is None


def test_far_away_a_slot_is_found_at_its_own_bytes_alone() -> None:
    """0x01000000 stands across the border of two slots, too."""
    slots = [0x00000001, 0x00000000, *range(10, 2000), 0x01000000]
    found = order(in_memory([array("I", slots)]), len(slots))
    assert found.find(0x01000000, 1000) == len(slots) - 1


def test_a_block_stays_as_it_was_when_the_draft_goes_on() -> None:
    cells = Cells("001", 1, 2, 3, 4, 5, 6, 7, 0, 0, 0, 0)
    draft = drafted([cells])
    found = block(draft.frozen(), 1)
    draft.put(0, cells._replace(why=99))
    draft.append(cells._replace(number="002"))
    assert found[0] == cells
    assert found.rows == 1
    assert block(draft.frozen(), 2)[0].why == 99
    assert draft.number(1) == "002"


def test_mapping_closes_the_descriptor() -> None:
    fd = in_memory([b"x" * 4])
    order(fd, 1)
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(fd)


def test_an_empty_table_has_no_rows() -> None:
    assert block(Draft().frozen(), 0).slot_of("001") is None
    assert len(Order()) == 0
    assert Order().find(0) is None


@pytest.mark.parametrize("directory", DIRS)
@pytest.mark.parametrize("letter", "TRE")
def test_places(directory: str, letter: str) -> None:
    cells = Cells("1", 0, 0, 0, 0, 0, 0, 0, place_of(directory, letter), 0, 0, 0)
    assert (cells.dir, cells.letter) == (directory, letter)
    assert directory in LETTERS
