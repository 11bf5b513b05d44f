"""Names: which directory entries are messages, and what their numbers mean."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spooltool.spool.names import (
    FLAT,
    HOLD,
    RESEND,
    SENDER,
    STATE_DIR,
    TRASH,
    SpoolName,
    format_number,
    id_readings,
    number_value,
    parse_name,
    parse_path,
    queue_key,
)


@pytest.mark.parametrize(
    ("base", "letter", "number"),
    [
        ("R001njchs", "R", "001njchs"),
        ("E00000195", "E", "00000195"),
        ("R3F9A01C4", "R", "3F9A01C4"),
        ("T0042", "T", "0042"),
        ("TR1", "T", "R1"),
        ("R" + "z" * 16, "R", "z" * 16),
    ],
)
def test_names_of_messages(base: str, letter: str, number: str) -> None:
    name = parse_name(base, RESEND)
    assert name == SpoolName(RESEND, letter, number)
    assert name.base == base and name.file == f"D_resend/{base}" and name.id == number


@pytest.mark.parametrize(
    "base",
    ["", "R", ".R001njchs", "r001njchs", "X001", "R001.tmp", "R 1", "R1\n", "R" + "z" * 17, "Ré",
     "R٣", ".keep", "R1/2", "core", "journal"],
)  # fmt: skip
def test_names_of_other_things(base: str) -> None:
    assert parse_name(base, RESEND) is None


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("D_resend/R001njchs", SpoolName(RESEND, "R", "001njchs")),
        (".spooltool/trash/E1", SpoolName(TRASH, "E", "1")),
        ("R0042", SpoolName(FLAT, "R", "0042")),
        ("D_other/R0042", None),
        ("../D_resend/R0042", None),
        ("D_resend/../R0042", None),
        ("D_resend/", None),
    ],
)
def test_pasted_paths(path: str, name: SpoolName | None) -> None:
    assert parse_path(path) == name
    if name is not None:
        assert name.file == path


@pytest.mark.parametrize(
    ("directory", "letters"),
    [(STATE_DIR, "T"), (SENDER, "R"), (RESEND, "RE"), (HOLD, "RE"), (TRASH, "TRE"), (FLAT, "TRE"),
     ("D_other", "")],
)  # fmt: skip
def test_legal_letters(directory: str, letters: str) -> None:
    assert [ltr for ltr in "TRE" if SpoolName(directory, ltr, "1").legal] == list(letters)


@pytest.mark.parametrize(
    ("word", "readings"),
    [
        ("001njchs", ("001njchs",)),
        ("R001njchs", ("001njchs", "R001njchs")),
        ("E", ("E",)),
        ("-", ()),
        ("", ()),
        ("a b", ()),
    ],
)
def test_typed_ids(word: str, readings: tuple[str, ...]) -> None:
    assert id_readings(word) == readings


@given(st.integers(0, 36**8 - 1))
def test_numbers_have_eight_digits_sort_as_text_and_read_back(value: int) -> None:
    number = format_number(value)
    assert len(number) == 8 and number_value(number) == value
    assert parse_name("R" + number, SENDER) is not None
    if value:
        assert format_number(value - 1) < number


@pytest.mark.parametrize("value", [-1, 36**8])
def test_numbers_out_of_range(value: int) -> None:
    with pytest.raises(ValueError, match="range"):
        format_number(value)


@pytest.mark.parametrize(
    "number", ["", "1", "3F9A01C4", "0000_000", "+0000001", " 0000001", "é" * 8]
)
def test_foreign_numbers_have_no_counter_value(number: str) -> None:
    assert number_value(number) is None


def test_the_queues_order_is_arrival_then_number_by_length_then_text() -> None:
    keys = [(2.5, "0"), (2.0, "1a"), (2.0, "10"), (2.0, "9"), (1.0, "zz")]
    assert sorted(keys, key=lambda key: queue_key(*key)) == list(reversed(keys))


def test_a_number_is_kept_through_a_move() -> None:
    name = SpoolName(SENDER, "R", "001njchs")
    assert name.at(RESEND) == SpoolName(RESEND, "R", "001njchs")
    assert name.at(RESEND, "E").file == "D_resend/E001njchs"
