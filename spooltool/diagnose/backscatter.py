"""What a person should know before mail is given up, or tried as if it were new."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from spooltool.diagnose.row import Row
from spooltool.spool.disposition import wants_notice
from spooltool.spool.hosts import parse_hosts

MANY_DOMAINS = 50
"""More sender domains than this in one bounce are the mark of forged senders."""


def bounce_notes(rows: Sequence[Row]) -> list[str]:
    """Notes over the rows that will be given up: who is told, and by which server."""
    if not rows:
        return []
    domains = sender_domains(rows)
    notes = [f"notices go to {_counted(len(domains), 'sender domain')}"]
    if len(domains) > MANY_DOMAINS:
        notes.append(
            f"backscatter: over {MANY_DOMAINS} sender domains mean forged senders more often "
            "than not, and each notice goes to somebody who sent nothing; `delete` tells nobody"
        )
    untold = sum(map(_untold, rows))
    if untold:
        notes.append(f"NOTIFY of {_counted(untold, 'recipient')} asks for no notice: not told of")
    return notes + _same_server(rows)


def requeue_notes(rows: Sequence[Row]) -> list[str]:
    """Notes over the rows that will be tried as if they were new."""
    notes = []
    owed = sum(row.letter == "E" for row in rows)
    if owed:
        what = "its notice is" if owed == 1 else "their notices are"
        notes.append(f"{owed:,} given up: {what} not sent, the mail is tried again")
    marks = Counter(one.mark for row in rows for one in row.results)
    if marks["D"]:
        notes.append(f"{_counted(marks['D'], 'recipient')} delivered to already: not sent again")
    if marks["N"]:
        notes.append(
            f"{_counted(marks['N'], 'recipient')} of whose failure the sender is told by a "
            "notice of its own: tried again all the same"
        )
    return notes


def sender_domains(rows: Iterable[Row]) -> set[str]:
    """The domains that notices would go to, in lower case."""
    senders = (row.envelope.sender if row.envelope else None for row in rows)
    return {one.address.rpartition("@")[2].lower() for one in senders if one is not None}


def _untold(row: Row) -> int:
    sender = row.envelope.sender if row.envelope else None
    if sender is None:
        return 0
    return sum(one.pending and not wants_notice(sender, one) for one in row.results)


def _same_server(rows: Iterable[Row]) -> list[str]:
    """Notices that would wait for the very host that the mail waits for."""
    waiting: Counter[str] = Counter()
    for row in rows:
        value = row.get("ERR_SERVER") or ""
        if row.get("ERR_ROUTE") == "mx":
            continue
        theirs = {host.host for host in parse_hosts(value)}
        if row.verdict.stuck and theirs & {host.host for host in row.hosts}:
            waiting[value] += 1
    return [
        f"ERR_SERVER of {count:,} is {value}, where the mail itself is stuck: the notices "
        "wait there, too (`set QUERY ERR_SERVER=HOST`)"
        for value, count in waiting.most_common()
    ]


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
