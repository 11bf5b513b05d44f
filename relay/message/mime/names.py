"""Every file name that some reader may see: all readings of the parameters that name one.

A name matches a pattern when one of its readings does, so a reading too many costs
nothing, and one too few lets a file pass.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from urllib.parse import unquote_to_bytes

from relay.message.mime.charsets import decode, texts
from relay.message.mime.parameters import LONGEST, Parameter
from relay.message.mime.word_readings import decode_all

MOST_READINGS = 200
"""Readings of the names of one part; more are a defect."""

MOST_CHARACTERS = 64 * 1024
"""Characters of all these readings."""

_SIMPLE = re.compile(r"[A-Za-z0-9_]+(?:[ -][A-Za-z0-9_]+)*\.[A-Za-z][A-Za-z0-9]*\Z")
_TAGGED = re.compile(rb"([^']*)'(?:([^']*)')?(.*)", re.DOTALL)
_GHOST = re.compile(r"\.(?:[0-9]{1,3}|\{[^.]*\}|[^.A-Za-z0-9]+)\Z")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f]+")
_UNSEEN = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u3164\ufe00-\ufe0f\uffa0]+")
_DOTS = str.maketrans("\u3002\uff61\u2027\u00b7", "....")
_OVERRIDE, _END_OF_IT = "\u202e", "\u202c"
_WRAPS = "\"'`<>()[]{};,% \t\n"


def names_of(found: Iterable[Parameter], charset: str) -> tuple[list[str], bool]:
    """The readings of the names among a part's parameters, and whether these are all."""
    groups: dict[str, list[Parameter]] = {}
    for one in found:
        groups.setdefault(one.name, []).append(one)
    return readings(chain.from_iterable(_group(groups[name], charset) for name in groups))


def readings(raw: Iterator[str]) -> tuple[list[str], bool]:
    """Names in all their forms, without doubles, and whether these are all."""
    known: dict[str, None] = {}
    characters = 0
    waiting = list(dict.fromkeys(name for name in islice(raw, 2 * MOST_READINGS) if name))
    waiting.reverse()
    while waiting:
        name = waiting.pop()
        if name in known:
            continue
        known[name] = None
        characters += len(name)
        if len(known) > MOST_READINGS or characters > MOST_CHARACTERS or len(name) > LONGEST:
            return list(known), False
        if not _SIMPLE.match(name):
            waiting += [form for form in _forms(name) if form and form not in known]
    return list(known), next(iter(raw), None) is None


def _group(found: list[Parameter], charset: str) -> Iterator[str]:
    """The readings of one parameter that may stand more than once, or in sections."""
    for one in found:
        for value in one.values:
            yield from texts(value, charset)
            if one.extended or b"'" in value:
                yield from _untagged(value, charset)
    sections = [one for one in found if one.section >= 0]
    if len(sections) > 1 or (sections and len(found) > 1):
        for order in _orders(found, sections):
            for value in _joined(order):
                yield from texts(value, charset)
                yield from _untagged(value, charset)


def _orders(found: list[Parameter], sections: list[Parameter]) -> Iterator[list[Parameter]]:
    """The ways to put sections in order: by number or as they stand, doubles kept or not."""
    by_number = sorted(sections, key=lambda one: one.section)
    first = {one.section: one for one in reversed(by_number)}
    yield sorted(first.values(), key=lambda one: one.section)
    yield list({one.section: one for one in by_number}.values())
    yield by_number
    yield sections
    yield found
    unbroken = [first[number] for number in range(len(first)) if number in first]
    while unbroken and unbroken[-1].section != len(unbroken) - 1:
        unbroken.pop()
    yield unbroken


def _joined(order: list[Parameter]) -> Iterator[bytes]:
    """Sections put together: none decoded, those that say so, and all."""
    yield b"".join(one.values[0] for one in order)
    yield b"".join(one.values[-1] for one in order)
    coded = [one.values[0] for one in order]
    yield b"".join(
        unquote_to_bytes(value) if one.extended else value
        for one, value in zip(order, coded, strict=True)
    )
    yield unquote_to_bytes(b"".join(coded))


def _untagged(value: bytes, charset: str) -> Iterator[str]:
    """A value without its `charset'language'` (RFC 2231 4), in that charset."""
    match = _TAGGED.match(value)
    if match is None:
        yield from texts(unquote_to_bytes(value), charset)
        return
    for rest in (match[3], (match[2] or b"") + match[3]):
        data = unquote_to_bytes(rest)
        if text := decode(data, match[1].decode("latin-1")):
            yield text
        yield from texts(data, charset)


def _forms(name: str) -> Iterator[str]:
    """What a reader, or a file system, may make of a name."""
    yield from decode_all(name)
    yield name.partition("\0")[0]
    yield _CONTROLS.sub("", name)
    yield "".join(name.split())
    yield from _seen(name)
    yield unicodedata.normalize("NFKC", name.translate(_DOTS)).translate(_DOTS)
    if "%" in name:
        yield from texts(unquote_to_bytes(name.encode("utf-8", "replace")))
    yield name.rstrip(". \t\n").lstrip()
    yield name.strip(_WRAPS)
    yield name.replace('"', "").replace("\\", "")
    yield _base(name)
    yield name.partition(":")[0]
    if "/" in name:
        yield re.split(r"[?#]", name, maxsplit=1)[0]
    yield _GHOST.sub("", name)


def _base(name: str) -> str:
    """The last part of a path, for any kind of path."""
    return re.split(r"[/\\:]", name.rstrip("/\\:"))[-1]


def _seen(name: str) -> Iterator[str]:
    """A name without characters that have no shape, and as one with an override looks."""
    if name.isascii():
        return
    yield _UNSEEN.sub("", "".join(ch for ch in name if unicodedata.category(ch) != "Cf"))
    before, override, after = name.partition(_OVERRIDE)
    if override:
        turned, _, rest = after.partition(_END_OF_IT)
        yield before + turned[::-1] + rest
