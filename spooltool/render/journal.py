"""Operators' transactions: one a line, one in full."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from spooltool.render.plan import folder, results
from spooltool.render.record import VERSION, Cleaner
from spooltool.render.table import labelled, table
from spooltool.render.text import cut, visible
from spooltool.render.units import clock, rfc3339, stamp
from spooltool.spool.plan import RESULTS_KEY, Change

MOST_NAMED = 50


class Ended(NamedTuple):
    """What became of one message: a word of the journal's results, with the reason."""

    id: str
    file: str
    result: str
    detail: str


class Shown(NamedTuple):
    """One transaction, as the journal has it.  `at` is unix seconds."""

    txn: str
    at: float
    verb: str
    user: str
    tty: str
    host: str
    command: str
    query: str
    reason: str
    undoes: str
    changes: tuple[Change, ...]
    outcomes: tuple[Ended, ...]
    ended: bool


def counts(shown: Shown) -> str:
    """`119 done, 1 busy`; what was never reached is `unfinished`."""
    numbers: dict[str, int] = {}
    for outcome in shown.outcomes:
        numbers[outcome.result] = numbers.get(outcome.result, 0) + 1
    parts = [f"{number:,} {visible(word)}" for word, number in numbers.items()]
    if not shown.ended:
        parts.append("unfinished")
    return ", ".join(parts) or "nothing"


def who(shown: Shown) -> str:
    """`root@pts/3`."""
    return who_of(shown.user, shown.tty)


def who_of(user: str, tty: str) -> str:
    """`root@pts/3`."""
    tty = tty.removeprefix("/dev/")
    return visible(f"{user}@{tty}" if tty else user)


def list_lines(transactions: Sequence[Shown], now: float, width: int) -> list[str]:
    """Transactions as a table, in the order given."""
    header = ("TXN", "WHEN", "WHO", "VERB", "RESULT", "QUERY")
    rows = [
        (
            visible(one.txn),
            clock(one.at, now),
            who(one),
            visible(one.verb) + (f" {visible(one.undoes)}" if one.undoes else ""),
            counts(one),
            visible(one.query or "-") + (f"  ({visible(one.reason)})" if one.reason else ""),
        )
        for one in transactions
    ]
    return table([header, *rows], width)


def pipe_lines(transactions: Sequence[Shown]) -> list[str]:
    """The same for a pipe: tabs, uncut."""
    lines = ["#TXN\tWHEN\tWHO\tVERB\tRESULT\tQUERY\tREASON"]
    for one in transactions:
        cells = (one.txn, rfc3339(one.at) or "-", who(one), one.verb, counts(one), one.query or "-",
                 one.reason or "-")  # fmt: skip
        lines.append("\t".join(visible(cell) for cell in cells))
    return lines


def short_line(one: Shown, now: float) -> str:
    """One transaction for `status`."""
    undone = f" of {visible(one.undoes)}" if one.undoes else ""
    return (
        f"{visible(one.txn)}  {clock(one.at, now)}  {who(one)}  {visible(one.verb)}{undone}  "
        + (counts(one) + (f": {visible(one.reason)}" if one.reason else ""))
    )


def full_lines(one: Shown, width: int) -> list[str]:
    """One transaction in full: what was asked, what was changed, what became of it."""
    lines = [f"txn {visible(one.txn)}  {visible(one.verb)}  {counts(one)}"]
    where = f"{who(one)} on {visible(one.host)}" if one.host else who(one)
    lines += labelled("when", [stamp(one.at)]) + labelled("who", [where])
    for label, text in (
        ("command", one.command),
        ("query", one.query),
        ("reason", one.reason),
        ("undoes", one.undoes),
    ):
        if text:
            lines += labelled(label, [cut(visible(text), width - 12)])
    lines += ["", *_kinds(one, width)]
    apart = [outcome for outcome in one.outcomes if outcome.result != "done"]
    if apart:
        lines.append("")
        cells = [
            (visible(outcome.result), visible(outcome.file), visible(outcome.detail))
            for outcome in apart[:MOST_NAMED]
        ]
        lines += table(cells, width, indent=2)
        if len(apart) > MOST_NAMED:
            lines.append(f"  and {len(apart) - MOST_NAMED:,} more (--json has all)")
    return lines


def _kinds(one: Shown, width: int) -> list[str]:
    """Equal changes together: key, old, new, how many, and the first few ids."""
    groups: dict[tuple[tuple[str, str | None, str | None], ...], list[str]] = {}
    for change in one.changes:
        groups.setdefault(change.kind, []).append(change.file.rpartition("/")[2])
    lines: list[str] = []
    for kind, files in groups.items():
        for key, old, new in kind:
            lines.append(cut(f"  {_kind(key, old, new)}    {len(files):,}", width))
        named = " ".join(visible(file) for file in files[:6])
        lines.append(cut(f"    {named}" + (" …" if len(files) > 6 else ""), width))
    return lines


def _kind(key: str, old: str | None, new: str | None) -> str:
    if not key:
        return f"moved  {folder(old)} -> {folder(new)}"
    if key == RESULTS_KEY:
        return f"results  {results(new or '', old or '')}"
    return f"{visible(key)}  {_value(old)} -> {_value(new)}"


def _value(text: str | None) -> str:
    return "absent" if text is None else visible(text) or "empty"


def transaction_record(one: Shown) -> dict[str, Any]:
    """One transaction of `history --json`; docs/schema/history.json."""
    clean = Cleaner()
    record: dict[str, Any] = {"v": VERSION, "txn": one.txn, "at": rfc3339(one.at)}
    for name in ("verb", "user", "tty", "host", "command", "query", "reason", "undoes"):
        record[name] = clean.text(name, getattr(one, name) or None)
    record["ended"] = one.ended
    record["changes"] = [
        {
            "id": change.id,
            "file": change.file,
            "to": change.to or None,
            "results": change.results.how if change.results else None,
            "freed": change.remove,
            "keys": [
                {
                    "key": key.key,
                    "old": clean.text("old", key.old),
                    "new": clean.text("new", key.new),
                }
                for key in change.keys
            ],
            "recipients": [
                {"old": clean.text("old", one.old), "new": clean.text("new", one.new)}
                for one in change.recipients
            ],
        }
        for change in one.changes
    ]
    record["outcomes"] = [
        {"id": o.id, "file": o.file, "result": o.result, "detail": clean.text("detail", o.detail)}
        for o in one.outcomes
    ]
    record["raw"] = clean.raw or None
    return record
