"""The generated parts of `docs/spool-format.md`: tables that the code already holds.

Each stands between two marker lines; `refresh` puts the tables of today into a page.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping

from spooltool.spool.defects import DEFECTS
from spooltool.spool.fields import CHAPTER, FIELDS, NOTICE_KINDS, Field
from spooltool.spool.recipient import MARKS
from spooltool.spool.states import REASONS, STANDINGS


def render_field_table() -> str:
    """Every key of the field table as a Markdown table, in the order of a file."""
    return _table(("key", "value", "meaning", "default", "from", "notes"), map(_field_row, FIELDS))


def render_marks() -> str:
    """The marks of a RCPT line as a Markdown table."""
    return _words("mark", MARKS)


def render_notices() -> str:
    """The kinds of notices as a Markdown table."""
    return _words("NOTICE", NOTICE_KINDS)


def render_standings() -> str:
    """Standings and the reasons of *stuck* as two Markdown tables."""
    return _words("standing", STANDINGS) + "\n" + _words("stuck because", REASONS)


def render_defects() -> str:
    """Every defect code as a Markdown table."""
    return _words("defect", DEFECTS)


SECTIONS: dict[str, Callable[[], str]] = {
    "fields": render_field_table,
    "marks": render_marks,
    "notices": render_notices,
    "standings": render_standings,
    "defects": render_defects,
}
"""What is generated, by the name in its markers."""

_SECTION = re.compile(r"(<!-- begin ([a-z]+), generated -->\n).*?(<!-- end \2 -->\n)", re.DOTALL)


def refresh(page: str) -> str:
    """The page with its generated sections as the code has them now.

    Raises ValueError when the page lacks one, has it twice, or has one of an unknown name.
    """
    names = sorted(match[2] for match in _SECTION.finditer(page))
    if names != sorted(SECTIONS):
        raise ValueError(f"sections {', '.join(names)} where {', '.join(SECTIONS)} belong")
    return _SECTION.sub(lambda match: match[1] + SECTIONS[match[2]]() + match[3], page)


def _field_row(field: Field) -> tuple[str, ...]:
    notes = ["set" if field.settable else field.instead, "repeats" if field.repeats else ""]
    default = "–" if field.default is None else f"`{field.default}`"
    source = "chapter" if field.source == CHAPTER else "ours"
    return (
        f"`{field.key}`",
        f"`{field.kind}`",
        field.meaning,
        default,
        source,
        "; ".join(filter(None, notes)),
    )


def _words(head: str, words: Mapping[str, str]) -> str:
    return _table((head, "meaning"), ((f"`{word}`", meaning) for word, meaning in words.items()))


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "".join("| " + " | ".join(map(_cell, line)) + " |\n" for line in lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
