"""Weeding the decoded octets of a part, in every charset that they may be read in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from relay.message.html.charsets import LIKE_ASCII, Reading, byte_order_mark, read
from relay.message.html.weeder import canonical, weed
from relay.message.html.weeding import Kind, Undecodable, WeededOctets, Weeding

LARGEST = 16 << 20
"""Octets of a part that are weeded; the tree takes some forty times as many."""


def weed_bytes(octets: bytes, charset: str | None, weeding: Weeding) -> WeededOctets | Undecodable:
    """Weed a part's octets, transfer encoding removed, and give them in the same charset.

    `charset` is the parameter of its Content-Type field, None where there is none.  Octets
    that hold nothing in any reading come back as they are.  Else the result holds nothing
    in any reading of its own; where that cannot be had it is Undecodable, as are octets of
    an unknown charset and those beyond `LARGEST`.
    """
    if not weeding.any:
        return WeededOctets(octets, Counter(), False)
    if len(octets) > LARGEST:
        return Undecodable(f"more than {LARGEST >> 20} MB of HTML in one part")
    readings = read(octets, charset)
    if isinstance(readings, Undecodable):
        return readings
    results = [weed(one.text, weeding) for one in readings]
    removed = _most(result.removed for result in results)
    if not any(result.changed for result in results):
        return WeededOctets(octets, removed, False)
    main = readings[0]
    mark, _ = byte_order_mark(octets)
    for form in _written(main, canonical(main.text, weeding).text, ascii_first=octets.isascii()):
        written = mark + form.removeprefix(mark)
        if _is_sound(written, charset, weeding):
            return WeededOctets(written, removed, True)
    return Undecodable("its charset is ambiguous: it reads in several ways")


def _most(found: Iterable[Counter[Kind]]) -> Counter[Kind]:
    counts: Counter[Kind] = Counter()
    for one in found:
        counts |= one
    return counts


def _written(main: Reading, text: str, *, ascii_first: bool) -> list[bytes]:
    """The text in its charset; and in ASCII, which most charsets read alike.

    What was ASCII stays so where it can: its label may say nothing of any other letters.
    """
    forms = [text.encode(main.codec, "xmlcharrefreplace")]
    if ascii_first and main.codec in LIKE_ASCII:
        forms.insert(0, text.encode("ascii", "xmlcharrefreplace"))
    if not main.codec.startswith(("utf-16", "utf-32", "cp037", "cp500")):
        plus = text.replace("+", "&#43;").replace("~", "&#126;").replace("\x1b", "")
        forms.append(plus.encode("ascii", "xmlcharrefreplace"))
    return forms


def _is_sound(octets: bytes, charset: str | None, weeding: Weeding) -> bool:
    """Whether nothing is found in any reading of the result."""
    readings = read(octets, charset)
    if isinstance(readings, Undecodable):
        return False
    return not any(weed(one.text, weeding).changed for one in readings)
