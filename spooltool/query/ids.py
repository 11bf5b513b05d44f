"""Ids and paths, as a person types, pastes or pipes them.

`001njchs`, `R001njchs` (the letter may be out of date) and `D_resend/R001njchs` all name
a message.  Because readers take any `[0-9A-Za-z]{1,16}` as a number, nearly every word
could be one; a mistyped keyword must not: a bare word is an id only with a digit in it,
or with its letter and the full eight characters.  Any other number is named by its path.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from spooltool.errors import QueryError
from spooltool.spool.names import id_readings, parse_name, parse_path

_WITH_DIGIT = re.compile(r"(?=[A-Za-z]*[0-9])[TRE]?[0-9A-Za-z]{1,16}\Z")
_LETTER_AND_EIGHT = re.compile(r"[TRE](?:[0-9a-z]{8}|[0-9A-F]{8})\Z")


@dataclass(frozen=True, slots=True)
class Id:
    """One id: `word` as it is written, `numbers` it may mean, `file` when it is a path.

    A path means this file alone; `Query.bind` finds where the message has gone since.
    `root` is what stood before the path (`/var/spool/relay` in an absolute one), for the
    caller to compare with the spool; it takes no part in matching.
    """

    word: str
    numbers: tuple[str, ...]
    file: str = ""
    root: str = field(default="", compare=False)


def read_id(word: str) -> Id | None:
    """Read a bare word as an id or a path; None when it is neither."""
    if "/" in word:
        return _read_path(word)
    if _WITH_DIGIT.match(word) or _LETTER_AND_EIGHT.match(word):
        return Id(word, id_readings(word))
    return None


def _read_path(word: str) -> Id | None:
    parts = [part for part in word.split("/") if part != "."]
    for depth in (3, 2):
        if len(parts) < depth:
            continue
        name = parse_path("/".join(parts[-depth:]))
        if name is not None and name.dir:
            root = "/".join(parts[:-depth])
            return Id(name.file, (name.number,), name.file, root or ("/" if parts[0] == "" else ""))
    flat = parse_name(parts[-1], "") if parts else None
    if flat is None or (len(parts) > 1 and parts[-2].startswith("D_")):
        return None
    return Id(f"./{flat.file}", (flat.number,), flat.file, "/".join(parts[:-1]))


def parse_ids(text: str, null: bool = False) -> list[str]:
    """The first word of each line of a piped list; with `null`, of each NUL-ended item.

    Blank lines and lines that start with `#` (the header line of a piped list) are passed
    over, so an empty input gives an empty list.  Raises QueryError, its column the place
    in the line, when a first word is neither an id nor a path.
    """
    words = []
    for number, line in enumerate(text.split("\0" if null else "\n"), start=1):
        split = line.split(None, 1)
        if not split or split[0].startswith("#"):
            continue
        word = split[0]
        if read_id(word) is None:
            raise QueryError(
                f"item {number} of the standard input begins with neither an id nor a path: {word}",
                column=line.index(word) + 1,
                hint="`spooltool ls --ids QUERY` prints such a list",
            )
        words.append(word)
    return words
