"""A plan as a person reads it before saying yes.

First where and how many, then equal changes as groups, every exception by id, notes, what
the new host says, and one diff of each kind.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from spooltool.render.text import columns, cut, fit, visible, wrapped
from spooltool.render.units import plural, size
from spooltool.spool.disposition import HOWS
from spooltool.spool.fields import FIELD
from spooltool.spool.names import OWN_DIR
from spooltool.spool.plan import Apart, Change, Plan
from spooltool.spool.recipient import parse_path_value

_LABEL = 5
_INDENT = " " * (2 + _LABEL + 1)
_KINDS_SHOWN = 8
_WIDEST = 100
ABSENT = "(absent)"
_BLANKS = re.compile(" {2,}")
_MARKS = {"wait": "wait", "skip": "skip", "gone": "gone", "unjudged": "?"}


@dataclass(frozen=True, slots=True)
class Frame:
    """What stands around a plan: `place` is host and spool, `width` columns of the screen.

    `free` is the free space of the spool's file system in bytes (None: not known), `probe`
    lines about the new host, `diffs` True for a diff of each message, not of each kind;
    `by` is what asks for that.
    """

    place: str
    width: int = 80
    free: int | None = None
    dry: bool = False
    probe: tuple[str, ...] = ()
    diffs: bool = False
    by: str = "--diff"

    @property
    def columns(self) -> int:
        """Columns used: a plan is read, so that very wide lines do not help."""
        return min(self.width, _WIDEST)


def plan_lines(plan: Plan, frame: Frame) -> list[str]:
    """The whole plan, its last line included."""
    lines = [*head_lines(plan, frame), *_sections(plan, frame)]
    if frame.dry:
        lines += ["", *wrapped(_LAST, frame.columns)]
    return lines


_LAST = "Nothing was changed. Run it without --dry-run, or keep it: --plan FILE, then apply FILE."


def head_lines(plan: Plan, frame: Frame) -> list[str]:
    """Which verb in which spool, how that was found, and how many messages."""
    word = "DRY RUN" if frame.dry else "PLAN"
    first = f"{word}  {plan.verb} in {frame.place} ({visible(plan.found_by)})"
    return [first, *wrapped(counts(plan), frame.columns)]


def counts(plan: Plan) -> str:
    """`121 match; 119 would change, 1 after a wait, 1 left alone`."""
    waits = _count(plan, "wait")
    alone, gone = _count(plan, "skip"), _count(plan, "gone")
    matched = len(plan.changes) + alone + gone + len(plan.unchanged)
    if not matched:
        return "nothing matches"
    parts = []
    now = len(plan.changes) - waits
    if now:
        parts.append(f"{now:,} would change")
    if waits:
        parts.append(f"{waits:,} after a wait" if parts else f"{waits:,} would change after a wait")
    if plan.unchanged:
        parts.append(f"{len(plan.unchanged):,} already so")
    if gone:
        parts.append(f"{gone:,} gone")
    if alone:
        parts.append(f"{alone:,} left alone")
    return f"{matched:,} {'matches' if matched == 1 else 'match'}; {', '.join(parts)}"


def _count(plan: Plan, kind: str) -> int:
    return sum(apart.kind == kind for apart in plan.apart)


@dataclass(frozen=True, slots=True)
class Sections:
    """A plan below its head, each section in lines; `diffs` are blocks of lines."""

    groups: list[str]
    apart: list[str]
    notes: list[str]
    probe: list[str]
    diffs: list[list[str]]


def sections(plan: Plan, frame: Frame) -> Sections:
    """The sections of a plan, for a screen that lays them out itself."""
    return Sections(
        _groups(plan, frame),
        exception_lines(plan.apart, frame.columns),
        note_lines(plan.notes, frame.columns),
        probe_lines(frame.probe, frame.columns),
        diff_blocks(plan, frame),
    )


def _sections(plan: Plan, frame: Frame) -> list[str]:
    found = sections(plan, frame)
    lines: list[str] = []
    for block in (found.groups + found.apart, found.notes + found.probe, *found.diffs):
        if block:
            lines += ["", *block]
    return lines


# groups


def kinds(plan: Plan) -> list[list[Change]]:
    """Equal changes together, the largest group first."""
    groups: dict[object, list[Change]] = {}
    for change in plan.changes:
        groups.setdefault(change.kind, []).append(change)
    return sorted(groups.values(), key=len, reverse=True)


def _groups(plan: Plan, frame: Frame) -> list[str]:
    waiting = {apart.file for apart in plan.apart if apart.kind == "wait"}
    rows: list[tuple[str, str, str, str]] = []
    groups = kinds(plan)
    for number, group in enumerate(groups[:_KINDS_SHOWN]):
        now = sum(change.file not in waiting for change in group) or len(group)
        what = _effort(group, frame.free if number == 0 else None)
        for place, (key, values) in enumerate(steps(group[0])):
            rows.append((key, values, "" if place else f"{now:,}", "" if place else what))
    return [*_aligned(rows, frame.columns), *_more(groups[_KINDS_SHOWN:])]


def _aligned(rows: Sequence[tuple[str, str, str, str]], width: int) -> list[str]:
    """Rows of key, values, count, effort; what is too wide is cut, the diffs have it all."""
    key = max((columns(row[0]) for row in rows), default=0)
    key = max(key, 3)
    values = max((columns(row[1]) for row in rows if row[2]), default=0)
    count = max((columns(row[2]) for row in rows), default=0)
    effort = max((columns(row[3]) for row in rows), default=0)
    room = width - 2 - key - 2
    values = max(10, min(values, room - 4 - count - 4 - effort))
    lines = []
    for row in rows:
        start = f"  {fit(row[0], key)}  "
        if row[2]:
            lines.append(f"{start}{fit(row[1], values)}    {row[2].rjust(count)}    {row[3]}")
        else:
            lines.append(start + cut(row[1], room))
    return lines


def _more(rest: Sequence[list[Change]]) -> list[str]:
    if not rest:
        return []
    left = sum(map(len, rest))
    return [f"  and {plural(len(rest), 'kind')} more, {plural(left, 'message')}"]


def steps(change: Change) -> list[tuple[str, str]]:
    """(key, `old -> new`) of a change, the move and what is made of results at its end."""
    found = []
    for key in change.keys:
        shown = _address if key.key == "FROM" else _brief
        found.append((key.key, f"{shown(key.old)} -> {shown(key.new)}"))
    found += [("RCPT", f"{_address(one.old)} -> {_address(one.new)}") for one in change.recipients]
    if change.to or change.remove:
        before, after = change.places
        found.append(("in", f"{folder(before)} -> {folder(after)}"))
    if change.results is not None:
        found.append(("results", results(change.results.how, change.results.text)))
    return [(visible(key), values) for key, values in found]


def results(how: str, text: str) -> str:
    """What is made of STATE and the recipients' results, in words."""
    told = f": {visible(text)}" if text else ""
    return HOWS.get(how, visible(how)) + told


