"""`docs/spool-format.md` says what the code says."""

from __future__ import annotations

from pathlib import Path

import pytest

from spooltool.spool.document import SECTIONS, refresh, render_field_table
from spooltool.spool.fields import FIELDS
from spooltool.spool.names import LETTERS
from spooltool.spool.state import STATE_WIDTH


@pytest.fixture(scope="module")
def page() -> str:
    here = Path(__file__).resolve()
    return (here.parents[3] / "docs" / "spool-format.md").read_text(encoding="utf-8")


def test_generated_sections_are_of_today(page: str) -> None:
    assert refresh(page) == page


def test_every_key_has_a_row_in_order() -> None:
    rows = render_field_table().splitlines()[2:]
    assert [row.split("|")[1].strip(" `") for row in rows] == [field.key for field in FIELDS]
    assert "none\\|check\\|cure" in rows[0]


def test_a_stale_section_is_replaced_and_nothing_else(page: str) -> None:
    stale = page.replace("| `D` | delivered |", "| `D` | eaten |")
    assert stale != page and refresh(stale) == page
    for name in SECTIONS:
        with pytest.raises(ValueError, match=name):
            refresh(page.replace(f"<!-- end {name} -->\n", ""))


def test_directories_letters_and_widths_are_those_of_the_code(page: str) -> None:
    for directory, letters in LETTERS.items():
        if directory:
            assert f"| `{directory}/` | {', '.join(letters)} |" in page
    assert f"One line of {STATE_WIDTH} bytes" in page
