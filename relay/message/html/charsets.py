"""Readings of octets: each text that some program may take them for.

What a part declares, what it says inside and what its first octets tell may differ, and
charsets have traps of their own: UTF-7 hides tags in letters, UTF-16 between NULs,
ISO-2022 behind escape sequences, and broken characters swallow the quote that follows.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass

from relay.message.html.weeding import Undecodable

_NONE = frozenset(
    (
        *("", "none", "default", "default_charset", "unknown", "unknown-8bit", "x-unknown", "8bit"),
        *("7bit", "binary", "iso", "ansi", "x-user-defined", "iso-8859", "user-defined"),
    )
)
"""Declarations that declare nothing."""

_AS_BROWSERS = {
    "ascii": "cp1252",
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "iso8859-11": "cp874",
    "tis-620": "cp874",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "big5": "big5hkscs",
    "cp950": "big5hkscs",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
    "utf-16": "utf-16-le",
    "utf-8-sig": "utf-8",
}
"""Charsets that are read as a larger one (WHATWG Encoding 4.2), by Python's names."""

_ALIASES = {
    "iso-8859-8-i": "iso8859-8",
    "iso-8859-8-e": "iso8859-8",
    "x-sjis": "cp932",
    "x-gbk": "gb18030",
    "x-cp1251": "cp1251",
    "x-mac-cyrillic": "mac-cyrillic",
    "unicode-1-1-utf-8": "utf-8",
    "unicode-1-1-utf-7": "utf-7",
    "x-unicode-2-0-utf-7": "utf-7",
    "ks_c_5601-1987": "cp949",
    "ks_c_5601": "cp949",
    "windows-949": "cp949",
    "windows-874": "cp874",
    "windows-31j": "cp932",
    "macintosh": "mac-roman",
    "x-mac-roman": "mac-roman",
    "ucs-2": "utf-16-le",
    "unicode": "utf-16-le",
}
_SINGLE = frozenset(
    [f"iso8859-{n}" for n in range(2, 17) if n not in (9, 11, 12)]
    + [f"cp{n}" for n in (874, *range(1250, 1259), 437, 850, 852, 855, 857, 858, 866)]
    + ["koi8-r", "koi8-u", "mac-roman", "mac-cyrillic"]
)
_MULTI = frozenset(("utf-8", "gb18030", "big5hkscs", "euc_jp", "cp932", "cp949", "johab"))
_WIDE = frozenset(("utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"))
_SHIFTING = frozenset(
    (
        *("iso2022_jp", "iso2022_jp_1", "iso2022_jp_2", "iso2022_jp_3", "iso2022_jp_ext"),
        *("iso2022_jp_2004", "iso2022_kr", "hz", "utf-7"),
    )
)
LIKE_ASCII = _SINGLE | {"utf-8", "cp1252", "gb18030", "euc_jp", "cp949"}
"""Charsets of which the octets below 128 are ASCII, each for itself."""

