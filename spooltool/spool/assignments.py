"""What a person types to change an envelope: KEY=VALUE, addresses, a resource.

Every mistake is found at once, so that nothing is done before all of it is right.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from spooltool.spool.envelope_change import EnvelopeWish
from spooltool.spool.fields import FIELD, FIELDS, LOG_KEYS, check_value
from spooltool.spool.mailbox import BadPath
from spooltool.spool.readdress import read_address, split_pair

SETTABLE = tuple(field.key for field in FIELDS if field.settable)
"""The keys that `set KEY=VALUE` takes."""

NONE = "none"
"""A LOG_ key with this value is taken out: nothing is recorded."""

REMOVAL = (
    "a recipient is not taken out: `--rcpt OLD=NEW` puts another in its place, `bounce` gives "
    "the message up"
)
_ASSIGNMENT = re.compile(r"([A-Za-z_]+)=(.*)\Z", re.DOTALL)
_RESOURCE = re.compile(r"[A-Za-z0-9_.-]{1,64}\Z")


@dataclass(frozen=True, slots=True)
class Asked:
    """What was typed: the words of the query, the wish, and every mistake, one line each."""

    query: tuple[str, ...]
    wish: EnvelopeWish
    problems: tuple[str, ...]


def read_asked(
    words: Iterable[str],
    sender: str | None = None,
    recipients: Sequence[str] = (),
    resource: str | None = None,
) -> Asked:
    """The words after `set`, with what its options say.  Nothing raises."""
    query: list[str] = []
    values: dict[str, str | None] = {}
    problems: list[str] = []
    for word in words:
        match = _ASSIGNMENT.match(word)
        if match is None:
            query.append(word)
            continue
        key, value = match[1], match[2].strip(" \t")
        if problem := _problem(key, value):
            problems.append(f"{key}={value}: {problem}")
        elif key in values:
            problems.append(f"{key}={value}: {key} is set twice")
        values.setdefault(key, None if key in LOG_KEYS and value == NONE else value)
    address = _sender(sender, problems) if sender is not None else None
    replaced, added = _recipients(recipients, problems)
    if resource is not None and not _RESOURCE.match(resource):
        problems.append(f"--resource {resource}: not a name of letters, digits, `_`, `.`, `-`")
    wish = EnvelopeWish(values, address, replaced, added, resource or "")
    return Asked(tuple(query), wish, tuple(problems))


def _problem(key: str, value: str) -> str:
    """What is wrong with one assignment; "" when nothing is."""
    field = FIELD.get(key)
    if field is None:
        known = FIELD.get(key.upper())
        return f"no such key; {known.key} is one" if known else "no such key"
    if not field.settable:
        return f"{key} is not for setting: {field.instead}"
    if key in LOG_KEYS and value == NONE:
        return ""
    problem = check_value(key, value)
    return f"{problem}, or none" if problem and key in LOG_KEYS else problem


def _sender(text: str, problems: list[str]) -> str | None:
    found = read_address(text, sender=True)
    if isinstance(found, BadPath):
        problems.append(f"--from {text}: {found.text}")
        return None
    return found.text


def _recipients(
    texts: Sequence[str], problems: list[str]
) -> tuple[tuple[tuple[str, str], ...], tuple[str, ...]]:
    replaced: dict[str, str] = {}
    added: list[str] = []
    taken: set[str] = set()
    for text in texts:
        pair = split_pair(text)
        old, new = pair if pair else ("", text)
        found = read_address(new)
        if pair and new in ("", "<>"):
            problems.append(f"--rcpt {text}: {REMOVAL}")
        elif isinstance(found, BadPath):
            problems.append(f"--rcpt {text}: {found.text}")
        elif pair and old == found.text:
            problems.append(f"--rcpt {text}: this is the same address")
        elif old in replaced:
            problems.append(f"--rcpt {text}: {old} is replaced twice")
        elif found.text.casefold() in taken:
            problems.append(f"--rcpt {text}: {found.text} would get it twice")
        else:
            taken.add(found.text.casefold())
            if pair:
                replaced[old] = found.text
            else:
                added.append(found.text)
    if replaced and added:
        problems.append(
            f"--rcpt {added[0]}: an address alone is for files without recipients, OLD=NEW for "
            "the others: not both at once"
        )
    return tuple(replaced.items()), tuple(added)
