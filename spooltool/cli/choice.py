"""Query arguments of a command line: `-` from the standard input, ids that mean nothing."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from spooltool.cli.invocation import Invocation
from spooltool.errors import UsageError
from spooltool.look.selection import Selection
from spooltool.look.selection import select as select_words
from spooltool.render.text import visible

QUERY_HELP = "Ids, paths, keywords and field:value terms; - reads ids from stdin."


def select(invocation: Invocation, words: Sequence[str] | None, *, null: bool = False) -> Selection:
    """The messages that query arguments mean.  Raises QueryError, UsageError, NoSpool."""
    return select_words(invocation, words, piped=piped(words or (), null=null))


def piped(words: Sequence[str], *, null: bool) -> list[str] | None:
    """The ids of the standard input where `-` asks for them.  Raises UsageError."""
    if "-" not in words:
        return None
    if sys.stdin.isatty():
        raise UsageError(
            "`-` reads ids from the standard input, and that is the terminal",
            hint="spooltool ls --ids QUERY | spooltool VERB -",
        )
    from spooltool.query import parse_ids

    data = sys.stdin.buffer.read()
    return parse_ids(data.decode("utf-8", "surrogateescape"), null)


def name_trouble(invocation: Invocation, selection: Selection) -> bool:
    """Say which ids mean nothing or two files; True when there was one."""
    for word in selection.missing:
        invocation.out.note(f"spooltool: {visible(word)}: no such message (it may have left)")
    for word, files in selection.doubled:
        invocation.out.note(
            f"spooltool: {visible(word)}: {' and '.join(files)} carry this number; choose by path"
        )
    return bool(selection.missing or selection.doubled)
