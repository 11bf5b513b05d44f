"""One message on a screen: verdict, envelope, recipients with their results, headers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from spooltool.diagnose.header_changes import HeaderChange, header_changes
from spooltool.diagnose.mending import mending
from spooltool.diagnose.row import Row
from spooltool.render.diff import change_words, whole_diff
from spooltool.render.orders import order_words
from spooltool.render.table import labelled, table
from spooltool.render.text import columns, cut, visible, wrapped
from spooltool.render.units import age, ago, clock, count, due, plural, size, stamp
from spooltool.spool.defects import DEFECTS, Defect
from spooltool.spool.notice_kind import NoticeKind
from spooltool.spool.recipient import MARKS, Recipient

if TYPE_CHECKING:
    from spooltool.control import Order

LABELS = 12
"""Columns that the labels of `facts` take."""

MOST_RECIPIENTS = 20
MOST_HEADER_LINES = 40
_FEW_DOMAINS = 4
_BRIEF = {
    "U": "outcome unknown",
    "F": "failed",
    "N": "failed, its notice is a file of its own",
    "X": "ended, nobody told",
}
"""Shorter words than those of the mark table, for a column."""


class Shown(NamedTuple):
    """A message as `show` has read it: its row, header sets, length of the body, defects.

    `given_up` is when it is abandoned, unix seconds, None when that is not known; `order`
    keeps it back, since its host is suspended.  `more` counts, by mark, recipients that the
    row does not know; `more_at` tells where those stand that are not listed.
    """

    row: Row
    original: bytes
    modified: bytes
    body: int
    defects: tuple[Defect, ...] = ()
    given_up: float | None = None
    order: Order | None = None
    more: Mapping[str, int] = MappingProxyType({})
    more_at: str = "--json has all"

    @property
    def changes(self) -> tuple[HeaderChange, ...]:
        """What was done to the headers, and by whom."""
        return header_changes(self.original, self.modified, self.row.rule, self.row.resource)


def message_lines(shown: Shown, width: int, cut_at: int) -> list[str]:
    """The whole screen of one message: sentences wrapped at `width`, long lines cut at `cut_at`."""
    row = shown.row
    return [
        *verdict_line(row, width),
        "",
        *_envelope(shown, width, cut_at),
        *(["", *lines] if (lines := defect_lines(shown.defects, width, cut_at)) else []),
        "",
        *_headers(shown, width, cut_at),
    ]


def verdict_line(row: Row, width: int) -> list[str]:
    """What is going on, with the code of standing or reason at the right edge."""
    verdict = row.verdict
    code = f"{verdict.word}, {verdict.reason}" if verdict.reason else verdict.word
    text = visible(verdict.why)
    gap = width - columns(text) - len(code)
    if gap >= 2:
        return [text + " " * gap + code]
    return [*wrapped(text, width), " " * max(0, width - len(code)) + code]


def _envelope(shown: Shown, width: int, cut_at: int) -> list[str]:
    told = facts(shown, width - LABELS, cut_at - LABELS)
    return [line for label, lines in told for line in labelled(label, lines)]


def facts(shown: Shown, width: int, cut_at: int) -> list[tuple[str, list[str]]]:
    """What is known of a message, each with its label: sentences wrapped, tables cut."""
    row = shown.row
    told = [("message", wrapped(_message_words(row), width))]
    if not row.readable:
        return told
    sender = row.get("FROM")
    told += [
        ("from", [_sender_words(row) if sender is not None else "not in the file"]),
        ("to", _recipient_lines(shown, width, cut_at)),
        ("by way of", wrapped(_client_words(row), width)),
        ("goes to", wrapped(_route_words(row), width)),
    ]
    if tried := tried_words(row):
        told.append(("tried", wrapped(tried, width)))
    if shown.order is not None:
        words = order_words(shown.order, row.around.now)
        told.append(("suspended", wrapped(words, width)))
    if following := next_words(shown):
        told.append(("next", wrapped(following, width)))
    if mend := _mend_lines(row, cut_at):
        told.append(("mend", mend))
    return told


def _mend_lines(row: Row, cut_at: int) -> list[str]:
    return table([(visible(command), visible(what)) for command, what in mending(row)], cut_at)


def _message_words(row: Row) -> str:
    place = row.dir or "the flat spool"
    words = f"{row.letter}{row.id} in {place}"
    if not row.readable:
        return words
    words += f", {size(row.size)}"
    arrived, now = row.arrived, row.around.now
    if arrived is not None:
        about = "" if row.age_is_exact else "about "
        words += f", arrived {about}{clock(arrived, now)}, {ago(now - arrived)} ago"
    rule, resource = row.rule, row.resource
    if rule is not None:
        words += f"; rule {visible(rule)}"
    if resource is not None:
        words += f", resource {visible(resource)}"
    return words


def _sender_words(row: Row) -> str:
    sender = row.sender
    envelope = row.envelope
    if sender is None or envelope is None or envelope.sender is None:
        return visible(f"cannot be read: {row.get('FROM') or ''}")
    path = envelope.sender
    words = visible(sender) or "<> (the null sender: a notice; no notice about it is sent)"
    if path.params:
        words += f"  {visible(path.params)}"
    if path.orig:
        words += f"  was {visible(path.orig)}"
    return words


def _recipient_lines(shown: Shown, width: int, cut_at: int) -> list[str]:
    row = shown.row
    results = row.results
    if not results:
        return ["not in the file"]
    waiting = [one for one in results if one.pending]
    ordered = [*waiting, *(one for one in results if not one.pending)]
    listed = ordered[:MOST_RECIPIENTS]
    usual = {str(host) for host in row.hosts} | {f"{host}:25" for host in row.hosts}
    late = row.notice is NoticeKind.DELAY
    cells = [(_address(one), "late" if late else _mark(one), _reply(one, usual)) for one in listed]
    lines = table(cells, cut_at)
    rest = Counter(_mark(one) for one in ordered[len(listed) :])
    rest.update({_mark_words(mark): number for mark, number in shown.more.items()})
    if left := rest.total():
        totals = "; ".join(f"{number:,} {word}" for word, number in rest.items())
        lines += wrapped(f"and {left:,} more: {totals} ({shown.more_at})", width)
    return lines


def _address(one: Recipient) -> str:
    words = visible(one.address) or "<>"
    return f"{words} was {visible(one.path.orig)}" if one.path.orig else words


def _mark(one: Recipient) -> str:
    return _mark_words(one.mark)


def _mark_words(mark: str) -> str:
    return _BRIEF.get(mark) or MARKS.get(mark) or visible(mark)


def _reply(one: Recipient, usual: set[str]) -> str:
    """The last reply; its host only where that is none of DST."""
    words = [str(one.code) if one.code else "", one.enhanced, one.text]
    text = " ".join(word for word in words if word)
    if one.host and text and one.host not in usual:
        return visible(f"{one.host}: {text}")
    return visible(text or one.host)


def _client_words(row: Row) -> str:
    words = visible(row.get("SRC") or "unknown client")
    helo, proto = row.get("HELO"), row.get("PROTO")
    if helo:
        words += f", which called itself {visible(helo)}"
    return f"{words}, {visible(proto)}" if proto else words


def _route_words(row: Row) -> str:
    if row.get("ROUTE") == "mx":
        domains = ", ".join(visible(host.host) for host in row.hosts[:_FEW_DOMAINS])
        more = len(row.hosts) - _FEW_DOMAINS
        words = f"the MX of {domains or 'no domain'}" + (f" and {more} more" if more > 0 else "")
    else:
        words = visible(row.get("DST") or "DST not in the file")
        if row.dport is not None:
            words += f" port {row.dport}"
    server = row.get("ERR_SERVER")
    if row.get("ERR_ROUTE") == "mx":
        server = "the MX of the sender's domain"
    if row.letter == "E":
        words = _owed_words(row, visible(server or "nobody: no ERR_SERVER"))
    elif server is not None:
        words += f"; a notice would go to {visible(server)}"
        if row.get("ERRMAIL") == "0":
            words += " (ERRMAIL 0: none is sent)"
    return words


def _owed_words(row: Row, server: str) -> str:
    """Which notice an E file owes, about which message, and where it goes."""
    kind, of = row.notice, row.get("NOTICE_OF")
    if kind is None or kind is NoticeKind.FAILURE:
        return f"given up; its notice goes to {server}"
    about = f" about {visible(of)}" if of else ""
    return f"{server}: a {kind.called}{about}"


def tried_words(row: Row) -> str:
    """How often it was tried, when last, and what came of it; "" before a first attempt."""
    state = row.state
    if state is None or not state.attempts:
        return ""
    words = plural(state.attempts, "time")
    if state.last_try:
        words += f", last {clock(state.last_try, row.around.now)}"
    text = " ".join(
        word for word in (str(state.code) if state.code else "", state.enhanced, state.text) if word
    )
    host = "" if state.host in text else state.host
    if host or text:
        words += ": " + visible(": ".join(part for part in (host, text) if part))
    return words


def next_words(shown: Shown) -> str:
    """When it is tried next and when it is given up; "" where nothing is planned."""
    row = shown.row
    now = row.around.now
    parts = []
    if row.around.holder:
        parts.append(f"now: held by {visible(row.around.holder)}")
    elif shown.order is not None:
        parts.append("no attempt while its host is suspended")
    elif row.next_try is not None:
        late = now - row.next_try
        when = f"due {ago(late)} ago" if late >= 60 else due(-late)
        parts.append(f"{clock(row.next_try, now)}, {when}")
    if shown.given_up is not None and row.waits_for_a_try:
        left = shown.given_up - now
        when = clock(shown.given_up, now)
        if shown.order is not None and left > 0:
            return f"{parts[0]}; given up by a failed one after {when}"
        parts.append(
            f"given up {when}, in {age(left)}"
            if left > 0
            else f"given up at its next failure: its term ended {when}"
        )
    return "; ".join(parts)


def defect_lines(defects: Sequence[Defect], width: int, cut_at: int) -> list[str]:
    """Each with line and column, those without a place gathered by their code; a heading first."""
    if not defects:
        return []
    lines = ["defects"]
    placeless: dict[str, list[str]] = {}
    for defect in defects:
        text = visible(defect.text) or DEFECTS.get(defect.code, "")
        if defect.line:
            place = f"{defect.line}:{defect.column}"
            lines.append(cut(f"  {place:>7}  {defect.code:<16}  {text}", cut_at))
        else:
            placeless.setdefault(defect.code, []).append(text)
    for code, texts in placeless.items():
        first, *more = wrapped(", ".join(texts), max(20, width - 29))
        lines.append(f"  {'-':>7}  {code:<16}  {first}")
        lines += [" " * 29 + line for line in more]
    return lines


def _headers(shown: Shown, width: int, cut_at: int) -> list[str]:
    if not shown.original and not shown.modified:
        return [f"no headers; body {size(shown.body)}"]
    diff = whole_diff(shown.original, shown.modified)
    changed = any(line.startswith(("-", "+")) for line in diff)
    legend = "- as received, + as it will be sent" if changed else "sent as received"
    lines = [f"headers ({legend}); body {size(shown.body)}"]
    for change in shown.changes:
        lines += ["  " + line for line in wrapped(change_words(change), width - 2)]
    lines.append("")
    lines += [cut(line, cut_at) for line in diff[:MOST_HEADER_LINES]]
    left = len(diff) - MOST_HEADER_LINES
    if left > 0:
        lines.append(f"… {count(left)} more lines: --headers")
    return lines


def time_of(at: float) -> str:
    """The full time, for places without a clock beside them."""
    return stamp(at)
