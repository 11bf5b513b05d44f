"""What a word of a query can become: for a filter bar that completes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from spooltool.query.grammar import CHOICES, FIELD, GRAMMAR, KEYWORDS

_CONNECTIVES = ("not", "or")


def completions(text: str, known: Mapping[str, Sequence[str]] | None = None) -> list[str]:
    """Whole texts that a text can be completed to, the likeliest first.

    Only its last word is completed: to a keyword, a field and its colon, or a value of a
    field: of the closed lists, and of `known` (field to values, most frequent first).
    """
    before, blank, word = text.rpartition(" ")
    start, word = before + blank, word.lower()
    while word.startswith("("):
        start, word = start + "(", word[1:]
    name, colon, value = word.partition(":")
    if not colon:
        words = [keyword.word for keyword in KEYWORDS]
        words += [f"{field.name}:" for field in GRAMMAR] + list(_CONNECTIVES)
        return [start + one for one in words if word and one.startswith(word) and one != word]
    if name not in FIELD:
        return []
    values = [*CHOICES.get(name, ()), *(known or {}).get(name, ())]
    done, comma, last = value.rpartition(",")
    return [
        f"{start}{name}:{done}{comma}{one}"
        for one in dict.fromkeys(values)
        if one.lower().startswith(last) and one.lower() != last
    ]
