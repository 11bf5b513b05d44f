"""The selection language: which messages a command means.

    grammar   the table of fields and keywords: help, docs and parser read it
    row       what a query asks of one message (a Protocol)
    ids       ids and paths, as typed or piped; binding them to the files that exist
    tree      the expression as a value, and its canonical text
    patterns  patterns, ranges, durations, sizes: the values of fields
    lexer     text to words
    parser    words to a tree
    match     a tree to one closure, so that 100,000 rows take a tenth of a second

Pure.  It imports `spooltool.spool` (names, hosts, states) and `spooltool.errors`.
"""

from spooltool.query.grammar import GRAMMAR, KEYWORDS, Field, Keyword, Kind, Need
from spooltool.query.ids import Id, parse_ids
from spooltool.query.parser import parse, parse_text
from spooltool.query.query import Bound, Query
from spooltool.query.row import Row

__all__ = [
    "GRAMMAR",
    "KEYWORDS",
    "Bound",
    "Field",
    "Id",
    "Keyword",
    "Kind",
    "Need",
    "Query",
    "Row",
    "parse",
    "parse_ids",
    "parse_text",
]
