"""The filter of mdq's workers: what a resource asks, and what a cure needs.

Three kinds of work, each on content by itself::

    filter   judge it, and write its filtered form
    parts    write its parts, decoded, each behind a line that tells of it (`pieces`)
    replace  write it with texts in the place of infected parts
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from relay.content.filter import Output, Source
from relay.content.judgement import Outcome, Verdict
from relay.content.pieces import Piece, encode_piece
from relay.message.line_view import Content, WithLf
from relay.message.mime.bodies import decoded, leaves
from relay.policy.pipeline import (
    Orders,
    Plan,
    decode_orders,
    encode_orders,
    filtered,
    plan,
    replacing,
    survey,
)

FILTER = "relay.content.filtering:ContentFilter"
"""What a pool is told to run."""


def to_filter(orders: Orders, *, crlf: bool) -> dict[str, object]:
    """The order to judge content whose lines end in CRLF, or in LF."""
    return {"work": "filter", "orders": encode_orders(orders), "crlf": crlf}


def to_parts(orders: Orders, *, crlf: bool) -> dict[str, object]:
    """The order to write the decoded parts."""
    return {"work": "parts", "orders": encode_orders(orders), "crlf": crlf}


def to_replace(orders: Orders, infected: Mapping[str, str], *, crlf: bool) -> dict[str, object]:
    """The order to replace the parts of these paths, in which that was found."""
    return {
        "work": "replace",
        "orders": encode_orders(orders),
        "infected": dict(infected),
        "crlf": crlf,
    }


class ContentFilter:
    """Obeys these orders, one message after the other."""

    def filter(self, source: Source, output: Output, orders: Mapping[str, object]) -> Outcome:
        """The outcome, the filtered form written to `output` where it is CHANGED."""
        content: Content = WithLf(source) if orders["crlf"] else source
        asked = decode_orders(cast("dict[str, object]", orders["orders"]))
        match orders["work"]:
            case "filter":
                return _write(content, plan(content, asked), output)
            case "replace":
                infected = cast("dict[str, str]", orders["infected"])
                return _write(content, replacing(content, infected, asked), output)
            case "parts":
                return _write_parts(content, asked, output)
            case other:
                raise ValueError(f"no such work: {other}")


def _write(content: Content, made: Plan, output: Output) -> Outcome:
    if made.outcome.verdict is Verdict.CHANGED:
        for piece in filtered(content, made.edits):
            output.write(piece)
    return made.outcome


def _write_parts(content: Content, orders: Orders, output: Output) -> Outcome:
    for part in leaves(survey(content, orders.limits)):
        name = part.names[0] if part.names else ""
        output.write(encode_piece(Piece(part.path, sum(map(len, decoded(content, part))), name)))
        for data in decoded(content, part):
            output.write(data)
    return Outcome(Verdict.CHANGED)
