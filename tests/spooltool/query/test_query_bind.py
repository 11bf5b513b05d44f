"""Ids meet the files that exist."""

from __future__ import annotations

from spooltool.query import parse
from spooltool.spool.names import SpoolName

NAMES = [
    SpoolName("D_resend", "R", "001njchs"),
    SpoolName("D_sender", "R", "002njchs"),
    SpoolName("D_state", "T", "003njchs"),
    SpoolName("D_sender", "R", "003njchs"),
    SpoolName("", "R", "123"),
    SpoolName("", "R", "E123"),
]


def test_the_letter_and_a_pasted_path_may_be_out_of_date():
    bound = parse(["E001njchs", "D_state/T002njchs"]).bind(NAMES)
    assert bound.found == {
        "E001njchs": "D_resend/R001njchs",
        "D_state/T002njchs": "D_sender/R002njchs",
    }
    assert (bound.missing, bound.doubled) == ((), ())
    assert bound.query.unparse() == "D_resend/R001njchs D_sender/R002njchs"


def test_two_files_of_one_number_are_named_until_a_path_chooses(row):
    bound = parse(["003njchs", "001njchs"]).bind(NAMES)
    assert bound.doubled == (("003njchs", ("D_state/T003njchs", "D_sender/R003njchs")),)
    assert bound.query.matches(row(id="003njchs", file="D_sender/R003njchs")) is False
    chosen = parse(["D_sender/R003njchs"]).bind(NAMES)
    assert chosen.found == {"D_sender/R003njchs": "D_sender/R003njchs"}
    assert chosen.query.matches(row(id="003njchs", file="D_sender/R003njchs")) is True
    assert chosen.query.matches(row(id="003njchs", file="D_state/T003njchs")) is False


def test_a_word_that_reads_as_two_numbers_is_doubled():
    assert parse(["E123"]).bind(NAMES).doubled == (("E123", ("R123", "RE123")),)
    assert parse(["./RE123"]).bind(NAMES).found == {"./RE123": "RE123"}


def test_missing_words_are_named_and_select_nothing(row):
    bound = parse(["009njchs", "stuck"]).bind(NAMES)
    assert bound.missing == ("009njchs",)
    assert bound.query.matches(row()) is False
    assert not bound.query.is_everything


def test_terms_still_narrow_and_two_words_of_one_file_are_one():
    bound = parse(["001njchs", "R001njchs", "stuck"]).bind(NAMES)
    assert bound.query.unparse() == "D_resend/R001njchs stuck"


def test_a_query_without_ids_is_bound_to_itself():
    query = parse(["stuck", "not", "001njchs"])
    assert query.bind(NAMES).query is query
