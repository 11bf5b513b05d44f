"""Lines of the control socket: bytes to a checked object and back."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from typing import NoReturn, TypeAlias

VERSION = 1
"""The protocol's version: `v` of every object."""

MAX_LINE = 64 * 1024
"""Longest line in bytes, its line end included."""

_ID = re.compile(r"[0-9A-Za-z]{1,16}\Z")
_MAX_TEXT = 1024
_MAX_EXACT = 1 << 53

Object: TypeAlias = Mapping[str, object]


class Malformed(ValueError):
    """A line or a key that is not as the protocol has it.  It never leaves a decoder."""


def encode(content: Object) -> bytes:
    """One line, its line end included.  Raises ValueError when it would be too long."""
    line = json.dumps({"v": VERSION, **content}, separators=(",", ":"), allow_nan=False)
    if len(line) >= MAX_LINE:
        raise ValueError(f"a line of {len(line)} bytes is too long for the control socket")
    return line.encode("ascii") + b"\n"


def fits(content: Object) -> bool:
    """Whether an object makes a line that is short enough."""
    return len(json.dumps({"v": VERSION, **content}, separators=(",", ":"))) < MAX_LINE


def decode(line: bytes) -> Object:
    """The object of a line; raises Malformed."""
    if len(line) > MAX_LINE:
        raise Malformed(f"the line is longer than {MAX_LINE} bytes")
    try:
        content = json.loads(line.decode("utf-8"), parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise Malformed("the line is no JSON") from None
    if not isinstance(content, dict):
        raise Malformed("the line is no JSON object")
    version = content.get("v", VERSION)
    if isinstance(version, bool) or version != VERSION:
        raise Malformed(f"version {VERSION} is spoken here")
    return content


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


def text(content: Object, key: str, default: str | None = None) -> str:
    """A string of at most 1,024 characters."""
    value = content.get(key, default)
    if not isinstance(value, str) or len(value) > _MAX_TEXT:
        raise Malformed(f"`{key}` must be a text of at most {_MAX_TEXT} characters")
    return value


def texts(content: Object, key: str) -> tuple[str, ...]:
    """A list of strings of at most 1,024 characters."""
    value = content.get(key)
    if not isinstance(value, list) or not all(
        isinstance(item, str) and len(item) <= _MAX_TEXT for item in value
    ):
        raise Malformed(f"`{key}` must be a list of texts of at most {_MAX_TEXT} characters")
    return tuple(value)


def flag(content: Object, key: str, default: bool | None = None) -> bool:
    """True or false."""
    value = content.get(key, default)
    if not isinstance(value, bool):
        raise Malformed(f"`{key}` must be true or false")
    return value


def count(content: Object, key: str, default: int | None = None) -> int:
    """A whole number from 0 on."""
    value = content.get(key, default)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= _MAX_EXACT:
        raise Malformed(f"`{key}` must be a whole number")
    return value


def seconds(content: Object, key: str) -> float | None:
    """A number from 0 on, or null or nothing."""
    value = content.get(key)
    return None if value is None else _seconds(value, key)


def _seconds(value: object, key: str) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise Malformed(f"`{key}` must be a number")
    if not 0 <= value <= _MAX_EXACT or math.isnan(value):
        raise Malformed(f"`{key}` must be a number from 0 on")
    return float(value)


def moment(content: Object, key: str) -> float:
    """A number from 0 on."""
    return _seconds(content.get(key), key)


def number(content: Object, key: str) -> float:
    """A number, below 0 too."""
    value = content.get(key)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise Malformed(f"`{key}` must be a number")
    if not abs(value) <= _MAX_EXACT:
        raise Malformed(f"`{key}` is too large a number")
    return float(value)


def ids(content: Object, key: str) -> tuple[str, ...]:
    """A list of numbers of messages."""
    value = content.get(key)
    if not isinstance(value, list) or not all(
        isinstance(item, str) and _ID.match(item) for item in value
    ):
        raise Malformed(f"`{key}` must be a list of ids")
    return tuple(value)


def one_object(content: Object, key: str) -> Object:
    """An object."""
    value = content.get(key)
    if not isinstance(value, dict):
        raise Malformed(f"`{key}` must be an object")
    return value


def objects(content: Object, key: str) -> Sequence[Object]:
    """A list of objects; nothing at all is an empty one."""
    value = content.get(key, [])
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise Malformed(f"`{key}` must be a list of objects")
    return value


def rows(content: Object, key: str, width: int) -> Sequence[Sequence[object]]:
    """A list of lists of `width` members; nothing at all is an empty one."""
    value = content.get(key, [])
    if not isinstance(value, list) or not all(
        isinstance(item, list) and len(item) == width for item in value
    ):
        raise Malformed(f"`{key}` must be a list of lists of {width}")
    return value
