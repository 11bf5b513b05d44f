"""Our Received line, dates, and the hop count.

The line follows RFC 5321 4.4 and stands before everything else in the modified headers.
Loops are found on the headers as they came: by the number of Received lines, and sooner
by lines that name us.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache

from relay.smtp.reply import Reply

MAX_HOPS = 50
"""Received lines that a message may have when it comes (RFC 5321 6.3 wants 100 or fewer)."""

MAX_OWN = 2
"""Received lines that may name this host; one more is a loop."""

_COLUMNS = 77
_TAB = 8
_MAX_NAME = 255
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_NO_NAME = re.compile(r"[^A-Za-z0-9._:\[\]-]")
_NO_PATH = re.compile(r"[\x00-\x20\x7f-\xa0<>\u2028\u2029\ud800-\udfff]")
_RECEIVED = re.compile(rb"(?mi)^received[ \t]*+:([^\n]*+(?:\n[ \t][^\n]*+)*+)")


@dataclass(frozen=True, slots=True)
class Arrival:
    """What the Received line says of one message.

    `helo`, `address` and `reverse` (the client's verified name, "" when unknown) describe
    the client, `protocol` is the word of RFC 3848 or RFC 6531 (`SMTP`, `ESMTP`, `ESMTPS`,
    `UTF8SMTP`), `number` the message's own.  `recipient` is the only recipient, or ""
    where there are several: the line must not tell one of another.  `time` is in unix
    seconds.  `tls` is version and cipher of an encrypted connection.
    """

    helo: str
    address: str
    reverse: str
    hostname: str
    protocol: str
    number: str
    recipient: str
    time: float
    tls: str = ""


def received_line(arrival: Arrival) -> bytes:
    """The Received line with its LF, folded below 78 columns wherever a word allows it.

    Whatever in `helo` and `reverse` can stand in no host name becomes `?`, so that
    neither can end the line or forge a clause of it.
    """
    reverse = _name(arrival.reverse) + " " if arrival.reverse else ""
    recipient = arrival.recipient
    shown = recipient and not _NO_PATH.search(recipient)
    sender = [
        f"Received: from {_name(arrival.helo) or 'unknown'}",
        f"({reverse}{address_literal(arrival.address)})",
    ]
    if arrival.tls:
        sender.append(f"(using {arrival.tls})")
    here = (f"by {arrival.hostname}", f"with {arrival.protocol}", f"id {arrival.number}")
    date = format_date(arrival.time)
    if shown:
        lines = (_fill(sender), _fill(here), _fill((f"for <{recipient}>;", date)))
    else:
        lines = (_fill(sender), _fill((*here[:-1], here[-1] + ";")), date)
    return ("\n\t".join(lines) + "\n").encode()


def _name(text: str) -> str:
    return _NO_NAME.sub("?", text[:_MAX_NAME])


def _fill(words: Iterable[str]) -> str:
    """Words on one line while they fit, on continuation lines where they do not."""
    text = ""
    column = 0
    for word in words:
        if not text:
            text, column = word, _TAB + len(word)
        elif column + 1 + len(word) <= _COLUMNS:
            text += " " + word
            column += 1 + len(word)
        else:
            text += "\n\t" + word
            column = _TAB + len(word)
    return text


def address_literal(address: str) -> str:
    """An IP address as RFC 5321 4.1.3 writes it: `[192.0.2.1]`, `[IPv6:2001:db8::1]`."""
    return f"[IPv6:{address}]" if ":" in address else f"[{address}]"


def format_date(time: float) -> str:
    """A date as RFC 5322 3.3 has it, in UTC: `Tue, 24 Nov 2026 21:43:11 +0000`."""
    return _date_of_second(int(time))


@lru_cache(maxsize=64)
def _date_of_second(second: int) -> str:
    at = datetime.fromtimestamp(second, UTC)
    return (
        f"{_DAYS[at.weekday()]}, {at.day} {_MONTHS[at.month - 1]} {at.year} "
        f"{at.hour:02}:{at.minute:02}:{at.second:02} +0000"
    )


def count_hops(block: bytes) -> int:
    """How many Received lines a header block has."""
    return sum(1 for _ in _RECEIVED.finditer(block))


def count_own(block: bytes, hostname: str) -> int:
    """How many Received lines of a header block were added by this host: `by HOSTNAME`."""
    if hostname.lower().encode() not in block.lower():
        return 0
    ours = _by(hostname)
    return sum(1 for match in _RECEIVED.finditer(block) if ours.search(match[1]))


@lru_cache(maxsize=8)
def _by(hostname: str) -> re.Pattern[bytes]:
    return re.compile(rb"(?i)\sby\s+" + re.escape(hostname.encode()) + rb"(?=[\s;(]|\Z)")


def loop_problem(
    original: bytes, hostname: str, max_hops: int = MAX_HOPS, max_own: int = MAX_OWN
) -> Reply | None:
    """The reply that refuses a looping message, None for one that may go on.

    `original` is the header block as it came, before our own line is put in front.
    RFC 5321 6.3, RFC 3463 X.4.6.
    """
    hops = count_hops(original)
    if hops > max_hops:
        return Reply(554, "5.4.6", f"too many hops: {hops} Received lines")
    if hops > max_own:
        own = count_own(original, hostname)
        if own > max_own:
            return Reply(554, "5.4.6", f"mail loop: passed through {hostname} {own} times already")
    return None
