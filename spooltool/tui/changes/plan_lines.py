"""What stands in a plan's dialog, as lines with styles.

The text comes from the hand, which had `render` make it visible; a section's style says what
kind of line it is, its first word says it, too.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from spooltool.render.text import wrapped
from spooltool.tui.changes.change import Change
from spooltool.tui.spans import Spans
from spooltool.workers.changes import Diffs, Done, Planned, Progress, Refused

_BAR = 30


def plan_lines(planned: Planned, probe: Sequence[str], *, probing: bool) -> list[Spans]:
    """A plan: how many, what becomes what, exceptions, notes, the live look, one diff a kind."""
    found = styled(planned.head, "strong")
    found += styled(planned.groups, "")
    found += styled(planned.apart, "warn")
    found += styled(planned.notes, "note")
    found += styled((*planned.probe, *probe), "")
    if probing:
        found.append([("  probe looking ...", "dim")])
    if not planned.changes:
        found.append([("nothing to do", "note")])
    elif planned.undo:
        found.append([(f"  undo  holds {planned.undo}", "dim")])
    elif planned.number:
        found.append([("  undo  never: nothing brings them back", "bad")])
    return [*found, [], *diff_lines(planned.diffs)] if planned.diffs else found


def diff_lines(lines: Iterable[str]) -> list[Spans]:
    """Lines of diffs: what goes, what comes, and whose they are."""
    styles = {"  - ": "removed", "  + ": "added"}
    return [[(line, styles.get(line[:4], "head"))] for line in lines]


def all_diff_lines(diffs: Diffs) -> list[Spans]:
    """A diff of each message."""
    lines = diff_lines(diffs.lines)
    if not lines:
        return [[("no file is rewritten", "note")]]
    if diffs.left_out:
        lines.append([(f"and {diffs.left_out:,} lines more", "note")])
    return lines


def refused_lines(refused: Refused, width: int) -> list[Spans]:
    """Why it cannot be, and what helps."""
    found = styled(_narrow(refused.lines, width), "bad")
    if refused.column:
        found[:0] = [[(f"query, column {refused.column}:", "bad")]]
    return found + styled(_narrow(refused.hint, width), "note")


def unfinished_lines(change: Change, lacks: str, width: int) -> list[Spans]:
    """What the change does, and what the form lacks."""
    return [*styled(wrapped(change.help, width), "dim"), [], *styled(wrapped(lacks, width), "note")]


def progress_lines(progress: Progress, *, stopping: bool) -> list[Spans]:
    """How far it has come."""
    of = max(progress.of, 1)
    bar = "#" * (_BAR * progress.ended // of)
    found: list[Spans] = [
        [(f"{progress.ended:,} of {progress.of:,}  ", "strong"), (f"[{bar:.<{_BAR}}]", "")]
    ]
    if progress.busy:
        found.append([(f"{progress.busy:,} busy: asked to let go, and waited for", "warn")])
    if stopping:
        found.append([("ending after this batch ...", "warn")])
    return found


def done_lines(done: Done) -> list[Spans]:
    """What became of it; exceptions come first, as they are to be seen."""
    style = "good" if done.code == 0 else "warn"
    return [[(line, style if line.startswith("txn ") else "")] for line in done.lines]


def styled(lines: Iterable[str], style: str) -> list[Spans]:
    """Lines of one style."""
    return [[(line, style)] for line in lines]


def _narrow(lines: Iterable[str], width: int) -> list[str]:
    found: list[str] = []
    for line in lines:
        text = line.lstrip(" ")
        found += wrapped(text, width, line[: len(line) - len(text)])
    return found
