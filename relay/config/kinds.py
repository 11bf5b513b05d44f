"""Kinds of parameters: how a value of relay.toml is read and what is said when it is wrong.

A reader takes what TOML gave (or what an option said, made into the same shape by
`from_option`) and returns the value, or raises `Wrong`.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, TypeVar

from spooltool.spool.fields import check_value
from spooltool.spool.hosts import HostPort, parse_host

Read = Callable[[object], object]
V = TypeVar("V")

_NAME = re.compile(
    r"(?=.{1,253}\Z)[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
    r"(\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*\Z"
)
_ADDRESS = re.compile(r"[^\s<>@,;\x00-\x1f\x7f]{1,64}@[^\s<>@,;\x00-\x1f\x7f]{1,255}\Z")
_ACCOUNT = re.compile(r"[a-z_][a-z0-9_.-]{0,31}\$?\Z")
_PERCENT = re.compile(r"([0-9]{1,2}(?:\.[0-9]{1,3})?) ?%\Z")
_OCTETS = re.compile(r"([0-9]{1,15}) ?([KMGT]?)B?\Z", re.IGNORECASE)
_SCALE: Final = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}
_FLAGS: Final = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}


class Wrong(ValueError):
    """What is wrong with a value; `items` names the members of a list by index."""

    def __init__(self, text: str = "", items: Mapping[int, str] | None = None) -> None:
        super().__init__(text)
        self.text = text
        self.items = dict(items or {})


@dataclass(frozen=True, slots=True)
class MinFree:
    """Free space to keep: a share of the file system in percent, or octets."""

    percent: float = 0.0
    octets: int = 0

    def __str__(self) -> str:
        return f"{self.percent:g}%" if self.percent else str(self.octets)

    def wanted(self, total: int) -> int:
        """Octets (or inodes) that must stay free of `total`."""
        return int(total * self.percent / 100.0) if self.percent else self.octets


def shown(value: object) -> str:
    """A value as a person wrote it, short."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return repr(value if len(value) <= 60 else value[:59] + "~")
    if isinstance(value, dict):
        return "a table"
    if isinstance(value, list):
        return "a list"
    return str(value)


