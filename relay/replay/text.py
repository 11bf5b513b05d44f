"""Forecasts for a person: one below the other, or two side by side."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest

from relay.replay.case import Case
from relay.replay.comparison import Difference
from relay.replay.forecast import Copy, End, Forecast
from relay.replay.wording import (
    address_words,
    header_lines,
    mailbox_words,
    recipients_of,
    rule_words,
    server_words,
    tree_diff,
)
from spooltool.render.text import columns, cut, fit, visible, wrapped

LEAST_WIDTH = 60
_SHOWN = 3
_MOST = 10
_LABEL = 13


def lines(case: Case, found: Forecast, width: int) -> Iterator[str]:
    """A forecast; mail that just passes is one line."""
    yield from _headline(case, found, width)
    for note in case.notes:
        yield from _put("  note: ", visible(note), width)
    for copy in found.copies:
        if len(found.copies) > 1 or found.refused:
            to = _few(list(map(address_words, copy.recipients)), _MOST)
            way = f"{copy.outcome.verdict.value} by {_way(found, copy)}, for {to}"
            yield from _put("  ", way, width)
        yield from _of_copy(copy, width)
    for refused in found.refused:
        who = _few(list(map(mailbox_words, refused.recipients)), _MOST)
        by = f" ({rule_words(found.house, refused.rule)})" if refused.rule else ""
        yield from _put("  refused: ", f"{who}: {visible(str(refused.reply))}{by}", width)


def side_by_side(
    case: Case,
    old: Forecast,
    new: Forecast,
    differing: tuple[Difference, ...],
    width: int,
) -> Iterator[str]:
    """Two forecasts of one message: each fact that differs, the old one on the left."""
    yield from _put("", f"{visible(case.name)}  {_who(case, new)}", width, hang=2)
    names = [one.name for one in differing]
    column = max(map(len, (*names, "x" * _LABEL)))
    half = max((width - column - 6) // 2, 12)
    heads = (f"by {visible(old.house.label)}", f"by {visible(new.house.label)}")
    yield f"  {'':{column}}  {fit(_tail(heads[0], half), half)}  {_tail(heads[1], half)}".rstrip()
    for one in differing:
        cells = zip_longest(_folded(one.old or "-", half), _folded(one.new or "-", half))
        for number, (left, right) in enumerate(cells):
            name = one.name if number == 0 else ""
            yield f"  {name:{column}}  {fit(left or '', half)}  {right or ''}".rstrip()


def tally(ends: dict[End, int]) -> str:
    """The last line: how many messages end in each way."""
    total = sum(ends.values())
    each = ", ".join(f"{ends[end]:,} {end.value}" for end in End if ends.get(end))
    return f"{total:,} message{'s' * (total != 1)}" + (f": {each}" if each else "")


def _headline(case: Case, found: Forecast, width: int) -> Iterator[str]:
    alone = len(found.copies) == 1 and not found.refused
    way = _way(found, found.copies[0]) if alone else ""
    end = found.end.value
    words = [visible(case.name), end + (f" by {way}" if way else ""), _who(case, found)]
    text = "  ".join(words)
    if columns(text) <= width:
        yield text
    else:
        yield from _put("", "  ".join(words[:2]), width, hang=2)
        yield from _put("  ", words[2], width)


def _way(found: Forecast, copy: Copy) -> str:
    """Which rule and resource, and the server."""
    name = copy.acceptance.resource.partition(" ")[0]
    resource = f", resource {name}" if name != "none" else ""
    return f"{rule_words(found.house, copy.acceptance.rule)}{resource}, to {_server(copy)}"


def _server(copy: Copy) -> str:
    return server_words(copy.acceptance)


def _who(case: Case, found: Forecast) -> str:
    to = _few(list(recipients_of(found)), _SHOWN)
    return f"from {case.source} {mailbox_words(case.sender.text)} to {to}"


def _few(texts: list[str], most: int) -> str:
    """A list, of a long one its beginning and how many more there are."""
    if len(texts) <= most + 1:
        return ", ".join(texts)
    return f"{', '.join(texts[:most])} and {len(texts) - most} more"


def _of_copy(copy: Copy, width: int) -> Iterator[str]:
    if copy.outcome.reason:
        yield from _put("  why: ", visible(copy.outcome.reason), width)
    if copy.sender.orig:
        yield from _put("  sender: ", address_words(copy.sender), width)
    renamed = [address_words(one) for one in copy.recipients if one.orig]
    for text in renamed if len(renamed) <= _MOST + 1 else renamed[:_MOST]:
        yield from _put("  recipient: ", text, width)
    if len(renamed) > _MOST + 1:
        yield f"  and {len(renamed) - _MOST} more recipients"
    signed = list(header_lines(copy))
    if signed:
        yield "  headers"
        for sign, line in signed:
            yield from _put(f"    {sign} ", line, width)
    if copy.before is not None and (copy.after is not None or not copy.digest):
        yield "  structure"
        for sign, line in tree_diff(copy):
            yield "    " + cut(f"{sign} {line}", width - 4)
    for told in copy.outcome.removed:
        yield from _put("  taken out: ", visible(told), width)
    for note in copy.notes:
        yield from _put("  note: ", visible(note), width)


def _put(margin: str, text: str, width: int, *, hang: int = 0) -> Iterator[str]:
    """A text behind a margin, its further lines below its first, or `hang` columns further in."""
    indent = " " * (len(margin) + hang)
    room = max(width - len(indent), 20)
    for number, line in enumerate(_folded(text, room)):
        yield (indent if number else margin) + line


def _folded(text: str, width: int) -> list[str]:
    """Lines of at most this width, broken at blanks, and within a word only where it must be."""
    out: list[str] = []
    for line in text.split("\n"):
        for piece in wrapped(line, width):
            while columns(piece) > width:
                head = cut(piece, width + 1)[:-1]
                out.append(head)
                piece = piece[len(head) :]
            out.append(piece)
    return out


def _tail(text: str, width: int) -> str:
    """The end of a text that is too long: of a path it is the end that tells."""
    return text if columns(text) <= width else "~" + text[-(width - 1) :]
