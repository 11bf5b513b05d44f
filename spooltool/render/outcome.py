"""What became of a plan: lines for a person, records for a program."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from spooltool.render.plan import exception_lines, hanging
from spooltool.render.record import VERSION, Cleaner
from spooltool.render.text import fit, visible, wrapped
from spooltool.render.units import size
from spooltool.spool.plan import Change, Plan

ALWAYS_COUNTED = ("done", "busy", "gone", "failed")
_NAMED = ("busy", "changed", "failed", "gone")
_NAMED_ONE_BY_ONE = 5
_LABEL = 8


@dataclass(frozen=True, slots=True)
class Ending:
    """How one message ended: a word of the journal's RESULTS, and why."""

    id: str
    file: str
    result: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Account:
    """The end of a writing verb.

    `endings` are one a change; `kicked` is None when nobody was asked to kick; `newcomers`
    match now and did not when the plan was made.  `undo_holds` says how long undo works.
    """

    txn: str
    endings: tuple[Ending, ...]
    seconds: float
    kicked: int | None = None
    newcomers: int = 0
    newcomers_arrived: bool = True
    undo_holds: str = ""
    interrupted: bool = False

    def count(self, result: str) -> int:
        """How many messages ended in this word."""
        return sum(ending.result == result for ending in self.endings)


def account_lines(
    plan: Plan, account: Account, width: int, *, plan_shown: bool = False
) -> list[str]:
    """Exceptions by name, the line of counts, the undo line, the newcomers.

    `plan_shown`: the person has read the plan's exceptions a moment ago.
    """
    lines = ending_lines(account.endings, width)
    if not plan_shown:
        lines += exception_lines((a for a in plan.apart if a.kind != "wait"), width)
    lines += wrapped(f"txn {account.txn}  {_counts(plan, account)}", width)
    if account.interrupted:
        left = len(plan.changes) - len(account.endings)
        lines.append(f"interrupted: {left:,} of {len(plan.changes):,} were not reached")
    if account.count("done") and account.undo_holds:
        lines.append(f"undo: spooltool undo {account.txn} ({account.undo_holds})")
    if account.newcomers:
        lines.append(newcomers_line(account.newcomers, arrived=account.newcomers_arrived))
    return lines


def newcomers_line(count: int, *, arrived: bool) -> str:
    """`3 new ones match: they arrived after the plan`."""
    one = count == 1
    first = f"{count:,} new {'one matches' if one else 'ones match'}"
    if arrived:
        return f"{first}: {'it' if one else 'they'} arrived after the plan"
    return f"{first} since the plan was made"


def _counts(plan: Plan, account: Account) -> str:
    parts = [f"{account.count(word):,} {word}" for word in ALWAYS_COUNTED]
    for word in ("unchanged", "changed"):
        number = account.count(word) + (len(plan.unchanged) if word == "unchanged" else 0)
        if number:
            parts.append(f"{number:,} {word}{' since the plan' if word == 'changed' else ''}")
    text = f"{', '.join(parts)} in {account.seconds:.1f} s"
    done = {ending.file for ending in account.endings if ending.result == "done"}
    freed = sum(change.size for change in plan.changes if change.remove and change.file in done)
    if freed:
        text += f"; {size(freed)} freed"
    if any(change.rewrites or change.results for change in plan.changes if change.file in done):
        text += "; read back and equal"
    if account.kicked is not None:
        text += f"; kicked {account.kicked:,}"
    return text


def ending_lines(endings: Iterable[Ending], width: int) -> list[str]:
    """The messages that did not end as asked, each by its name and the reason."""
    groups: dict[tuple[str, str], list[Ending]] = {}
    for ending in endings:
        if ending.result in _NAMED:
            reason = ending.detail.removeprefix(f"{ending.file}: ")
            groups.setdefault((ending.result, reason), []).append(ending)
    lines: list[str] = []
    for (result, reason), members in groups.items():
        start = f"  {fit(result, _LABEL)}"
        names = [visible(ending.file.rpartition("/")[2]) for ending in members]
        if len(members) <= _NAMED_ONE_BY_ONE:
            for name in names:
                lines += hanging(f"{start}{name}  ", visible(reason), width)
        else:
            lines += hanging(start, f"{len(members):,}: {visible(reason)}", width)
            lines += wrapped(" ".join(names), width, " " * len(start))
    return lines


# records


def change_record(change: Change, result: str, detail: str, txn: str | None) -> dict[str, Any]:
    """One message of a writing verb's `--json`; docs/schema/change.json.

    `before` and `after` map keys to values, RCPT to a list with a place for each line that
    is changed (null: no such line), and `file` where the message is moved; freed for good it
    has none after.
    """
    clean = Cleaner()
    before: dict[str, Any] = {}
    after: dict[str, Any] = {}
    for key in change.keys:
        before[key.key] = clean.text(f"before.{key.key}", key.old)
        after[key.key] = clean.text(f"after.{key.key}", key.new)
    if change.recipients:
        before["RCPT"] = [clean.text("before.RCPT", one.old) for one in change.recipients]
        after["RCPT"] = [clean.text("after.RCPT", one.new) for one in change.recipients]
    if change.to:
        before["file"], after["file"] = change.file, change.to
    if change.remove:
        before["file"], after["file"] = change.file, None
    return {
        "v": VERSION,
        "id": change.id,
        "file": change.file,
        "result": result,
        "before": before,
        "after": after,
        "results": change.results.how if change.results else None,
        "txn": txn,
        "detail": clean.text("detail", detail or None),
        "raw": clean.raw or None,
    }


def apart_record(id: str, file: str, result: str, detail: str) -> dict[str, Any]:
    """A message that the plan left alone: nothing before, nothing after, no transaction."""
    return change_record(Change(id, file, 0, 0), result, detail, None)


def summary_record(
    plan: Plan, place: str, account: Account | None, counts: Mapping[str, int]
) -> dict[str, Any]:
    """The last object: counts by result; docs/schema/change-summary.json."""
    clean = Cleaner()
    return {
        "v": VERSION,
        "summary": True,
        "verb": plan.verb,
        "spool": clean.text("spool", place),
        "found_by": clean.text("found_by", plan.found_by),
        "query": clean.text("query", plan.query),
        "txn": account.txn if account else None,
        "counts": dict(counts),
        "bytes": plan.rewrite,
        "seconds": round(account.seconds, 3) if account else None,
        "kicked": account.kicked if account else None,
        "newcomers": account.newcomers if account else None,
        "interrupted": account.interrupted if account else False,
        "notes": clean.texts("notes", plan.notes),
        "raw": clean.raw or None,
    }
