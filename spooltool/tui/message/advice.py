"""What helps a message, and how many share its fate: for whoever can change something or not."""

from __future__ import annotations

from collections.abc import Sequence

from spooltool.diagnose.down import Down
from spooltool.diagnose.relay import RelayView
from spooltool.diagnose.row import Row
from spooltool.render.text import visible
from spooltool.render.verdict import Alike, alike_facts, mend_words, silence_in_full
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


def key_advice(
    row: Row, alike: Alike | None, relay: RelayView, places: Sequence[str], *, changes: bool
) -> Advice:
    """What `show` does not say: since when, how many are alike, and what helps.

    `places` are where the configuration sends new mail to the same host.
    """
    lines: Advice = []
    if row.standing == "stuck":
        told = silence_in_full(Down(relay.destinations).of(row), row.around.now)
        lines += [("since" if not at else "", [(line, "")]) for at, line in enumerate(told)]
    lines += [(fact.label, [(fact.words, "")]) for fact in alike_facts(alike)]
    spans = mend_spans(row, alike, changes=changes)
    if spans and len(spans[0][0]) == 1:
        lines.append(("mend", spans))
        if places:
            at = visible(" and ".join(place.replace(", ", " at ") for place in places))
            for line in (f"then change {at},", "or new mail gets stuck the same way"):
                lines.append(("", [(line, "")]))
    return lines
