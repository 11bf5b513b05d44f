"""The table of the grammar, and what its examples mean."""

from __future__ import annotations

import pytest

from spooltool.query import GRAMMAR, KEYWORDS, Need, parse
from spooltool.spool.states import STANDINGS


@pytest.mark.parametrize("field", GRAMMAR, ids=lambda field: field.name)
def test_every_example_parses_and_reads_what_the_table_says(field):
    query = parse([field.example])
    assert query.fields == {field.target or field.name}
    assert query.needs == field.need
    assert field.slow == (query.needs is Need.MESSAGE)


@pytest.mark.parametrize("field", GRAMMAR, ids=lambda field: field.name)
def test_no_example_wants_shell_quotes(field):
    assert not set(field.example) & set("<>*()'\"&;|$ ?[]#!~")


@pytest.mark.parametrize("keyword", KEYWORDS, ids=lambda keyword: keyword.word)
def test_every_keyword_is_its_own_canonical_text(keyword):
    query = parse([keyword.word])
    assert query.unparse() == keyword.word
    assert query.needs == keyword.need


def test_every_standing_is_a_keyword():
    assert set(STANDINGS) <= {keyword.word for keyword in KEYWORDS}


@pytest.mark.parametrize(
    ("args", "needs"),
    [
        ([], Need.NAME),
        (["001njchs"], Need.NAME),
        (["expired", "dir:resend"], Need.NAME),
        (["expired", "stuck"], Need.HEAD),
        (["stuck", "or", "text:invoice"], Need.MESSAGE),
    ],
)
def test_needs_is_the_most_that_any_term_wants(args, needs):
    assert parse(args).needs == needs
