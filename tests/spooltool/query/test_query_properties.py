"""The canonical text means what the tree means."""

from __future__ import annotations

import string

from hypothesis import given, settings
from hypothesis import strategies as st

from spooltool.errors import QueryError
from spooltool.query import GRAMMAR, KEYWORDS, parse, parse_text
from spooltool.query.patterns import Pattern, whole

_text = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)
_quoted = _text.map(lambda t: '"' + t.replace("\\", "\\\\").replace('"', '\\"') + '"')
_bare = st.text(string.ascii_letters + string.digits + "@.*-_:/\\", min_size=1, max_size=10)
_value = st.lists(st.one_of(_quoted, _bare), min_size=1, max_size=3).map("".join)
_values = st.lists(_value, min_size=1, max_size=3).map(",".join)
_ordered = st.tuples(
    st.sampled_from(["age", "size", "attempts", "code"]),
    st.sampled_from([":{}..", ":..{}", ":{}..{}", ":{}", ">{}", "<{}", ">={}", ":{},{}"]),
    st.integers(200, 599),
    st.sampled_from(["", "s", "m", "h", "d", "w", "K", "M", "G"]),
).map(lambda t: t[0] + t[1].replace("{}", f"{t[2]}{t[3]}"))
_leaf = st.one_of(
    st.sampled_from([keyword.word for keyword in KEYWORDS]),
    st.sampled_from([field.example for field in GRAMMAR]),
    st.sampled_from(["001njchs", "E12", "D_hold/R1", "/a/b/D_hold/E2", "./R3", "nothing"]),
    st.tuples(st.sampled_from(["from", "rcpt", "domain", "subject", "text", "rule"]), _values).map(
        ":".join
    ),
    st.tuples(st.sampled_from(["header:x", "header:List-Id"]), _values).map(":".join),
    _ordered,
)
_query = st.recursive(
    _leaf,
    lambda inner: st.one_of(
        st.tuples(inner, inner).map(" ".join),
        st.tuples(inner, inner).map(" or ".join),
        inner.map("not {}".format),
        inner.map("({})".format),
    ),
    max_leaves=8,
)


@settings(max_examples=300)
@given(_query)
def test_unparse_is_a_fixpoint(text):
    try:
        query = parse_text(text)
    except QueryError:
        return
    canonical = query.unparse()
    assert parse_text(canonical) == query
    assert parse_text(canonical).unparse() == canonical
    assert parse(query.arguments()) == query


@settings(max_examples=300)
@given(st.lists(st.text(max_size=20), max_size=4))
def test_any_arguments_are_a_query_or_an_error_with_a_column_inside(args):
    try:
        parse(args)
    except QueryError as error:
        assert 1 <= error.column <= len(" ".join(args)) + 1


@settings(max_examples=200)
@given(st.lists(st.text("ab", max_size=3), min_size=1, max_size=4), st.text("ab", max_size=10))
def test_a_pattern_covers_what_the_textbook_says(parts, text):
    def textbook(pattern: str, rest: str) -> bool:
        if not pattern:
            return not rest
        if pattern[0] == "*":
            return any(textbook(pattern[1:], rest[i:]) for i in range(len(rest) + 1))
        return rest[:1] == pattern[0] and textbook(pattern[1:], rest[1:])

    assert whole(Pattern(tuple(parts)))(text) == textbook("*".join(parts), text)
