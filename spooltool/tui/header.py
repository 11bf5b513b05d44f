"""The first lines: which spool, how the relay is, how fresh the list is, how mail flows."""

from __future__ import annotations

from collections.abc import Callable

from spooltool.render.text import columns, cut, visible
from spooltool.render.units import age, ago, moment, plural
from spooltool.tui.glyphs import Glyphs
from spooltool.tui.grid import Grid
from spooltool.tui.model import Queue
from spooltool.tui.spans import Span, Spans, cut_spans, text_of
from spooltool.workers.log_messages import Rates

_WIDE = 120
_SPARK, _LEAST_SPARK = 12, 4
"""Ten seconds a character, ten minutes at most are told."""

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
        """What is there and what comes and goes; as much of its history as there is room for."""
        plain = [*self._standings(0), *self._rates(0)]
        room = width - columns(text_of(plain)) - _APART
        all_three = min(_SPARK, room // 3 - 1)
        if all_three >= _LEAST_SPARK:
            return self._standings(all_three), self._rates(all_three)
        return self._standings(min(_SPARK, room - 1)), self._rates(0)

    def _standings(self, spark: int) -> list[Span]:
        facts = self.queue.facts
        every = facts.everything
        stuck = every.standings.get("stuck", 0)
        found: list[Span] = [
            (f" {every.messages:,} in spool", ""),
            self._history(self._glyphs.trend, facts.depth, spark),
            (f"   {stuck:,} STUCK", "bad" if stuck else "good"),
        ]
        for word, name in (
            ("waiting", "wait for first retry"),
            ("fresh", "fresh"),
            ("held", "held"),
            ("quarantined", "quarantine"),
        ):
            if every.standings.get(word):
                found.append((f"   {every.standings[word]:,} {name}", ""))
        if every.oldest is not None:
            found.append((f"   oldest {age(self.queue.at - every.oldest)}", ""))
        return found

    def _rates(self, spark: int) -> list[Span]:
        facts, rates = self.queue.facts, self.rates
        found: list[Span] = []
        for name, rate, values in (
            ("in", rates.stored if rates else None, facts.arrived),
            ("out", rates.delivered if rates else None, facts.left),
            ("put off", rates.put_off if rates else None, ()),
        ):
            drawn = self._history(self._glyphs.spark, values, spark)
            if rate is not None or drawn[0]:
                told = f" {_shown_rate(rate.second)}/s" if rate is not None else ""
                found += [(f"{name}{told}", ""), drawn, ("  ", "")]
        if facts.relay.up:
            found.append((f"conns {facts.relay.conns}/{facts.relay.max_conns}", ""))
        return found

    def _history(
        self, draw: Callable[[tuple[int, ...], int], str], values: tuple[int, ...], width: int
    ) -> Span:
        drawn = draw(values, width) if width >= _LEAST_SPARK else ""
        return (f" {drawn}", "note") if drawn else ("", "")


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