_FOREIGN = frozenset(f"cp{n:03}" for n in (37, 273, 500, 1026, 1140))

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_META = re.compile(
    rb"<(?:meta|\?xml)[^>]{0,1000}?(?:charset|encoding)\s{0,100}=\s{0,100}[\"']?\s{0,100}"
    rb"([A-Za-z0-9_.:+-]{1,60})",
    re.IGNORECASE,
)
_MOST_METAS = 8
_OVERLONG = re.compile(
    rb"[\xc0\xc1][\x80-\xbf]|\xe0[\x80\x81][\x80-\xbf]|\xf0\x80[\x80\x81][\x80-\xbf]"
)
_SWALLOWING = re.compile(rb"[\x81-\xfe][\x00-\x3f\x7f]")
_ESCAPED = re.compile("[\udc80-\udcff]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_HIGH = re.compile(rb"[\x80-\xff]")


@dataclass(frozen=True, slots=True)
class Reading:
    """A text that octets may be taken for.  `codec` is that of Python to write it again with,
    "" for a reading that nobody writes."""

    codec: str
    text: str


def codec_of(label: str) -> str | None:
    """Python's name for the charset that a label means; "" for none, None for an unknown one."""
    name = label.strip(" \t\r\n\"'").lower()
    if name in _NONE:
        return ""
    try:
        name = codecs.lookup(_ALIASES.get(name, name)).name
    except (LookupError, ValueError):
        return None
    name = _AS_BROWSERS.get(name, name)
    known = _SINGLE | _MULTI | _WIDE | _SHIFTING | _FOREIGN
    return name if name in known else None


def byte_order_mark(octets: bytes) -> tuple[bytes, str]:
    """The mark that octets begin with and the charset that it tells; both may be empty."""
    return next((one for one in _BOMS if octets.startswith(one[0])), (b"", ""))


def read(octets: bytes, charset: str | None) -> tuple[Reading, ...] | Undecodable:
    """Every reading of some octets, the one that their charset asks for first."""
    names = _declared(octets, charset)
    if isinstance(names, Undecodable):
        return names
    found = [Reading(name, _decoded(octets, name)) for name in names]
    found += [Reading("", text) for name in names for text in _careless(octets, name)]
    if (charset or "").strip().lower() in ("us-ascii", "ascii") and _HIGH.search(octets):
        found.append(Reading("", bytes(octet & 0x7F for octet in octets).decode("ascii")))
    return tuple({one.text: one for one in reversed(found)}.values())[::-1]


def _declared(octets: bytes, charset: str | None) -> list[str] | Undecodable:
    """The charsets that are declared, outside, by the first octets and inside; or guessed.

    A name inside that nobody knows counts for nothing beside one outside.
    """
    names: dict[str, None] = {}
    outside = codec_of(charset or "")
    if outside is None:
        return Undecodable(f"its charset {(charset or '')[:60]!r} is unknown")
    names.update(dict.fromkeys(name for name in (outside, byte_order_mark(octets)[1]) if name))
    for label in _inside(octets):
        name = codec_of(label)
        if name is None and not names:
            return Undecodable(f"the charset {label!r} that it names inside is unknown")
        if name:  # who can read this declaration reads no UTF-16 (WHATWG HTML 13.2.3.2)
            names["utf-8" if name in _WIDE else name] = None
    return list(names or dict.fromkeys(_guessed(octets)))


def _decoded(octets: bytes, name: str) -> str:
    if name == "cp1252":  # as browsers: its five free places are control characters
        text = octets.decode("cp1252", "surrogateescape")
        return _ESCAPED.sub(lambda found: chr(ord(found[0]) - 0xDC00), text)
    if name == "utf-16-le" and octets.startswith(codecs.BOM_UTF16_BE):
        name = "utf-16-be"
    return _SURROGATE.sub("\ufffd", octets.decode(name, "replace")).removeprefix("\ufeff")


def _inside(octets: bytes) -> list[str]:
    """What the octets say of their charset, in the few first places that say it."""
    found: dict[str, None] = {}
    for match in _META.finditer(octets.replace(b"\0", b"")):
        found[match[1].decode("ascii")] = None
        if len(found) > _MOST_METAS:
            break
    return list(found)


def _guessed(octets: bytes) -> Iterator[str]:
    """What programs guess where nothing is declared."""
    try:
        octets.decode("utf-8")
        yield "utf-8"
        yield "cp1252"
    except UnicodeDecodeError:
        yield "cp1252"
        yield "utf-8"
    if b"\x1b" in octets:
        yield "iso2022_jp"
        yield "iso2022_kr"
    if b"+A" in octets:
        yield "utf-7"
    if b"~{" in octets:
        yield "hz"


def _careless(octets: bytes, name: str) -> Iterator[str]:
    """What careless programs make of octets that are no sound text of their charset."""
    if name in _WIDE or name in _FOREIGN or name == "utf-7":
        yield octets.decode("latin-1")
        return
    if name not in _MULTI:
        return
    try:
        octets.decode(name)
    except UnicodeDecodeError:
        yield octets.decode("latin-1")
        if name == "utf-8":
            if _OVERLONG.search(octets):
                yield _OVERLONG.sub(_short, octets).decode("utf-8", "replace")
        else:
            yield _SWALLOWING.sub(b"?", octets).decode("latin-1")


def _short(found: re.Match[bytes]) -> bytes:
    *_, before, last = found[0]
    return bytes([(before & 0x1F) << 6 & 0x7F | last & 0x3F])
