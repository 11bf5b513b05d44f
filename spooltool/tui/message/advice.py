"""What helps a message, and how many share its fate: for whoever can change something or not."""

from __future__ import annotations

from spooltool.diagnose.row import Row
from spooltool.render.verdict import Alike, mend_words
from spooltool.tui.spans import Span, Spans

_BETWEEN = "          "

Advice = list[tuple[str, Spans]]
"""Lines, each with its label."""


def mend_spans(row: Row, alike: Alike | None, *, changes: bool) -> list[Span]:
    """Keys with what each does, or commands; without `changes` the commands alone.

    They are for another login then, and the keys are not there.
    """
    spans: list[Span] = []
    for key, what in mend_words(row, alike):
        if changes or len(key) > 1:
            spans += [(_BETWEEN, "")] if spans else []
            spans += [(key, "key"), (f" {what}" if len(key) == 1 else f"  {what}", "")]
    return spans


def key_advice(row: Row, alike: Alike | None, *, changes: bool) -> Advice:
    """What `show` does not say: how many are alike, and the keys that help."""
    lines: Advice = []
    if alike is not None and alike.messages > 1:
        lines.append(("alike", [(f"{alike.messages:,} messages {alike.what}", "")]))
    spans = mend_spans(row, alike, changes=changes)
    if spans and len(spans[0][0]) == 1:
        lines.append(("mend", spans))
    return lines
