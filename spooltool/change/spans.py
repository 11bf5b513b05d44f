"""Durations and rates as options give them: `90`, `90s`, `10m`, `2h`, `1d`; `10`, `10/s`, `6/m`."""

from __future__ import annotations

import re

from spooltool.control.requests import FASTEST, SLOWEST
from spooltool.errors import UsageError
from spooltool.render.text import visible

_SPAN = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,3})?)([smhd]?)\Z")
_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}
_RATE = re.compile(r"([0-9]{1,6})(?:/([smh]))?\Z")
_UNITS = {"s": "second", "m": "minute", "h": "hour"}


def read_span(option: str, text: str) -> float:
    """Seconds of a duration.  Raises UsageError."""
    match = _SPAN.match(text)
    if match is None:
        raise UsageError(f"{option} {visible(text)}: not a time", hint="such as 90s, 10m, 2h, 1d")
    return float(match[1]) * _SECONDS[match[2]]


def read_rate(option: str, text: str) -> float:
    """Messages a second of `N`, `N/s`, `N/m` or `N/h`.  Raises UsageError."""
    match = _RATE.match(text)
    rate = int(match[1]) / _SECONDS[match[2] or "s"] if match else 0.0
    if not SLOWEST <= rate <= FASTEST:
        raise UsageError(f"{option} {visible(text)}: not a rate", hint="such as 10, 10/s, 30/m")
    return rate


def rate_words(text: str) -> str:
    """`10 a second` for `10` or `10/s`."""
    number, _, unit = text.partition("/")
    return f"{int(number):,} {'an' if unit == 'h' else 'a'} {_UNITS[unit or 's']}"
