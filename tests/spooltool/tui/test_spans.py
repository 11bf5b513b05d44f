"""Lines of spans: broken, cut, padded."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from spooltool.render.text import columns
from spooltool.tui.spans import Span, at_right, cut_spans, flow, padded, text_of

TEXT = st.text(alphabet="ab ~会é\u0301", max_size=40)
SPANS = st.lists(st.tuples(TEXT, st.sampled_from(["", "bad", "dim"])), max_size=5)


@given(st.lists(st.tuples(st.text("ab 会\n", max_size=40), st.just("bad")), max_size=5))
def test_nothing_is_lost_when_lines_are_broken(spans: list[Span]) -> None:
    lines = flow(spans, 7)
    assert "".join(map(text_of, lines)) == text_of(spans).replace("\n", "")
    assert max(columns(text_of(line)) for line in lines) <= 7


def test_lines_break_at_blanks_and_are_indented() -> None:
    lines = flow([("one two ", ""), ("three", "bad")], 9, 2)
    assert lines == [[("one two ", "")], [("  ", ""), ("three", "bad")]]
    assert flow([("aaaaaaaa", "")], 5, 2) == [[("aaaaa", "")], [("  ", ""), ("aaa", "")]]
    assert flow([("a\n\nb", "")], 5) == [[("a", "")], [], [("b", "")]]
    assert flow([], 5) == [[]]


@given(SPANS, st.integers(0, 30))
def test_what_is_cut_fits_and_says_so(spans: list[Span], width: int) -> None:
    shown = cut_spans(spans, width)
    assert columns(text_of(shown)) <= width
    if columns(text_of(spans)) <= width:
        assert shown == spans
    elif width:
        assert text_of(shown).endswith("~")
        assert text_of(spans).startswith(text_of(shown)[:-1])


@given(SPANS, SPANS, st.integers(0, 60))
def test_two_ends_of_a_line(left: list[Span], right: list[Span], width: int) -> None:
    if columns(text_of(right)) <= width:
        line = at_right(left, right, width)
        assert columns(text_of(line)) == width
        assert text_of(line).endswith(text_of(right))
    assert columns(text_of(padded(left, width))) == max(width, columns(text_of(left)))