def folder(place: str | None) -> str:
    """A directory as a person says it; None is nowhere."""
    if place is None:
        return "nowhere, freed for good"
    return visible(place.removeprefix(f"{OWN_DIR}/"))


def _brief(value: str | None) -> str:
    """A value without the blanks that fill a fixed width."""
    return _shown(None if value is None else _BLANKS.sub(" ", value))


def _address(text: str | None) -> str:
    """The address of a FROM or RCPT line; its parameters stand in the diff."""
    path = parse_path_value(text) if text is not None else None
    return visible(str(path)) if path else _shown(text)


def _shown(value: str | None) -> str:
    if value is None:
        return ABSENT
    return visible(value) or "(empty)"


def _effort(group: Sequence[Change], free: int | None) -> str:
    if group[0].remove:
        return f"{size(sum(change.size for change in group))} freed"
    rewritten = sum(change.size for change in group if change.rewrites)
    if not rewritten and group[0].results is not None:
        return "STATE and results written"
    if not rewritten:
        return "moved, nothing rewritten"
    left = f", {size(free)} free" if free is not None else ""
    return f"{size(rewritten)} to rewrite{left}"


# exceptions


def exception_lines(exceptions: Iterable[Apart], width: int) -> list[str]:
    """Every exception by id and reason; many of one reason share it."""
    groups: dict[tuple[str, str], list[Apart]] = {}
    for apart in exceptions:
        name = _base(apart.file)
        reason = apart.reason.replace(f" {name} ", " ID ")
        groups.setdefault((apart.kind, reason), []).append(apart)
    order = list(_MARKS)
    lines: list[str] = []
    for (kind, reason), members in sorted(groups.items(), key=lambda item: order.index(item[0][0])):
        mark = f"  {fit(_MARKS[kind], _LABEL)} "
        names = list(dict.fromkeys(_base(apart.file) for apart in members))
        if len(names) == 1:
            lines += _named(mark, names[0], visible(members[0].reason), width)
        else:
            lines += hanging(mark, f"{len(members):,}: {visible(reason)}", width)
            lines += wrapped(" ".join(map(visible, names)), width, _INDENT)
    return lines


def _base(file: str) -> str:
    return file.rpartition("/")[2]


def _named(mark: str, name: str, text: str, width: int) -> list[str]:
    return hanging(f"{mark}{visible(name)}  ", text, width)


def hanging(start: str, text: str, width: int) -> list[str]:
    """Visible text behind a start, its further lines below its own first column."""
    indent = " " * columns(start)
    lines = wrapped(text, width, indent)
    return [start + lines[0][len(indent) :], *lines[1:]]


# notes, probe, diffs


def note_lines(notes: Iterable[str], width: int) -> list[str]:
    """Remarks for the person."""
    lines: list[str] = []
    for note in notes:
        lines += hanging(f"  {fit('note', _LABEL)} ", visible(note), width)
    return lines


def probe_lines(probe: Iterable[str], width: int) -> list[str]:
    """What the new host said; a text that begins with a blank belongs to the one before."""
    lines: list[str] = []
    for text in probe:
        start = _INDENT if text.startswith(" ") else f"  {fit('probe', _LABEL)} "
        lines += hanging(start, text.strip(), width)
    return lines


def diff_blocks(plan: Plan, frame: Frame) -> list[list[str]]:
    """A diff of each kind of change, or of each message."""
    groups = kinds(plan)
    if frame.diffs:
        return [_diff(change, "", frame) for change in plan.changes if change.rewrites]
    blocks = []
    for group in groups[:_KINDS_SHOWN]:
        if group[0].rewrites:
            others = f"one of {len(group):,} alike; all: {frame.by}" if len(group) > 1 else ""
            blocks.append(_diff(group[0], others, frame))
    return blocks


def _diff(change: Change, others: str, frame: Frame) -> list[str]:
    name = f"  {visible(change.file)}"
    room = min(frame.columns, 88) - columns(name) - columns(others)
    lines = [(name + " " * max(2, room) + others).rstrip()]
    sides = [(key.key, key.old, key.new) for key in change.keys]
    sides += [("RCPT", one.old, one.new) for one in change.recipients]
    for key, old, new in sides:
        label = visible(key) + ":"
        gap = " \t " if key in FIELD and " " in FIELD[key].separator else "\t"
        start = (label + gap).expandtabs(8)
        for mark, value in (("-", old), ("+", new)):
            if value is not None:
                lines.append(f"  {mark} {start}{visible(value)}")
    return lines
