"""`[resource.NAME]`: the chapter's resource of type SMTP, its five tabs as one table.

General stands in the table itself, Match, Action1, Action2 and CVP are sub-tables.  Names are
those of the management API's `resource-smtp`, with underscores.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from relay.config import kinds
from relay.config.kinds import Wrong
from relay.config.scanners import read_name as scanner_name
from relay.config.tables import TableKind, entry
from relay.config.wildcard import (
    BadPattern,
    Pattern,
    Replacement,
    compile_pattern,
    compile_replacement,
)

NONE = "none"
"""RESOURCE of a message that matched no resource."""

EXCEPTIONS = ("none", "log", "alert")
CHARACTERS = ("8_bit", "7_bit")
REPLY_ORDERS = (
    "return_data_after_content_is_approved",
    "return_data_before_content_is_approved",
)

_FIELD = re.compile(r"[!-9;-~]{1,200}\Z")  # RFC 5322 3.6.8
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f]")

_ANY = compile_pattern("*")
_PATTERN = "pattern"
_HOSTS = "HOST|HOST:PORT|{a,b}|mx"


@dataclass(frozen=True, slots=True)
class Rewrite:
    """What is matched, and what it becomes."""

    original: Pattern
    rewritten: Replacement


@dataclass(frozen=True, slots=True)
class FieldRewrite:
    """The same for the header field of this name; an empty replacement deletes it."""

    field: str
    original: Pattern
    rewritten: Replacement


def pattern(value: object) -> Pattern:
    """A pattern of wildcards; "" is `*`, as an empty box of the dialog."""
    return _pattern(kinds.as_text(value, "a pattern") or "*")


def _pattern(text: str) -> Pattern:
    if _UNPRINTABLE.search(text):
        raise Wrong("wants a pattern without control characters")
    try:
        return compile_pattern(text)
    except BadPattern as bad:
        raise Wrong(f"{kinds.shown(text)}: {bad}") from bad


def strip_list(value: object) -> str:
    """A pattern of what is stripped; "" for nothing."""
    text = kinds.as_text(value, "a pattern")
    return _pattern(text).text if text else ""


def address_rewrite(value: object) -> Rewrite | None:
    """`{ original = "*@a", rewritten = "&@b" }` for addresses; `{}` for none."""
    found = _pieces(value, ("original", "rewritten"))
    if found is None:
        return None
    original, rewritten = _sides(found)
    if not rewritten.text:
        raise Wrong("rewritten is empty, and an address cannot be deleted")
    if any(ch in " \t<>" for ch in rewritten.text):
        raise Wrong(f"{kinds.shown(rewritten.text)} would make no address")
    return Rewrite(original, rewritten)


def field_rewrite(value: object) -> FieldRewrite | None:
    """The same for a header field, with its name as `field`."""
    found = _pieces(value, ("field", "original", "rewritten"))
    if found is None:
        return None
    name = found["field"].strip().removesuffix(":")
    if not _FIELD.match(name):
        raise Wrong(f"{kinds.shown(found['field'])} is no name of a header field")
    return FieldRewrite(name, *_sides(found))


def _sides(found: dict[str, str]) -> tuple[Pattern, Replacement]:
    if not found["original"]:
        raise Wrong("original is empty; * is everything")
    original, text = _pattern(found["original"]), found["rewritten"]
    if _UNPRINTABLE.search(text):
        raise Wrong("wants a replacement without control characters")
    try:
        rewritten = compile_replacement(text)
    except BadPattern as bad:
        raise Wrong(f"{kinds.shown(text)}: {bad}") from bad
    if rewritten.holes > original.stars:
        raise Wrong(
            f"{kinds.shown(text)} has & {_times(rewritten.holes)}, and "
            f"{kinds.shown(original.text)} has * "
            + (_times(original.stars) if original.stars else "nowhere")
        )
    return original, rewritten


def _times(count: int) -> str:
    return {1: "once", 2: "twice"}.get(count, f"{count} times")


def _pieces(value: object, names: tuple[str, ...]) -> dict[str, str] | None:
    form = "{ " + ", ".join(f'{name} = "…"' for name in names) + " }"
    if not isinstance(value, dict):
        raise Wrong(f"wants {form}, not {kinds.shown(value)}")
    if not value:
        return None
    if odd := [name for name in value if name not in names]:
        raise Wrong(f"wants {form}, and {odd[0]!r} is none of these")
    if missing := [name for name in names if name not in value]:
        raise Wrong(f"wants {form}: {missing[0]} is missing")
    return {name: kinds.as_text(value[name], f"text for {name}") for name in names}


def read_name(text: str) -> str:
    """A name of a resource."""
    if text.lower() == NONE:
        raise Wrong(f"{text!r} is no name: RESOURCE is {NONE} in mail that matched no resource")
    return scanner_name(text)


_REWRITE = "{ original, rewritten }"
_MATCH, _ACTION_1, _ACTION_2, _CVP = "match", "action_1", "action_2", "cvp"


def _flag(default: bool, meaning: str, *, part: str = "") -> bool:
    return entry(default, "true|false", kinds.flag, meaning, part=part)


@dataclass(frozen=True, slots=True)
class Resource:
    """What is done with the mail that a rule gives to it.  `mail_capacity` is in KB."""

    name: str
    comment: str = entry("", "text", kinds.line, "for people")
    mail_delivery_server: str = entry(
        "", _HOSTS, kinds.hosts, "where it goes; empty: where its client was going"
    )
    deliver_messages_using_dns_mx_records: bool = _flag(
        False, "deliver to the mail exchangers of each recipient's domain"
    )
    check_rulebase_with_new_destination: bool = _flag(
        False, "deliver only where a rule would let the mail go"
    )
    notify_sender_on_error: bool = _flag(
        False, "the sender is notified when mail cannot be delivered"
    )
    error_mail_delivery_server: str = entry(
        "", _HOSTS, kinds.hosts, "where error mail goes; empty: error_server, else as the mail"
    )
    error_deliver_messages_using_dns_mx_records: bool = _flag(
        False, "error mail goes to the mail exchangers of the sender's domain"
    )
    error_check_rulebase_with_new_destination: bool = _flag(
        False, "error mail goes only where a rule would let it go"
    )
    exception_track: str = entry(
        "none", "|".join(EXCEPTIONS), kinds.one_of(*EXCEPTIONS), "what becomes of anomalies"
    )
    match_sender: Pattern = entry(
        _ANY, _PATTERN, pattern, "senders; <> only where it is *", part=_MATCH, name="sender"
    )
    match_recipient: Pattern = entry(
        _ANY, _PATTERN, pattern, "recipients, as *@example.org", part=_MATCH, name="recipient"
    )
    rewrite_sender: Rewrite | None = entry(
        None,
        _REWRITE,
        address_rewrite,
        "what senders become; & is what * matched",
        part=_ACTION_1,
        name="sender",
    )
    rewrite_recipient: Rewrite | None = entry(
        None,
        _REWRITE,
        address_rewrite,
        "what recipients become",
        part=_ACTION_1,
        name="recipient",
    )
    rewrite_field: FieldRewrite | None = entry(
        None,
        "{ field, original, rewritten }",
        field_rewrite,
        "what the text of a header field becomes; empty: it is deleted",
        part=_ACTION_1,
        name="custom_field",
    )
    strip_mime_of_type: str = entry(
        "", _PATTERN, strip_list, "MIME types that are stripped", part=_ACTION_2
    )
    strip_file_by_name: str = entry(
        "", _PATTERN, strip_list, "file names that are stripped, as *.{exe,scr}", part=_ACTION_2
    )
    mail_capacity: int = entry(
        10_000,
        "1 to 4294967296 KB",
        kinds.whole(1, 1 << 32, "KB"),
        "the largest message that is delivered",
        part=_ACTION_2,
    )
    allowed_characters: str = entry(
        "8_bit",
        "|".join(CHARACTERS),
        kinds.one_of(*CHARACTERS),
        "7_bit: messages with other characters are blocked",
        part=_ACTION_2,
    )
    strip_script_tags: bool = _flag(False, "SCRIPT out of HTML", part=_ACTION_2)
    strip_applet_tags: bool = _flag(False, "APPLET out of HTML", part=_ACTION_2)
    strip_activex_tags: bool = _flag(False, "OBJECT and EMBED out of HTML", part=_ACTION_2)
    strip_ftp_links: bool = _flag(False, "links to ftp: out of HTML", part=_ACTION_2)
    strip_port_strings: bool = _flag(False, "links with a port out of HTML", part=_ACTION_2)
    enable_cvp: bool = _flag(False, "the mail is scanned for viruses", part=_CVP)
    server: str = entry("", "name", kinds.line, "the [scanner.NAME] that does it", part=_CVP)
    allowed_to_modify_content: bool = _flag(
        True, "infected parts are cleaned or removed (cure); else the mail is blocked", part=_CVP
    )
    send_headers: bool = _flag(False, "the scanner is sent the mail headers too", part=_CVP)
    reply_order: str = entry(
        REPLY_ORDERS[0],
        "|".join(REPLY_ORDERS),
        kinds.one_of(*REPLY_ORDERS),
        "kept for the original's sake: nothing is delivered before its verdict",
        part=_CVP,
    )


RESOURCE: TableKind[Resource] = TableKind(
    "resource",
    "resources",
    "Resources",
    "a resource",
    "[resource.NAME]",
    Resource,
    read_name=read_name,
)
