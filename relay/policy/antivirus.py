"""What the antivirus keys of a message ask for, and what becomes of it after the scan.

Fail closed: a key that is missing, doubled or of unknown value asks for something that
nobody knows, so the message waits.  Of the outcomes one alone lets content pass as it is.

| outcome | check | cure |
|---|---|---|
| clean | deliver | deliver |
| infected | quarantine | replace the part; of a whole mail: look for the part |
| cured | quarantine | deliver what came back |
| not scanned: limit, encrypted | quarantine | quarantine |
| not scanned: partial, error | wait | wait |
| unreachable, silent | wait | wait |
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import assert_never

from relay.policy.scan_outcome import (
    Clean,
    Cured,
    Infected,
    Mode,
    NotScanned,
    Outcome,
    Silent,
    Unreachable,
    Unscanned,
)
from spooltool.spool.hosts import HostPort, parse_host

SETTING, ADDRESS, PORT, HEADERS = "AV_SETTING", "AV_IPADDR", "AV_PORT", "AV_HEADERS"
NONE = "none"


@dataclass(frozen=True, slots=True)
class NoScan:
    """The message asks for none."""


@dataclass(frozen=True, slots=True)
class ScanOrder:
    """The message is to be scanned: by which scanner, how, with the mail's headers or not."""

    scanner: str
    mode: Mode
    headers: bool


@dataclass(frozen=True, slots=True)
class Deliver:
    """As far as the scanner goes the content may be delivered as it is."""


@dataclass(frozen=True, slots=True)
class DeliverCured:
    """What the scanner gave back is delivered in place of what was scanned."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ReplacePart:
    """A text part that says so takes the place of the part; the rest is delivered."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FindPart:
    """The mail as a whole has something: its parts are to be scanned one by one.

    When none of them turns out to be it, the answer is `unfound`.
    """

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Quarantine:
    """Never delivered: a person judges.  Postmaster is told, with the headers only.

    `text` is for the log and for postmaster.
    """

    text: str
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Wait:
    """No verdict: the message stays where it is.  `alert` when it takes a person to mend it."""

    text: str
    alert: bool = False


Decision = Deliver | DeliverCured | ReplacePart | FindPart | Quarantine | Wait


def order_of(
    keys: Mapping[str, Sequence[str]], scanners: Mapping[HostPort, str]
) -> NoScan | ScanOrder | Wait:
    """Read the antivirus keys: `keys` has every value of each, `scanners` names by address."""
    setting = _only(keys, SETTING, (NONE, *Mode))
    if isinstance(setting, Wait):
        return setting
    if setting == NONE:
        return NoScan()
    values = [_only(keys, ADDRESS), _only(keys, PORT), _only(keys, HEADERS, ("0", "1"))]
    for value in values:
        if isinstance(value, Wait):
            return value
    address, port, headers = map(str, values)
    place = _place(address, port)
    name = None if place is None else scanners.get(place)
    if name is None:
        where = f"{ADDRESS} and {PORT} are {address} and {port}"
        return Wait(f"{where}, which is no configured scanner", alert=True)
    return ScanOrder(name, Mode(setting), headers == "1")


def decide(
    outcome: Outcome,
    mode: Mode,
    *,
    a_part: bool,
    may_modify: bool = True,
) -> Decision:
    """What becomes of what was scanned: a part of a mail, or the mail as a whole.

    `may_modify` is what the resource allows now; where it does not, cure is check.
    """
    cures = mode is Mode.CURE and may_modify
    match outcome:
        case Clean():
            return Deliver()
        case Cured(names) if cures:
            return DeliverCured(names)
        case Infected(names) if cures:
            return ReplacePart(names) if a_part else FindPart(names)
        case Cured(names) | Infected(names):
            return Quarantine(_infected(names), names)
        case NotScanned(Unscanned.LIMIT | Unscanned.ENCRYPTED, text):
            return Quarantine(f"not scanned: {text}")
        case NotScanned(_, text) | Unreachable(text) | Silent(text):
            return Wait(text)
        case _:
            assert_never(outcome)


def unfound(names: tuple[str, ...]) -> Quarantine:
    """After `FindPart`: the mail has something, and none of its parts alone has."""
    text = f"{_infected(names)}, and no single part that could be replaced"
    return Quarantine(text, names)


def _infected(names: tuple[str, ...]) -> str:
    return f"infected: {', '.join(names)}"


def _only(keys: Mapping[str, Sequence[str]], key: str, words: Sequence[str] = ()) -> str | Wait:
    """The one value of a key; where words are given it must be one of them."""
    values = keys.get(key, ())
    if len(values) != 1:
        return Wait(f"{key} is {'missing' if not values else 'there twice'}", alert=True)
    if words and values[0] not in words:
        return Wait(f"{key} is {values[0]!r}, which nobody knows", alert=True)
    return values[0]


def _place(address: str, port: str) -> HostPort | None:
    if not (port.isascii() and port.isdigit()):
        return None
    text = f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
    return parse_host(text)
