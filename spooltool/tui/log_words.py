"""What the log pane says of itself: what is chosen, how far the search is, what is marked."""

from __future__ import annotations

from typing import NamedTuple

from spooltool.diagnose.logkind import Kind
from spooltool.diagnose.row import Row
from spooltool.render.loglines import pane_time
from spooltool.render.text import visible
from spooltool.render.units import plural
from spooltool.spool.hosts import HostPort
from spooltool.tui.spans import Span, Spans
from spooltool.workers.log_messages import About, Everything, Line, Looked, OneMessage, Toward

ALL, MESSAGE, HOST = "all", "this message", "this destination"
SCOPES = (ALL, MESSAGE, HOST)


KIND_STYLES = {
    Kind.STORED: "",
    Kind.DELIVERED: "good",
    Kind.PUT_OFF: "warn",
    Kind.FAILED: "bad",
    Kind.TROUBLE: "bad",
    Kind.OPERATOR: "note",
    Kind.OTHER: "dim",
}


class Subject(NamedTuple):
    """The message under the cursor of the list ("" for none), and where it goes.

    Mail by MX goes to `domains`, other mail to `hosts`.
    """

    name: str = ""
    number: str = ""
    hosts: tuple[HostPort, ...] = ()
    domains: tuple[str, ...] = ()

    def about(self, scope: str) -> About | None:
        """What is asked for; None where there is nothing to ask for."""
        if scope == MESSAGE:
            return OneMessage(self.number) if self.number else None
        if scope == HOST:
            toward = Toward(self.hosts, self.domains)
            return toward if self.hosts or self.domains else None
        return Everything()

    def query(self, scope: str) -> list[str]:
        """The same as words of a query."""
        match self.about(scope):
            case OneMessage(number=number):
                return [number]
            case Toward(hosts, domains):
                named = [f"dst:{','.join(map(str, hosts))}"] if hosts else []
                return [*named, *([f"domain:{','.join(domains)}"] if domains else [])]
            case _:
                return []

    @property
    def _where(self) -> str:
        first, *others = [*map(str, self.hosts), *self.domains] or [""]
        return f"{first} +{len(others)}" if others else first

    def words(self, scope: str) -> str:
        """`all | [R001njd6k] | this destination`: what is chosen by its name, in brackets."""
        named = {MESSAGE: self.name, HOST: self._where}.get(scope) or scope
        return " | ".join(f"[{visible(named)}]" if one == scope else one for one in SCOPES)


def subject_of(row: Row) -> Subject:
    """The message of a row, and where it goes."""
    name = f"{row.letter}{row.id}"
    if row.by_mx:
        return Subject(name, row.id, domains=tuple(host.host for host in row.hosts))
    return Subject(name, row.id, row.hosts)


def line_spans(line: Line, now: float) -> Spans:
    """A line of the log: its time, then its words in the colour of its kind."""
    return [(f"{pane_time(line.time, now)} ", "dim"), (line.words, KIND_STYLES[line.kind])]


def progress_words(looked: Looked, now: float) -> str:
    """How far a search is."""
    if looked.asking:
        return f"asking the queue: {plural(looked.looked, 'message')} looked at"
    share = 100 * looked.looked // looked.of if looked.of else 0
    back = f", back to {pane_time(looked.reached, now)}" if looked.reached else ""
    return f"looking through the logs: {share} %{back}"


def marked(words: str, text: str, style: str) -> list[Span]:
    """The words, what was looked for marked in them."""
    spans: list[Span] = []
    low, wanted, at = words.lower(), text.lower(), 0
    if wanted and len(low) == len(words):
        while (found := low.find(wanted, at)) >= 0:
            end = found + len(wanted)
            spans += [(words[at:found], style), (words[found:end], "found")]
            at = end
    return [*spans, (words[at:], style)]
