"""The field table: every key of a spool file, once.

Help, validation and `docs/spool-format.md` come from here.  The first seventeen keys
are the chapter's, in its order; the others are extensions of this project and stand
after them.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from spooltool.spool.hosts import MAX_HOSTS_BYTES, parse_hosts

CHAPTER = "chapter"
OURS = "extension"
FORMAT_VERSION = "1"


@dataclass(frozen=True, slots=True)
class Field:
    """One key: what it may hold, what it means, where that is written.

    `kind` names the value's form for a person; `check` returns what is wrong with a
    value or "".  `default` is what a new file of ours gets (None: it depends on the
    message).  `repeats` keys may stand more than once.  `settable` keys may be changed
    with `spooltool set`; of the rest `instead` says why not, and what does it.
    """

    key: str
    kind: str
    meaning: str
    default: str | None
    source: str
    check: Callable[[str], str]
    settable: bool = False
    repeats: bool = False
    instead: str = ""

    @property
    def separator(self) -> str:
        """What stands between key and value when we write: TAB; SPACE TAB SPACE for LOG_*."""
        return ": \t " if self.key.startswith("LOG_") else ":\t"


def _one_of(*words: str) -> Callable[[str], str]:
    def check(value: str) -> str:
        return "" if value in words else f"not one of {', '.join(words)}"

    return check


def _number(low: int, high: int) -> Callable[[str], str]:
    def check(value: str) -> str:
        # The length first: int() refuses thousands of digits with an exception.
        if value.isascii() and value.isdigit() and len(value) < 20 and low <= int(value) <= high:
            return ""
        return f"not a whole number from {low} to {high}"

    return check


def _address4(value: str) -> str:
    octets = value.split(".")
    good = len(octets) == 4 and all(_OCTET.match(octet) and int(octet) < 256 for octet in octets)
    return "" if good else "not an address a.b.c.d"


def _address(value: str) -> str:
    hosts = parse_hosts(value)
    literal = len(hosts) == 1 and hosts[0].port is None and ":" in hosts[0].host
    return "" if literal or not _address4(value) else "not an address"


def _hosts(value: str) -> str:
    if len(value.encode("utf-8", "surrogateescape")) > MAX_HOSTS_BYTES:
        return f"longer than {MAX_HOSTS_BYTES} bytes"
    return "" if parse_hosts(value) else "not a host, HOST:PORT, or {a,b} list of them"


_OCTET = re.compile(r"[0-9]{1,3}\Z")
_ROUTE = re.compile(r"(dst|mx)\Z")
_NUMBER = re.compile(r"[0-9A-Za-z]{1,16}\Z")
_TIME = re.compile(r"[0-9]{1,12}(\.[0-9]{1,6})?\Z")
_DIGEST = re.compile(r"[a-z0-9_-]{1,20}:[0-9a-f]{1,256}\Z")


def _matches(pattern: re.Pattern[str], what: str) -> Callable[[str], str]:
    def check(value: str) -> str:
        return "" if pattern.match(value) else f"not {what}"

    return check


def _any(value: str) -> str:
    return ""


NOTICE_KINDS: dict[str, str] = {
    "failure": "mail that will not be delivered",
    "delay": "mail that is late and goes on being tried",
    "relayed": "mail that was handed to a server which reports no deliveries",
    "blocked": "mail that the content rules do not let through",
    "infected": "mail in which the antivirus scanner found something",
    "not-allowed": "mail that the rule base does not let go where it was to go",
}
"""What the notice of an E file is about: the first word of NOTICE."""


def _notice(value: str) -> str:
    kind = value.partition(" ")[0]
    return "" if kind in NOTICE_KINDS else f"not one of {', '.join(NOTICE_KINDS)}"


_UNREAD = "the chapter calls it unknown, and nothing reads it"
_RECORD = "a record of how the message came"

_log = _one_of("MDQ_LOG", "MDQ_ALERT")
_flag = _one_of("0", "1")

FIELDS: tuple[Field, ...] = (
    Field(
        "AV_SETTING",
        "none|check|cure",
        "whether the message is scanned for viruses: not, refuse infected, clean infected",
        "none",
        CHAPTER,
        _one_of("none", "check", "cure"),
        settable=True,
    ),
    Field(
        "AV_IPADDR",
        "a.b.c.d",
        "address of the antivirus scanner; 0.0.0.0 when there is no scan",
        "0.0.0.0",
        CHAPTER,
        _address4,
        settable=True,
    ),
    Field(
        "AV_PORT",
        "n",
        "port of the antivirus scanner, 18181 or 0 with the original",
        "0",
        CHAPTER,
        _number(0, 65535),
        settable=True,
    ),
    Field(
        "AV_HEADERS",
        "0|1",
        "1 when the scanner is sent the mail headers too",
        "0",
        CHAPTER,
        _flag,
        settable=True,
    ),
    Field(
        "COMPOUND",
        "n",
        "unknown in the chapter, usually 0",
        "0",
        CHAPTER,
        _any,
        instead=_UNREAD,
    ),
    Field(
        "SRC",
        "a.b.c.d",
        "address of the client that sent the message",
        None,
        CHAPTER,
        _address,
        instead=_RECORD,
    ),
    Field("SPORT", "n", "port of that client", None, CHAPTER, _number(0, 65535), instead=_RECORD),
    Field(
        "DST",
        "HOST|HOST:PORT|{a,b}",
        "the server the message is delivered to, or a list tried in order",
        None,
        CHAPTER,
        _hosts,
        settable=True,
    ),
    Field(
        "DPORT",
        "n",
        "port at DST; a port written on a host of DST beats it",
        "25",
        CHAPTER,
        _number(1, 65535),
        settable=True,
    ),
    Field(
        "ERR_SERVER",
        "HOST|HOST:PORT|{a,b}",
        "the server that is given the failure notice; port 25 unless written on the host",
        None,
        CHAPTER,
        _hosts,
        settable=True,
    ),
    Field(
        "RULE",
        "n",
        "number of the rule that accepted the message",
        "0",
        CHAPTER,
        _number(0, 999999),
        instead=_RECORD,
    ),
    Field(
        "RULEACT",
        "n",
        "unknown in the chapter, usually 16",
        "16",
        CHAPTER,
        _any,
        instead=_UNREAD,
    ),
    Field(
        "ERRMAIL",
        "0|1",
        "1 when the sender is notified of a failure",
        "1",
        CHAPTER,
        _flag,
        settable=True,
    ),
    Field("ACCT", "0|1", "1 when the connection is accounted", "0", CHAPTER, _flag, settable=True),
    Field(
        "LOG_OK",
        "MDQ_LOG|MDQ_ALERT",
        "how a delivery is recorded; absent: not at all",
        "MDQ_LOG",
        CHAPTER,
        _log,
        settable=True,
    ),
    Field(
        "LOG_BAD",
        "MDQ_LOG|MDQ_ALERT",
        "how a failed attempt is recorded; absent when exception tracking is None",
        "MDQ_LOG",
        CHAPTER,
        _log,
        settable=True,
    ),
    Field(
        "LOG_ERR",
        "MDQ_LOG|MDQ_ALERT",
        "how it is recorded that an error mail is due; absent: not at all",
        "MDQ_ALERT",
        CHAPTER,
        _log,
        settable=True,
    ),
    Field(
        "FORMAT",
        "1",
        "version of the extension keys",
        FORMAT_VERSION,
        OURS,
        _one_of("1"),
        instead="it says how the other keys are read",
    ),
    Field(
        "STATE",
        "fixed width",
        "summary of the result fields, updated in place",
        None,
        OURS,
        _any,
        instead="it sums up what happened; `kick` tries now, `requeue` begins anew",
    ),
    Field(
        "ARRIVED",
        "unix seconds",
        "when the message was accepted, UTC",
        None,
        OURS,
        _matches(_TIME, "unix seconds"),
        instead=f"{_RECORD}; `requeue` gives a fresh term",
    ),
    Field("HELO", "text", "what the client called itself", None, OURS, _any, instead=_RECORD),
    Field(
        "PROTO",
        "word",
        "protocol of acceptance: SMTP, ESMTP, ESMTPS, cipher",
        None,
        OURS,
        _any,
        instead=_RECORD,
    ),
    Field(
        "RESOURCE",
        "NAME DIGEST|none",
        "the SMTP resource that was matched, with the digest of its definition",
        "none",
        OURS,
        _any,
        instead="`set --resource NAME|none`",
    ),
    Field(
        "ROUTE",
        "dst|mx",
        "dst: deliver to DST; mx: by the MX of each recipient's domain",
        "dst",
        OURS,
        _matches(_ROUTE, "dst or mx"),
        instead="`retarget --to mx`, or `retarget --to HOST` for dst",
    ),
    Field(
        "ERR_ROUTE",
        "dst|mx",
        "dst: the failure notice goes to ERR_SERVER; mx: by the MX of the sender's domain; "
        "absent: dst",
        None,
        OURS,
        _matches(_ROUTE, "dst or mx"),
        settable=True,
    ),
    Field(
        "NOTICE_OF",
        "number",
        "an E file made for some recipients of that message: its headers and no whole body, so "
        "that its notice alone can be sent",
        None,
        OURS,
        _matches(_NUMBER, "the number of a message"),
        instead="it says what the file was made from",
    ),
    Field(
        "NOTICE",
        "kind text",
        "what the notice of an E file is about, with what it must know besides; absent: a failure",
        None,
        OURS,
        _notice,
        instead="it says what the file was made for",
    ),
    Field(
        "VERDICT",
        "fixed width",
        "what content policy last said of the message, updated in place; absent where nothing "
        "is asked of its content",
        None,
        OURS,
        _any,
        instead="the next attempt judges anew; `release` waives a check",
    ),
    Field(
        "FROM",
        "<address> params",
        "the envelope sender with its MAIL parameters",
        None,
        OURS,
        _any,
        instead="`set --from ADDRESS`",
    ),
    Field(
        "RCPT",
        "results <address> params",
        "one recipient: fixed-width results, address, RCPT parameters",
        None,
        OURS,
        _any,
        repeats=True,
        instead="`set --rcpt OLD=NEW`",
    ),
    Field(
        "PASS",
        "check who when",
        "a check skipped after release",
        None,
        OURS,
        _any,
        repeats=True,
        instead="`release` writes it",
    ),
    Field(
        "SIZES",
        "n n n",
        "bytes of original headers, modified headers, body",
        None,
        OURS,
        _any,
        instead="`accept` seals the content as it stands",
    ),
    Field(
        "DIGEST",
        "algorithm:hex",
        "digest of everything after the envelope",
        None,
        OURS,
        _matches(_DIGEST, "algorithm:hex"),
        instead="`accept` seals the content as it stands",
    ),
)
"""Every key, in the order in which it is written."""

FIELD: dict[str, Field] = {field.key: field for field in FIELDS}
ORDER: dict[str, int] = {field.key: index for index, field in enumerate(FIELDS)}
CHAPTER_KEYS: tuple[str, ...] = tuple(f.key for f in FIELDS if f.source == CHAPTER)
LOG_KEYS = ("LOG_OK", "LOG_BAD", "LOG_ERR")


def check_value(key: str, value: str) -> str:
    """What is wrong with a value for a key, or "" when it may be written.

    Besides the field's own rule: no control byte can stand in a value, so that a value
    can never become a line of its own (the file's first safety rule).
    """
    if any(ch < " " or ch == "\x7f" for ch in value):
        return "control characters cannot stand in a value"
    if any("\ud800" <= ch <= "\udfff" and not "\udc80" <= ch <= "\udcff" for ch in value):
        return "half a character cannot stand in a value"
    field = FIELD.get(key)
    return field.check(value) if field else "no such key"


def escape_text(text: str) -> str:
    """Make free text safe as a value: control bytes, `%` and undecodable bytes as %XX.

    So are blanks at either end, which a reader takes for no part of the value.
    """
    if text.isascii() and text.isprintable() and "%" not in text and text == text.strip(" "):
        return text
    lead = len(text) - len(text.lstrip(" "))
    core = text[lead:].rstrip(" ")
    return "%20" * lead + _escaped(core) + "%20" * (len(text) - lead - len(core))


def _escaped(text: str) -> str:
    return "".join(
        "".join(f"%{byte:02X}" for byte in ch.encode("utf-8", "surrogateescape"))
        if ch < " "
        or ch == "%"
        or "\x7f" <= ch < "\xa0"
        or "\udc80" <= ch <= "\udcff"
        or ch in "\u2028\u2029"
        else ch
        for ch in text
    )


_ESCAPED = re.compile(rb"%([0-9A-F]{2})")


def unescape_text(value: str) -> str:
    """Inverse of `escape_text`."""
    if "%" not in value:
        return value
    raw = value.encode("utf-8", "surrogateescape")
    plain = _ESCAPED.sub(lambda m: bytes((int(m[1], 16),)), raw)
    return plain.decode("utf-8", "surrogateescape")
