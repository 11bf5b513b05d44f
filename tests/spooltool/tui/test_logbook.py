"""The lines of the log pane against a list that is cut anew each time."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from spooltool.diagnose.logkind import Kind
from spooltool.tui.logbook import LogBook
from spooltool.workers.log_messages import Line

MOST = 8


def line(number: int, text: str) -> Line:
    return Line(float(number), Kind.OTHER, "", "", "", f"{text} {number}")


_STEP = st.tuples(
    st.sampled_from(["newer", "older", "narrow"]), st.lists(st.sampled_from("aAb"), max_size=12)
)


@given(st.lists(_STEP, max_size=12))
def test_rows_are_the_last_lines_that_hold_the_text(steps: list[tuple[str, list[str]]]) -> None:
    book = LogBook(MOST)
    model: list[Line] = []
    came, first, last = 0, 0, 0
    for what, texts in steps:
        before = list(book.rows)
        if what == "narrow":
            book.narrowed("".join(texts[:1]))
        elif what == "newer":
            new = [line(last + at, text) for at, text in enumerate(texts)]
            last += len(new)
            added, lost = book.newer(new)
            model = [*model, *new][-MOST:]
            meant = [one for one in new if book.narrow.lower() in one.words.lower()]
            assert (added, [*before, *meant][lost:]) == (len(meant), book.rows)
        else:
            new = [line(first - len(texts) + at, text) for at, text in enumerate(texts)]
            first -= len(new)
            added = book.older(new)
            model = [*new, *model][-MOST:]
            assert [*book.rows[:added], *before] == book.rows
        came += len(texts) if what != "narrow" else 0
        wanted = book.narrow.lower()
        assert book.rows == [one for one in model if wanted in one.words.lower()]
        assert (len(book), book.dropped) == (len(model), came - len(model))
