"""The first lines: which spool, how the relay is, how fresh the list is, how mail flows."""

from __future__ import annotations

from spooltool.render.text import columns, cut, visible
from spooltool.render.units import age, ago, moment, plural
from spooltool.tui.glyphs import Glyphs
from spooltool.tui.grid import Grid
from spooltool.tui.model import Queue
from spooltool.tui.spans import Span, Spans, cut_spans, text_of
from spooltool.workers.log_messages import Rates
from spooltool.workers.queue import Facts

_WIDE = 120
_SPARK = 12
_APART = 3


class Header(Grid):
    """Host and spool, the relay, whether the list is frozen, the clock; then counts and rates."""

    can_focus = False
    pointed = False

    def __init__(self, queue: Queue, place: str, glyphs: Glyphs) -> None:
        super().__init__(id="header")
        self.queue = queue
        self.rates: Rates | None = None
        self.read_only = ""
        self._place = place
        self._glyphs = glyphs

    @property
    def count(self) -> int:
        """One line, and a second where there is room."""
        return 2 if self.size.width >= _WIDE else 1

    def row(self, row: int, width: int) -> Spans:
        """One of them, its right part at the right edge."""
        left, right = (self._first, self._second)[row](width)
        gap = width - columns(text_of(left)) - columns(text_of(right)) - 1
        return cut_spans([*left, (" " * max(1, gap), ""), *right, (" ", "")], width)

    def _first(self, width: int) -> tuple[list[Span], list[Span]]:
        """The place gives way to what is going on there: of a long path the end is shown."""
        now = self.queue.at
        when = moment(now)
        gap: Span = ("  " if width < _WIDE else "   ", "")
        form = "%H:%M:%S %Z" if width < _WIDE else "%Y-%m-%d %H:%M:%S %Z"
        right: list[Span] = [(when.strftime(form).strip() if when and now else "", "")]
        state = [gap, self._relay(width), gap, *self._freshness()]
        unreadable = self.queue.facts.unreadable
        if unreadable:
            directory, why = unreadable[0]
            state += [gap, (f"INCOMPLETE: {directory or 'the spool'}: {visible(why)}", "bad")]
        if self.read_only:
            state += [gap, (f"READ ONLY: {self.read_only}", "warn")]
        room = width - columns(text_of(state)) - columns(text_of(right)) - 3
        return [(f" {_shortened(visible(self._place), max(room, 12))}", "strong"), *state], right

    def _relay(self, width: int) -> Span:
        relay = self.queue.facts.relay
        now = self.queue.at
        if not relay.up:
            why = f" ({visible(relay.why_not)})" if relay.why_not else ""
            return f"relay DOWN{why}", "bad"
        if width < _WIDE:
            return "relay up", "good"
        scanned = "" if relay.scanned is None else f", scan {max(0, now - relay.scanned):.0f} s ago"
        return f"relay up {age(now - relay.started)} (mdq {relay.pid}{scanned})", "good"

    def _freshness(self) -> list[Span]:
        picture = self.queue.picture
        if picture is None:
            return [("reading ...", "note")]
        if picture.reading is not None:
            of = f" of {picture.reading.of:,}" if picture.reading.of else ""
            return [(f"reading {picture.reading.looked:,}{of}", "note")]
        if not picture.frozen:
            return [("live", "good")]
        changes = []
        if picture.new:
            changes.append(f"+{picture.new:,} new")
        if picture.gone:
            changes.append(f"{picture.gone:,} gone")
        what = f" ({', '.join(changes)})" if changes else ""
        since = max(0.0, picture.at - self.queue.frozen_since)
        return [(f"FROZEN {ago(since)} ago{what}", "warn")]

    def _second(self, width: int) -> tuple[list[Span], list[Span]]:
        facts = self.queue.facts
        every = facts.everything
        stuck = every.standings.get("stuck", 0)
        left: list[Span] = [(f" {every.messages:,} in spool   ", "")]
        left.append((f"{stuck:,} STUCK   ", "bad" if stuck else "good"))
        for word, name in (
            ("waiting", "wait for first retry"),
            ("fresh", "fresh"),
            ("held", "held"),
            ("quarantined", "quarantine"),
        ):
            if every.standings.get(word):
                left.append((f"{every.standings[word]:,} {name}   ", ""))
        if every.oldest is not None:
            left.append((f"oldest {age(self.queue.at - every.oldest)}", ""))
        rates = self._rates(facts)
        room = width - columns(text_of(left)) - columns(text_of(rates)) - _APART
        return left, [*self._sparks(facts, room), *rates]

    def _rates(self, facts: Facts) -> list[Span]:
        spans: list[Span] = [] if self.rates is None else [(_rate_words(self.rates), "")]
        if facts.relay.up:
            spans.append((f"  conns {facts.relay.conns}/{facts.relay.max_conns}", ""))
        return spans

    def _sparks(self, facts: Facts, room: int) -> list[Span]:
        """What came, what left, how many there were: as many as there is room for."""
        spans: list[Span] = []
        for name, values in (("in", facts.arrived), ("out", facts.left), ("depth", facts.depth)):
            drawn = self._glyphs.spark(values, _SPARK)
            more: list[Span] = [(f"{name} ", "dim"), (drawn, "note"), ("  ", "")]
            room -= columns(text_of(more))
            if drawn and room >= 0:
                spans += more
        return spans


def _rate_words(rates: Rates) -> str:
    """`in 12/s  out 11/s  put off 2/s`."""
    named = (("in", rates.stored), ("out", rates.delivered), ("put off", rates.put_off))
    return "  ".join(f"{name} {_shown_rate(rate.second)}/s" for name, rate in named)


def _shown_rate(rate: float) -> str:
    return f"{rate:.0f}" if rate >= 10 or not rate else f"{rate:.1f}"


def _shortened(place: str, room: int) -> str:
    """`gw1:~ool/relay`: the host and the end of the path."""
    if columns(place) <= room:
        return place
    host, colon, path = place.partition(":")
    kept = max(1, room - columns(host) - 2)
    return cut(f"{host}{colon}~{path[-kept:]}", room)


def matched_words(queue: Queue) -> list[Span]:
    """`143 match of 1,204   3 tagged`, as far as it is known."""
    picture = queue.picture
    if picture is None:
        return []
    of = picture.facts.everything.messages
    judging = "+" if picture.judging is not None or picture.reading is not None else ""
    spans: list[Span] = [
        (f"{picture.matched.messages:,}{judging} match", "strong"),
        (f" of {of:,}", ""),
    ]
    if picture.unjudged:
        spans.append((f"  {plural(picture.unjudged, 'file')} not judged", "warn"))
    tagged = queue.tagged()
    if tagged:
        spans.append((f"   {tagged:,} tagged", "tag"))
    return spans
