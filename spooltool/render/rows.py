"""The message list: one line a message, for a screen, for a pipe.

Widths are fixed before the first row, so that rows can be written as they come.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from spooltool.diagnose.row import Row
from spooltool.render.text import cut, fit, fit_right, visible
from spooltool.render.units import age, due, rfc3339

COLUMNS = ("ID", "AGE", "TRY", "NEXT", "DST", "RECIPIENT", "WHY")
_AGE, _TRY, _NEXT = 6, 3, 6
_DST, _DST_WIDEST = 15, 30
_RECIPIENT, _RECIPIENT_WIDEST = 22, 40
_WITH_RECIPIENT = 96
"""Narrower screens leave the recipient out: a reason cut in half explains nothing."""


class Layout(NamedTuple):
    """Widths of the columns that grow; `recipient` 0 leaves that column out."""

    id: int
    dst: int
    recipient: int
    why: int


def layout(width: int, id_width: int = 9) -> Layout:
    """The widths for a screen of `width` columns."""
    id_width = max(id_width, 2)
    room = width - id_width - (_AGE + 1) - (_TRY + 1) - (_NEXT + 1) - 2
    if width < _WITH_RECIPIENT:
        dst = min(_DST, max(8, room - 20))
        return Layout(id_width, dst, 0, max(10, room - dst - 2))
    extra = max(0, width - 100)
    dst = min(_DST + extra // 4, _DST_WIDEST)
    recipient = min(_RECIPIENT + extra // 3, _RECIPIENT_WIDEST)
    return Layout(id_width, dst, recipient, max(10, room - dst - 2 - recipient - 2))


def header(widths: Layout) -> str:
    """The line above the list."""
    return _join(widths, "ID", "AGE", "TRY", "NEXT", "DST", "RECIPIENT", "WHY")


def row_line(row: Row, widths: Layout) -> str:
    """One message on a screen: cut, padded, nothing raw."""
    return _join(
        widths,
        row.letter + row.id,
        shown_age(row),
        shown_attempts(row),
        shown_next(row),
        visible(shown_dst(row)),
        visible(shown_recipients(row)) if widths.recipient else "",
        visible(row.why),
    )


def _join(
    widths: Layout, id_: str, age_: str, tries: str, next_: str, dst: str, rcpt: str, why: str
) -> str:
    line = (
        f"{fit(id_, widths.id)} {fit_right(age_, _AGE)} {fit_right(tries, _TRY)} "
        f"{fit_right(next_, _NEXT)}  {fit(dst, widths.dst)}  "
    )
    if widths.recipient:
        line += fit(rcpt, widths.recipient) + "  "
    return (line + cut(why, widths.why)).rstrip(" ")


def pipe_header() -> str:
    """The line above the list in a pipe."""
    return "#" + "\t".join(COLUMNS)


def pipe_line(row: Row) -> str:
    """One message in a pipe: the same columns, tabs between, uncut."""
    seconds, tries, next_try = row.age, row.attempts, row.next_try
    return "\t".join(
        (
            row.letter + row.id,
            "-" if seconds is None else str(int(seconds)),
            "-" if tries is None else str(tries),
            rfc3339(next_try) or "-",
            visible(_host_and_port(row)) or "-",
            ",".join(visible(address) or "<>" for address in row.recipients) or "-",
            visible(row.why),
        )
    )


def shown_age(row: Row) -> str:
    """`5h12m`; `~5h` when only the file's own time is known; `?` when nothing is."""
    seconds = row.age
    if seconds is None:
        return "?"
    if row.age_is_exact:
        return age(seconds)
    return "~" + _coarse(age(seconds))


def _coarse(text: str) -> str:
    """The largest unit alone: a guess needs no minutes."""
    for unit in "dh":
        whole, found, _ = text.partition(unit)
        if found:
            return whole + unit
    return text


def shown_attempts(row: Row) -> str:
    """The number of attempts, `-` when the file does not say."""
    tries = row.attempts
    return "-" if tries is None else str(tries)


def shown_next(row: Row) -> str:
    """`in 8m`, `now`, `-12m` (late), `susp` (its host is suspended), `-` when none is planned."""
    if row.around.holder and row.letter != "T":
        return "now"
    if row.around.suspended and row.waits_for_a_try:
        return "susp"
    next_try = row.next_try
    return "-" if next_try is None else due(next_try - row.around.now)


def shown_dst(row: Row) -> str:
    """The host, the first of several with their number, `mx DOMAIN`, `-`; `?` unreadable."""
    if row.head is None:
        return "?"
    hosts = row.hosts
    if not hosts:
        return "mx" if row.by_mx else row.get("DST") or "-"
    first = f"mx {hosts[0]}" if row.by_mx else str(hosts[0])
    return first if len(hosts) == 1 else f"{first} +{len(hosts) - 1}"


def _host_and_port(row: Row) -> str:
    if row.head is None:
        return "?"
    hosts = row.hosts
    if row.by_mx:
        return " ".join(("mx", ",".join(host.host for host in hosts))).strip()
    port = row.dport
    if not hosts:
        return row.get("DST") or ""
    return ",".join(
        str(host) if host.port or port is None else str(type(host)(host.host, port))
        for host in hosts
    )


def shown_recipients(row: Row) -> str:
    """The first that still waits, with the number of others: `anna@example.org +1`."""
    results = row.results
    if not results:
        return "-"
    first = next((recipient for recipient in results if recipient.pending), results[0])
    address = first.address or "<>"
    return address if len(results) == 1 else f"{address} +{len(results) - 1}"


def line_maker(tty: bool, widths: Layout) -> Callable[[Row], str]:
    """The function that writes a row for this kind of output."""
    return (lambda row: row_line(row, widths)) if tty else pipe_line