def whole(low: int, high: int, unit: str) -> Read:
    """A whole number from `low` to `high`."""

    def read(value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            of = f" of {unit}" if unit else ""
            raise Wrong(f"wants a whole number{of}, not {shown(value)}")
        if not low <= value <= high:
            raise Wrong(f"{value} is out of range: {low} to {high}")
        return value

    return read


def flag(value: object) -> bool:
    """`true`, `false`, or the chapter's 0 and 1."""
    if isinstance(value, bool):
        return value
    if isinstance(value, int) and value in (0, 1):
        return bool(value)
    raise Wrong(f"wants true or false, not {shown(value)}")


def one_of(*words: str) -> Read:
    """One of a closed list of words."""

    def read(value: object) -> str:
        if value not in words:
            raise Wrong(f"wants {' or '.join(repr(word) for word in words)}, not {shown(value)}")
        return str(value)

    return read


def as_text(value: object, what: str) -> str:
    """Text without the blanks at its ends; `what` says what of it is wanted."""
    if not isinstance(value, str):
        raise Wrong(f"wants {what}, not {shown(value)}")
    return value.strip()


def _matching(pattern: re.Pattern[str], what: str) -> Read:
    def read(value: object) -> str:
        text = as_text(value, what)
        if text and not pattern.match(text):
            raise Wrong(f"wants {what}, not {shown(text)}")
        return text

    return read


hostname = _matching(_NAME, "a host name")
address = _matching(_ADDRESS, "an address local@domain")
account = _matching(_ACCOUNT, "an account name")


def folder(value: object) -> str:
    """An absolute path, without the slash at its end; "" stays ""."""
    text = as_text(value, "an absolute path")
    if not text:
        return ""
    if not text.startswith("/") or "\0" in text:
        raise Wrong(f"wants an absolute path, not {shown(text)}")
    return text.rstrip("/") or "/"


def path(value: object) -> str:
    """The absolute path of a file; "" for none."""
    text = as_text(value, "an absolute path")
    if text and (not text.startswith("/") or text.endswith("/") or "\0" in text):
        raise Wrong(f"wants the absolute path of a file, not {shown(text)}")
    return text


def given_folder(value: object) -> str:
    """An absolute path that may not be empty."""
    text = folder(value)
    if text in ("", "/"):
        raise Wrong(f"wants the path of a folder, not {shown(text)}")
    return text


def line(value: object) -> str:
    """A line of text, perhaps empty, without control characters."""
    words = as_text(value, "text")
    if not words.isprintable():
        raise Wrong(f"wants one line of plain text, not {shown(words)}")
    return words


def hosts(value: object) -> str:
    """A value of DST or ERR_SERVER; "" for none."""
    what = "HOST, HOST:PORT or a list {a,b} of them"
    text = as_text(value, what)
    if text and (problem := check_value("DST", text)):
        raise Wrong(f"{shown(text)} is {problem}")
    return text


def listeners(value: object) -> tuple[HostPort, ...]:
    """Addresses to listen on, each with its port; port 0 lets the system choose."""
    return tuple(members(value, "HOST:PORT", _listener))


def servers(value: object) -> tuple[HostPort, ...]:
    """Name servers, by address; port 53 where none stands there."""
    return tuple(members(value, "ADDRESS or ADDRESS:PORT", _server))


def _server(text: str) -> HostPort:
    host = parse_host(text)
    if host is None or not (_is_ip(host.host, 4) or _is_ip(host.host, 6)):
        raise Wrong(f"{shown(text)} is not ADDRESS or ADDRESS:PORT")
    return host


def networks(value: object) -> tuple[str, ...]:
    """Networks like 10.0.0.0/8, or single addresses."""
    return tuple(members(value, "a network like 10.0.0.0/8", _network))


def command(value: object) -> tuple[str, ...]:
    """A program by its absolute path, and its arguments; none: nothing is run."""
    words = tuple(members(value, "a program and its arguments", _argument))
    if words and not words[0].startswith("/"):
        raise Wrong(items={0: f"wants the absolute path of a program, not {shown(words[0])}"})
    return words


def _argument(text: str) -> str:
    if "\0" in text:
        raise Wrong(f"wants an argument of a command, not {shown(text)}")
    return text


def min_free(value: object) -> MinFree:
    """`"5%"`, octets, or octets with K, M, G, T."""
    what = 'wants a share like "5%" or a size like "500M"'
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    text = as_text(value, "a share like '5%' or a size like '500M'")
    if share := _PERCENT.match(text):
        return MinFree(percent=float(share[1]))
    if size := _OCTETS.match(text):
        return MinFree(octets=int(size[1]) * _SCALE[size[2].upper()])
    raise Wrong(f"{what}, not {shown(text)}")


def members(value: object, what: str, read: Callable[[str], V]) -> list[V]:
    """Each member of a list read; every wrong one is told."""
    if isinstance(value, str):
        raise Wrong(f"wants a list: [{shown(value)}]".replace("'", '"'))
    if not isinstance(value, list):
        raise Wrong(f"wants a list of {what}, not {shown(value)}")
    good: list[V] = []
    bad: dict[int, str] = {}
    for index, member in enumerate(value):
        try:
            good.append(read(as_text(member, what)))
        except Wrong as wrong:
            bad[index] = wrong.text
    if bad:
        raise Wrong(items=bad)
    return good


def _listener(text: str) -> HostPort:
    host, colon, tail = text.rpartition(":")
    if not (colon and host and tail.isascii() and tail.isdigit() and int(tail) < 65536):
        raise Wrong(f"wants HOST:PORT, not {shown(text)}")
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
        if not _is_ip(host, 6):
            raise Wrong(f"{shown(host)} is not an IPv6 address")
    elif ":" in host:
        raise Wrong(f"{shown(text)}: an IPv6 address stands in brackets: [{host}]:{tail}")
    elif not _is_ip(host, 4) and (not _NAME.match(host) or host.replace(".", "").isdigit()):
        raise Wrong(f"{shown(host)} is neither an address nor a host name")
    return HostPort(host.lower(), int(tail))


def _network(text: str) -> str:
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise Wrong(f"{shown(text)} is not an address or a network like 10.0.0.0/8") from None
    if ipaddress.ip_address(text.partition("/")[0]) != network.network_address:
        raise Wrong(f"{shown(text)} has bits beyond its length; the network is {network}")
    return text


def _is_ip(text: str, version: int) -> bool:
    try:
        return ipaddress.ip_address(text).version == version
    except ValueError:
        return False


def loopback(host: str) -> bool:
    """Whether a listener's host is this machine alone."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def unspecified(host: str) -> bool:
    """Whether a listener's host means every address of this machine."""
    try:
        return ipaddress.ip_address(host).is_unspecified
    except ValueError:
        return False


def from_option(form: str, words: tuple[str, ...]) -> object:
    """The words of a command-line option in the shape in which TOML would give them.

    `form` is a parameter's form: "number", "flag", "text" or "list".  A list may be given
    by several options and by commas.  Raises `Wrong` for a second word where one is wanted.
    """
    if form == "list":
        return [part for word in words for part in re.split(r"[\s,]+", word.strip()) if part]
    if len(words) != 1:
        raise Wrong(f"given {len(words)} times")
    word = words[0].strip()
    if form == "number" and re.fullmatch(r"[+-]?[0-9]{1,18}", word):
        return int(word)
    if form == "flag":
        return _FLAGS.get(word.lower(), word)
    return word
